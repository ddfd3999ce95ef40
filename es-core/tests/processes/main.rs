//! Process managers: what they record, what they send, and that none of it happens twice or not at all.

mod bank;
mod crashing;
mod deadlines;
mod partitions;
mod remembering;
mod roles;
mod sending;
mod stored;
mod unmarked;
mod world;

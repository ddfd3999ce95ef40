//! What an application promises, by theme.

mod domain;

mod checks;
mod nodes;
mod panics;
mod retries;
mod running;
mod takeover;
mod versions;

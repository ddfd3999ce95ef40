//! What a publisher promises: at least once, in order per stream, nothing skipped, from the checkpoint on.

mod crashes;
mod domain;
mod order;
mod what_leaves;

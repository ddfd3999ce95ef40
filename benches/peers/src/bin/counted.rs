//! As `subject`, with an allocator that counts, and is slower for it: `counted NAME WORKLOAD SIZE`.

use std::alloc::System;

use peers::measure::{ALLOCATED, Allocated};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    let counted = || {
        let stats = ALLOCATOR.stats();
        Allocated {
            times: (stats.allocations + stats.reallocations) as u64,
            held_bytes: stats.bytes_allocated as i64 - stats.bytes_deallocated as i64,
        }
    };
    ALLOCATED.get_or_init(|| counted);
    peers::subjects::main();
}

//! `MemoryStore` against the contract of all stores.

use es_memory_store::MemoryStore;
use es_testkit::conformance::Report;

es_testkit::store_conformance!(
    memory,
    [
        subscribe,
        checkpoints,
        multi_stream_append,
        snapshots,
        read_models,
        inline_append,
        leases,
        failures,
        second_handle,
        any_executor
    ],
    place = MemoryStore::new,
    open = async |place: &MemoryStore| place.clone()
);

#[test]
fn the_report_says_what_the_store_keeps() {
    Report::of(&memory::backend()).assert_in(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/conformance.md"));
}

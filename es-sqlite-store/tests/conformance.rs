//! `SqliteStore` against the contract of all stores.

use es_sqlite_store::SqliteStore;
use es_testkit::conformance::Report;
use tempfile::TempDir;

es_testkit::store_conformance!(
    sqlite,
    [
        subscribe,
        checkpoints,
        multi_stream_append,
        snapshots,
        read_models,
        inline_append,
        leases,
        failures,
        transactions,
        second_handle,
        durable,
        any_executor
    ],
    place = || tempfile::tempdir().unwrap(),
    open = async |folder: &TempDir| SqliteStore::open(folder.path().join("bank.db")).await.unwrap()
);

#[test]
fn the_report_says_what_the_store_keeps() {
    Report::of(&sqlite::backend()).assert_in(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/conformance.md"));
}

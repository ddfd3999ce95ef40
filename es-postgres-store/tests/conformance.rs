//! `PostgresStore` against the contract of all stores.

use es_postgres_store::PostgresStore;
use es_testkit::conformance::{Report, skip};
use test_servers::Postgres;

/// The URL of a new database.
fn place() -> String {
    Postgres::shared().map_or_else(|| skip("there is no PostgreSQL"), Postgres::database)
}

es_testkit::store_conformance!(
    postgres,
    [subscribe, checkpoints, multi_stream_append, snapshots, second_handle, durable],
    place = place,
    open = async |url: &String| PostgresStore::connect(url).await.unwrap()
);

#[test]
fn the_report_says_what_the_store_keeps() {
    if Postgres::shared().is_some() {
        Report::of(&postgres::backend()).assert_in(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/conformance.md"));
    }
}

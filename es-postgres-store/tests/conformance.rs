//! `PostgresStore` against the contract of all stores.

use std::sync::OnceLock;

use es_postgres_store::PostgresStore;
use es_testkit::conformance::{Report, skip};
use test_servers::Postgres;

/// One database for all: each check has streams of its own, and finds those of others in the log.
fn place() -> String {
    static DATABASE: OnceLock<Option<String>> = OnceLock::new();
    let database = DATABASE.get_or_init(|| Postgres::shared().map(Postgres::database));
    database.clone().unwrap_or_else(|| skip("there is no PostgreSQL"))
}

es_testkit::store_conformance!(
    postgres,
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
        durable,
    ],
    place = place,
    open = async |url: &String| PostgresStore::connect(url).await.unwrap()
);

#[test]
fn the_report_says_what_the_store_keeps() {
    if Postgres::shared().is_some() {
        Report::of(&postgres::backend()).assert_in(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/conformance.md"));
    }
}

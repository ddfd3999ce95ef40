//! `PostgresStore` against the contract of all stores.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use es_postgres_store::PostgresStore;
use es_testkit::conformance::{Report, skip};
use test_servers::Postgres;

/// The URL of the database, and a schema in it for each check: its log then holds nothing back for appends of others.
fn place() -> (String, String) {
    static DATABASE: OnceLock<Option<String>> = OnceLock::new();
    static SCHEMAS: AtomicU32 = AtomicU32::new(0);
    let database = DATABASE.get_or_init(|| Postgres::shared().map(Postgres::database));
    let database = database.clone().unwrap_or_else(|| skip("there is no PostgreSQL"));
    (database, format!("check_{}", SCHEMAS.fetch_add(1, Ordering::Relaxed)))
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
        async_transactions,
        second_handle,
        durable,
    ],
    place = place,
    open = async |(url, schema): &(String, String)| PostgresStore::options().schema(schema).connect(url).await.unwrap()
);

#[test]
fn the_report_says_what_the_store_keeps() {
    if Postgres::shared().is_some() {
        Report::of(&postgres::backend()).assert_in(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/conformance.md"));
    }
}

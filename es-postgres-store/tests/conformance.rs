//! `PostgresStore` against the contract of all stores.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use es_postgres_store::PostgresStore;
use es_testkit::conformance::{Report, skip};
use test_servers::Postgres;

/// A new schema in a database that all checks share, which is made much faster than a database.
struct Place {
    url: &'static str,
    schema: String,
}

fn place() -> Place {
    static DATABASE: OnceLock<Option<String>> = OnceLock::new();
    static PLACES: AtomicU32 = AtomicU32::new(0);
    let database = DATABASE.get_or_init(|| Postgres::shared().map(Postgres::database));
    let url = database.as_deref().unwrap_or_else(|| skip("there is no PostgreSQL"));
    Place { url, schema: format!("place_{}", PLACES.fetch_add(1, Ordering::Relaxed)) }
}

es_testkit::store_conformance!(
    postgres,
    [subscribe, checkpoints, multi_stream_append, snapshots, second_handle, durable],
    place = place,
    open = async |place: &Place| {
        PostgresStore::options().schema(place.schema.as_str()).connect(place.url).await.unwrap()
    }
);

#[test]
fn the_report_says_what_the_store_keeps() {
    if Postgres::shared().is_some() {
        Report::of(&postgres::backend()).assert_in(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/conformance.md"));
    }
}

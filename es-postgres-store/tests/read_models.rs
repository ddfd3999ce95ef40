//! Read models on PostgreSQL: three ways to keep them, beside transactions that are held open, and for people.

mod common;
#[path = "../../es-core/tests/read_models/domain.rs"]
#[allow(dead_code, reason = "shared with the tests of es-core")]
mod domain;
#[path = "../../es-core/tests/read_models/three_ways.rs"]
mod three_ways;

use std::time::Duration;

use common::{client, fresh, stream};
use domain::{Balance, append, event};
use es_core::store::{EventStore, ReadModelStore, Scan};
use es_core::{EventProcessor as _, ExpectedVersion, InlineStore, Position, ReadModel, StreamId};
use es_postgres_store::PostgresStore;
use serde_json::json;
use tokio::time::timeout;

#[tokio::test(flavor = "multi_thread")]
async fn one_definition_makes_the_same_rows_behind_inside_and_on_read() {
    let (Some((_, behind)), Some((_, inside))) = (fresh().await, fresh().await) else { return };
    three_ways::the_same_rows_come_of_all_three([behind, inside]).await;
}

#[tokio::test]
async fn an_append_with_projections_waits_for_events_in_flight_before_its_own() {
    let Some((url, store)) = fresh().await else { return };
    let balances = ReadModel::<Balance, _>::new(store.clone());
    let appending = InlineStore::new(store.clone(), [balances.inline()]);
    let (ada, bob) = (StreamId::new("account", 1).unwrap(), StreamId::new("account", 2).unwrap());
    let tx = store.begin().await.unwrap();
    let first = event(1, "account-created", 1, &json!({"name": "ada"}));
    tx.append(&ada, ExpectedVersion::Any, vec![first]).await.unwrap();
    let waiting = tokio::spawn(async move {
        append(&appending, (bob, event(2, "account-created", 1, &json!({"name": "bob"})))).await;
    });
    // It has come to where it waits when somebody else waits for a lock of the log.
    let admin = client(&url).await;
    let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'
        AND classid = 'es.events'::regclass AND objsubid = 2";
    timeout(Duration::from_secs(30), async {
        while admin.query_one(waits, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("nobody waits for the transaction");
    // Others append meanwhile.
    let other = event(3, "account-created", 1, &json!({"name": "eve"}));
    store.append(&StreamId::new("account", 3).unwrap(), ExpectedVersion::Any, vec![other]).await.unwrap();
    tx.commit().await.unwrap();
    waiting.await.unwrap();
    let page = store.scan_rows(balances.name(), Scan::keys()).await.unwrap();
    let rows: Vec<_> = page.rows.iter().map(|row| (row.key.as_str(), row.position.get())).collect();
    assert_eq!(rows, [("1", 1), ("2", 2)]);
    assert_eq!(page.checkpoint, Some(Position::new(2)), "what comes behind its own is not waited for");
}

#[tokio::test]
async fn rows_are_read_with_plain_sql_and_indexes_are_walked() {
    let Some((url, store)) = fresh().await else { return };
    let balances = ReadModel::<Balance, _>::new(store.clone());
    let appending = InlineStore::new(store.clone(), [balances.inline()]);
    let ada = StreamId::new("account", 7).unwrap();
    append(&appending, (ada.clone(), event(1, "account-created", 1, &json!({"name": "ada"})))).await;
    append(&appending, (ada, event(2, "money-deposited", 1, &json!({"cents": 500})))).await;
    let sql = client(&url).await;
    let row = sql
        .query_one(
            "SELECT key, position, indexes ->> 'owner', (payload ->> 'cents')::bigint FROM es.read_model
             WHERE name = 'balances@2' AND key = '7'",
            &[],
        )
        .await
        .unwrap();
    let row: (String, i64, String, i64) = (row.get(0), row.get(1), row.get(2), row.get(3));
    assert_eq!(row, ("7".to_owned(), 2, "ada".to_owned(), 500));
    let entries: i64 = sql.query_one("SELECT count(*) FROM es.read_model_index", &[]).await.unwrap().get(0);
    assert_eq!(entries, 2, "one entry for each value, also after a row was written twice");
    sql.batch_execute(
        "INSERT INTO es.read_model_rows SELECT 1, 'k' || n, n, NULL, '' FROM generate_series(1, 20000) AS n;
         INSERT INTO es.read_model_index SELECT 1, 'owner', '\\x01'::bytea || ('k' || n)::bytea, 'k' || n
         FROM generate_series(1, 20000) AS n; ANALYZE es.read_model_rows, es.read_model_index",
    )
    .await
    .unwrap();
    let name = balances.name().clone();
    drop((balances, appending, store));
    let before = reads(&sql).await;
    let store = PostgresStore::connect(&url).await.unwrap();
    let page = store.scan_rows(&name, Scan::index("owner").from("k5").limit(10)).await.unwrap();
    assert_eq!(page.rows.len(), 10);
    assert_eq!(page.rows[0].key, "k5");
    drop(store);
    // PostgreSQL 13 and 14 count a while later.
    let after = timeout(Duration::from_secs(30), async {
        loop {
            let after = reads(&sql).await;
            if after.1 > before.1 {
                return after;
            }
            tokio::task::yield_now().await;
        }
    });
    let after = after.await.expect("the scan is counted");
    assert_eq!(after.0, before.0, "a scan that reads all of a table");
}

/// How many rows were read by reading tables as a whole, and how often an index was walked; once no store is connected,
/// since a connection tells what it has read when it ends.
async fn reads(sql: &es_postgres_store::tokio_postgres::Client) -> (i64, i64) {
    let stores = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'es-postgres-store'";
    let gone = timeout(Duration::from_secs(30), async {
        while sql.query_one(stores, &[]).await.unwrap().get::<_, i64>(0) > 0 {
            tokio::task::yield_now().await;
        }
    });
    gone.await.expect("a store is still connected");
    let row = sql
        .query_one(
            "SELECT coalesce(sum(seq_tup_read), 0)::bigint, coalesce(sum(idx_scan), 0)::bigint
             FROM pg_stat_user_tables WHERE relname IN ('read_model_rows', 'read_model_index')",
            &[],
        )
        .await
        .unwrap();
    (row.get(0), row.get(1))
}

#[tokio::test]
async fn a_projection_that_panics_leaves_nothing_behind() {
    use es_core::store::{
        CheckpointName, EventFilter, InlineAppend, InlineFailure, InlineProjection, RowLoader, RowWrite,
    };
    struct Panics(CheckpointName);
    impl InlineProjection for Panics {
        fn name(&self) -> &CheckpointName {
            &self.0
        }
        fn filter(&self) -> EventFilter {
            EventFilter::all()
        }
        fn project(&self, _: &[es_core::RecordedEvent], _: &mut RowLoader<'_>) -> Result<Vec<RowWrite>, InlineFailure> {
            panic!("as planned")
        }
    }
    let Some((_, store)) = fresh().await else { return };
    let append = |store: PostgresStore| async move {
        let projections: es_core::store::InlineProjections =
            [std::sync::Arc::new(Panics(CheckpointName::new("panics").unwrap())) as _].into();
        store.append_inline(&stream("account-a"), ExpectedVersion::NoStream, vec![common::event(1)], &projections).await
    };
    assert!(tokio::spawn(append(store.clone())).await.unwrap_err().is_panic());
    // Neither the event nor a lock is left.
    let again = store.append(&stream("account-a"), ExpectedVersion::NoStream, vec![common::event(1)]).await.unwrap();
    assert_eq!(again.version.get(), 1);
    assert!(tokio::spawn(append(store)).await.unwrap_err().is_panic());
}

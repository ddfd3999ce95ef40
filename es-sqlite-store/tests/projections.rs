//! Projections on SQLite: rows of the store three ways, and tables of the user's.

#[path = "../../es-core/tests/read_models/domain.rs"]
#[allow(dead_code, reason = "shared with the tests of es-core")]
mod domain;
#[path = "../../es-core/tests/read_models/three_ways.rs"]
mod three_ways;

use domain::{AccountClosed, AccountOpened, Balance, History, MoneyDeposited, append, event};
use es_core::store::EventStore;
use es_core::{
    EventProcessor, ExpectedVersion, InlineStore, Position, ProcessorError, Projection, ReadModel, RecordedEvent,
    StreamId, TableProjection, WriteTo,
};
use es_sqlite_store::rusqlite::{self, Connection};
use es_sqlite_store::{SqliteError, SqliteStore, Transaction};
use serde_json::json;
use tempfile::TempDir;

async fn fresh() -> (TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("bank.db")).await.unwrap();
    (folder, store)
}

#[tokio::test]
async fn one_definition_makes_the_same_rows_behind_inside_and_on_read() {
    let (_behind, behind) = fresh().await;
    let (_inside, inside) = fresh().await;
    three_ways::the_same_rows_come_of_all_three([behind, inside]).await;
}

#[tokio::test]
async fn rows_are_read_with_plain_sql_and_indexes_are_walked() {
    let (folder, store) = fresh().await;
    let balances = ReadModel::<Balance, _>::new(store.clone());
    let appending = InlineStore::new(store.clone(), [balances.inline()]);
    let ada = StreamId::new("account", 7).unwrap();
    append(&appending, (ada.clone(), event(1, "account-created", 1, &json!({"name": "ada"})))).await;
    append(&appending, (ada, event(2, "money-deposited", 1, &json!({"cents": 500})))).await;
    let sql = Connection::open(folder.path().join("bank.db")).unwrap();
    let row: (String, i64, String, i64) = sql
        .query_row(
            "SELECT key, position, indexes ->> 'owner', payload ->> 'cents' FROM read_model WHERE name = 'balances@2'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .unwrap();
    assert_eq!(row, ("7".to_owned(), 2, "ada".to_owned(), 500));
    let entries: i64 = sql.query_row("SELECT count(*) FROM read_model_index", [], |row| row.get(0)).unwrap();
    assert_eq!(entries, 2, "one entry for each value, also after a row was written twice");
    let plan: Vec<String> = sql
        .prepare(
            "EXPLAIN QUERY PLAN SELECT r.key FROM read_model_index AS i
             CROSS JOIN read_model_rows AS r ON r.model = i.model AND r.key = i.key
             WHERE i.model = 1 AND i.name = 'owner' AND i.value >= 'a' AND (i.value, i.key) > ('a', '')
             ORDER BY i.value, i.key LIMIT 10",
        )
        .unwrap()
        .query_map([], |row| row.get(3))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(plan.iter().all(|step| step.starts_with("SEARCH")), "a scan that reads or sorts all: {plan:?}");
}

/// Who has an account, in a table of one's own.
#[derive(Debug, Projection)]
#[projection(
    name = "owners", into = Transaction<'_>, error = Broken,
    events(AccountOpened, MoneyDeposited, AccountClosed),
)]
struct Owners;

#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("SQL failed")]
    Sql(#[from] rusqlite::Error),
    #[error("the account is not there")]
    NoSuchAccount,
}

impl WriteTo<Transaction<'_>, AccountOpened> for Owners {
    fn write(&self, tx: &Transaction<'_>, event: AccountOpened, recorded: &RecordedEvent) -> Result<(), Broken> {
        let sql = "INSERT INTO owners (account, owner, cents) VALUES (?1, ?2, 0)";
        tx.connection().prepare_cached(sql)?.execute([recorded.stream.id(), &event.owner])?;
        Ok(())
    }
}

impl WriteTo<Transaction<'_>, MoneyDeposited> for Owners {
    fn write(&self, tx: &Transaction<'_>, event: MoneyDeposited, recorded: &RecordedEvent) -> Result<(), Broken> {
        let sql = "UPDATE owners SET cents = cents + ?2 WHERE account = ?1";
        let changed = tx.connection().execute(sql, rusqlite::params![recorded.stream.id(), event.cents])?;
        if changed == 0 { Err(Broken::NoSuchAccount) } else { Ok(()) }
    }
}

impl WriteTo<Transaction<'_>, AccountClosed> for Owners {
    fn write(&self, tx: &Transaction<'_>, _: AccountClosed, recorded: &RecordedEvent) -> Result<(), Broken> {
        tx.connection().execute("DELETE FROM owners WHERE account = ?1", [recorded.stream.id()])?;
        Ok(())
    }
}

async fn tables(store: &SqliteStore) -> TableProjection<Owners, SqliteStore> {
    let made = store.transaction(|tx| -> Result<(), SqliteError> {
        let sql = "CREATE TABLE owners (account TEXT PRIMARY KEY, owner TEXT, cents INTEGER) STRICT";
        Ok(tx.connection().execute_batch(sql)?)
    });
    made.await.unwrap();
    TableProjection::new(store.clone(), Owners)
}

fn owners(folder: &TempDir) -> Vec<(String, i64)> {
    let sql = Connection::open(folder.path().join("bank.db")).unwrap();
    let mut rows = sql.prepare("SELECT owner, cents FROM owners ORDER BY owner").unwrap();
    rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

async fn put(store: &SqliteStore, account: u64, number: u64, name: &'static str, payload: serde_json::Value) {
    let stream = StreamId::new("account", account).unwrap();
    store.append(&stream, ExpectedVersion::Any, vec![event(number, name, 1, &payload)]).await.unwrap();
}

#[tokio::test]
async fn tables_of_the_users_change_with_their_checkpoint() {
    let (folder, store) = fresh().await;
    let projection = tables(&store).await;
    put(&store, 1, 1, "account-created", json!({"name": "ada"})).await;
    put(&store, 1, 2, "money-deposited", json!({"cents": 5})).await;
    put(&store, 2, 3, "account-created", json!({"name": "bob"})).await;
    put(&store, 1, 4, "statement-printed", json!({})).await;
    assert_eq!(projection.catch_up().await.unwrap(), Position::new(4));
    assert_eq!(owners(&folder), [("ada".to_owned(), 5), ("bob".to_owned(), 0)]);
    put(&store, 2, 5, "account-closed", json!({})).await;
    assert_eq!(projection.catch_up().await.unwrap(), Position::new(5));
    assert_eq!(owners(&folder), [("ada".to_owned(), 5)]);
    // Whoever comes late with the same events changes nothing.
    let late = projection.handle(&store.read_log(es_core::store::ReadLog::all()).await.unwrap().events).await.unwrap();
    let superseded = projection.commit(vec![late], None, Position::new(5)).await.unwrap_err();
    assert!(matches!(superseded, ProcessorError::Superseded { .. }), "{superseded:?}");
    assert_eq!(owners(&folder), [("ada".to_owned(), 5)]);
}

#[tokio::test]
async fn a_projection_that_fails_leaves_its_tables_and_its_checkpoint() {
    let (folder, store) = fresh().await;
    let projection = tables(&store).await;
    put(&store, 1, 1, "account-created", json!({"name": "ada"})).await;
    put(&store, 2, 2, "money-deposited", json!({"cents": 5})).await;
    let failed = projection.catch_up().await.unwrap_err();
    let ProcessorError::Event { at, cause, .. } = failed else { panic!("{failed:?}") };
    assert_eq!(at.position, Position::new(2));
    assert!(matches!(cause.downcast_ref(), Some(Broken::NoSuchAccount)), "{cause:?}");
    assert!(owners(&folder).is_empty(), "the event before it is rolled back with it");
    assert_eq!(projection.checkpoint().await.unwrap(), None);
    put(&store, 1, 3, "money-deposited", json!({"cents": "many"})).await;
    let events = store.read_log(es_core::store::ReadLog::after(Position::new(2))).await.unwrap().events;
    let unreadable = projection.commit(vec![events], None, Position::new(3)).await.unwrap_err();
    assert!(matches!(unreadable, ProcessorError::Event { .. }), "{unreadable:?}");
}

#[tokio::test]
async fn an_inline_append_that_is_rolled_back_leaves_the_group_beside_it() {
    let (_folder, store) = fresh().await;
    let balances = ReadModel::<Balance, _>::new(store.clone());
    let appending = InlineStore::new(store.clone(), [balances.inline()]);
    let mut history = History::new(1);
    for _ in 0..20 {
        append(&appending, history.next()).await;
    }
    let tasks = (0..12_u64).map(|task| {
        let appending = appending.clone();
        tokio::spawn(async move {
            let stream = StreamId::new("account", 100 + task).unwrap();
            let cents = if task % 3 == 0 { json!("many") } else { json!(task) };
            let deposit = event(1_000 + task, "money-deposited", 1, &json!({"cents": cents}));
            appending.append(&stream, ExpectedVersion::NoStream, vec![deposit]).await.is_ok()
        })
    });
    let mut accepted = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        accepted.push(task.await.unwrap());
    }
    assert_eq!(accepted, (0..12).map(|task| task % 3 != 0).collect::<Vec<_>>());
    for task in 0..12 {
        let row = balances.get(&(100 + task)).await.unwrap();
        assert_eq!(row.map(|row| row.cents), (task % 3 != 0).then(|| i64::try_from(task).unwrap()), "account {task}");
    }
}

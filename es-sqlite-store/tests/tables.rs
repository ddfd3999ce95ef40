//! Tables of the user's in the transaction of an append.

#[path = "../../es-core/tests/read_models/domain.rs"]
#[allow(dead_code, reason = "shared with the tests of es-core")]
mod domain;

use domain::{AccountClosed, AccountOpened, Balance, History, MoneyDeposited, append, event};
use es_core::store::{
    AppendError, CheckpointStore, EventStore, MultiAppend, MultiAppendError, MultiStreamAppend, ReadLog,
};
use es_core::{
    EventProcessor, ExpectedVersion, InlineStore, Position, ProcessorError, Projection, ReadModel, RecordedEvent,
    StreamId, TableProjection, WriteTo,
};
use es_sqlite_store::rusqlite::{self, Connection, params};
use es_sqlite_store::{SqliteError, SqliteStore, Transaction};
use serde_json::json;
use tempfile::TempDir;

/// What is on an account, in a table whose rule no event may break.
#[derive(Debug, Projection)]
#[projection(
    name = "deposits", into = Transaction<'_>, error = rusqlite::Error,
    events(AccountOpened, MoneyDeposited, AccountClosed),
)]
struct Deposits;

const TABLE: &str = "CREATE TABLE deposits
    (account TEXT PRIMARY KEY, owner TEXT, cents INTEGER CHECK (cents < 10000), changes INTEGER) STRICT";

impl WriteTo<Transaction<'_>, AccountOpened> for Deposits {
    fn write(&self, tx: &Transaction<'_>, event: AccountOpened, recorded: &RecordedEvent) -> rusqlite::Result<()> {
        let sql = "INSERT INTO deposits VALUES (?1, ?2, 0, 1)
            ON CONFLICT DO UPDATE SET owner = excluded.owner, changes = changes + 1";
        tx.connection().execute(sql, params![recorded.stream.id(), event.owner]).map(drop)
    }
}

impl WriteTo<Transaction<'_>, MoneyDeposited> for Deposits {
    fn write(&self, tx: &Transaction<'_>, event: MoneyDeposited, recorded: &RecordedEvent) -> rusqlite::Result<()> {
        let sql = "INSERT INTO deposits VALUES (?1, '', ?2, 1)
            ON CONFLICT DO UPDATE SET cents = cents + ?2, changes = changes + 1";
        tx.connection().execute(sql, params![recorded.stream.id(), event.cents]).map(drop)
    }
}

impl WriteTo<Transaction<'_>, AccountClosed> for Deposits {
    fn write(&self, tx: &Transaction<'_>, _: AccountClosed, recorded: &RecordedEvent) -> rusqlite::Result<()> {
        tx.connection().execute("DELETE FROM deposits WHERE account = ?1", [recorded.stream.id()]).map(drop)
    }
}

async fn fresh() -> (TempDir, SqliteStore, TableProjection<Deposits, SqliteStore>) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("bank.db")).await.unwrap();
    let made = store.transaction(|tx| -> Result<(), SqliteError> { Ok(tx.connection().execute_batch(TABLE)?) });
    made.await.unwrap();
    let deposits = TableProjection::new(store.clone(), Deposits);
    (folder, store, deposits)
}

fn rows(folder: &TempDir) -> Vec<(String, String, i64, i64)> {
    let sql = Connection::open(folder.path().join("bank.db")).unwrap();
    let mut rows = sql.prepare("SELECT account, owner, cents, changes FROM deposits ORDER BY account").unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

fn deposit(number: u64, cents: i64) -> es_core::NewEvent {
    event(number, "money-deposited", 1, &json!({"cents": cents}))
}

fn account(id: u64) -> StreamId {
    StreamId::new("account", id).unwrap()
}

#[tokio::test]
async fn tables_are_the_same_behind_the_log_and_inside_the_append() {
    let (behind_folder, behind, deposits_behind) = fresh().await;
    let (inside_folder, inside, deposits_inside) = fresh().await;
    let appending = InlineStore::new(inside.clone(), []).with_tables([deposits_inside.inline()]);
    let (mut history, mut most) = (History::new(5), 0);
    for _ in 0..60 {
        let next = history.next();
        let position = append(&behind, next.clone()).await;
        assert_eq!(append(&appending, next).await, position);
        deposits_behind.catch_up().await.unwrap();
        let there = rows(&inside_folder);
        assert_eq!(there, rows(&behind_folder), "after position {position}");
        assert_eq!(deposits_inside.checkpoint().await.unwrap(), Some(position));
        most = most.max(there.len());
    }
    assert!(most > 3, "the history has rows");
    // What others append is made up for by the next append.
    append(&inside, (account(77), deposit(900, 7))).await;
    assert!(rows(&inside_folder).iter().all(|row| row.0 != "77"));
    append(&appending, (account(78), deposit(901, 8))).await;
    assert_eq!(rows(&inside_folder).iter().filter(|row| row.0.starts_with('7')).count(), 2);
    assert_eq!(deposits_inside.catch_up().await.unwrap(), Position::new(62), "there is nothing left to do behind");
}

#[tokio::test]
async fn an_append_that_tables_refuse_leaves_the_log_the_rows_and_the_tables() {
    let (folder, store, deposits) = fresh().await;
    let balances = ReadModel::<Balance, _>::new(store.clone());
    let appending = InlineStore::new(store.clone(), [balances.inline()]).with_tables([deposits.inline()]);
    append(&appending, (account(1), deposit(1, 9_000))).await;
    let before = rows(&folder);
    let too_much = appending.append(&account(1), ExpectedVersion::Any, vec![deposit(2, 1_000)]).await.unwrap_err();
    let AppendError::NotProjected { projection, cause } = too_much else { panic!("{too_much:?}") };
    assert_eq!(projection.as_str(), "deposits");
    let Some(ProcessorError::Event { at, cause, .. }) = cause.downcast_ref() else { panic!("{cause:?}") };
    assert_eq!((at.position, at.name.as_str()), (Position::new(2), "money-deposited"));
    assert!(cause.is::<rusqlite::Error>(), "{cause:?}");
    let multi = MultiAppend::new().append(&account(2), ExpectedVersion::NoStream, vec![deposit(3, 5)]).append(
        &account(1),
        ExpectedVersion::Any,
        vec![deposit(4, 1_000)],
    );
    let too_much = appending.append_multi(multi).await.unwrap_err();
    assert!(matches!(too_much, MultiAppendError::Refused(AppendError::NotProjected { .. })), "{too_much:?}");
    assert_eq!(store.read_log(ReadLog::all()).await.unwrap().events.len(), 1);
    assert_eq!(rows(&folder), before);
    assert_eq!(balances.get(&1).await.unwrap().map(|row| row.cents), Some(9_000));
    assert_eq!(balances.get(&2).await.unwrap(), None);
    for name in [deposits.name(), balances.name()] {
        assert_eq!(store.load_checkpoint(name).await.unwrap(), Some(Position::new(1)), "{name}");
    }
    append(&appending, (account(1), deposit(5, 1))).await;
    assert_eq!(rows(&folder)[0].2, 9_001);
}

#[tokio::test]
async fn of_a_group_only_the_append_is_refused_that_breaks_a_rule() {
    let (folder, store, deposits) = fresh().await;
    let appending = InlineStore::new(store.clone(), []).with_tables([deposits.inline()]);
    let tasks = (0..12_u64).map(|number| {
        let appending = appending.clone();
        tokio::spawn(async move {
            let cents = if number % 3 == 0 { 10_000 } else { 1 };
            let deposit = deposit(number, cents);
            appending.append(&account(100 + number), ExpectedVersion::NoStream, vec![deposit]).await.is_ok()
        })
    });
    let mut accepted = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        accepted.push(task.await.unwrap());
    }
    assert_eq!(accepted, (0..12).map(|number| number % 3 != 0).collect::<Vec<_>>());
    let kept: Vec<_> = rows(&folder).into_iter().map(|row| row.0).collect();
    let meant: Vec<_> = (0..12).filter(|number| number % 3 != 0).map(|number| (100 + number).to_string()).collect();
    assert_eq!(kept, meant);
}

/// A projection that does what it must not.
#[derive(Debug, Projection)]
#[projection(name = "ends-it", into = Transaction<'_>, error = rusqlite::Error, events(MoneyDeposited))]
struct EndsIt;

impl WriteTo<Transaction<'_>, MoneyDeposited> for EndsIt {
    fn write(&self, tx: &Transaction<'_>, _: MoneyDeposited, _: &RecordedEvent) -> rusqlite::Result<()> {
        tx.connection().execute_batch("ROLLBACK")
    }
}

#[tokio::test]
async fn a_projection_that_ends_the_transaction_is_told_so() {
    let (_folder, store, _) = fresh().await;
    let ends_it = TableProjection::new(store.clone(), EndsIt);
    let appending = InlineStore::new(store.clone(), []).with_tables([ends_it.inline()]);
    let failed = appending.append(&account(1), ExpectedVersion::Any, vec![deposit(1, 1)]).await.unwrap_err();
    let AppendError::Store { cause, .. } = failed else { panic!("{failed:?}") };
    assert!(matches!(cause.downcast_ref(), Some(SqliteError::TransactionEnded)), "{cause:?}");
    append(&store, (account(1), deposit(1, 1))).await;
}

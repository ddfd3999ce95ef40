//! Tables of the user's on PostgreSQL: in one transaction with their checkpoint, behind the log and inside the append.

mod common;
#[path = "../../es-core/tests/read_models/domain.rs"]
#[allow(dead_code, reason = "shared with the tests of es-core")]
mod domain;

use common::{client, fresh};
use domain::{AccountClosed, AccountOpened, Balance, History, MoneyDeposited, append, event};
use es_core::store::{
    AppendError, CheckpointStore, EventStore, MultiAppend, MultiAppendError, MultiStreamAppend, ReadLog,
};
use es_core::{
    AsyncTableProjection, AsyncWriteTo, EventProcessor, ExpectedVersion, InlineStore, Position, ProcessorError,
    Projection, ReadModel, RecordedEvent, StreamId,
};
use es_postgres_store::tokio_postgres::{self, Client};
use es_postgres_store::{PostgresStore, Transaction};
use serde_json::json;

/// What is on an account, in a table whose rule no event may break.
#[derive(Debug, Projection)]
#[projection(
    name = "deposits", into = async Transaction, error = tokio_postgres::Error,
    events(AccountOpened, MoneyDeposited, AccountClosed),
)]
struct Deposits;

const TABLE: &str = "CREATE TABLE deposits
    (account text PRIMARY KEY, owner text, cents bigint CHECK (cents < 10000), changes bigint)";

type Written = Result<(), tokio_postgres::Error>;

impl AsyncWriteTo<Transaction, AccountOpened> for Deposits {
    async fn write(&self, tx: &Transaction, event: AccountOpened, recorded: &RecordedEvent) -> Written {
        let sql = "INSERT INTO deposits VALUES ($1, $2, 0, 1)
            ON CONFLICT (account) DO UPDATE SET owner = excluded.owner, changes = deposits.changes + 1";
        tx.client().execute(sql, &[&recorded.stream.id(), &event.owner]).await.map(drop)
    }
}

impl AsyncWriteTo<Transaction, MoneyDeposited> for Deposits {
    async fn write(&self, tx: &Transaction, event: MoneyDeposited, recorded: &RecordedEvent) -> Written {
        let sql = "INSERT INTO deposits VALUES ($1, '', $2, 1)
            ON CONFLICT (account) DO UPDATE SET cents = deposits.cents + $2, changes = deposits.changes + 1";
        tx.client().execute(sql, &[&recorded.stream.id(), &event.cents]).await.map(drop)
    }
}

impl AsyncWriteTo<Transaction, AccountClosed> for Deposits {
    async fn write(&self, tx: &Transaction, _: AccountClosed, recorded: &RecordedEvent) -> Written {
        tx.client().execute("DELETE FROM deposits WHERE account = $1", &[&recorded.stream.id()]).await.map(drop)
    }
}

async fn tables() -> Option<(Client, PostgresStore, AsyncTableProjection<Deposits, PostgresStore>)> {
    let (url, store) = fresh().await?;
    let sql = client(&url).await;
    sql.batch_execute(TABLE).await.unwrap();
    let deposits = AsyncTableProjection::new(store.clone(), Deposits);
    Some((sql, store, deposits))
}

async fn rows(sql: &Client) -> Vec<(String, String, i64, i64)> {
    let rows =
        sql.query("SELECT account, owner, cents, changes FROM deposits ORDER BY account COLLATE \"C\"", &[]).await;
    rows.unwrap().iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect()
}

fn deposit(number: u64, cents: i64) -> es_core::NewEvent {
    event(number, "money-deposited", 1, &json!({"cents": cents}))
}

fn account(id: u64) -> StreamId {
    StreamId::new("account", id).unwrap()
}

#[tokio::test]
async fn tables_of_the_users_change_with_their_checkpoint() {
    let Some((sql, store, deposits)) = tables().await else { return };
    append(&store, (account(1), deposit(1, 5))).await;
    append(&store, (account(1), event(2, "statement-printed", 1, &json!({})))).await;
    assert_eq!(deposits.catch_up().await.unwrap(), Position::new(2));
    assert_eq!(rows(&sql).await, [("1".to_owned(), String::new(), 5, 1)]);
    // Whoever comes late with the same events changes nothing.
    let late = deposits.handle(&store.read_log(ReadLog::all()).await.unwrap().events).await.unwrap();
    let superseded = deposits.commit(vec![late], None, Position::new(2)).await.unwrap_err();
    assert!(matches!(superseded, ProcessorError::Superseded { .. }), "{superseded:?}");
    assert_eq!(rows(&sql).await, [("1".to_owned(), String::new(), 5, 1)]);
}

#[tokio::test]
async fn a_projection_that_fails_leaves_its_tables_and_its_checkpoint() {
    let Some((sql, store, deposits)) = tables().await else { return };
    append(&store, (account(1), deposit(1, 5))).await;
    append(&store, (account(2), deposit(2, 10_000))).await;
    let failed = deposits.catch_up().await.unwrap_err();
    let ProcessorError::Event { at, cause, .. } = failed else { panic!("{failed:?}") };
    assert_eq!(at.position, Position::new(2));
    assert!(cause.is::<tokio_postgres::Error>(), "{cause:?}");
    assert!(rows(&sql).await.is_empty(), "the event before it is rolled back with it");
    assert_eq!(deposits.checkpoint().await.unwrap(), None);
    append(&store, (account(1), event(3, "money-deposited", 1, &json!({"cents": "many"})))).await;
    let events = store.read_log(ReadLog::after(Position::new(2))).await.unwrap().events;
    let unreadable = deposits.commit(vec![events], None, Position::new(3)).await.unwrap_err();
    assert!(matches!(unreadable, ProcessorError::Event { .. }), "{unreadable:?}");
    let first = store.read_log(ReadLog::all().limit(1)).await.unwrap().events;
    deposits.commit(vec![first], None, Position::new(1)).await.unwrap();
    assert_eq!(rows(&sql).await.len(), 1, "what has failed is in nobody's way");
}

#[tokio::test]
async fn of_two_who_write_the_same_events_one_does() {
    let Some((sql, store, deposits)) = tables().await else { return };
    for number in 1..=20 {
        append(&store, (account(number % 3), deposit(number, 1))).await;
    }
    let events = store.read_log(ReadLog::all()).await.unwrap().events;
    let writers = (0..4).map(|_| {
        let (deposits, events) = (deposits.clone(), events.clone());
        tokio::spawn(async move { deposits.commit(vec![events], None, Position::new(20)).await.is_ok() })
    });
    let mut done = 0;
    for writer in writers.collect::<Vec<_>>() {
        done += usize::from(writer.await.unwrap());
    }
    assert_eq!(done, 1);
    assert_eq!(rows(&sql).await.iter().map(|row| row.2).sum::<i64>(), 20);
}

#[tokio::test]
async fn tables_are_the_same_behind_the_log_and_inside_the_append() {
    let (Some(behind), Some(inside)) = (tables().await, tables().await) else { return };
    let appending = InlineStore::new(inside.1.clone(), []).with_tables([inside.2.inline()]);
    let (mut history, mut most) = (History::new(5), 0);
    for _ in 0..60 {
        let next = history.next();
        let position = append(&behind.1, next.clone()).await;
        assert_eq!(append(&appending, next).await, position);
        behind.2.catch_up().await.unwrap();
        let there = rows(&inside.0).await;
        assert_eq!(there, rows(&behind.0).await, "after position {position}");
        assert_eq!(inside.2.checkpoint().await.unwrap(), Some(position));
        most = most.max(there.len());
    }
    assert!(most > 3, "the history has rows");
    // What others append is made up for by the next append.
    append(&inside.1, (account(77), deposit(900, 7))).await;
    assert!(rows(&inside.0).await.iter().all(|row| row.0 != "77"));
    append(&appending, (account(78), deposit(901, 8))).await;
    assert_eq!(rows(&inside.0).await.iter().filter(|row| row.0.starts_with('7')).count(), 2);
    assert_eq!(inside.2.catch_up().await.unwrap(), Position::new(62), "there is nothing left to do behind");
}

#[tokio::test]
async fn an_append_that_tables_refuse_leaves_the_log_the_rows_and_the_tables() {
    let Some((sql, store, deposits)) = tables().await else { return };
    let balances = ReadModel::<Balance, _>::new(store.clone());
    let appending = InlineStore::new(store.clone(), [balances.inline()]).with_tables([deposits.inline()]);
    let first = append(&appending, (account(1), deposit(1, 9_000))).await;
    let before = rows(&sql).await;
    let too_much = appending.append(&account(1), ExpectedVersion::Any, vec![deposit(2, 1_000)]).await.unwrap_err();
    let AppendError::NotProjected { projection, cause } = too_much else { panic!("{too_much:?}") };
    assert_eq!(projection.as_str(), "deposits");
    let Some(ProcessorError::Event { at, cause, .. }) = cause.downcast_ref() else { panic!("{cause:?}") };
    assert_eq!((at.stream.as_str(), at.name.as_str()), ("account-1", "money-deposited"));
    assert!(cause.is::<tokio_postgres::Error>(), "{cause:?}");
    let multi = MultiAppend::new().append(&account(2), ExpectedVersion::NoStream, vec![deposit(3, 5)]).append(
        &account(1),
        ExpectedVersion::Any,
        vec![deposit(4, 1_000)],
    );
    let too_much = appending.append_multi(multi).await.unwrap_err();
    assert!(matches!(too_much, MultiAppendError::Refused(AppendError::NotProjected { .. })), "{too_much:?}");
    assert_eq!(store.read_log(ReadLog::all()).await.unwrap().events.len(), 1);
    assert_eq!(rows(&sql).await, before);
    assert_eq!(balances.get(&1).await.unwrap().map(|row| row.cents), Some(9_000));
    assert_eq!(balances.get(&2).await.unwrap(), None);
    for name in [deposits.name(), balances.name()] {
        assert_eq!(store.load_checkpoint(name).await.unwrap(), Some(first), "{name}");
    }
    append(&appending, (account(1), deposit(5, 1))).await;
    assert_eq!(rows(&sql).await[0].2, 9_001);
}

#[tokio::test]
async fn of_many_who_append_with_tables_each_event_is_written_once() {
    let Some((sql, store, deposits)) = tables().await else { return };
    let appending = InlineStore::new(store, []).with_tables([deposits.inline()]);
    let writers = (0..6_u64).map(|writer| {
        let appending = appending.clone();
        tokio::spawn(async move {
            for turn in 0..8 {
                append(&appending, (account(turn % 3), deposit(1 + writer * 8 + turn, 1))).await;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let totals =
        rows(&sql).await.iter().map(|row| (row.2, row.3)).fold((0, 0), |all, row| (all.0 + row.0, all.1 + row.1));
    assert_eq!(totals, (48, 48));
}

//! Tables of the user's in the same file, backups, and waiting.

mod common;

use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use common::{event, file, fresh, numbers, stream};
use es_core::store::{CheckpointError, CheckpointName, CheckpointStore, EventStore, ReadLog, ReadStream, Subscribe};
use es_core::{ExpectedVersion, Position};
use es_sqlite_store::rusqlite::Connection;
use es_sqlite_store::{BackupError, SqliteError, SqliteStore};

type Failed = Box<dyn std::error::Error + Send + Sync>;

fn seen(path: &Path) -> Vec<u64> {
    let sql = Connection::open(path).unwrap();
    let mut rows = sql.prepare("SELECT number FROM seen ORDER BY rowid").unwrap();
    rows.query_map([], |row| row.get::<_, i64>(0)).unwrap().map(|number| number.unwrap().cast_unsigned()).collect()
}

/// Projects up to `limit` events; `crash` comes before the commit.
async fn project(store: &SqliteStore, limit: usize, crash: bool) -> Result<Position, Failed> {
    let name = CheckpointName::new("seen").unwrap();
    let at = store.load_checkpoint(&name).await?;
    let page = store.read_log(ReadLog::after(at.unwrap_or_default()).limit(limit)).await?;
    let project = |tx: &es_sqlite_store::Transaction<'_>| {
        tx.connection().execute_batch("CREATE TABLE IF NOT EXISTS seen (number INTEGER) STRICT")?;
        for number in numbers(&page.events) {
            tx.connection().execute("INSERT INTO seen VALUES (?1)", [number.cast_signed()])?;
        }
        tx.save_checkpoint(&name, at, page.through)?;
        if crash { Err("crash".into()) } else { Ok(page.through) }
    };
    store.transaction(project).await
}

#[tokio::test]
async fn a_read_model_sees_every_event_exactly_once() {
    let (folder, store) = fresh().await;
    store.append(&stream("account-a"), ExpectedVersion::Any, (1..=7).map(event).collect()).await.unwrap();
    assert_eq!(project(&store, 3, false).await.unwrap(), Position::new(3));
    project(&store, 3, true).await.unwrap_err();
    assert_eq!(seen(&file(&folder)), [1, 2, 3]);
    drop(store);
    let store = SqliteStore::open(file(&folder)).await.unwrap();
    while project(&store, 3, false).await.unwrap() < Position::new(7) {}
    assert_eq!(seen(&file(&folder)), [1, 2, 3, 4, 5, 6, 7]);
}

#[tokio::test]
async fn a_panic_or_another_reader_under_the_name_changes_nothing() {
    let (folder, store) = fresh().await;
    store.append(&stream("account-a"), ExpectedVersion::Any, vec![event(1)]).await.unwrap();
    project(&store, 9, false).await.unwrap();
    let panicking = store.clone();
    let panicked = tokio::spawn(async move {
        let work = |tx: &es_sqlite_store::Transaction<'_>| -> Result<(), SqliteError> {
            tx.connection().execute("INSERT INTO seen VALUES (7)", [])?;
            panic!("as planned")
        };
        panicking.transaction(work).await
    });
    assert!(panicked.await.unwrap_err().is_panic());
    let name = CheckpointName::new("seen").unwrap();
    let stale = store.transaction(|tx| -> Result<(), Failed> {
        tx.connection().execute("INSERT INTO seen VALUES (8)", [])?;
        Ok(tx.save_checkpoint(&name, None, Position::new(1))?)
    });
    let stale = stale.await.unwrap_err();
    assert!(matches!(stale.downcast_ref(), Some(CheckpointError::Conflict { .. })), "{stale}");
    let ended = store.transaction(|tx| -> Result<(), Failed> { Ok(tx.connection().execute_batch("ROLLBACK")?) }).await;
    assert!(matches!(ended.unwrap_err().downcast_ref(), Some(SqliteError::TransactionEnded)));
    assert_eq!(seen(&file(&folder)), [1]);
    store.append(&stream("account-a"), ExpectedVersion::Any, vec![event(2)]).await.unwrap();
}

#[tokio::test]
async fn a_backup_is_a_whole_copy_while_others_write() {
    let (folder, store) = fresh().await;
    let a = stream("account-a");
    // Large enough for the copy to be made in many steps.
    let large = |number| {
        let mut event = event(number);
        event.payload = vec![b'x'; 4_000].into();
        event
    };
    store.append(&a, ExpectedVersion::Any, (1..=5_000).map(large).collect()).await.unwrap();
    let copy = folder.path().join("copy.db");
    let backup = tokio::spawn({
        let (store, copy) = (store.clone(), copy.clone());
        async move { store.backup_to(copy).await }
    });
    let mut number = 5_000;
    while !backup.is_finished() {
        number += 1;
        store.append(&a, ExpectedVersion::Any, vec![event(number)]).await.unwrap();
    }
    backup.await.unwrap().unwrap();
    assert!(matches!(store.backup_to(&copy).await, Err(BackupError::Exists { .. })));
    assert!(!folder.path().join("copy.db.partial").exists());
    let log = SqliteStore::open(&copy).await.unwrap().read_log(ReadLog::all()).await.unwrap();
    let copied = log.events.len() as u64;
    assert!((5_000..=number).contains(&copied), "{copied}");
    assert_eq!(numbers(&log.events), (1..=copied).collect::<Vec<_>>());
    let nowhere = store.backup_to(folder.path().join("missing/copy.db")).await;
    assert!(matches!(nowhere, Err(BackupError::Store(_))), "{nowhere:?}");
}

/// Rules 23 to 25, from another store on the same file, as another process has it.
#[tokio::test]
async fn what_another_store_appends_ends_the_wait() {
    let (folder, store) = fresh().await;
    let other = SqliteStore::open(file(&folder)).await.unwrap();
    for round in 1..=20 {
        let waiting = (0..5).map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.appended_after(Position::new(round - 1)).await })
        });
        let waiting: Vec<_> = waiting.collect();
        let mut dropped = pin!(store.appended_after(Position::new(round - 1)));
        assert!(dropped.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        other.append(&stream("account-a"), ExpectedVersion::Any, vec![event(round)]).await.unwrap();
        for waiting in waiting {
            waiting.await.unwrap().unwrap();
        }
        let page = store.read_stream(&stream("account-a"), ReadStream::all()).await.unwrap();
        assert_eq!(page.version.get(), round);
    }
    let mut waiting = pin!(store.appended_after(Position::new(20)));
    assert!(matches!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending));
}

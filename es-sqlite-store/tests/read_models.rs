//! Tables of the user's in the same file, backups, and waiting.

mod common;

use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use common::{event, file, folder, fresh, numbers, stream};
use es_core::store::{CheckpointError, CheckpointName, CheckpointStore, EventStore, ReadLog, ReadStream, Subscribe};
use es_core::{ExpectedVersion, NewEvent, Position};
use es_sqlite_store::rusqlite::Connection;
use es_sqlite_store::{BackupError, SqliteError, SqliteStore};
use tempfile::TempDir;

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
    assert_eq!(partial_files(&folder), [] as [String; 0]);
    let log = SqliteStore::open(&copy).await.unwrap().read_log(ReadLog::all()).await.unwrap();
    let copied = log.events.len() as u64;
    assert!((5_000..=number).contains(&copied), "{copied}");
    assert_eq!(numbers(&log.events), (1..=copied).collect::<Vec<_>>());
    let nowhere = store.backup_to(folder.path().join("missing/copy.db")).await;
    assert!(matches!(nowhere, Err(BackupError::Place { .. })), "{nowhere:?}");
}

/// As when a call that was given up is made again, while its thread goes on.
#[tokio::test]
async fn of_backups_to_one_path_that_overlap_one_is_there_and_whole() {
    let (folder, store) = fresh().await;
    store.append(&stream("account-a"), ExpectedVersion::Any, (1..=5_000).map(large).collect()).await.unwrap();
    let copy = folder.path().join("copy.db");
    let backups: Vec<_> = (0..3)
        .map(|_| {
            let (store, copy) = (store.clone(), copy.clone());
            tokio::spawn(async move {
                let made = store.backup_to(&copy).await;
                if made.is_ok() {
                    // At once, also if the others still write.
                    let copied = Connection::open(&copy).unwrap();
                    let check: String = copied.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
                    let events: i64 = copied.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap();
                    assert_eq!((check.as_str(), events), ("ok", 5_000));
                }
                made
            })
        })
        .collect();
    let mut made = 0;
    for backup in backups {
        match backup.await.unwrap() {
            Ok(()) => made += 1,
            Err(error) => assert!(matches!(error, BackupError::Exists { .. }), "{error:?}"),
        }
    }
    assert_eq!(made, 1);
    assert_eq!(partial_files(&folder), [] as [String; 0]);
    let log = SqliteStore::open(&copy).await.unwrap().read_log(ReadLog::all().limit(10_000)).await.unwrap();
    assert_eq!(numbers(&log.events), (1..=5_000).collect::<Vec<_>>());
}

/// An event that is large enough for the copy of many to be made in many steps.
fn large(number: u64) -> NewEvent {
    let mut event = event(number);
    event.payload = vec![b'x'; 4_000].into();
    event
}

fn partial_files(folder: &TempDir) -> Vec<String> {
    let names = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains(".partial")).collect()
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

/// Would take a day if the thread that looks at the file had to end a wait first.
#[tokio::test]
async fn a_store_is_closed_at_once_whenever_somebody_has_begun_to_wait() {
    for _ in 0..20 {
        let folder = folder();
        let options = SqliteStore::options().poll_interval(Duration::from_secs(86_400));
        let store = options.open(file(&folder)).await.unwrap();
        let mut waiting = Box::pin(store.appended_after(Position::START));
        assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        drop(waiting);
        drop(store);
    }
}

//! Files that are not as they should be, full disks, and what a person can do with the tables.

mod common;

use std::fs;
use std::path::Path;

use common::{event, file, folder, fresh, numbers, stream};
use es_core::store::{AppendError, EventStore, ReadError, ReadLog, ReadStream};
use es_core::{ExpectedVersion, Metadata, Position, Timestamp};
use es_sqlite_store::rusqlite::Connection;
use es_sqlite_store::{OpenError, SqliteError, SqliteStore};

async fn refused(path: &Path) -> OpenError {
    let before = fs::read(path).ok();
    let error = SqliteStore::open(path).await.expect_err("it is refused");
    assert_eq!(fs::read(path).ok(), before, "a refused file is left as it was");
    error
}

#[tokio::test]
async fn what_is_not_a_database_is_refused() {
    let folder = folder();
    fs::write(file(&folder), "a text that is long enough to have a header, but does not have one").unwrap();
    assert!(matches!(refused(&file(&folder)).await, OpenError::NotADatabase { .. }));
    let missing = folder.path().join("missing/bank.db");
    assert!(matches!(refused(&missing).await, OpenError::CannotOpen { path, .. } if path == missing));
    assert!(matches!(SqliteStore::open(folder.path()).await, Err(OpenError::CannotOpen { .. })));
}

#[tokio::test]
async fn a_database_of_somebody_else_or_of_the_future_is_refused() {
    let folder = folder();
    Connection::open(file(&folder)).unwrap().execute_batch("CREATE TABLE notes (text)").unwrap();
    assert!(matches!(refused(&file(&folder)).await, OpenError::AnotherApplication { found: 0 }));
    let (folder, store) = fresh().await;
    drop(store);
    Connection::open(file(&folder)).unwrap().execute_batch("PRAGMA user_version = 9").unwrap();
    assert!(matches!(refused(&file(&folder)).await, OpenError::NewerSchema { found: 9, known: 4 }));
    Connection::open(file(&folder)).unwrap().execute_batch("PRAGMA application_id = 7").unwrap();
    assert!(matches!(refused(&file(&folder)).await, OpenError::AnotherApplication { found: 7 }));
}

/// A file of which a part is missing or overwritten is refused, when it is opened or when that part is read; it is never
/// read as a shorter one.
#[tokio::test]
async fn a_damaged_file_is_refused_or_says_so_when_it_is_read() {
    let (folder, store) = fresh().await;
    let stream = stream("account-a");
    store.append(&stream, ExpectedVersion::Any, (1..=2_000).map(event).collect()).await.unwrap();
    drop(store);
    let whole = fs::read(file(&folder)).unwrap();
    assert!(whole.len() > 40 * 4096 && !folder.path().join("bank.db-wal").exists());
    let (mut opening, mut reading) = (0, 0);
    let cut =
        [whole.len() - 1, whole.len() - 4096, whole.len() / 2 / 4096 * 4096, 4096, 5000].map(|at| whole[..at].to_vec());
    let overwritten = (1..whole.len() / 4096).map(|page| {
        let mut bytes = whole.clone();
        bytes[page * 4096..(page + 1) * 4096].fill(0);
        bytes
    });
    for (at, bytes) in cut.into_iter().chain(overwritten).enumerate() {
        let folder = common::folder();
        fs::write(file(&folder), bytes).unwrap();
        let store = match SqliteStore::open(file(&folder)).await {
            Ok(store) => store,
            Err(OpenError::Corrupt { .. }) => {
                opening += 1;
                continue;
            }
            Err(error) => panic!("{at}: {error:?}"),
        };
        assert!(at >= 5, "a file that is too short is not opened");
        let reads = [
            store.read_log(ReadLog::all()).await.map(|page| page.events),
            store.read_stream(&stream, ReadStream::all()).await.map(|page| page.events),
            store.read_log(ReadLog::all().names(["counted"]).category("account")).await.map(|page| page.events),
        ];
        for read in reads {
            match read {
                Ok(events) => assert_eq!(events.len(), 2_000, "page {at} is zeroed, and what is read is shorter"),
                Err(ReadError::Store { cause }) => {
                    assert!(matches!(cause.downcast_ref(), Some(SqliteError::Corrupt { .. })), "{cause:?}");
                    reading += 1;
                }
                Err(error) => panic!("{error:?}"),
            }
        }
    }
    println!("{opening} files were refused, {reading} reads failed");
    assert!(opening >= 5 && reading > 0);
}

/// Somebody takes the triggers away and then an event: the stream is not read as one that never had it.
#[tokio::test]
async fn a_stream_with_a_gap_is_not_read() {
    let (folder, store) = fresh().await;
    let stream = stream("account-a");
    store.append(&stream, ExpectedVersion::Any, (1..=5).map(event).collect()).await.unwrap();
    let sql = Connection::open(file(&folder)).unwrap();
    sql.execute_batch("DROP TRIGGER events_are_not_deleted; DELETE FROM events WHERE version = 3").unwrap();
    for range in [ReadStream::all(), ReadStream::all().backward(), ReadStream::all().names(["counted"])] {
        let error = store.read_stream(&stream, range).await.expect_err("an event is missing");
        let ReadError::Store { cause } = error else { panic!("{error:?}") };
        let Some(SqliteError::Corrupt { source }) = cause.downcast_ref() else { panic!("{cause:?}") };
        assert_eq!(source.to_string(), "event 3 of stream `account-a` is missing");
    }
    assert_eq!(store.read_stream(&stream, ReadStream::all().limit(2)).await.unwrap().events.len(), 2);
}

#[tokio::test]
async fn a_full_database_says_so_and_goes_on_when_there_is_room() {
    let folder = folder();
    let small = SqliteStore::options().max_pages(100).open(file(&folder)).await.unwrap();
    let stream = stream("account-a");
    let mut number = 0;
    let cause = loop {
        match small.append(&stream, ExpectedVersion::Any, (number + 1..=number + 50).map(event).collect()).await {
            Ok(_) => number += 50,
            Err(AppendError::Store { cause, .. }) => break cause,
            Err(error) => panic!("{error:?}"),
        }
    };
    assert!(matches!(cause.downcast_ref(), Some(SqliteError::Full { .. })), "{cause:?}");
    let page = small.read_stream(&stream, ReadStream::all()).await.unwrap();
    assert_eq!(numbers(&page.events), (1..=number).collect::<Vec<_>>());
    // An append that needs no page is still possible, and so is everything when there is room.
    drop(small);
    let store = SqliteStore::open(file(&folder)).await.unwrap();
    let appended = store.append(&stream, ExpectedVersion::Any, (number + 1..=number + 50).map(event).collect()).await;
    assert_eq!(appended.unwrap().version.get(), number + 50);
}

/// Another user opens the file, to whom it is read-only; permissions do not hold root up.
#[cfg(unix)]
#[test]
fn a_read_only_file_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    const NAME: &str = "a_read_only_file_is_refused";
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    if let Some(path) = std::env::var_os("ES_READ_ONLY") {
        let error = runtime.block_on(SqliteStore::open(path)).expect_err("it is refused");
        assert!(matches!(error, OpenError::ReadOnly { .. }), "{error:?}");
        println!("refused: {error}");
        return;
    }
    let (folder, store) = runtime.block_on(fresh());
    runtime.block_on(store.append(&stream("account-a"), ExpectedVersion::Any, vec![event(1)])).unwrap();
    drop(store);
    fs::set_permissions(file(&folder), fs::Permissions::from_mode(0o444)).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", NAME, "--nocapture"]).env("ES_READ_ONLY", file(&folder));
    if fs::OpenOptions::new().append(true).open(file(&folder)).is_ok() {
        child.uid(65_534);
    }
    match child.output() {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success() && text.contains("refused: "), "{text}{output:?}");
        }
        Err(error) => println!("skipped: the test cannot run as another user: {error}"),
    }
}

#[tokio::test]
async fn people_read_the_log_with_plain_sql_and_nobody_changes_it() {
    let (folder, store) = fresh().await;
    let mut first = event(0x018f_4d3c_0000);
    first.metadata = Metadata::new().with_actor("ada");
    first.recorded_at = Timestamp::from_micros(-1);
    store.append(&stream("account-a-1"), ExpectedVersion::Any, vec![first, event(2)]).await.unwrap();
    let sql = Connection::open(file(&folder)).unwrap();
    let row: (i64, String, i64, String, String, String, String, String, i64) = sql
        .query_row(
            "SELECT position, stream_id, version, category, name, recorded_at, event_id, metadata ->> 'actor',
             payload ->> 'number' FROM event_log WHERE category = 'account' ORDER BY position LIMIT 1",
            [],
            |row| {
                let (time, id) = (row.get(5)?, row.get(6)?);
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get(3)?,
                    row.get(4)?,
                    time,
                    id,
                    row.get(7)?,
                    row.get(8)?,
                ))
            },
        )
        .unwrap();
    let (time, id) = ("1969-12-31T23:59:59.999999Z", "00000000-0000-0000-0000-018f4d3c0000");
    let texts = (row.1.as_str(), row.3.as_str(), row.4.as_str(), row.5.as_str(), row.6.as_str(), row.7.as_str());
    assert_eq!(texts, ("account-a-1", "account", "counted", time, id, "ada"));
    assert_eq!((row.0, row.2, row.8), (1, 1, 0x018f_4d3c_0000));
    for (change, message) in [
        ("UPDATE events SET version = 7", "events are never changed"),
        ("DELETE FROM events", "events are never deleted"),
        ("DELETE FROM streams", "streams are never deleted"),
        ("UPDATE streams SET stream_id = 'account-b'", "streams are never changed"),
        ("UPDATE kinds SET name = 'paid'", "the names of stored events are never changed"),
    ] {
        let refused = sql.execute(change, []).expect_err(change).to_string();
        assert!(refused.contains(message), "{refused}");
    }
    assert_eq!(store.read_log(ReadLog::all()).await.unwrap().head, Position::new(2));
}

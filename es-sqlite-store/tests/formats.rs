//! Files of every schema version: each is opened, brought up to date, read, and goes on.
//!
//! None of the files is ever changed, and each new version of the schema adds one, with something in each of its tables.

mod common;

use std::path::Path;

use common::{event, file, folder, numbers, stream};
use es_core::store::{
    CheckpointName, CheckpointStore, EventStore, FailureStore, LeaseStore, ReadLog, ReadModelStore, ReadStream, Scan,
    SnapshotStore,
};
use es_core::{ExpectedVersion, Fingerprint, IndexValue, Position, Timestamp, Version};
use es_sqlite_store::SqliteStore;
use es_sqlite_store::rusqlite::Connection;

const FILES: [&[u8]; 4] = [
    include_bytes!("fixtures/version-1.db"),
    include_bytes!("fixtures/version-2.db"),
    include_bytes!("fixtures/version-3.db"),
    include_bytes!("fixtures/version-4.db"),
];

fn name(text: &str) -> CheckpointName {
    CheckpointName::new(text).unwrap()
}

/// What the schema says, without the order in which it was made.
fn schema(path: &Path) -> (i64, Vec<(String, Option<String>)>) {
    let sql = Connection::open(path).unwrap();
    let version = sql.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    let mut rows = sql.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    (version, rows.collect::<Result<_, _>>().unwrap())
}

/// Since version 1.
async fn has_events_and_checkpoints(store: &SqliteStore) {
    let log = store.read_log(ReadLog::all()).await.unwrap().events;
    assert_eq!(numbers(&log), [1, 2, 3, 4]);
    let streams: Vec<_> = log.iter().map(|event| event.stream.as_str()).collect();
    assert_eq!(streams, ["account-ada", "account-ada", "loan-7", "account-ada"]);
    assert_eq!((log[0].metadata.actor(), log[3].payload.as_ref()), (Some("ada"), &[0xff, 0x00][..]));
    let of_ada = store.read_stream(&stream("account-ada"), ReadStream::all()).await.unwrap();
    assert_eq!((numbers(&of_ada.events), of_ada.version), (vec![1, 2, 4], Version::new(3)));
    let counted = store.read_log(ReadLog::all().category("account").names(["counted"])).await.unwrap();
    assert_eq!(numbers(&counted.events), [2, 4]);
    assert_eq!(store.load_checkpoint(&name("balances")).await.unwrap(), Some(Position::new(3)));
}

/// Since version 2, whose file also has a snapshot.
async fn has_rows_and_a_snapshot(store: &SqliteStore) {
    let (balances, keys) = (name("balances"), ["account-ada", "loan-7", "none"].map(str::to_owned));
    let rows = store.load_rows(&balances, &keys).await.unwrap().rows;
    let [Some(ada), Some(loan), None] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((ada.position, ada.payload.as_ref()), (Position::new(4), &b"{\"total\":12}"[..]));
    assert_eq!((loan.payload.as_ref(), loan.indexes.len()), (&[0xff, 0x00][..], 0));
    for scan in [Scan::index("owner").equal("ada"), Scan::index("total").equal(12)] {
        assert_eq!(store.scan_rows(&balances, scan).await.unwrap().rows, std::slice::from_ref(ada));
    }
    assert_eq!(ada.indexes["total"], IndexValue::Integer(12));
    let fingerprint = Fingerprint::new((-7_i64).cast_unsigned());
    let snapshot = store.load_snapshot(&stream("account-ada"), fingerprint, Version::MAX).await.unwrap();
    assert_eq!(snapshot.map(|found| (found.version, found.event_id)), Some((Version::new(3), event(4).id)));
}

/// Since version 3.
async fn has_a_lease_and_what_is_parked(store: &SqliteStore) {
    let leases = store.list_leases().await.unwrap();
    let [lease] = &leases[..] else { panic!("{leases:?}") };
    assert_eq!((lease.name.as_str(), &*lease.owner, lease.token), ("balances", "node-a", 3));
    let mails = name("mails");
    let parked = store.parked_events(&mails, Some("loan-7"), Position::START, 9).await.unwrap();
    let [parked] = &parked[..] else { panic!("{parked:?}") };
    assert_eq!((parked.position, parked.attempts), (Position::new(3), 5));
    assert_eq!(parked.errors, ["no route", "timed out"]);
    assert_eq!(parked.last_at, Timestamp::from_micros(1_700_000_001_000_000));
    let token = store.claim_parking(&mails).await.unwrap();
    assert_eq!(token, 3);
    assert!(store.remove_parked(&mails, token, Position::new(3)).await.unwrap());
}

#[tokio::test]
async fn a_file_of_every_schema_version_is_read_and_goes_on() {
    let new = folder();
    drop(SqliteStore::open(file(&new)).await.unwrap());
    assert_eq!(schema(&file(&new)).0, i64::try_from(FILES.len()).unwrap(), "each version of the schema has a file");
    for (version, bytes) in (1..).zip(FILES) {
        let folder = folder();
        std::fs::write(file(&folder), bytes).unwrap();
        assert_eq!(schema(&file(&folder)).0, version, "the file is of the version that it is named after");
        let store = SqliteStore::open(file(&folder)).await.unwrap();
        assert_eq!(schema(&file(&folder)), schema(&file(&new)), "version {version} has become what a new file is");
        has_events_and_checkpoints(&store).await;
        if version >= 2 {
            has_rows_and_a_snapshot(&store).await;
        }
        if version >= 3 {
            has_a_lease_and_what_is_parked(&store).await;
        }
        let ada = stream("account-ada");
        let appended = store.append(&ada, ExpectedVersion::Exact(Version::new(3)), vec![event(5)]).await.unwrap();
        assert_eq!(appended.position, Some(Position::new(5)));
        let again = store.append(&ada, ExpectedVersion::Exact(Version::new(3)), vec![event(5)]).await.unwrap();
        assert_eq!(again, appended, "an id that is stored is found");
        drop(store);
        let sound: String =
            Connection::open(file(&folder)).unwrap().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok", "version {version}");
    }
}

/// A connection that has read the schema before another one changes it, as a second process has it.
#[tokio::test]
async fn a_file_that_somebody_has_open_is_brought_up_to_date() {
    let folder = folder();
    std::fs::write(file(&folder), FILES[2]).unwrap();
    let reading = Connection::open(file(&folder)).unwrap();
    let insert = "INSERT INTO events (stream, version, kind, schema_version, event_id, recorded_at, payload)
        VALUES (9, 1, 1, 1, x'00', 0, 'a row that only the old table refuses')";
    reading.execute(insert, []).unwrap_err();
    let store = SqliteStore::open(file(&folder)).await.unwrap();
    reading.execute(insert, []).unwrap();
    drop(store);
}

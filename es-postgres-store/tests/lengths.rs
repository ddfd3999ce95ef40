//! Keys and names that are longer than an index of PostgreSQL holds, and cannot be made shorter: refused by name, or kept.

mod common;

use std::error::Error;
use std::ops::Bound;
use std::time::Duration;

use common::{event, fresh, stream};
use es_core::store::{
    CheckpointName, EventStore, FailureStore, LeaseStore, ParkCapacity, ParkedEvent, ReadModelError, ReadModelStore,
    Row, RowIndexes, RowWrite, Scan,
};
use es_core::{EventName, ExpectedVersion, IndexValue, Position, StreamId, Timestamp, Version};
use es_postgres_store::{PostgresError, PostgresStore};

/// Text that looks random, so that nothing compresses it.
fn noise(length: usize, seed: u64) -> String {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'!' + u8::try_from((state >> 57) % 94).unwrap())
    };
    (0..length).map(|_| next()).collect()
}

fn row(key: String, indexes: RowIndexes) -> RowWrite {
    RowWrite::Put(Row { key, position: Position::new(1), indexes, payload: "{}".into() })
}

/// Writes a row, as the model's next commit.
async fn keep(store: &PostgresStore, model: &CheckpointName, write: RowWrite) -> Result<(), ReadModelError> {
    let at = store.load_rows(model, &[]).await?.checkpoint;
    let next = Position::new(at.map_or(0, Position::get) + 1);
    store.commit_rows(model, vec![write], at, next).await
}

fn too_long(error: &dyn Error) -> usize {
    match error.source().and_then(|cause| cause.downcast_ref()) {
        Some(PostgresError::TooLong { bytes, most: 2_600, starts_with, .. }) => {
            assert!(error.source().unwrap().to_string().contains("use a hash instead") && starts_with.len() <= 64);
            *bytes
        }
        other => panic!("{other:?}: {error}"),
    }
}

#[tokio::test]
async fn the_key_of_a_row_is_kept_as_long_as_it_can_be_and_refused_beyond() {
    let Some((_, store)) = fresh().await else { return };
    let model = CheckpointName::new("balances").unwrap();
    for length in [2_601, 2_700, 10_000] {
        let error = keep(&store, &model, row(noise(length, 1), RowIndexes::new())).await.unwrap_err();
        assert_eq!(too_long(&error), length);
    }
    // As it is stored: the character 0 takes two bytes.
    let error = keep(&store, &model, row("\0".repeat(1_301), RowIndexes::new())).await.unwrap_err();
    assert_eq!(too_long(&error), 2_602);
    assert_eq!(store.load_rows(&model, &[]).await.unwrap().checkpoint, None, "nothing has changed");
    let longest = noise(2_600, 2);
    keep(&store, &model, row(longest.clone(), RowIndexes::new())).await.unwrap();
    // What is asked for may be of any length.
    let hostile = noise(10_000, 3);
    let loaded = store.load_rows(&model, &[hostile.clone(), longest.clone()]).await.unwrap();
    assert!(loaded.rows[0].is_none() && loaded.rows[1].as_ref().is_some_and(|row| row.key == longest));
    let above = Scan { lower: Bound::Excluded(IndexValue::Text(noise(10_000, 2))), ..Scan::keys() };
    assert!(store.scan_rows(&model, above).await.unwrap().rows.is_empty());
    let up_to = Scan { upper: Bound::Included(IndexValue::Text(noise(10_000, 2))), ..Scan::keys() };
    assert_eq!(store.scan_rows(&model, up_to).await.unwrap().rows.len(), 1);
    keep(&store, &model, RowWrite::Delete(hostile)).await.unwrap();
}

#[tokio::test]
async fn an_entry_of_an_index_is_kept_as_long_as_it_can_be_and_refused_beyond() {
    let Some((_, store)) = fresh().await else { return };
    let model = CheckpointName::new("balances").unwrap();
    let entry = |name: usize, value: usize, key: usize| {
        let value = IndexValue::Text(noise(value, 5));
        row(noise(key, 4), RowIndexes::from([(noise(name, 6).into(), value)]))
    };
    // A value has one byte more than its text.
    for (name, value, key) in [(10_000, 1, 1), (1, 10_000, 1), (100, 1_499, 1_001), (1, 2_598, 1)] {
        let error = keep(&store, &model, entry(name, value, key)).await.unwrap_err();
        assert_eq!(too_long(&error), name + value + 1 + key);
    }
    for (name, value, key) in [(100, 1_499, 1_000), (1, 2_597, 1), (2_597, 1, 1), (1, 1, 2_597)] {
        keep(&store, &model, entry(name, value, key)).await.unwrap();
    }
    assert_eq!(store.scan_rows(&model, Scan::keys()).await.unwrap().rows.len(), 3);
}

#[tokio::test]
async fn an_event_is_parked_by_keys_of_any_length() {
    let Some((_, store)) = fresh().await else { return };
    let processor = CheckpointName::new("letters").unwrap();
    let token = store.claim_parking(&processor).await.unwrap();
    let keys = [noise(10_000, 7), format!("{}!", noise(10_000, 7)), "short".to_owned()];
    let parked = |position, keys: &[String]| ParkedEvent {
        position: Position::new(position),
        stream: stream("account-a"),
        version: Version::new(position),
        name: EventName::from_static("counted"),
        keys: keys.to_vec(),
        errors: vec![noise(10_000, 8)],
        attempts: 1,
        first_at: Timestamp::UNIX_EPOCH,
        last_at: Timestamp::UNIX_EPOCH,
    };
    let capacity = ParkCapacity::default();
    store.park_event(&processor, token, &parked(1, &keys), capacity).await.unwrap();
    store.park_event(&processor, token, &parked(2, &keys[1..]), capacity).await.unwrap();
    let of = async |key: &str| {
        let events = store.parked_events(&processor, Some(key), Position::START, 10).await.unwrap();
        events.iter().map(|event| event.position.get()).collect::<Vec<_>>()
    };
    assert_eq!((of(&keys[0]).await, of(&keys[1]).await, of("short").await), (vec![1], vec![1, 2], vec![1, 2]));
    assert!(of(&noise(10_000, 9)).await.is_empty());
    let count = store.count_parked(&processor).await.unwrap();
    assert_eq!((count.events, count.keys), (2, 3));
    assert!(store.remove_parked(&processor, token, Position::new(1)).await.unwrap());
    assert_eq!((of(&keys[0]).await, of(&keys[1]).await), (vec![], vec![2]));
}

/// What is in an index otherwise has a limit of its own, which is below that of PostgreSQL.
#[tokio::test]
async fn names_are_too_long_before_they_reach_the_server_and_the_longest_are_kept() {
    let Some((_, store)) = fresh().await else { return };
    assert!(StreamId::new("account", noise(10_000, 1)).is_err());
    assert!(CheckpointName::new(&noise(10_000, 1)).is_err());
    assert!(EventName::new(&noise(10_000, 1)).is_err());
    let id = StreamId::new(&"a".repeat(250), noise(StreamId::MAX_BYTES - 251, 1)).unwrap();
    let mut longest = event(1);
    longest.name = EventName::new(&noise(EventName::MAX_BYTES, 2).replace('$', "_")).unwrap();
    store.append(&id, ExpectedVersion::NoStream, vec![longest]).await.unwrap();
    // Who owns a lease is in no index.
    let (name, owner) = (CheckpointName::new(&noise(CheckpointName::MAX_BYTES, 3).replace('$', "_")), noise(10_000, 4));
    let lease = store.acquire_lease(&name.unwrap(), &owner, Duration::from_secs(60)).await.unwrap();
    assert_eq!(lease.owner, owner);
}

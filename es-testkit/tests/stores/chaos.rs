//! Each fault does what it says, in each operation.

use std::error::Error;
use std::sync::{Arc, Mutex};

use es_core::store::{
    AppendError, CheckpointError, CheckpointName, CheckpointStore, EventStore, MultiAppend, MultiAppendError,
    MultiStreamAppend, ReadError, ReadLog, ReadStream, Snapshot, SnapshotError, SnapshotStore, Subscribe,
};
use es_core::{ExpectedVersion, Fingerprint, Position, StreamId, Timestamp, Version};
use es_memory_store::MemoryStore;
use es_testkit::stores::{ChaosError, ChaosStore, Fault, Injected, Operation};

use crate::{event, stored, visits};

fn failing(operation: Operation, fault: Fault) -> ChaosStore<MemoryStore> {
    ChaosStore::new(MemoryStore::new(), 1).on(operation, 1, fault)
}

fn is_chaos(cause: &(dyn Error + 'static)) -> bool {
    cause.is::<ChaosError>()
}

async fn append_once(store: &ChaosStore<MemoryStore>) -> Result<u64, AppendError> {
    let appended = store.append(&visits(), ExpectedVersion::NoStream, vec![event(1)]).await;
    appended.map(|appended| appended.version.get())
}

#[tokio::test]
async fn a_call_that_fails_before_writes_nothing() {
    let store = failing(Operation::Append, Fault::Before);
    let Err(AppendError::Store { stream, cause }) = append_once(&store).await else { panic!("no failure") };
    assert_eq!(stream, visits());
    assert_eq!(cause.to_string(), "append 1 failed on purpose, before it was done");
    assert_eq!(stored(&store).await, []);
    assert_eq!(append_once(&store).await.unwrap(), 1);
}

#[tokio::test]
async fn a_call_that_fails_after_has_written() {
    let store = failing(Operation::Append, Fault::After);
    assert!(matches!(append_once(&store).await, Err(AppendError::Store { .. })));
    assert_eq!(stored(store.inner()).await, [1]);
    assert_eq!(append_once(&store).await.unwrap(), 1);
    assert_eq!(stored(&store).await, [1]);
}

#[tokio::test]
async fn a_late_call_writes_before_the_next_call() {
    let store = failing(Operation::Append, Fault::Late);
    assert!(matches!(append_once(&store).await, Err(AppendError::Store { .. })));
    assert_eq!(stored(store.inner()).await, []);
    assert_eq!(stored(&store).await, [1]);

    let store = failing(Operation::Append, Fault::Late);
    append_once(&store).await.unwrap_err();
    store.settle().await;
    assert_eq!(stored(store.inner()).await, [1]);
}

#[tokio::test]
async fn a_call_that_comes_twice_replies_as_the_second() {
    let store = failing(Operation::Append, Fault::Twice);
    assert_eq!(append_once(&store).await.unwrap(), 1);
    assert_eq!(stored(&store).await, [1]);

    // A save that is made twice is one that finds itself stored.
    let (store, name) = (failing(Operation::SaveCheckpoint, Fault::Twice), CheckpointName::new("reader").unwrap());
    let second = store.save_checkpoint(&name, None, Position::new(1)).await;
    assert!(matches!(second, Err(CheckpointError::Conflict { actual: Some(_), .. })), "{second:?}");
}

#[tokio::test]
async fn an_append_to_several_streams_fails_in_every_way() {
    let batch = || MultiAppend::new().append(&visits(), ExpectedVersion::NoStream, vec![event(1), event(2)]);
    for (fault, at_once, later) in
        [(Fault::Before, 0, 0), (Fault::After, 2, 2), (Fault::Late, 0, 2), (Fault::Twice, 2, 2)]
    {
        let store = failing(Operation::AppendMulti, fault);
        match store.append_multi(batch()).await {
            Ok(done) => assert_eq!((fault, done.position), (Fault::Twice, Some(Position::new(2)))),
            Err(MultiAppendError::Store { cause }) => assert!(is_chaos(&*cause)),
            Err(error) => panic!("{error}"),
        }
        assert_eq!(stored(store.inner()).await.len(), at_once, "{fault:?}");
        assert_eq!(stored(&store).await.len(), later, "{fault:?}");
    }
}

#[tokio::test]
async fn reads_waits_and_checkpoints_fail_once_and_then_work() {
    let (one, name) = (Position::new(1), CheckpointName::new("reader").unwrap());
    let operations = [
        Operation::ReadStream,
        Operation::ReadLog,
        Operation::AppendedAfter,
        Operation::LoadCheckpoint,
        Operation::SaveCheckpoint,
        Operation::ResetCheckpoint,
        Operation::DeleteCheckpoint,
        Operation::ListCheckpoints,
    ];
    let memory = MemoryStore::new();
    memory.append(&visits(), ExpectedVersion::NoStream, vec![event(1)]).await.unwrap();
    let store = operations.iter().fold(ChaosStore::new(memory, 1), |store, op| store.on(*op, 1, Fault::Before));
    for ok in [false, true] {
        let unread = |result: Result<bool, ReadError>| match result {
            Ok(right) => assert!(ok && right),
            Err(ReadError::Store { cause }) => assert!(!ok && is_chaos(&*cause)),
            Err(error) => panic!("{error}"),
        };
        unread(store.read_stream(&visits(), ReadStream::all()).await.map(|page| page.events.len() == 1));
        unread(store.read_log(ReadLog::all()).await.map(|page| page.events.len() == 1));
        unread(store.appended_after(Position::START).await.map(|()| true));
        let lost = |result: Result<bool, CheckpointError>| match result {
            Ok(right) => assert!(ok && right),
            Err(CheckpointError::Store { cause }) => assert!(!ok && is_chaos(&*cause)),
            Err(error) => panic!("{error}"),
        };
        lost(store.save_checkpoint(&name, None, one).await.map(|()| true));
        lost(store.load_checkpoint(&name).await.map(|at| at == Some(one)));
        lost(store.list_checkpoints().await.map(|all| all == [(name.clone(), one)]));
        lost(store.reset_checkpoint(&name, Some(one), Position::START).await.map(|()| true));
        lost(store.delete_checkpoint(&name).await.map(|at| at == Some(Position::START)));
    }
    let failed: Vec<_> = store.injected().iter().map(|injected| (injected.operation, injected.call)).collect();
    assert_eq!(failed.len(), operations.len());
    assert!(operations.iter().all(|operation| failed.contains(&(*operation, 1))));
}

#[tokio::test]
async fn one_seed_gives_the_same_faults_each_time() {
    let run = async |seed| {
        let store = ChaosStore::new(MemoryStore::new(), seed).chance(Operation::Append, Fault::Before, 0.3).chance(
            Operation::Append,
            Fault::After,
            0.3,
        );
        for number in 1..=50 {
            let _ = store.append(&visits(), ExpectedVersion::Any, vec![event(number)]).await;
        }
        (store.injected(), stored(&store).await)
    };
    let (faults, events) = run(1).await;
    assert_eq!(run(1).await, (faults.clone(), events.clone()));
    assert_ne!(run(2).await.0, faults);
    let lost = faults.iter().filter(|injected| injected.fault == Fault::Before).count();
    assert_eq!(events.len(), 50 - lost);
    assert!(lost > 0 && faults.iter().any(|injected| injected.fault == Fault::After));
}

#[tokio::test]
async fn the_script_comes_before_chances_and_clones_share_the_count() {
    let store = ChaosStore::new(MemoryStore::new(), 1).chance(Operation::Append, Fault::Before, 1.0).on(
        Operation::Append,
        2,
        Fault::Twice,
    );
    append_once(&store).await.unwrap_err();
    assert_eq!(append_once(&store.clone()).await.unwrap(), 1);
    let of = |call, fault| Injected { operation: Operation::Append, call, fault };
    assert_eq!(store.injected(), [of(1, Fault::Before), of(2, Fault::Twice)]);
}

#[tokio::test]
async fn delays_come_before_the_call_with_its_number() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let store = ChaosStore::new(MemoryStore::new(), 1).yields(3).delay(move |operation, call| {
        noted.lock().unwrap().push((operation, call));
        std::future::ready(())
    });
    append_once(&store).await.unwrap();
    stored(&store).await;
    append_once(&store).await.unwrap();
    let expected = [(Operation::Append, 1), (Operation::ReadLog, 1), (Operation::Append, 2)];
    assert_eq!(*seen.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_store_behind_a_pointer_can_be_disturbed_too() {
    let store: Arc<dyn EventStore> = Arc::new(failing(Operation::Append, Fault::Late));
    let around = ChaosStore::new(Arc::clone(&store), 2);
    let other = StreamId::new("counter", "other").unwrap();
    around.append(&other, ExpectedVersion::NoStream, vec![event(1)]).await.unwrap_err();
    assert_eq!(stored(&around).await, [1]);
    assert_eq!(around.limits(), store.limits());
}

#[tokio::test]
async fn snapshots_fail_too() {
    let (stream, fingerprint) = (visits(), Fingerprint::of(["counter"]));
    let store = failing(Operation::LoadSnapshot, Fault::Before).on(Operation::DeleteSnapshots, 1, Fault::After);
    assert_eq!(store.reads_as_appended(&stream), store.inner().reads_as_appended(&stream));
    let lost = store.load_snapshot(&stream, fingerprint, Version::MAX).await;
    assert!(matches!(lost, Err(SnapshotError::Store { cause, .. }) if is_chaos(&*cause)));
    assert_eq!(store.load_snapshot(&stream, fingerprint, Version::MAX).await.unwrap(), None);
    assert!(store.delete_snapshots(&stream).await.is_err());
    store.delete_snapshots(&stream).await.unwrap();
}

fn snapshot() -> Snapshot {
    Snapshot {
        stream: visits(),
        version: Version::new(3),
        position: Position::new(3),
        event_id: event(3).id,
        recorded_at: Timestamp::UNIX_EPOCH,
        latest_at: Timestamp::UNIX_EPOCH,
        fingerprint: Fingerprint::of(["counter"]),
        payload: "{}".into(),
        taken_at: Timestamp::UNIX_EPOCH,
    }
}

#[tokio::test]
async fn a_save_of_a_snapshot_fails_in_every_way() {
    // Only appends come late; whatever else does not come at all.
    for (fault, is_saved) in [(Fault::Before, false), (Fault::After, true), (Fault::Late, false), (Fault::Twice, true)]
    {
        let store = failing(Operation::SaveSnapshot, fault);
        match store.save_snapshot(snapshot()).await {
            Ok(()) => assert_eq!(fault, Fault::Twice),
            Err(SnapshotError::Store { stream, cause }) => assert!(stream == visits() && is_chaos(&*cause)),
            Err(error) => panic!("{error}"),
        }
        let (stream, given) = (visits(), snapshot());
        for _ in 0..2 {
            let found = store.load_snapshot(&stream, given.fingerprint, Version::MAX).await.unwrap();
            assert_eq!(found.as_ref(), is_saved.then_some(&given), "{fault:?}");
        }
        store.save_snapshot(snapshot()).await.unwrap();
    }
}

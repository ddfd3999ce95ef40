//! Keeping a read model up with the log, in the memory store.

mod counter;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use counter::{Counter, GetGrandTotal, GrandTotal, Increase, Start};
use es_core::store::{
    AppendError, Appended, EventFilter, EventStore, Limits, LogPage, ReadError, ReadLog, ReadStream, StreamPage,
};
use es_core::{
    EventId, EventName, ExpectedVersion, Metadata, NewEvent, Position, ProjectionError, ProjectionRunner, Repository,
    StreamId, Timestamp,
};
use es_memory_store::MemoryStore;

fn bank() -> (Repository<Counter, MemoryStore>, ProjectionRunner<GrandTotal, MemoryStore>) {
    let store = MemoryStore::new();
    (Repository::new(store.clone()), ProjectionRunner::new(store, GrandTotal::default()))
}

#[tokio::test]
async fn a_projection_sees_every_event_once_and_in_order() {
    let (counters, totals) = bank();
    for id in ["a", "b", "a", "c"] {
        counters.execute(id, Increase { by: 700 }).await.unwrap();
    }
    assert_eq!(totals.query(GetGrandTotal), 0, "nothing happens before it is driven");
    assert_eq!(totals.catch_up().await.unwrap(), Position::new(2_800));
    assert_eq!(totals.catch_up().await.unwrap(), Position::new(2_800));
    totals.read(|total, checkpoint| {
        assert_eq!((total.sum, checkpoint), (2_800, Position::new(2_800)));
        assert_eq!(total.positions, (1..=2_800).collect::<Vec<_>>());
    });
}

#[tokio::test]
async fn events_of_others_move_the_checkpoint_only() {
    let (counters, totals) = bank();
    counters.execute("a", Start { limit: 9 }).await.unwrap();
    assert_eq!(totals.catch_up().await.unwrap(), Position::new(1));
    assert_eq!(totals.query(GetGrandTotal), 0);
}

#[tokio::test]
async fn a_query_can_wait_for_what_a_command_did() {
    let (counters, totals) = bank();
    let done = counters.execute("a", Increase { by: 3 }).await.unwrap();
    totals.wait_for(done.position).await.unwrap();
    assert_eq!(totals.query(GetGrandTotal), 3);
}

#[tokio::test]
async fn a_query_can_wait_for_what_is_still_to_come() {
    let (counters, totals) = bank();
    let waiting = tokio::spawn({
        let totals = totals.clone();
        async move { totals.wait_for(Position::new(2)).await }
    });
    counters.execute("a", Increase { by: 1 }).await.unwrap();
    counters.execute("a", Increase { by: 1 }).await.unwrap();
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap().unwrap().unwrap();
    assert_eq!(totals.query(GetGrandTotal), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_drivers_of_one_read_model_double_nothing() {
    let (counters, totals) = bank();
    let drivers: Vec<_> = (0..4)
        .map(|_| {
            let totals = totals.clone();
            tokio::spawn(async move { totals.run().await })
        })
        .collect();
    let mut last = Position::START;
    for _ in 0..500 {
        last = counters.execute("a", Increase { by: 2 }).await.unwrap().position;
    }
    tokio::time::timeout(Duration::from_secs(20), totals.wait_for(last)).await.unwrap().unwrap();
    totals.read(|total, _| assert_eq!(total.positions, (1..=1_000).collect::<Vec<_>>()));
    drivers.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn a_kept_read_model_goes_on_after_its_checkpoint() {
    let (counters, totals) = bank();
    counters.execute("a", Increase { by: 3 }).await.unwrap();
    totals.catch_up().await.unwrap();
    let (kept, checkpoint) = totals.read(|total, checkpoint| (total.clone(), checkpoint));
    counters.execute("a", Increase { by: 1 }).await.unwrap();
    let resumed = ProjectionRunner::resume(counters.store().clone(), kept, checkpoint);
    resumed.catch_up().await.unwrap();
    resumed.read(|total, _| assert_eq!(total.positions, [1, 2, 3, 4]));
}

#[tokio::test]
async fn an_event_that_cannot_be_read_stops_the_projection_before_it() {
    let (counters, totals) = bank();
    counters.execute("a", Increase { by: 2 }).await.unwrap();
    let broken = NewEvent {
        id: EventId::new(uuid::Uuid::from_u128(1)),
        name: EventName::from_static("counter-increased"),
        schema_version: 9,
        recorded_at: Timestamp::UNIX_EPOCH,
        metadata: Metadata::new(),
        payload: b"{}"[..].into(),
    };
    let stream = StreamId::new("counter", "a").unwrap();
    counters.store().append(&stream, ExpectedVersion::Any, vec![broken]).await.unwrap();
    let after = counters.store().append(&StreamId::new("counter", "b").unwrap(), ExpectedVersion::Any, vec![]).await;
    assert!(after.is_ok());
    for _ in 0..2 {
        let error = totals.catch_up().await.unwrap_err();
        let ProjectionError::Decode(error) = error else { panic!("{error}") };
        assert_eq!((error.position(), error.schema_version()), (Position::new(3), 9));
        totals.read(|total, checkpoint| assert_eq!((total.sum, checkpoint), (2, Position::new(2))));
    }
}

/// Notes how the log is read.
#[derive(Clone)]
struct Noting(MemoryStore, Arc<Mutex<Vec<ReadLog>>>);

#[async_trait::async_trait]
impl EventStore for Noting {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.0.append(stream, expected, events).await
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        self.0.read_stream(stream, range).await
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        self.1.lock().unwrap().push(range.clone());
        self.0.read_log(range).await
    }

    fn limits(&self) -> Limits {
        self.0.limits()
    }
}

#[tokio::test]
async fn only_what_the_projection_lists_is_read_from_the_store() {
    let (counters, _) = bank();
    counters.execute("a", Start { limit: 9 }).await.unwrap();
    counters.execute("a", Increase { by: 3 }).await.unwrap();
    let noting = Noting(counters.store().clone(), Arc::default());
    let totals = ProjectionRunner::new(noting.clone(), GrandTotal::default());
    totals.catch_up().await.unwrap();
    assert_eq!(totals.query(GetGrandTotal), 3);
    let reads = noting.1.lock().unwrap();
    assert!(!reads.is_empty());
    let listed = EventFilter::all().names(["counter-increased"]);
    assert!(reads.iter().all(|read| read.filter == listed), "{reads:?}");
}

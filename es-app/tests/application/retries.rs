//! A parked event that is tried again counts once, also if the node dies between doing it and forgetting it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use async_trait::async_trait;
use es_app::Application;
use es_core::store::{
    CheckpointName, EventFilter, FailureError, FailureStore, ParkCapacity, ParkedCount, ParkedEvent, ParkedKey, Scan,
};
use es_core::{EventProcessor, Position, ProcessorError, ReadModel, RecordedEvent, RowWork, Timestamp};
use es_memory_store::MemoryStore;
use es_runner::{OnFailure, Options};

use crate::domain::{Account, Balance, Deposit, SOON};

/// A projection that takes nothing in while it is broken.
struct Broken {
    rows: ReadModel<Balance, MemoryStore>,
    is_broken: Arc<AtomicBool>,
}

#[async_trait]
impl EventProcessor for Broken {
    type Work = RowWork;

    fn name(&self) -> &CheckpointName {
        self.rows.name()
    }

    fn filter(&self) -> EventFilter {
        self.rows.filter()
    }

    fn keys(&self, event: &RecordedEvent) -> Result<Vec<String>, ProcessorError> {
        self.rows.keys(event)
    }

    async fn checkpoint(&self) -> Result<Option<Position>, ProcessorError> {
        self.rows.checkpoint().await
    }

    async fn handle(&self, events: &[RecordedEvent]) -> Result<RowWork, ProcessorError> {
        match events.first() {
            Some(first) if self.is_broken.load(SeqCst) => {
                Err(ProcessorError::Event { processor: self.name().clone(), at: first.into(), cause: "broken".into() })
            }
            _ => self.rows.handle(events).await,
        }
    }

    async fn commit(
        &self,
        work: Vec<RowWork>,
        expected: Option<Position>,
        through: Position,
    ) -> Result<(), ProcessorError> {
        self.rows.commit(work, expected, through).await
    }
}

/// A parking lot that cannot be reached when an event is to be forgotten: as if the node had died there.
#[derive(Clone)]
struct Dying {
    lot: MemoryStore,
    deaths: Arc<AtomicUsize>,
}

#[async_trait]
impl FailureStore for Dying {
    async fn claim_parking(&self, processor: &CheckpointName) -> Result<u64, FailureError> {
        self.lot.claim_parking(processor).await
    }

    async fn park_event(
        &self,
        processor: &CheckpointName,
        token: u64,
        event: &ParkedEvent,
        capacity: ParkCapacity,
    ) -> Result<(), FailureError> {
        self.lot.park_event(processor, token, event, capacity).await
    }

    async fn note_parked(
        &self,
        processor: &CheckpointName,
        token: u64,
        position: Position,
        errors: &[String],
        at: Timestamp,
    ) -> Result<bool, FailureError> {
        self.lot.note_parked(processor, token, position, errors, at).await
    }

    async fn remove_parked(
        &self,
        processor: &CheckpointName,
        token: u64,
        position: Position,
    ) -> Result<bool, FailureError> {
        if self.deaths.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok() {
            return Err(FailureError::Store { cause: "gone".into() });
        }
        self.lot.remove_parked(processor, token, position).await
    }

    async fn parked_events(
        &self,
        processor: &CheckpointName,
        key: Option<&str>,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, FailureError> {
        self.lot.parked_events(processor, key, after, limit).await
    }

    async fn parked_keys(&self, processor: &CheckpointName) -> Result<Vec<ParkedKey>, FailureError> {
        self.lot.parked_keys(processor).await
    }

    async fn count_parked(&self, processor: &CheckpointName) -> Result<ParkedCount, FailureError> {
        self.lot.count_parked(processor).await
    }
}

/// What the row of `ada` is after 20 were deposited, and `amount` was parked, tried again, and tried again after a death.
async fn retried_after_a_death(amount: i64) -> (Option<i64>, ReadModel<Balance, MemoryStore>) {
    let store = MemoryStore::new();
    let (is_broken, deaths) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let rows = ReadModel::<Balance, _>::new(store.clone());
    let name = rows.name().clone();
    let options = Options::default().retries(0).on_failure(OnFailure::Park(ParkCapacity::default()));
    let app = Application::new(store.clone())
        .parking_in(Dying { lot: store.clone(), deaths: Arc::clone(&deaths) })
        .aggregate::<Account>()
        .publisher_with(Broken { rows: rows.clone(), is_broken: Arc::clone(&is_broken) }, options)
        .start()
        .await
        .unwrap();
    let done = app.execute::<Account>("ada", Deposit { amount: 20 }).await.unwrap();
    app.runner().wait_for(&name, done.position, SOON).await.unwrap();
    is_broken.store(true, SeqCst);
    let done = app.execute::<Account>("ada", Deposit { amount }).await.unwrap();
    app.runner().wait_for(&name, done.position, SOON).await.unwrap();
    assert_eq!(app.runner().status(&name).parked.events, 1);
    is_broken.store(false, SeqCst);

    deaths.store(1, SeqCst);
    app.runner().retry(&name, "ada").await.expect_err("the node has died");
    assert_eq!(app.runner().status(&name).parked.events, 1, "it is done, and still parked");
    let retried = app.runner().retry(&name, "ada").await.unwrap();
    assert_eq!((retried.done, retried.left), (1, 0));
    app.stop().await;
    (rows.get(&"ada".to_owned()).await.unwrap().map(|row| row.cents), rows)
}

#[tokio::test]
async fn an_event_that_changes_a_row_counts_once() {
    assert_eq!(retried_after_a_death(5).await.0, Some(25));
}

#[tokio::test]
async fn an_event_that_deletes_a_row_does_not_make_it_anew() {
    let (row, rows) = retried_after_a_death(-7).await;
    assert_eq!(row, None);
    assert_eq!(rows.scan(Scan::keys()).await.unwrap().rows, [], "what tells that it was deleted is not shown");

    // A later event makes the row anew.
    let accounts = es_core::Repository::<Account, _>::new(rows.store().clone());
    accounts.execute("ada", Deposit { amount: 3 }).await.unwrap();
    rows.catch_up().await.unwrap();
    assert_eq!(rows.get(&"ada".to_owned()).await.unwrap(), Some(Balance { cents: 3 }));
}

//! Rebuilds, whole and interrupted, on a file.

use std::future::pending;
use std::sync::Arc;

use es_core::store::{
    AppendError, Appended, EventFilter, EventStore, Limits, LogPage, ReadError, ReadLog, ReadModelStore, ReadStream,
    Row, RowWrite, StreamPage,
};
use es_core::{ExpectedVersion, NewEvent, Position, StreamId, forward_store};
use tokio::sync::{Notify, Semaphore};

use crate::figures::{compare, read};
use crate::read_models::{ReadModels, head};
use crate::rebuild::{Ended, rebuild};
use crate::sample::sample;

#[tokio::test]
async fn a_rebuild_takes_away_what_no_event_explains_and_leaves_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("loans.db").display());
    let log = sample(60);
    let (store, models, imported) = read(&log, &url).await;
    let (name, head) = (models.find("clerks").unwrap().clone(), head(&store).await.unwrap());
    let row = Row { key: "ghost".to_owned(), position: head, indexes: [].into(), payload: "{}".into() };
    store.commit_rows(&name, vec![RowWrite::Put(row)], Some(head), head).await.unwrap();

    let ended = rebuild(&models, Arc::clone(&store), &name, pending()).await.unwrap();
    let Ended::Rebuilt { from: Position::START, pace } = ended else { panic!("{ended:?}") };
    let of_clerks = EventFilter::all().names(["work-item-started", "work-item-completed"]);
    let expected = store.read_log(ReadLog::all().filter(of_clerks)).await.unwrap().events.len() as u64;
    assert_eq!(pace.events, expected);
    assert!(expected > 0 && expected < imported.pace.events);
    compare(&log, &models, &store).await;
}

/// A log of which only so many pages can be read.
#[derive(Debug)]
struct Gate<S> {
    log: S,
    pages: Semaphore,
    is_shut: Notify,
}

impl<S: Clone> Gate<S> {
    fn of(log: &S, pages: usize) -> Arc<Self> {
        Arc::new(Self { log: log.clone(), pages: Semaphore::new(pages), is_shut: Notify::new() })
    }
}

#[async_trait::async_trait]
impl<S: EventStore> EventStore for Gate<S> {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.log.append(stream, expected, events).await
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        self.log.read_stream(stream, range).await
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        if range.limit > 1 {
            let Ok(page) = self.pages.try_acquire() else {
                self.is_shut.notify_one();
                return Err(ReadError::Store { cause: "the gate is shut".into() });
            };
            page.forget();
        }
        self.log.read_log(range).await
    }

    fn limits(&self) -> Limits {
        self.log.limits()
    }
}

forward_store! {
    [S] Gate<S>, |gate| &gate.log =>
    Subscribe, CheckpointStore, MultiStreamAppend, SnapshotStore, ReadModelStore, LeaseStore, FailureStore
}

#[tokio::test]
async fn an_interrupted_rebuild_goes_on_where_it_was() {
    let log = sample(400);
    let (store, models, _) = read(&log, "memory:").await;
    let name = models.find("open-work").unwrap().clone();
    let head = head(&store).await.unwrap();

    // Interrupted before anything is done again, then after a page.
    let mut reached = Vec::new();
    for pages in [0, 1] {
        let gate = Gate::of(&store, pages);
        let ended = rebuild(&models, gate.clone(), &name, gate.is_shut.notified()).await.unwrap();
        let Ended::Interrupted { done, total } = ended else { panic!("{ended:?}") };
        assert_eq!(total, head);
        reached.push(done);
    }
    assert!(reached[0] == Position::START && Position::START < reached[1] && reached[1] < head, "{reached:?}");
    let again = ReadModels::new(store.clone());
    let ended = rebuild(&again, Arc::clone(&store), &name, pending()).await.unwrap();
    assert!(matches!(ended, Ended::Rebuilt { from, .. } if from == reached[1]), "{ended:?} after {reached:?}");
    compare(&log, &models, &store).await;
}

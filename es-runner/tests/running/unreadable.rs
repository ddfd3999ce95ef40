//! An event that the store cannot give, because its upcaster fails: it is a failure like any other, and never skipped.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use es_core::store::ParkCapacity;
use es_core::{EventProcessor, Events, Position, RecordedEvent, StreamId, StreamUpcaster, UpcastingStore};
use es_memory_store::MemoryStore;
use es_runner::{OnFailure, Options, Retried, Runner, Running, State, Stopped};
use es_testkit::stores::{ChaosStore, Fault, Operation};

use crate::bench::{LONG, Notes, fill, name, p, put, runtime_clock};

/// Cannot read what says so, until it is mended.
#[derive(Clone, Default)]
struct Reader {
    is_mended: Arc<AtomicBool>,
}

impl StreamUpcaster for Reader {
    type Context = ();

    fn applies_to(&self, _: &StreamId) -> bool {
        true
    }

    fn upcast(&self, (): &mut (), event: RecordedEvent) -> Result<Events<RecordedEvent>, Box<dyn Error + Send + Sync>> {
        if &event.payload[..] == b"unreadable" && !self.is_mended.load(SeqCst) {
            return Err("the amount is no number".into());
        }
        Ok(Events::one(event))
    }
}

/// 40 events in 5 streams, of which 17 cannot be read: it is of `account-1`, as are 22, 27, ..
async fn log() -> (MemoryStore, Reader) {
    let store = MemoryStore::new();
    for number in 1..=40_u64 {
        put(&store, (number - 1) % 5, if number == 17 { "unreadable" } else { "fine" }).await;
    }
    (store, Reader::default())
}

fn run(store: &MemoryStore, reader: &Reader, notes: &[&Arc<Notes>], options: &Options) -> Running {
    let log = UpcastingStore::new(store.clone(), reader.clone());
    let runner = Runner::new(log).failures(store.clone()).clock(runtime_clock()).seed(1);
    let runner = notes.iter().fold(runner, |runner, notes| runner.add(Arc::clone(notes), options.clone()));
    runner.start().unwrap()
}

fn parking() -> Options {
    Options::default().retries(2).on_failure(OnFailure::Park(ParkCapacity::default()))
}

#[tokio::test(start_paused = true)]
async fn a_processor_stops_before_an_event_that_cannot_be_read() {
    let (store, reader) = log().await;
    let notes = Arc::new(Notes::new("notes"));
    let running = run(&store, &reader, &[&notes], &Options::default().retries(2));
    let mut status = running.watch(&name("notes")).unwrap();
    let stopped = status.wait_for(|status| matches!(status.state, State::Stopped(_)));
    let state = tokio::time::timeout(LONG, stopped).await.expect("in time").unwrap().state.clone();
    let State::Stopped(Stopped::Failed { at: Some(at), errors }) = state else { panic!("{state:?}") };
    assert_eq!((at.position, at.stream.as_str(), at.version.get()), (p(17), "account-1", 4));
    assert!(errors.iter().any(|error| error == "the amount is no number"), "{errors:?}");
    assert_eq!(notes.sorted(), (1..=16).collect::<Vec<_>>());

    reader.is_mended.store(true, SeqCst);
    running.resume(&name("notes")).await.unwrap();
    running.wait_for(&name("notes"), p(40), LONG).await.unwrap();
    assert_eq!(notes.sorted(), (1..=40).collect::<Vec<_>>());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_cannot_be_read_is_parked_with_all_later_ones_of_its_stream() {
    let (store, reader) = log().await;
    // Two at once, so that they share the read that fails.
    let (notes, others) = (Arc::new(Notes::new("notes")), Arc::new(Notes::new("others")));
    let running = run(&store, &reader, &[&notes, &others], &parking());
    for notes in [&notes, &others] {
        running.wait_for(notes.name(), p(40), LONG).await.unwrap();
        let parked = running.parked(notes.name(), None, Position::START, 100).await.unwrap();
        assert_eq!(parked.iter().map(|event| event.position.get()).collect::<Vec<_>>(), [17, 22, 27, 32, 37]);
        assert_eq!((parked[0].attempts, parked[0].keys.as_slice()), (3, &["account-1".to_owned()][..]));
        assert_eq!(parked[0].errors.last().unwrap(), "the amount is no number");
        let done: Vec<_> = (1..=40).filter(|number| *number < 17 || number % 5 != 2).collect();
        assert_eq!(notes.sorted(), done);
    }
    // Another start finds it parked, and does not come to a stop at it.
    running.stop().await;
    let running = run(&store, &reader, &[&notes, &others], &parking());
    let last = fill(&store, 5, 5).await;
    running.wait_for(&name("notes"), last, LONG).await.unwrap();
    assert_eq!(running.status(&name("notes")).parked.events, 6);

    reader.is_mended.store(true, SeqCst);
    let retried = running.retry(&name("notes"), "account-1").await.unwrap();
    assert_eq!(retried, Retried { done: 6, left: 0, failed: None });
    assert_eq!(notes.sorted(), (1..=45).collect::<Vec<_>>());
    notes.assert_order();
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_cannot_be_read_is_not_passed_by_if_parking_it_fails_at_first() {
    for fault in [Fault::Before, Fault::After, Fault::Twice] {
        let (store, reader) = log().await;
        let notes = Arc::new(Notes::new("notes"));
        let failures = ChaosStore::new(store.clone(), 1).on(Operation::ParkEvent, 1, fault);
        let log = UpcastingStore::new(store.clone(), reader.clone());
        let runner = Runner::new(log).failures(failures.clone()).clock(runtime_clock()).seed(1);
        let running = runner.add(Arc::clone(&notes), parking()).start().unwrap();
        running.wait_for(&name("notes"), p(40), LONG).await.unwrap();
        assert_eq!(failures.injected().len(), 1);
        let parked = running.parked(&name("notes"), None, Position::START, 100).await.unwrap();
        assert_eq!(parked.iter().map(|event| event.position.get()).collect::<Vec<_>>(), [17, 22, 27, 32, 37]);
        let done: Vec<_> = (1..=40).filter(|number| *number < 17 || number % 5 != 2).collect();
        assert_eq!(notes.sorted(), done, "{fault}");
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_still_cannot_be_read_stays_parked_and_the_failure_is_noted() {
    let (store, reader) = log().await;
    let notes = Arc::new(Notes::new("notes"));
    let running = run(&store, &reader, &[&notes], &parking());
    running.wait_for(&name("notes"), p(40), LONG).await.unwrap();
    let retried = running.retry(&name("notes"), "account-1").await.unwrap();
    assert_eq!((retried.done, retried.left), (0, 5));
    let (at, errors) = retried.failed.unwrap();
    assert_eq!((at, errors.last().unwrap().as_str()), (p(17), "the amount is no number"));
    let parked = running.parked(&name("notes"), None, Position::START, 1).await.unwrap();
    assert_eq!(parked[0].attempts, 4);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_node_that_ends_while_it_tries_again_does_not_skip_the_event() {
    let (store, reader) = log().await;
    let notes = Arc::new(Notes::new("notes"));
    for _ in 0..5 {
        let running = run(&store, &reader, &[&notes], &Options::default().retries(1000));
        running.wait_for(&name("notes"), p(16), LONG).await.unwrap();
        let mut status = running.watch(&name("notes")).unwrap();
        let retrying = status.wait_for(|status| matches!(status.state, State::Retrying { .. }));
        tokio::time::timeout(LONG, retrying).await.expect("in time").unwrap();
        running.stop().await;
        assert_eq!(notes.model().checkpoint, Some(p(16)));
    }
    reader.is_mended.store(true, SeqCst);
    let running = run(&store, &reader, &[&notes], &Options::default());
    running.wait_for(&name("notes"), p(40), Duration::from_secs(60)).await.unwrap();
    assert_eq!(notes.sorted(), (1..=40).collect::<Vec<_>>());
    running.stop().await;
}

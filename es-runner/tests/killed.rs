//! A node on a file is killed, as a power failure does it, before any call that changes its store: while it parks, while
//! it tries what is parked again, while it rebuilds. The next node loses nothing, and does nothing twice.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use async_trait::async_trait;
use es_core::store::{CheckpointName, EventFilter, EventStore, FailureStore, ParkCapacity, ReadModelStore};
use es_core::{
    Event, EventId, EventProcessor, ExpectedVersion, Json, Metadata, NewEvent, Position, ProcessorError, ProjectRow,
    Projection, ReadModel, Rebuild, RecordedEvent, StreamId, Timestamp,
};
use es_runner::{OnFailure, Options, Runner, Running};
use es_sqlite_store::SqliteStore;
use es_testkit::stores::{ChaosStore, Operation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const TEST: &str = "a_node_that_is_killed_before_any_change_of_its_store_loses_nothing_and_doubles_nothing";
const SOON: Duration = Duration::from_secs(60);
const EVENTS: u64 = 14;
const STREAMS: u64 = 5;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "happened")]
struct Happened {
    number: u64,
}

/// What happened in a stream, event by event, so that one that counts twice is seen.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize, Projection)]
#[projection(name = "seen", key = String, events(Happened))]
struct Seen {
    numbers: Vec<u64>,
}

impl ProjectRow<Happened> for Seen {
    fn project(&mut self, _: &String, event: Happened, _: &RecordedEvent) {
        self.numbers.push(event.number);
    }
}

/// A read model that cannot do some events until it is mended.
struct Fussy<S> {
    rows: ReadModel<Seen, S>,
    is_mended: Arc<AtomicBool>,
}

#[async_trait]
impl<S: ReadModelStore> EventProcessor for Fussy<S> {
    type Work = <ReadModel<Seen, S> as EventProcessor>::Work;

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

    async fn handle(&self, events: &[RecordedEvent]) -> Result<Self::Work, ProcessorError> {
        let number = |event: &RecordedEvent| Happened::decode(&Json, event).unwrap().number;
        let is_wrong = |event: &&RecordedEvent| [7, 13].contains(&number(event)) && !self.is_mended.load(SeqCst);
        if let Some(event) = events.iter().find(is_wrong) {
            let (processor, cause) = (self.name().clone(), "it cannot be done yet".into());
            return Err(ProcessorError::Event { processor, at: event.into(), cause });
        }
        self.rows.handle(events).await
    }

    async fn commit(
        &self,
        work: Vec<Self::Work>,
        expected: Option<Position>,
        through: Position,
    ) -> Result<(), ProcessorError> {
        self.rows.commit(work, expected, through).await
    }
}

#[async_trait]
impl<S: ReadModelStore> Rebuild for Fussy<S> {
    async fn clear(&self) -> Result<(), ProcessorError> {
        self.rows.clear().await
    }
}

fn name() -> CheckpointName {
    CheckpointName::new("seen").unwrap()
}

async fn filled(path: &Path) {
    let store = SqliteStore::open(path).await.unwrap();
    for number in 1..=EVENTS {
        let event = NewEvent {
            id: EventId::new(Uuid::from_u64_pair(7, number)),
            name: es_core::EventName::from_static(Happened::NAME),
            schema_version: 1,
            recorded_at: Timestamp::UNIX_EPOCH,
            metadata: Metadata::new(),
            payload: serde_json_of(number).into(),
        };
        let stream = StreamId::new("account", number % STREAMS).unwrap();
        store.append(&stream, ExpectedVersion::Any, vec![event]).await.unwrap();
    }
}

fn serde_json_of(number: u64) -> Vec<u8> {
    format!("{{\"number\":{number}}}").into_bytes()
}

fn run<S>(store: S, is_mended: &Arc<AtomicBool>) -> Running
where
    S: es_core::store::Subscribe + ReadModelStore + FailureStore + Clone + 'static,
{
    let fussy = Fussy { rows: ReadModel::new(store.clone()), is_mended: Arc::clone(is_mended) };
    let options = Options::default().batch(4).retries(0).on_failure(OnFailure::Park(ParkCapacity::default()));
    Runner::new(store.clone()).failures(store).add_rebuildable(Arc::new(fussy), options).start().unwrap()
}

async fn all_retried(running: &Running) {
    while let Some(parked) = running.parked(&name(), None, Position::START, 1).await.unwrap().pop() {
        let retried = running.retry(&name(), &parked.keys[0]).await.unwrap();
        assert_eq!(retried.failed, None);
    }
}

/// The life of a node: it comes to the end of the log and parks, tries that again, and rebuilds, with some of it wrong
/// anew.
async fn live<S>(store: S)
where
    S: es_core::store::Subscribe + ReadModelStore + FailureStore + Clone + 'static,
{
    let is_mended = Arc::new(AtomicBool::new(false));
    let running = run(store, &is_mended);
    let end = Position::new(EVENTS);
    running.wait_for(&name(), end, SOON).await.unwrap();
    is_mended.store(true, SeqCst);
    all_retried(&running).await;
    is_mended.store(false, SeqCst);
    running.rebuild(&name()).await.unwrap();
    running.wait_for(&name(), end, SOON).await.unwrap();
    // With something parked, once more.
    running.rebuild(&name()).await.unwrap();
    running.wait_for(&name(), end, SOON).await.unwrap();
    is_mended.store(true, SeqCst);
    all_retried(&running).await;
    running.stop().await;
}

fn tell(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{line}").unwrap();
    out.flush().unwrap();
}

/// Says so and stands still before the call `at` of those that change the store, to be killed there.
async fn live_until(path: &Path, at: u64) {
    let calls = Arc::new(AtomicU64::new(0));
    let store = ChaosStore::new(SqliteStore::open(path).await.unwrap(), 1).delay(move |operation, _| {
        let reads = [Operation::ReadLog, Operation::AppendedAfter, Operation::LoadRows, Operation::ParkedEvents];
        let is_it = !reads.contains(&operation) && calls.fetch_add(1, SeqCst) + 1 == at;
        async move {
            if is_it {
                tell(&format!("before {operation}"));
                std::future::pending::<()>().await;
            }
        }
    });
    live(store).await;
    tell("done");
}

#[tokio::test]
async fn a_node_that_is_killed_before_any_change_of_its_store_loses_nothing_and_doubles_nothing() {
    if let Some(path) = std::env::var_os("ES_FILE") {
        let at = std::env::var("ES_AT").unwrap().parse().unwrap();
        return live_until(path.as_ref(), at).await;
    }
    let mut killed_before: BTreeMap<String, u32> = BTreeMap::new();
    let expected: BTreeMap<String, Seen> = (0..STREAMS)
        .map(|id| {
            let numbers = (1..=EVENTS).filter(|number| number % STREAMS == id).collect();
            (id.to_string(), Seen { numbers })
        })
        .collect();
    let mut at = 1;
    loop {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.db");
        filled(&path).await;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", TEST, "--nocapture"])
            .env("ES_FILE", &path)
            .env("ES_AT", at.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let line = lines.find(|line| line == "done" || line.starts_with("before ")).expect("it lives until then");
        child.kill().unwrap();
        child.wait().unwrap();
        if line == "done" {
            break;
        }
        *killed_before.entry(line.clone()).or_default() += 1;

        let store = SqliteStore::open(&path).await.unwrap();
        let running = run(store.clone(), &Arc::new(AtomicBool::new(true)));
        running.wait_for(&name(), Position::new(EVENTS), SOON).await.unwrap();
        all_retried(&running).await;
        running.stop().await;
        let rows = ReadModel::<Seen, _>::new(store);
        let mut found = BTreeMap::new();
        for id in expected.keys() {
            found.extend(rows.get(id).await.unwrap().map(|row| (id.clone(), row)));
        }
        assert_eq!(found, expected, "killed {line}, call {at}");
        at += 1;
    }
    println!("{killed_before:?}");
    for step in ["park_event", "remove_parked", "drop_read_model", "commit_rows"] {
        let step = format!("before {step}");
        assert!(killed_before.contains_key(&step), "never killed {step}: {killed_before:?}");
    }
}

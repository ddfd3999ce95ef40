//! A process is not folded anew at every step, and what is remembered is what its log says.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use es_core::process::{Rejected, Trigger};
use es_core::store::{CheckpointError, CheckpointName, CheckpointStore, EventStore, ReadLog, ReadStream};
use es_core::{
    Aggregate, Apply, Command, Event, EventProcessor, ExpectedVersion, NewEvent, Position, ProcessDriver,
    ProcessManager, React, RecordedEvent, Repository, StreamId, Timestamp, process,
};
use es_memory_store::MemoryStore;
use es_testkit::stores::{ChaosStore, Fault, Operation};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "meter-read")]
pub(crate) struct MeterRead {
    pub units: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "bill-written")]
pub(crate) struct BillWritten {
    pub total: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(emits = MeterRead)]
pub(crate) struct ReadMeter {
    pub units: u64,
}

#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum MeterError {
    #[error("nobody pays for 13")]
    Unlucky,
}

#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(emits = BillWritten)]
#[require(command.total != 13, MeterError::Unlucky)]
pub(crate) struct WriteBill {
    pub total: u64,
}

#[derive(Debug, Default, Aggregate)]
#[aggregate(
    name = "meter", id = String, error = MeterError, events(MeterRead, BillWritten), commands(ReadMeter, WriteBill),
)]
pub(crate) struct Meter {}

impl Apply<MeterRead> for Meter {
    fn apply(&mut self, _: MeterRead) {}
}

impl Apply<BillWritten> for Meter {
    fn apply(&mut self, _: BillWritten) {}
}

/// Writes a bill at every reading, and does not end.
#[derive(Debug, Default, Clone, PartialEq, ProcessManager)]
#[process(
    name = "billing", id = String, events(MeterRead(start_or_continue, key = recorded.stream.id().to_owned())),
    commands(Meter(WriteBill)),
)]
pub(crate) struct Billing {
    total: u64,
    refused: Vec<String>,
}

type Reaction = process::Reaction<Billing>;

impl React<MeterRead> for Billing {
    fn apply(&mut self, event: &MeterRead, _: &Trigger) {
        self.total += event.units;
    }

    fn react(&self, _: &MeterRead, trigger: &Trigger) -> Reaction {
        Reaction::new().send::<Meter>(trigger.process.id(), WriteBill { total: self.total })
    }
}

impl React<Rejected<WriteBill>> for Billing {
    fn apply(&mut self, rejected: &Rejected<WriteBill>, _: &Trigger) {
        self.refused.push(format!("{}: {}", rejected.command.total, rejected.reason));
    }

    fn react(&self, _: &Rejected<WriteBill>, _: &Trigger) -> Reaction {
        Reaction::none()
    }
}

/// A log with so many readings of one meter.
async fn readings(count: u64) -> MemoryStore {
    readings_of(count, 1).await
}

async fn readings_of(count: u64, units: u64) -> MemoryStore {
    let store = MemoryStore::new();
    let meters = Repository::<Meter, _>::new(store.clone());
    for _ in 0..count {
        meters.execute("1", ReadMeter { units }).await.unwrap();
    }
    store
}

async fn log(store: &MemoryStore) -> Vec<RecordedEvent> {
    store.read_log(ReadLog::all()).await.unwrap().events
}

fn driver<S: EventStore + CheckpointStore + Clone + 'static>(store: S) -> ProcessDriver<Billing, S> {
    ProcessDriver::new(store).unwrap()
}

/// How many events a driver reads from streams of processes while it handles so many readings.
async fn events_read(count: u64, remembered: u64) -> u64 {
    let read = Arc::new(AtomicU64::new(0));
    let store = Counting { store: readings(count).await, read: Arc::clone(&read) };
    driver(store).remembering(remembered).catch_up().await.unwrap();
    read.load(SeqCst)
}

#[tokio::test]
async fn a_long_process_is_read_once_and_then_on() {
    let (forgetful, remembering) = (events_read(200, 0).await, events_read(200, 1 << 16).await);
    let twice = events_read(400, 1 << 16).await;
    println!("200 inputs: {forgetful} events read without memory, {remembering} with; 400 inputs: {twice} with");
    assert!(forgetful > 10 * remembering, "{forgetful} and {remembering}");
    assert!(twice < 3 * remembering, "{twice} and {remembering}: it grows with the steps, and not with their square");
}

#[tokio::test]
async fn what_is_remembered_comes_to_the_same_end() {
    let end = async |remembered| {
        let store = readings(20).await;
        let driver = driver(store.clone()).remembering(remembered);
        driver.catch_up().await.unwrap();
        let told = log(&store).await.into_iter().map(|event| (event.stream, event.name, event.version));
        (told.collect::<Vec<_>>(), driver.load(&"1".to_owned()).await.unwrap())
    };
    let forgetful = end(0).await;
    assert_eq!(forgetful.1.state, Billing { total: 20, refused: vec!["13: nobody pays for 13".to_owned()] });
    assert_eq!(end(1 << 16).await, forgetful);
    assert_eq!(end(5).await, forgetful);
}

#[tokio::test]
async fn what_another_node_has_done_meanwhile_is_seen() {
    let store = readings(20).await;
    let nodes = [driver(store.clone()), driver(store.clone())];
    let mut done = 0;
    // They take turns, event by event, and neither forgets.
    while let Some(event) = log(&store).await.get(done) {
        nodes[done % 2].handle(std::slice::from_ref(event)).await.unwrap();
        done += 1;
    }
    // Whatever a node remembered, what it decided on is what the log makes of it.
    let bills: Vec<_> = log(&store).await.into_iter().filter(|event| event.name == "bill-written").collect();
    let totals: Vec<_> = bills.iter().map(|event| String::from_utf8(event.payload.to_vec()).unwrap()).collect();
    let expected: Vec<_> =
        (1..=20).filter(|total| *total != 13).map(|total| format!("{{\"total\":{total}}}")).collect();
    assert_eq!(totals, expected);
}

#[tokio::test]
async fn what_could_not_be_appended_is_not_remembered() {
    for fault in [Fault::Before, Fault::After, Fault::Twice] {
        for call in 1..40 {
            let store = readings(10).await;
            let chaos = ChaosStore::new(store.clone(), 1).on(Operation::Append, call, fault);
            let driver = driver(chaos);
            let mut lives = 1;
            while driver.catch_up().await.is_err() {
                lives += 1;
                assert!(lives < 4, "append {call} fails {fault}: it does not recover");
            }
            let billing = driver.load(&"1".to_owned()).await.unwrap().state;
            assert_eq!(billing, Billing { total: 10, refused: vec![] }, "append {call} fails {fault}");
            let bills = log(&store).await.iter().filter(|event| event.name == "bill-written").count();
            assert_eq!(bills, 10, "append {call} fails {fault}");
        }
    }
}

#[tokio::test]
async fn what_the_log_does_not_bear_out_is_forgotten() {
    // The same driver, whose store is put back to another day.
    let (today, other) = (readings(3).await, readings_of(3, 2).await);
    let store = Swapped(Arc::new(std::sync::Mutex::new(today)));
    let driver = driver(store.clone());
    driver.catch_up().await.unwrap();
    self::driver(other.clone()).catch_up().await.unwrap();
    *store.0.lock().unwrap() = other.clone();
    Repository::<Meter, _>::new(other.clone()).execute("1", ReadMeter { units: 5 }).await.unwrap();
    for _ in 0..2 {
        let last = log(&other).await.pop().unwrap();
        driver.handle(&[last]).await.unwrap();
    }
    let last = log(&other).await.into_iter().rfind(|event| event.name == "bill-written").unwrap();
    assert_eq!(&last.payload[..], b"{\"total\":11}");
}

#[tokio::test]
async fn what_another_node_was_faster_to_decide_is_what_is_done() {
    let store = readings(2).await;
    let has_happened = Arc::default();
    driver(Outrun { store: store.clone(), has_happened: Arc::clone(&has_happened) }).catch_up().await.unwrap();
    assert_eq!(has_happened.load(SeqCst), 1);
    let bills: Vec<_> = log(&store).await.into_iter().filter(|event| event.name == "bill-written").collect();
    assert_eq!(bills.iter().map(|event| &event.payload[..]).collect::<Vec<_>>(), [b"{\"total\":1}", b"{\"total\":7}"]);
}

/// A store in whose place another can be put.
#[derive(Debug, Clone)]
struct Swapped(Arc<std::sync::Mutex<MemoryStore>>);

/// A store through which all goes to the one that is there now.
macro_rules! forwarded {
    ($store:ty) => {
        #[async_trait::async_trait]
        impl EventStore for $store {
            async fn append(
                &self,
                stream: &StreamId,
                expected: ExpectedVersion,
                events: Vec<NewEvent>,
            ) -> Result<es_core::store::Appended, es_core::store::AppendError> {
                self.before(stream, expected, &events).await;
                self.now().append(stream, expected, events).await
            }

            async fn read_stream(
                &self,
                stream: &StreamId,
                range: ReadStream,
            ) -> Result<es_core::store::StreamPage, es_core::store::ReadError> {
                let page = self.now().read_stream(stream, range).await?;
                self.seen(stream, page.events.len());
                Ok(page)
            }

            async fn read_log(&self, range: ReadLog) -> Result<es_core::store::LogPage, es_core::store::ReadError> {
                self.now().read_log(range).await
            }

            fn limits(&self) -> es_core::store::Limits {
                self.now().limits()
            }

            fn reads_as_appended(&self, stream: &StreamId) -> bool {
                self.now().reads_as_appended(stream)
            }
        }

        #[async_trait::async_trait]
        impl CheckpointStore for $store {
            async fn load_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
                self.now().load_checkpoint(name).await
            }

            async fn save_checkpoint(
                &self,
                name: &CheckpointName,
                expected: Option<Position>,
                position: Position,
            ) -> Result<(), CheckpointError> {
                self.now().save_checkpoint(name, expected, position).await
            }

            async fn reset_checkpoint(
                &self,
                name: &CheckpointName,
                expected: Option<Position>,
                position: Position,
            ) -> Result<(), CheckpointError> {
                self.now().reset_checkpoint(name, expected, position).await
            }

            async fn delete_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
                self.now().delete_checkpoint(name).await
            }

            async fn list_checkpoints(&self) -> Result<Vec<(CheckpointName, Position)>, CheckpointError> {
                self.now().list_checkpoints().await
            }
        }
    };
}

forwarded!(Swapped);
forwarded!(Counting);
forwarded!(Outrun);

impl Swapped {
    fn now(&self) -> MemoryStore {
        self.0.lock().unwrap().clone()
    }

    #[allow(clippy::unused_self, reason = "another store counts")]
    fn seen(&self, _: &StreamId, _: usize) {}

    #[allow(clippy::unused_self, clippy::unused_async, reason = "another store is outrun")]
    async fn before(&self, _: &StreamId, _: ExpectedVersion, _: &[NewEvent]) {}
}

/// Another node, with other code, decides on the second reading a moment before.
#[derive(Debug, Clone)]
struct Outrun {
    store: MemoryStore,
    has_happened: Arc<AtomicU64>,
}

impl Outrun {
    fn now(&self) -> MemoryStore {
        self.store.clone()
    }

    #[allow(clippy::unused_self, reason = "another store counts")]
    fn seen(&self, _: &StreamId, _: usize) {}

    async fn before(&self, stream: &StreamId, expected: ExpectedVersion, events: &[NewEvent]) {
        let payload = String::from_utf8(events[0].payload.to_vec()).unwrap();
        let is_second = stream.category() == "billing" && payload.contains("\"payload\":{\"total\":2}");
        if is_second && self.has_happened.fetch_add(1, SeqCst) == 0 {
            let mut theirs = events.to_vec();
            theirs[0].payload = payload.replace("\"total\":2", "\"total\":7").into();
            theirs[0].recorded_at = Timestamp::from_micros(theirs[0].recorded_at.as_micros() - 1);
            self.store.append(stream, expected, theirs).await.unwrap();
        }
    }
}

/// Counts the events that are read from streams of processes.
#[derive(Debug, Clone)]
struct Counting {
    store: MemoryStore,
    read: Arc<AtomicU64>,
}

impl Counting {
    fn now(&self) -> MemoryStore {
        self.store.clone()
    }

    fn seen(&self, stream: &StreamId, events: usize) {
        if stream.category() == "billing" {
            self.read.fetch_add(events as u64, SeqCst);
        }
    }

    #[allow(clippy::unused_self, clippy::unused_async, reason = "another store is outrun")]
    async fn before(&self, _: &StreamId, _: ExpectedVersion, _: &[NewEvent]) {}
}

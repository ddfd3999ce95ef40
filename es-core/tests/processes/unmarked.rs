//! A command that is accepted and writes nothing leaves no mark in its aggregate. What happens if a node dies after it.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use es_core::process::{Rejected, Trigger};
use es_core::store::{CheckpointStore, EventStore, ReadLog};
use es_core::{
    Aggregate, Apply, Command, Decision, Event, Handle, ProcessDriver, ProcessManager, React, RecordedEvent,
    Repository, events, process,
};
use es_memory_store::MemoryStore;
use es_testkit::stores::ChaosStore;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "lamp-switched")]
pub(crate) struct LampSwitched {
    pub on: bool,
}

/// No events, if it is so already; refused, if the lamp is broken.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
pub(crate) struct Switch {
    pub on: bool,
}

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "lamp", id = String, error = Infallible, events(LampSwitched), commands(Switch))]
pub(crate) struct Lamp {
    on: bool,
}

impl Apply<LampSwitched> for Lamp {
    fn apply(&mut self, event: LampSwitched) {
        self.on = event.on;
    }
}

impl Handle<Switch> for Lamp {
    fn handle(&self, command: Switch) -> Decision<Self> {
        if self.on == command.on { Ok(events![]) } else { Ok(events![LampSwitched { on: command.on }]) }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "watch-begun")]
pub(crate) struct WatchBegun {}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "lamp-noted")]
pub(crate) struct LampNoted {}

#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(create, emits = WatchBegun)]
pub(crate) struct BeginWatch {}

#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(emits = LampNoted)]
pub(crate) struct NoteLamp {}

#[derive(Debug, Default, Aggregate)]
#[aggregate(
    name = "book", id = String, error = Infallible, events(WatchBegun, LampNoted), commands(BeginWatch, NoteLamp),
)]
pub(crate) struct Book {}

impl Apply<WatchBegun> for Book {
    fn apply(&mut self, _: WatchBegun) {}
}

impl Apply<LampNoted> for Book {
    fn apply(&mut self, _: LampNoted) {}
}

/// Sees to it that the lamp is on, and then writes that down.
#[derive(Debug, Default, ProcessManager)]
#[process(
    name = "watch", id = String, events(WatchBegun(start, key = recorded.stream.id().to_owned())),
    commands(Lamp(Switch), Book(NoteLamp)),
)]
pub(crate) struct Watch {}

type Reaction = process::Reaction<Watch>;

impl React<WatchBegun> for Watch {
    fn react(&self, _: &WatchBegun, trigger: &Trigger) -> Reaction {
        let id = trigger.process.id();
        Reaction::new().send::<Lamp>(id, Switch { on: true }).send::<Book>(id, NoteLamp {}).end()
    }
}

impl React<Rejected<Switch>> for Watch {
    fn react(&self, _: &Rejected<Switch>, _: &Trigger) -> Reaction {
        Reaction::none()
    }
}

impl React<Rejected<NoteLamp>> for Watch {
    fn react(&self, _: &Rejected<NoteLamp>, _: &Trigger) -> Reaction {
        Reaction::none()
    }
}

async fn switch(store: &MemoryStore, on: bool) {
    Repository::<Lamp, _>::new(store.clone()).execute("1", Switch { on }).await.unwrap();
}

/// A log in which the lamp is on, and the watch is to begin.
async fn begun() -> MemoryStore {
    let store = MemoryStore::new();
    switch(&store, true).await;
    Repository::<Book, _>::new(store.clone()).execute("1", BeginWatch {}).await.unwrap();
    store
}

async fn live<S: EventStore + CheckpointStore + Clone + 'static>(store: S) {
    ProcessDriver::<Watch, _>::new(store).unwrap().catch_up().await.unwrap();
}

/// The names of what follows from the process, in the order of the log.
fn effects(log: &[RecordedEvent]) -> Vec<String> {
    let begun = log.iter().find(|event| event.name == "watch-begun").unwrap();
    let follow = log.iter().filter(|event| event.metadata.causation_id() == Some(&begun.id.into()));
    follow.filter(|event| event.stream.category() != "watch").map(|event| event.name.to_string()).collect()
}

/// What follows if a node is killed before a call of its store, and the lamp is switched off before the next node comes.
async fn killed_before(step: u64) -> (bool, Vec<RecordedEvent>) {
    let store = begun().await;
    let (count, killed) = (Arc::new(AtomicU64::new(0)), Arc::new(Notify::new()));
    let chaos = ChaosStore::new(store.clone(), 1).delay({
        let killed = Arc::clone(&killed);
        move |_, _| {
            let is_last = count.fetch_add(1, SeqCst) + 1 == step;
            let killed = Arc::clone(&killed);
            async move {
                if is_last {
                    killed.notify_one();
                    pending::<()>().await;
                }
            }
        }
    });
    let is_killed = tokio::select! {
        () = live(chaos) => false,
        () = killed.notified() => true,
    };
    switch(&store, false).await;
    live(store.clone()).await;
    let log = store.read_log(ReadLog::all()).await.unwrap().events;
    (is_killed, log)
}

#[tokio::test]
async fn a_command_that_wrote_nothing_has_its_effect_at_most_once_and_never_after_a_later_one() {
    let (mut step, mut seen) = (1, Vec::new());
    loop {
        let (is_killed, log) = killed_before(step).await;
        let effects = effects(&log);
        // Either it was decided while the lamp was on, or anew when it was off: then before the note, and once.
        assert!(
            effects == ["lamp-noted"] || effects == ["lamp-switched", "lamp-noted"],
            "killed before call {step}: {effects:?}"
        );
        seen.push(effects.len());
        if !is_killed {
            break;
        }
        step += 1;
    }
    // Both happen: it is decided anew for as long as it is not on record, and not any more once it is.
    assert_eq!(seen.first(), Some(&2));
    assert_eq!(seen.last(), Some(&1));
    assert!(seen.windows(2).all(|pair| pair[0] >= pair[1]), "{seen:?}");
}

#[tokio::test]
async fn what_became_of_it_is_on_record_before_the_next_command_is_sent() {
    let store = begun().await;
    live(store.clone()).await;
    let log = store.read_log(ReadLog::all()).await.unwrap().events;
    let told: Vec<_> = log[2..].iter().map(|event| (event.name.as_str(), event.schema_version)).collect();
    assert_eq!(told, [("process-reacted", 1), ("process-dispatched", 2), ("lamp-noted", 1), ("process-dispatched", 1)]);
    let outcomes = |at: usize| -> serde_json::Value {
        serde_json::from_slice::<serde_json::Value>(&log[at].payload).unwrap()["outcomes"].clone()
    };
    assert_eq!(
        (outcomes(3), outcomes(5)),
        (serde_json::json!(["accepted"]), serde_json::json!(["accepted", "accepted"]))
    );
}

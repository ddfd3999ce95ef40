//! What a process has kept is read by code that is newer: the commands that it sent, the deadlines that it set.

use std::time::Duration;

use es_core::process::{Rejected, StoredKind, Trigger};
use es_core::store::{EventStore, ReadStream};
use es_core::{
    Aggregate, Apply, Command, DecodeReason, Event, EventProcessor, ProcessDriver, ProcessError, ProcessManager,
    ProcessorError, React, Repository, StreamId, process,
};
use es_memory_store::MemoryStore;
use es_testkit::ManualClock;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "rent-agreed")]
pub(crate) struct RentAgreed {
    pub amount: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "rent-paid")]
pub(crate) struct RentPaid {
    pub what: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(create, emits = RentAgreed)]
pub(crate) struct AgreeRent {
    pub amount: u64,
}

#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum RentError {
    #[error("nobody pays 13")]
    Unlucky,
}

/// The flat, the command that pays for it, the reminder and the process, as they were at some time.
macro_rules! at_a_time {
    (
        $module:ident: $(#[$command:meta])* $pay:ident { $($field:ident: $ty:ty = $value:expr),* }, $what:expr,
        $(#[$deadline:meta])* { $($days:ident: $of:ty = $many:expr),* }
    ) => {
        mod $module {
            use super::*;

            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Command)]
            $(#[$command])*
            #[require(command.amount != 13, RentError::Unlucky)]
            pub(super) struct $pay { $(pub(super) $field: $ty),* }

            #[derive(Debug, Default, PartialEq, Aggregate)]
            #[aggregate(name = "flat", id = String, error = RentError, events(RentAgreed, RentPaid), commands(AgreeRent, $pay))]
            pub(super) struct Flat { pub(super) paid: Vec<String> }

            impl Apply<RentAgreed> for Flat {
                fn apply(&mut self, _: RentAgreed) {}
            }

            impl Apply<RentPaid> for Flat {
                fn apply(&mut self, event: RentPaid) {
                    self.paid.push(event.what);
                }
            }

            impl es_core::Handle<$pay> for Flat {
                fn handle(&self, command: $pay) -> es_core::Decision<Self> {
                    let what: fn($pay) -> String = $what;
                    Ok(es_core::events![RentPaid { what: what(command) }])
                }
            }

            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
            $(#[$deadline])*
            pub(super) struct Reminded { $(pub(super) $days: $of),* }

            #[derive(Debug, Default, PartialEq, ProcessManager)]
            #[process(
                name = "rent", id = String, events(RentAgreed(start, key = recorded.stream.id().to_owned())),
                deadlines(Reminded), commands(Flat($pay)),
            )]
            pub(super) struct Rent { pub(super) amount: u64, pub(super) told: Vec<String> }

            type Reaction = process::Reaction<Rent>;

            impl React<RentAgreed> for Rent {
                fn apply(&mut self, event: &RentAgreed, _: &Trigger) {
                    self.amount = event.amount;
                }

                fn react(&self, event: &RentAgreed, trigger: &Trigger) -> Reaction {
                    let amount = event.amount;
                    let _ = amount;
                    Reaction::new()
                        .send::<Flat>(trigger.process.id(), $pay { $($field: ($value)(amount)),* })
                        .schedule(Reminded { $($days: $many),* }, trigger.after(Duration::from_secs(60)))
                }
            }

            impl React<Reminded> for Rent {
                fn apply(&mut self, deadline: &Reminded, _: &Trigger) {
                    self.told.push(format!("{deadline:?}"));
                }

                fn react(&self, _: &Reminded, _: &Trigger) -> Reaction {
                    Reaction::none()
                }
            }

            impl React<Rejected<$pay>> for Rent {
                fn apply(&mut self, rejected: &Rejected<$pay>, _: &Trigger) {
                    self.told.push(format!("{:?}", rejected.command));
                }

                fn react(&self, _: &Rejected<$pay>, _: &Trigger) -> Reaction {
                    Reaction::none()
                }
            }
        }
    };
}

at_a_time!(released:
    Pay { amount: u64 = |amount| amount }, |pay| pay.amount.to_string(),
    #[event(name = "reminded")] { days: u32 = 3 }
);
at_a_time!(upcast:
    #[command(version = 3)]
    #[upcast(1 => 2, add(currency = "EUR"))]
    #[upcast(2 => 3, change(amount: u64 => amount as i64))]
    Pay { amount: i64 = |amount: u64| amount.cast_signed(), currency: String = |_| "USD".to_owned() },
    |pay| format!("{} {}", pay.amount, pay.currency),
    #[event(name = "reminded", version = 2)]
    #[upcast(1 => 2, rename(days => nights))]
    { nights: u32 = 9 }
);
at_a_time!(renamed:
    #[command(alias = "Pay", version = 2, oldest = 1)]
    #[upcast(1 => 2, from = released::Pay, with = super::settle)]
    Settle { amount: u64 = |amount| amount, all: bool = |_| true }, |settle| format!("{} {}", settle.amount, settle.all),
    #[event(name = "reminded")] { days: u32 = 3 }
);
at_a_time!(named:
    #[command(name = "Pay")]
    Transfer { amount: u64 = |amount| amount }, |transfer| format!("transfer {}", transfer.amount),
    #[event(name = "reminded")] { days: u32 = 3 }
);
at_a_time!(changed_in_place:
    Pay { amount: u64 = |amount| amount, currency: String = |_| "EUR".to_owned() }, |pay| pay.currency,
    #[event(name = "reminded")] { days: u32 = 3, nights: u32 = 2 }
);
at_a_time!(forgotten:
    Settle { amount: u64 = |amount| amount }, |settle| settle.amount.to_string(),
    #[event(name = "reminded")] { days: u32 = 3 }
);

#[allow(clippy::needless_pass_by_value, reason = "a hop takes the old version")]
fn settle(old: released::Pay) -> renamed::Settle {
    let released::Pay { amount } = old;
    renamed::Settle { amount, all: false }
}

/// A log in which the released code has decided to pay, and has not yet sent it.
async fn decided(amount: u64) -> (MemoryStore, ManualClock) {
    let (store, clock) = (MemoryStore::new(), ManualClock::default());
    let flats = Repository::<released::Flat, _>::new(store.clone()).with_clock(clock.clone());
    flats.execute("1", AgreeRent { amount }).await.unwrap();
    let driver = ProcessDriver::<released::Rent, _>::new(store.clone()).unwrap().with_clock(clock.clone());
    let log = store.read_log(es_core::store::ReadLog::all()).await.unwrap().events;
    driver.handle(&log).await.unwrap();
    (store, clock)
}

fn driver<P: ProcessManager>(store: &MemoryStore, clock: &ManualClock) -> ProcessDriver<P, MemoryStore> {
    ProcessDriver::new(store.clone()).unwrap().with_clock(clock.clone())
}

async fn paid<A: Aggregate<Id = String>>(store: &MemoryStore, paid: impl Fn(&A) -> Vec<String>) -> Vec<String> {
    paid(Repository::<A, _>::new(store.clone()).load("1").await.unwrap().state())
}

#[tokio::test]
async fn a_command_that_older_code_has_decided_to_send_is_sent_as_the_one_of_today() {
    let (store, clock) = decided(40).await;
    driver::<upcast::Rent>(&store, &clock).catch_up().await.unwrap();
    assert_eq!(paid(&store, |flat: &upcast::Flat| flat.paid.clone()).await, ["40 EUR"]);
    let (store, clock) = decided(40).await;
    driver::<renamed::Rent>(&store, &clock).catch_up().await.unwrap();
    assert_eq!(paid(&store, |flat: &renamed::Flat| flat.paid.clone()).await, ["40 false"]);
    let (store, clock) = decided(40).await;
    driver::<named::Rent>(&store, &clock).catch_up().await.unwrap();
    assert_eq!(paid(&store, |flat: &named::Flat| flat.paid.clone()).await, ["transfer 40"]);
}

#[tokio::test]
async fn a_refused_command_and_a_deadline_of_older_code_are_those_of_today() {
    let (store, clock) = decided(13).await;
    driver::<released::Rent>(&store, &clock).catch_up().await.unwrap();
    clock.advance(Duration::from_secs(60));
    let rents = driver::<upcast::Rent>(&store, &clock);
    assert_eq!(rents.fire_due().await.unwrap(), 1);
    let rent = rents.load(&"1".to_owned()).await.unwrap().state;
    assert_eq!(rent.told, ["Pay { amount: 13, currency: \"EUR\" }", "Reminded { nights: 3 }"]);
}

#[tokio::test]
async fn a_command_is_kept_with_its_name_and_its_version_if_that_is_not_the_first() {
    let effects = async |store: &MemoryStore| {
        let stream = StreamId::new("rent", "1").unwrap();
        let kept = store.read_stream(&stream, ReadStream::all()).await.unwrap().events.remove(0);
        let kept: serde_json::Value = serde_json::from_slice(&kept.payload).unwrap();
        kept["effects"][0].clone()
    };
    let (store, _) = decided(40).await;
    let first = serde_json::json!({ "send": { "aggregate": "flat", "id": "1", "command": "Pay", "payload": { "amount": 40 } } });
    assert_eq!(effects(&store).await, first);
    let (store, clock) = (MemoryStore::new(), ManualClock::default());
    Repository::<upcast::Flat, _>::new(store.clone()).execute("1", AgreeRent { amount: 40 }).await.unwrap();
    driver::<upcast::Rent>(&store, &clock).catch_up().await.unwrap();
    assert_eq!(paid(&store, |flat: &upcast::Flat| flat.paid.clone()).await, ["40 USD"]);
    let third = serde_json::json!({ "send": { "aggregate": "flat", "id": "1", "command": "Pay", "schema_version": 3,
        "payload": { "amount": 40, "currency": "USD" } } });
    assert_eq!(effects(&store).await, third);
    let read_again = driver::<upcast::Rent>(&store, &clock).load(&"1".to_owned()).await.unwrap();
    assert_eq!(read_again.state.amount, 40);
}

/// Why the process could not go on.
fn cause(failed: ProcessorError) -> ProcessError {
    let ProcessorError::Event { cause, .. } = failed else { panic!("the event is to blame: {failed:?}") };
    *cause.downcast().unwrap()
}

#[tokio::test]
async fn a_command_that_cannot_be_read_is_named_with_its_place() {
    let (store, clock) = decided(40).await;
    let failed = cause(driver::<changed_in_place::Rent>(&store, &clock).catch_up().await.unwrap_err());
    assert_eq!(
        failed.to_string(),
        "command `Pay` to `flat`, which event 1 of process `rent-1` keeps as version 1, cannot be read"
    );
    let ProcessError::UnreadableCommand { cause: read, .. } = failed else { panic!("{failed:?}") };
    assert!(matches!(read.reason(), DecodeReason::Payload(_)), "{read:?}");

    let failed = cause(driver::<forgotten::Rent>(&store, &clock).catch_up().await.unwrap_err());
    let ProcessError::UnreadableCommand { command, cause: read, .. } = failed else { panic!("{failed:?}") };
    assert_eq!(command.as_str(), "Pay");
    assert!(matches!(read.reason(), DecodeReason::UnknownEvent), "{read:?}");
}

#[tokio::test]
async fn a_command_of_newer_code_is_a_failure_of_older_code() {
    let (store, clock) = (MemoryStore::new(), ManualClock::default());
    Repository::<upcast::Flat, _>::new(store.clone()).execute("1", AgreeRent { amount: 13 }).await.unwrap();
    driver::<upcast::Rent>(&store, &clock).catch_up().await.unwrap();
    let failed = driver::<released::Rent>(&store, &clock).load(&"1".to_owned()).await.unwrap_err();
    let ProcessError::UnreadableCommand { schema_version: 3, cause: read, .. } = failed else { panic!("{failed:?}") };
    assert!(matches!(read.reason(), DecodeReason::FutureVersion { current: 1 }), "{read:?}");
}

#[tokio::test]
async fn a_deadline_that_cannot_be_read_is_named_with_its_place() {
    let (store, clock) = decided(40).await;
    driver::<released::Rent>(&store, &clock).catch_up().await.unwrap();
    clock.advance(Duration::from_secs(60));
    let failed = driver::<changed_in_place::Rent>(&store, &clock).fire_due().await.unwrap_err();
    assert_eq!(
        failed.to_string(),
        "deadline `reminded`, which event 1 of process `rent-1` keeps as version 1, cannot be read"
    );
    // It stays due, for code that reads it.
    assert_eq!(driver::<upcast::Rent>(&store, &clock).fire_due().await.unwrap(), 1);
}

#[test]
fn a_process_tells_what_it_keeps() {
    let kept: Vec<_> =
        renamed::Rent::STORED.iter().map(|form| (form.kind, form.name, form.aliases, form.version)).collect();
    assert_eq!(
        kept,
        [
            (StoredKind::Event, "rent-agreed", &[][..], 1),
            (StoredKind::Deadline, "reminded", &[][..], 1),
            (StoredKind::Command { aggregate: "flat" }, "Settle", &["Pay"][..], 2),
        ]
    );
    let shape = upcast::Rent::STORED[2].shape;
    assert_eq!(shape(1), Some(released::Pay::shape()));
    assert_eq!((shape(3), shape(4)), (Some(upcast::Pay::shape()), None));
}

//! An incoming event has effect once, in whatever way and however often it comes.

use es_core::store::{EventStore, ReadLog};
use es_core::{Aggregate, Apply, Command, Event, ExecuteError, MessageId, Repository};
use es_memory_store::MemoryStore;
use es_publish::{Binding, CloudEvent, ContentMode, DataError, Inbox, InboxError, MemoryTarget, Outgoing, Publisher};
use es_testkit::stores::{ChaosStore, Fault, Operation};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-deposited")]
struct MoneyDeposited {
    amount: u64,
}

#[derive(Debug, Clone, Command)]
#[command(emits = MoneyDeposited)]
#[require(command.amount > 0, AccountError::NotPositive)]
struct Deposit {
    amount: u64,
}

#[derive(Debug, PartialEq, thiserror::Error)]
enum AccountError {
    #[error("the amount must be positive")]
    NotPositive,
}

#[derive(Debug, Default, Clone, Aggregate)]
#[aggregate(name = "account", id = String, error = AccountError, events(MoneyDeposited), commands(Deposit))]
struct Account {
    balance: u64,
}

impl Apply<MoneyDeposited> for Account {
    fn apply(&mut self, event: MoneyDeposited) {
        self.balance += event.amount;
    }
}

#[derive(Serialize, Deserialize)]
struct Payment {
    account: String,
    cents: u64,
}

const PAYMENT: &str = "org.example.payment-received";

fn payment(id: &str, source: &str, cents: u64) -> CloudEvent {
    let data = serde_json::to_vec(&Payment { account: "ada".to_owned(), cents }).unwrap();
    CloudEvent::new(id, source, PAYMENT).unwrap().with_data("application/json", data).unwrap()
}

fn inbox<S: EventStore>(store: S) -> Inbox<Account, S> {
    Inbox::new(Repository::<Account, _>::new(store))
        .on(PAYMENT, |payment: Payment, _| (payment.account, Deposit { amount: payment.cents }.into()))
        .ignoring("org.example.payment-announced")
}

async fn balance(store: &MemoryStore) -> u64 {
    Repository::<Account, _>::new(store.clone()).load("ada").await.unwrap().state().balance
}

#[tokio::test]
async fn a_message_that_is_delivered_again_gets_the_first_outcome() {
    let store = MemoryStore::new();
    let first = inbox(store.clone()).receive(&payment("1", "/payments", 500)).await.unwrap().unwrap();
    inbox(store.clone()).receive(&payment("2", "/payments", 7)).await.unwrap().unwrap();
    // Another process, later; and what the message says is not looked at, only its source and id.
    for cents in [500, 900] {
        let again = inbox(store.clone()).receive(&payment("1", "/payments", cents)).await.unwrap().unwrap();
        assert_eq!(again, first);
    }
    assert_eq!(balance(&store).await, 507);
}

#[tokio::test]
async fn messages_are_told_apart_by_source_and_id_together() {
    let store = MemoryStore::new();
    for (id, source) in [("1", "/a"), ("1", "/b"), ("11", "/a"), ("b 1", "/a"), ("1", "/a%20b")] {
        inbox(store.clone()).receive(&payment(id, source, 1)).await.unwrap();
    }
    assert_eq!(balance(&store).await, 5);
}

#[tokio::test]
async fn a_lost_answer_of_the_store_does_no_harm() {
    for fault in [Fault::Before, Fault::After] {
        let store = MemoryStore::new();
        let chaos = ChaosStore::new(store.clone(), 1).on(Operation::Append, 1, fault);
        let (inbox, event) = (inbox(chaos), payment("1", "/payments", 500));
        let error = inbox.receive(&event).await.unwrap_err();
        assert!(!error.is_permanent(), "{error:?}");
        inbox.receive(&event).await.unwrap();
        inbox.receive(&event).await.unwrap();
        assert_eq!(balance(&store).await, 500, "{fault:?}");
    }
}

#[tokio::test]
async fn at_once_the_same_message_has_effect_once() {
    let store = MemoryStore::new();
    let (inbox, event) = (inbox(store.clone()), payment("1", "/payments", 500));
    let (a, b, c) = tokio::join!(inbox.receive(&event), inbox.receive(&event), inbox.receive(&event));
    assert_eq!((a.unwrap(), b.unwrap().unwrap().version.get()), (c.unwrap(), 1));
    assert_eq!(balance(&store).await, 500);
}

#[tokio::test]
async fn every_binding_and_mode_comes_in() {
    let store = MemoryStore::new();
    let inbox = inbox(store.clone());
    for (number, binding) in [Binding::Http, Binding::Kafka, Binding::Nats].into_iter().enumerate() {
        for mode in [ContentMode::Binary, ContentMode::Structured] {
            let message = binding.encode(&payment(&number.to_string(), "/payments", 1), mode).unwrap();
            let headers = message.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
            inbox.receive(&binding.decode(headers, message.body.unwrap()).unwrap()).await.unwrap();
        }
    }
    assert_eq!(balance(&store).await, 3);
}

#[tokio::test]
async fn the_conversation_goes_on() {
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let store = MemoryStore::new();
    let event = payment("1", "/payments", 5)
        .with_extension("correlationid", "order-17")
        .unwrap()
        .with_extension("traceparent", traceparent)
        .unwrap();
    inbox(store.clone()).receive(&event).await.unwrap();
    inbox(store.clone()).receive(&payment("2", "/payments", 5)).await.unwrap();
    let events = store.read_log(ReadLog::all()).await.unwrap().events;
    let seen: Vec<_> = events
        .iter()
        .map(|event| (event.metadata.correlation_id().unwrap(), event.metadata.causation_id().unwrap()))
        .collect();
    let id = |text: &str| MessageId::from(text);
    assert_eq!(seen, [(&id("order-17"), &id("1")), (&id("2"), &id("2"))]);
    assert_eq!(events[0].metadata.traceparent(), Some(traceparent));
}

#[tokio::test]
async fn what_cannot_be_done_is_a_typed_error() {
    let inbox = inbox(MemoryStore::new());
    let unknown = CloudEvent::new("1", "/payments", "org.example.other").unwrap();
    let error = inbox.receive(&unknown).await.unwrap_err();
    assert!(matches!(&error, InboxError::UnknownType { ty } if ty == "org.example.other"), "{error:?}");
    assert!(error.is_permanent());

    let ignored = CloudEvent::new("1", "/payments", "org.example.payment-announced").unwrap();
    assert_eq!(inbox.receive(&ignored).await.unwrap(), None);

    let without = CloudEvent::new("1", "/payments", PAYMENT).unwrap();
    let error = inbox.receive(&without).await.unwrap_err();
    assert!(matches!(error.data_error(), Some(DataError::Missing)) && error.is_permanent(), "{error:?}");
    let error = inbox.receive(&without.clone().with_data("text/xml", "<a/>").unwrap()).await.unwrap_err();
    assert!(matches!(error.data_error(), Some(DataError::NotJson { content_type }) if content_type == "text/xml"));
    let error = inbox.receive(&without.with_data("application/json", "{}").unwrap()).await.unwrap_err();
    assert!(matches!(error.data_error(), Some(DataError::Json(_))), "{error:?}");

    let error = inbox.receive(&payment("1", "/payments", 0)).await.unwrap_err();
    assert!(matches!(error, InboxError::Execute(ExecuteError::Rejected(AccountError::NotPositive))), "{error:?}");
    assert!(error.is_permanent());
}

#[test]
#[should_panic(expected = "told twice what to do with `org.example.payment-received`")]
fn one_type_has_one_meaning() {
    let _ = inbox(MemoryStore::new()).ignoring(PAYMENT);
}

/// From one service to another: what a publisher repeats after a crash, the inbox does not do again.
#[tokio::test]
async fn at_least_once_and_an_inbox_make_exactly_once() {
    let (sender, receiver, target) = (MemoryStore::new(), MemoryStore::new(), MemoryTarget::new());
    let accounts = Repository::<Account, _>::new(sender.clone());
    for amount in 1..=5 {
        accounts.execute("ada", Deposit { amount }).await.unwrap();
    }
    let chaos = ChaosStore::new(sender.clone(), 1).on(Operation::SaveCheckpoint, 1, Fault::Before);
    for checkpoints in [chaos.clone(), chaos] {
        let name = es_core::store::CheckpointName::new("bank-events").unwrap();
        let outgoing = Outgoing::of::<AccountEvent>("/bank").unwrap();
        // The first round crashes before the checkpoint.
        drop(Publisher::new(checkpoints, name, outgoing, target.clone()).catch_up(&sender).await);
    }
    assert_eq!(target.published().len(), 10);
    let inbox = Inbox::new(Repository::<Account, _>::new(receiver.clone()))
        .on("money-deposited", |deposit: MoneyDeposited, _| {
            ("ada".to_owned(), Deposit { amount: deposit.amount }.into())
        });
    for message in target.published() {
        inbox.receive(&message.event).await.unwrap();
    }
    assert_eq!(balance(&receiver).await, 15);
}

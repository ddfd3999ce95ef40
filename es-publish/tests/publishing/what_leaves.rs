//! Which events leave, and as what.

use es_core::store::{EventFilter, EventStore, ReadLog};
use es_core::{Event, EventProcessor, EventSet, Events, Metadata, events};
use es_memory_store::MemoryStore;
use es_publish::{CloudEvent, MemoryTarget, Outgoing, Publisher};
use serde::{Deserialize, Serialize};

use crate::domain::{AccountEvent, AccountFlagged, MoneyDeposited, append, name, new_event, outgoing};

async fn published(outgoing: Outgoing, store: &MemoryStore) -> Vec<CloudEvent> {
    let target = MemoryTarget::new();
    let publisher = Publisher::new(store.clone(), name(), outgoing, target.clone());
    publisher.catch_up(store).await.unwrap();
    target.published().into_iter().map(|message| message.event).collect()
}

async fn one_of_each() -> MemoryStore {
    let store = MemoryStore::new();
    append(&store, "account-ada", new_event(1, "deposit-made", 1, r#"{"amt":5}"#)).await;
    append(&store, "account-ada", new_event(2, "account-flagged", 1, r#"{"reason":"odd"}"#)).await;
    append(&store, "loan-ada", new_event(3, "loan-granted", 1, "{}")).await;
    store
}

#[tokio::test]
async fn attributes_say_where_the_event_stands() {
    let store = MemoryStore::new();
    let mut event = new_event(7, "money-deposited", 2, r#"{"amount":5}"#);
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    event.metadata = Metadata::new()
        .with_actor("ada@example.com")
        .with_correlation_id("request-1")
        .with_causation_id("command-2")
        .with_traceparent(traceparent);
    append(&store, "account-ada", event).await;
    let outgoing = outgoing().with_schemas("https://example.com/schemas/").unwrap();
    let events = published(outgoing, &store).await;
    let [event] = events.as_slice() else { panic!("{events:?}") };

    assert_eq!(event.id(), "00000000-0000-0000-0000-000000000007");
    assert_eq!((event.source(), event.ty()), ("/bank/accounts", "com.example.bank.money-deposited"));
    assert_eq!(event.subject(), Some("account-ada"));
    assert_eq!(event.time().unwrap().to_string(), "2023-11-14T22:13:20.000000Z");
    assert_eq!(event.data_content_type(), Some("application/json"));
    assert_eq!(event.data_schema(), Some("https://example.com/schemas/money-deposited.v2.json"));
    let extensions: Vec<_> = event.extensions().map(|(name, value)| (name, value.to_string())).collect();
    let expected = [
        ("causationid", "command-2"),
        ("correlationid", "request-1"),
        ("sequence", "00000000000000000001"),
        ("streamversion", "1"),
        ("traceparent", traceparent),
    ];
    assert_eq!(extensions, expected.map(|(name, value)| (name, value.to_owned())));
    assert!(!format!("{event:?}").contains("ada@"), "the actor has left");
}

#[tokio::test]
async fn old_events_leave_in_their_current_version_under_their_current_name() {
    let events = published(outgoing(), &one_of_each().await).await;
    let types: Vec<_> = events.iter().map(CloudEvent::ty).collect();
    assert_eq!(types, ["com.example.bank.money-deposited", "com.example.bank.account-flagged"]);
    assert_eq!(events[0].data().unwrap(), r#"{"amount":5}"#);
}

#[tokio::test]
async fn private_events_stay_inside_and_are_not_even_read() {
    let outgoing = outgoing().without::<AccountFlagged>();
    assert_eq!(outgoing.filter(), EventFilter::all().event::<MoneyDeposited>());
    let events = published(outgoing, &one_of_each().await).await;
    assert_eq!(events.iter().map(CloudEvent::ty).collect::<Vec<_>>(), ["com.example.bank.money-deposited"]);
}

#[tokio::test]
async fn stored_bytes_leave_as_they_are() {
    let filter = EventFilter::all().category("account");
    let outgoing = Outgoing::stored("/bank", filter, "application/json").unwrap();
    let events = published(outgoing.with_schemas("urn:bank:").unwrap(), &one_of_each().await).await;
    let seen: Vec<_> = events.iter().map(|event| (event.ty(), event.data_schema().unwrap())).collect();
    assert_eq!(
        seen,
        [("deposit-made", "urn:bank:deposit-made.v1.json"), ("account-flagged", "urn:bank:account-flagged.v1.json")]
    );
    assert_eq!(events[0].data().unwrap(), r#"{"amt":5}"#);
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "balance-changed")]
struct BalanceChanged {
    by: u64,
}

#[derive(Debug, Clone, PartialEq, EventSet)]
enum Public {
    BalanceChanged(BalanceChanged),
}

#[tokio::test]
async fn a_public_contract_is_made_of_private_events_and_each_has_an_id_of_its_own() {
    let translated = Outgoing::translated::<AccountEvent, Public, _>("/bank", |event, _| match event {
        AccountEvent::Deposited(MoneyDeposited { amount }) => {
            events![BalanceChanged { by: amount }, BalanceChanged { by: 0 }]
        }
        AccountEvent::Flagged(_) => Events::none(),
    });
    let translated = translated.unwrap();
    let nothing = published(translated.clone().without::<BalanceChanged>(), &one_of_each().await).await;
    assert_eq!(nothing, [], "what is private has left");
    let translated = translated.published_as::<BalanceChanged>("org.example.balance");
    let events = published(translated, &one_of_each().await).await;
    let seen: Vec<_> = events.iter().map(|event| (event.ty(), event.id())).collect();
    let id = "00000000-0000-0000-0000-000000000001";
    assert_eq!(seen, [("org.example.balance", id), ("org.example.balance", &format!("{id}-2"))]);
}

#[tokio::test]
async fn streams_and_attributes_can_be_called_otherwise_outside() {
    let store = one_of_each().await;
    let outgoing = outgoing()
        .with_stream_names(|stream| format!("customer-{}", stream.id().len()))
        .adjusted(|_, event| event.without_extension("sequence").with_extension("region", "eu"));
    let recorded = store.read_log(ReadLog::all()).await.unwrap().events.remove(0);
    let publisher = Publisher::new(store.clone(), name(), outgoing.clone(), MemoryTarget::new());
    assert_eq!(publisher.keys(&recorded).unwrap(), ["customer-3"]);
    let message = outgoing.messages(&recorded).unwrap().remove(0);
    assert_eq!((message.key.as_str(), message.event.subject()), ("customer-3", Some("customer-3")));
    assert_eq!(message.event.extension("region").unwrap().to_string(), "eu");
    assert_eq!(message.event.extension("sequence"), None);
}

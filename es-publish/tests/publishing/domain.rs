//! Two kinds of events, of which one has an older version and one stays inside, and a log to append them to.

use es_core::store::{CheckpointName, EventStore};
use es_core::{Event, EventId, EventName, EventSet, ExpectedVersion, Metadata, NewEvent, StreamId, Timestamp};
use es_memory_store::MemoryStore;
use es_publish::{MemoryTarget, Message, Outgoing};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-deposited", alias = "deposit-made", version = 2)]
#[upcast(1 => 2, rename(amt => amount))]
pub(crate) struct MoneyDeposited {
    pub(crate) amount: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-flagged")]
pub(crate) struct AccountFlagged {
    pub(crate) reason: String,
}

#[derive(Debug, Clone, PartialEq, EventSet)]
pub(crate) enum AccountEvent {
    Deposited(MoneyDeposited),
    Flagged(AccountFlagged),
}

pub(crate) fn name() -> CheckpointName {
    CheckpointName::new("bank-events").unwrap()
}

pub(crate) fn outgoing() -> Outgoing {
    Outgoing::of::<AccountEvent>("/bank/accounts").unwrap().with_type_prefix("com.example.bank.")
}

pub(crate) fn new_event(number: u128, name: &'static str, schema_version: u32, payload: &str) -> NewEvent {
    NewEvent {
        id: EventId::new(Uuid::from_u128(number)),
        name: EventName::from_static(name),
        schema_version,
        recorded_at: Timestamp::from_micros(1_700_000_000_000_000),
        metadata: Metadata::new(),
        payload: payload.to_owned().into(),
    }
}

pub(crate) async fn append(store: &MemoryStore, stream: &str, event: NewEvent) {
    let stream: StreamId = stream.parse().unwrap();
    store.append(&stream, ExpectedVersion::Any, vec![event]).await.unwrap();
}

/// A log in which deposits of 1, 2, 3, … go to the streams in turn.
pub(crate) async fn deposits(count: u64, streams: u64) -> MemoryStore {
    let store = MemoryStore::new();
    for number in 1..=count {
        let event = new_event(number.into(), "money-deposited", 2, &format!(r#"{{"amount":{number}}}"#));
        append(&store, &format!("account-{}", number % streams), event).await;
    }
    store
}

pub(crate) fn amount(message: &Message) -> u64 {
    message.event.json::<MoneyDeposited>().unwrap().amount
}

pub(crate) fn amounts(target: &MemoryTarget) -> Vec<u64> {
    target.published().iter().map(amount).collect()
}

//! What the bank stored years ago, byte for byte, before the software of today existed.

use es_core::store::EventStore;
use es_core::{EventId, EventName, ExpectedVersion, Metadata, NewEvent, StreamId, Timestamp};

/// The stored events of Grace's account: name, version of the shape, payload.
pub const OF_GRACE: [(&str, u32, &str); 4] = [
    ("account-opened", 1, r#"{"owner":"Grace"}"#),
    ("money-deposited", 1, r#"{"amt":100}"#),
    ("money-deposited", 2, r#"{"amount":20}"#),
    ("money-deposited", 3, r#"{"amount":3,"currency":"EUR"}"#),
];

/// Puts them into the store as they are.
///
/// # Errors
/// The store refused them.
pub async fn store_events_of_grace(store: &es::Store) -> Result<(), Box<dyn std::error::Error>> {
    let mut events = Vec::new();
    for (number, (name, schema_version, payload)) in (1..).zip(OF_GRACE) {
        events.push(NewEvent {
            id: EventId::new(uuid::Uuid::from_u128(number)),
            name: EventName::new(name)?,
            schema_version,
            recorded_at: format!("201{number}-06-01T12:00:00Z").parse::<Timestamp>()?,
            metadata: Metadata::new(),
            payload: payload.as_bytes().into(),
        });
    }
    store.append(&StreamId::new("account", "grace")?, ExpectedVersion::NoStream, events).await?;
    Ok(())
}

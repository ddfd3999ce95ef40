//! A store of one's own: an append-only file. Run with `cargo run --example file-store FILE`, several times.
//!
//! `line.rs` is the format, `log.rs` the file and its index, `store.rs` the store; `docs/custom-store.md` explains them.

#![allow(missing_docs, missing_debug_implementations, reason = "docs/custom-store.md is about them")]
#![allow(clippy::needless_for_each, reason = "one line, as it reads")]

pub mod line;
pub mod log;
pub mod store;
#[cfg(test)]
mod tests;

use es_core::store::{EventStore, ReadStream};
use es_core::{Clock, Timestamp};
use es_core::{EventId, EventName, ExpectedVersion, IdSource, Metadata, NewEvent, StreamId, SystemClock, UuidV7};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("which file? `cargo run --example file-store FILE`")?;
    let store = store::FileStore::open(&path)?;
    let visits = StreamId::new("counter", "visits")?;
    let now: Timestamp = SystemClock.now();
    let event = NewEvent {
        id: EventId::new(UuidV7::default().next_id(now)),
        name: EventName::from_static("visited"),
        schema_version: 1,
        recorded_at: now,
        metadata: Metadata::new(),
        payload: "{}".into(),
    };
    store.append(&visits, ExpectedVersion::Any, vec![event]).await?;
    for event in store.read_stream(&visits, ReadStream::all().backward().limit(5)).await?.events {
        println!("visit {} at {}", event.version, event.recorded_at);
    }
    Ok(())
}

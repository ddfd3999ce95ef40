//! Snapshots: rules S1 to S7. Each stream and fingerprint has a key, whose value is the latest snapshot.

use async_trait::async_trait;
use bytes::Bytes;
use es_core::store::{Snapshot, SnapshotError, SnapshotStore};
use es_core::{EventId, Fingerprint, Position, StreamId, Timestamp, Version};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::NatsError;
use crate::store::{NatsStore, Shared};
use crate::subject::token;

/// How many fingerprints of a stream are kept.
const FINGERPRINTS: usize = 2;
/// Why a snapshot is not changed.
const CONTENDED: &str = "others change the snapshot each time";

/// What stands in the first line of a value; the state follows.
#[derive(Serialize, Deserialize)]
struct Head {
    version: u64,
    position: u64,
    event: Uuid,
    recorded_at: i64,
    latest_at: i64,
    taken_at: i64,
}

fn failed(stream: &StreamId, error: NatsError) -> SnapshotError {
    SnapshotError::Store { stream: stream.clone(), cause: Box::new(error) }
}

/// Below which the keys of a stream are.
fn below(stream: &StreamId) -> String {
    format!("{}.{}.", token(stream.category()), token(stream.id()))
}

fn encode(snapshot: &Snapshot) -> Bytes {
    let head = Head {
        version: snapshot.version.get(),
        position: snapshot.position.get(),
        event: *snapshot.event_id.as_uuid(),
        recorded_at: snapshot.recorded_at.as_micros(),
        latest_at: snapshot.latest_at.as_micros(),
        taken_at: snapshot.taken_at.as_micros(),
    };
    let mut value = serde_json::to_vec(&head).expect("numbers are JSON");
    value.push(b'\n');
    value.extend_from_slice(&snapshot.payload);
    value.into()
}

fn decode(stream: &StreamId, fingerprint: Fingerprint, value: &Bytes) -> Option<Snapshot> {
    let end = value.iter().position(|byte| *byte == b'\n')?;
    let head: Head = serde_json::from_slice(&value[..end]).ok()?;
    Some(Snapshot {
        stream: stream.clone(),
        version: Version::new(head.version),
        position: Position::new(head.position),
        event_id: EventId::new(head.event),
        recorded_at: Timestamp::from_micros(head.recorded_at),
        latest_at: Timestamp::from_micros(head.latest_at),
        fingerprint,
        payload: value.slice(end + 1..),
        taken_at: Timestamp::from_micros(head.taken_at),
    })
}

impl Shared {
    fn snapshot(&self, of: (&StreamId, Fingerprint), revision: u64, value: &Bytes) -> Result<Snapshot, SnapshotError> {
        decode(of.0, of.1, value).ok_or_else(|| {
            let (stream, problem) = (self.snapshots.stream().to_owned(), "it is no snapshot".to_owned());
            failed(of.0, NatsError::Broken { stream, sequence: revision, problem })
        })
    }

    /// Forgets the fingerprints of a stream that were saved longest ago.
    async fn tidy(&self, stream: &StreamId) -> Result<(), NatsError> {
        let mut kept = self.snapshots.list(&below(stream)).await?;
        kept.retain(|(_, entry)| entry.value.is_some());
        kept.sort_unstable_by_key(|(_, entry)| entry.revision);
        for (key, entry) in kept.iter().rev().skip(FINGERPRINTS) {
            // If it was saved meanwhile, it is none of the oldest.
            self.snapshots.replace(key, entry.revision, None).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl SnapshotStore for NatsStore {
    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), SnapshotError> {
        let (stream, fingerprint) = (&snapshot.stream, snapshot.fingerprint);
        let (key, given) = (format!("{}{fingerprint}", below(stream)), encode(&snapshot));
        let bytes = given.len() + key.len() + 512;
        if bytes > self.shared.max_message {
            return Err(failed(stream, NatsError::TooLarge { bytes, limit: self.shared.max_message }));
        }
        let mut attempts = self.shared.js.attempts();
        loop {
            let entry = self.shared.snapshots.load(&key).await.map_err(|error| failed(stream, error))?;
            let mut value = given.clone();
            if let Some(kept) = &entry.value {
                let found = self.shared.snapshot((stream, fingerprint), entry.revision, kept)?;
                if found.version > snapshot.version {
                    // It stays, and its fingerprint was saved last.
                    value = kept.clone();
                }
            }
            let replaced = self.shared.snapshots.replace(&key, entry.revision, Some(value)).await;
            if replaced.map_err(|error| failed(stream, error))? {
                if entry.value.is_none() {
                    self.shared.tidy(stream).await.map_err(|error| failed(stream, error))?;
                }
                return Ok(());
            }
            attempts.again(CONTENDED).await.map_err(|error| failed(stream, error))?;
        }
    }

    async fn load_snapshot(
        &self,
        stream: &StreamId,
        fingerprint: Fingerprint,
        up_to: Version,
    ) -> Result<Option<Snapshot>, SnapshotError> {
        let key = format!("{}{fingerprint}", below(stream));
        let entry = self.shared.snapshots.load(&key).await.map_err(|error| failed(stream, error))?;
        let Some(value) = entry.value else { return Ok(None) };
        let snapshot = self.shared.snapshot((stream, fingerprint), entry.revision, &value)?;
        Ok((snapshot.version <= up_to).then_some(snapshot))
    }

    async fn delete_snapshots(&self, stream: &StreamId) -> Result<(), SnapshotError> {
        let kept = self.shared.snapshots.list(&below(stream)).await.map_err(|error| failed(stream, error))?;
        for (key, entry) in kept {
            let (mut entry, mut attempts) = (entry, self.shared.js.attempts());
            while entry.value.is_some() {
                let deleted = self.shared.snapshots.replace(&key, entry.revision, None).await;
                if deleted.map_err(|error| failed(stream, error))? {
                    break;
                }
                attempts.again(CONTENDED).await.map_err(|error| failed(stream, error))?;
                entry = self.shared.snapshots.load(&key).await.map_err(|error| failed(stream, error))?;
            }
        }
        Ok(())
    }
}

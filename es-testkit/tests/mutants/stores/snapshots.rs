//! Mutants that keep snapshots wrongly, or read otherwise than was appended though they say that they do not.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use async_trait::async_trait;
use es_core::store::{
    EventStore, LogPage, ReadError, ReadLog, ReadStream, Snapshot, SnapshotError, SnapshotStore, StreamPage,
};
use es_core::{
    EventId, EventName, ExpectedVersion, Fingerprint, Metadata, NewEvent, Payload, RecordedEvent, StreamId, Timestamp,
    Version,
};
use es_memory_store::MemoryStore;
use uuid::Uuid;

use crate::fault::Fault;
use crate::{Case, case};

type Saved = Result<(), SnapshotError>;
type Loaded = Result<Option<Snapshot>, SnapshotError>;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case::<Lossy>("the payload of a snapshot is text", &["rule_s1_payloads_of_every_byte_and_size_are_kept"]),
        case::<ForgetsATime>(
            "of a snapshot one time is kept for two",
            &["rule_s1_every_part_of_a_snapshot_is_kept_as_it_is_given"],
        ),
        case::<InTwoSteps>(
            "a snapshot is saved in two steps",
            &["rule_s1_of_many_savers_and_readers_each_sees_a_whole_snapshot"],
        ),
        case::<OwnSnapshots>(
            "each handle has snapshots of its own",
            &["rule_s1_a_snapshot_is_the_same_on_both_handles", "rule_s1_snapshots_are_there_after_a_restart"],
        ),
        case::<AnyVersion>(
            "a snapshot is loaded whatever its version",
            &["rule_s2_the_latest_at_or_below_a_version_is_loaded"],
        ),
        case::<BelowOnly>(
            "a snapshot is loaded only below the version",
            &["rule_s2_the_latest_at_or_below_a_version_is_loaded"],
        ),
        case::<OneFingerprint>(
            "fingerprints are not told apart",
            &[
                "rule_s2_other_streams_and_other_fingerprints_have_none",
                "rule_s5_the_two_fingerprints_that_were_saved_last_are_kept",
            ],
        ),
        case::<Trims>(
            "streams of snapshots are told apart without spaces and case",
            &["rule_s2_streams_with_colliding_prefixes_are_told_apart"],
        ),
        case::<LastSaved>(
            "the snapshot that was saved last is kept, not the highest",
            &["rule_s3_a_lower_version_that_is_saved_late_takes_nothing_away"],
        ),
        case::<FirstStays>(
            "a version that is saved again stays as it was",
            &["rule_s4_a_version_that_is_saved_again_is_replaced"],
        ),
        case::<OneProgram>(
            "of a stream one fingerprint is kept",
            &["rule_s5_the_two_fingerprints_that_were_saved_last_are_kept"],
        ),
        case::<DeletesAll>(
            "a deletion forgets the snapshots of all streams",
            &[
                "rule_s6_a_deletion_forgets_all_of_one_stream_and_nothing_else",
                "rule_s6_what_is_not_there_can_be_deleted",
            ],
        ),
        case::<DeletesNothing>(
            "a deletion of snapshots does nothing",
            &["rule_s6_a_deletion_forgets_all_of_one_stream_and_nothing_else"],
        ),
        case::<MissesNothing>(
            "deleting snapshots that are not there is an error",
            &["rule_s6_what_is_not_there_can_be_deleted"],
        ),
        case::<Records>("saving a snapshot appends an event", &["rule_s7_events_know_nothing_of_snapshots"]),
        case::<Upcasts>(
            "events of an older schema are read as of a newer one",
            &["rule_35_what_is_said_to_be_read_as_appended_is"],
        ),
    ]
}

#[derive(Default)]
struct Lossy;

#[async_trait]
impl Fault for Lossy {
    async fn save_snapshot(&self, store: &MemoryStore, mut snapshot: Snapshot) -> Saved {
        snapshot.payload = String::from_utf8_lossy(&snapshot.payload).into_owned().into();
        store.save_snapshot(snapshot).await
    }
}

#[derive(Default)]
struct ForgetsATime;

#[async_trait]
impl Fault for ForgetsATime {
    async fn save_snapshot(&self, store: &MemoryStore, mut snapshot: Snapshot) -> Saved {
        snapshot.latest_at = snapshot.recorded_at;
        store.save_snapshot(snapshot).await
    }
}

#[derive(Default)]
struct InTwoSteps;

#[async_trait]
impl Fault for InTwoSteps {
    async fn save_snapshot(&self, store: &MemoryStore, snapshot: Snapshot) -> Saved {
        let half = snapshot.payload.slice(..snapshot.payload.len() / 2);
        store.save_snapshot(Snapshot { payload: half, ..snapshot.clone() }).await?;
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        store.save_snapshot(snapshot).await
    }
}

/// What the storage has beside its events is somewhere else for each handle.
#[derive(Default)]
struct OwnSnapshots(MemoryStore);

#[async_trait]
impl Fault for OwnSnapshots {
    async fn save_snapshot(&self, _: &MemoryStore, snapshot: Snapshot) -> Saved {
        self.0.save_snapshot(snapshot).await
    }

    async fn load_snapshot(&self, _: &MemoryStore, of: &StreamId, fingerprint: Fingerprint, up_to: Version) -> Loaded {
        self.0.load_snapshot(of, fingerprint, up_to).await
    }

    async fn delete_snapshots(&self, _: &MemoryStore, stream: &StreamId) -> Saved {
        self.0.delete_snapshots(stream).await
    }
}

#[derive(Default)]
struct AnyVersion;

#[async_trait]
impl Fault for AnyVersion {
    async fn load_snapshot(&self, store: &MemoryStore, of: &StreamId, fingerprint: Fingerprint, _: Version) -> Loaded {
        store.load_snapshot(of, fingerprint, Version::MAX).await
    }
}

#[derive(Default)]
struct BelowOnly;

#[async_trait]
impl Fault for BelowOnly {
    async fn load_snapshot(&self, store: &MemoryStore, of: &StreamId, found: Fingerprint, up_to: Version) -> Loaded {
        store.load_snapshot(of, found, Version::new(up_to.get().saturating_sub(1))).await
    }
}

const ONE: Fingerprint = Fingerprint::new(1);

#[derive(Default)]
struct OneFingerprint;

#[async_trait]
impl Fault for OneFingerprint {
    async fn save_snapshot(&self, store: &MemoryStore, snapshot: Snapshot) -> Saved {
        store.save_snapshot(Snapshot { fingerprint: ONE, ..snapshot }).await
    }

    async fn load_snapshot(&self, store: &MemoryStore, of: &StreamId, asked: Fingerprint, up_to: Version) -> Loaded {
        let found = store.load_snapshot(of, ONE, up_to).await?;
        Ok(found.map(|found| Snapshot { fingerprint: asked, ..found }))
    }
}

fn trimmed(stream: &StreamId) -> StreamId {
    StreamId::new(stream.category(), stream.id().trim().to_lowercase()).expect("as good an id")
}

#[derive(Default)]
struct Trims;

#[async_trait]
impl Fault for Trims {
    async fn save_snapshot(&self, store: &MemoryStore, snapshot: Snapshot) -> Saved {
        store.save_snapshot(Snapshot { stream: trimmed(&snapshot.stream), ..snapshot }).await
    }

    async fn load_snapshot(&self, store: &MemoryStore, of: &StreamId, asked: Fingerprint, up_to: Version) -> Loaded {
        let found = store.load_snapshot(&trimmed(of), asked, up_to).await?;
        Ok(found.map(|found| Snapshot { stream: of.clone(), ..found }))
    }

    async fn delete_snapshots(&self, store: &MemoryStore, stream: &StreamId) -> Saved {
        store.delete_snapshots(&trimmed(stream)).await
    }
}

/// The version stands in the payload, so that the store sees the same one each time and replaces it.
#[derive(Default)]
struct LastSaved;

#[async_trait]
impl Fault for LastSaved {
    async fn save_snapshot(&self, store: &MemoryStore, snapshot: Snapshot) -> Saved {
        let mut payload = snapshot.version.get().to_be_bytes().to_vec();
        payload.extend_from_slice(&snapshot.payload);
        store.save_snapshot(Snapshot { version: Version::new(1), payload: payload.into(), ..snapshot }).await
    }

    async fn load_snapshot(&self, store: &MemoryStore, of: &StreamId, asked: Fingerprint, up_to: Version) -> Loaded {
        let found = store.load_snapshot(of, asked, Version::MAX).await?;
        let found = found.map(|found| {
            let (version, payload) = found.payload.split_first_chunk().expect("eight bytes are the version");
            let (version, payload) = (Version::new(u64::from_be_bytes(*version)), Payload::copy_from_slice(payload));
            Snapshot { version, payload, ..found }
        });
        Ok(found.filter(|found| found.version <= up_to))
    }
}

#[derive(Default)]
struct FirstStays;

#[async_trait]
impl Fault for FirstStays {
    async fn save_snapshot(&self, store: &MemoryStore, snapshot: Snapshot) -> Saved {
        let kept = store.load_snapshot(&snapshot.stream, snapshot.fingerprint, snapshot.version).await?;
        if kept.is_some_and(|kept| kept.version == snapshot.version) {
            return Ok(());
        }
        store.save_snapshot(snapshot).await
    }
}

#[derive(Default)]
struct OneProgram;

#[async_trait]
impl Fault for OneProgram {
    async fn save_snapshot(&self, store: &MemoryStore, snapshot: Snapshot) -> Saved {
        if store.load_snapshot(&snapshot.stream, snapshot.fingerprint, Version::MAX).await?.is_none() {
            store.delete_snapshots(&snapshot.stream).await?;
        }
        store.save_snapshot(snapshot).await
    }
}

/// All streams of which something was saved.
#[derive(Default)]
struct DeletesAll(Mutex<Vec<StreamId>>);

#[async_trait]
impl Fault for DeletesAll {
    async fn save_snapshot(&self, store: &MemoryStore, snapshot: Snapshot) -> Saved {
        self.0.lock().expect("nobody panics").push(snapshot.stream.clone());
        store.save_snapshot(snapshot).await
    }

    async fn delete_snapshots(&self, store: &MemoryStore, _: &StreamId) -> Saved {
        let all = std::mem::take(&mut *self.0.lock().expect("nobody panics"));
        for stream in all {
            store.delete_snapshots(&stream).await?;
        }
        Ok(())
    }
}

#[derive(Default)]
struct DeletesNothing;

#[async_trait]
impl Fault for DeletesNothing {
    async fn delete_snapshots(&self, _: &MemoryStore, _: &StreamId) -> Saved {
        Ok(())
    }
}

/// The streams of which there is something to delete.
#[derive(Default)]
struct MissesNothing(Mutex<Vec<StreamId>>);

#[async_trait]
impl Fault for MissesNothing {
    async fn save_snapshot(&self, store: &MemoryStore, snapshot: Snapshot) -> Saved {
        self.0.lock().expect("nobody panics").push(snapshot.stream.clone());
        store.save_snapshot(snapshot).await
    }

    async fn delete_snapshots(&self, store: &MemoryStore, stream: &StreamId) -> Saved {
        let is_there = {
            let mut all = self.0.lock().expect("nobody panics");
            let before = all.len();
            all.retain(|other| other != stream);
            all.len() < before
        };
        if !is_there {
            return Err(SnapshotError::Store { stream: stream.clone(), cause: "there is none".into() });
        }
        store.delete_snapshots(stream).await
    }
}

#[derive(Default)]
struct Records(AtomicU64);

#[async_trait]
impl Fault for Records {
    async fn save_snapshot(&self, store: &MemoryStore, snapshot: Snapshot) -> Saved {
        let taken = NewEvent {
            id: EventId::new(Uuid::from_u64_pair(8, self.0.fetch_add(1, SeqCst))),
            name: EventName::from_static("snapshot taken"),
            schema_version: 1,
            recorded_at: Timestamp::UNIX_EPOCH,
            metadata: Metadata::new(),
            payload: Payload::new(),
        };
        store.append(&snapshot.stream, ExpectedVersion::Any, vec![taken]).await.expect("it expects nothing");
        store.save_snapshot(snapshot).await
    }
}

fn upcast(events: &mut [RecordedEvent]) {
    for event in
        events.iter_mut().filter(|event| event.name.as_str().starts_with("opened.") && event.schema_version == 1)
    {
        event.schema_version = 2;
    }
}

#[derive(Default)]
struct Upcasts;

#[async_trait]
impl Fault for Upcasts {
    async fn read_stream(
        &self,
        store: &MemoryStore,
        of: &StreamId,
        range: ReadStream,
    ) -> Result<StreamPage, ReadError> {
        let mut page = store.read_stream(of, range).await?;
        upcast(&mut page.events);
        Ok(page)
    }

    async fn read_log(&self, store: &MemoryStore, range: ReadLog) -> Result<LogPage, ReadError> {
        let mut page = store.read_log(range).await?;
        upcast(&mut page.events);
        Ok(page)
    }
}

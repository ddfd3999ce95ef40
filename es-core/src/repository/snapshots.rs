//! Taking snapshots, and starting from them. Whether the log still has the event that a snapshot stands on is for the
//! load to see.

use std::fmt;
use std::sync::Arc;

use super::Repository;
use super::load::{AsOf, Loaded};
use super::snapshot_failure::SnapshotFailure;
use crate::aggregate::Aggregate;
use crate::codec::{Codec, CodecError};
use crate::fingerprint::Fingerprint;
use crate::snapshotted::Snapshotted;
use crate::store::{EventStore, Snapshot, SnapshotStore};
use crate::stream::StreamId;
use crate::version::Version;

type Observer = Arc<dyn Fn(&SnapshotFailure) + Send + Sync>;

/// Where a repository keeps snapshots, if it does, how often it takes one, and who is told of failures.
pub(super) struct Snapshots<A, C> {
    kept: Option<Kept<A, C>>,
    every: Option<u64>,
    observer: Option<Observer>,
}

struct Kept<A, C> {
    store: Arc<dyn SnapshotStore>,
    every: u64,
    fingerprint: Fingerprint,
    encode: fn(&A, &C) -> Result<Vec<u8>, CodecError>,
    decode: fn(&C, &[u8]) -> Result<A, CodecError>,
}

impl<A: Aggregate, S, C: Codec> Repository<A, S, C> {
    /// Takes snapshots, and starts from them, as `snapshot(every = ..)` of the aggregate says; they are kept in the
    /// store of the events.
    ///
    /// A snapshot is used only if it has the [fingerprint](Snapshotted::snapshot_fingerprint) of this program, can be
    /// decoded, and the log has the event that it was taken after; otherwise the stream is replayed, and the next
    /// snapshot takes its place.
    /// What a command expects of its stream comes from the log in any case, so no snapshot hides a conflict.
    ///
    /// Once a command has appended and so many events have come since the last snapshot, the events are read and the
    /// next one is saved before the outcome is given back.
    /// If that fails, the command has succeeded all the same; see [`on_snapshot_failure`](Self::on_snapshot_failure).
    ///
    /// ```
    /// # use es_core::{Aggregate, Apply, Command, Event};
    /// # #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Event)]
    /// # #[event(name = "counter-increased")]
    /// # pub struct CounterIncreased { pub by: u32 }
    /// # #[derive(Debug, Clone, Command)]
    /// # #[command(emits = CounterIncreased)]
    /// # pub struct Increase { pub by: u32 }
    /// use es_core::Repository;
    /// use es_core::store::SnapshotStore;
    /// use es_memory_store::MemoryStore;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Debug, Default, Serialize, Deserialize, Aggregate)]
    /// #[aggregate(name = "counter", id = String, error = std::convert::Infallible,
    ///             events(CounterIncreased), commands(Increase), snapshot(every = 2))]
    /// pub struct Counter { total: u32 }
    /// # impl Apply<CounterIncreased> for Counter {
    /// #     fn apply(&mut self, event: CounterIncreased) { self.total += event.by; }
    /// # }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let counters = Repository::<Counter, _>::new(MemoryStore::new()).with_snapshots();
    /// for _ in 0..3 {
    ///     counters.execute("visits", Increase { by: 5 }).await?;
    /// }
    /// // Event 2 is looked at, event 3 is replayed.
    /// assert_eq!(counters.load("visits").await?.state().total, 15);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn with_snapshots(self) -> Self
    where
        A: Snapshotted,
        S: SnapshotStore + Clone + 'static,
    {
        let store = self.store.clone();
        self.with_snapshots_in(store)
    }

    /// The same as [`with_snapshots`](Self::with_snapshots), with the snapshots in a store of their own.
    ///
    /// Where the events are read through a [`StreamUpcaster`](crate::StreamUpcaster), nobody sees that it has changed:
    /// raise the `fold` of the aggregate with it.
    #[must_use]
    pub fn with_snapshots_in(mut self, store: impl SnapshotStore + 'static) -> Self
    where
        A: Snapshotted,
    {
        self.snapshots.kept = Some(Kept {
            store: Arc::new(store),
            every: A::EVERY,
            fingerprint: A::snapshot_fingerprint::<C>(),
            encode: A::encode_state,
            decode: A::decode_state,
        });
        self
    }

    /// Takes a snapshot after so many events, whatever the aggregate says; after 0, those that are there are used and
    /// none is taken.
    #[must_use]
    pub fn snapshot_every(mut self, events: u64) -> Self {
        self.snapshots.every = Some(events);
        self
    }

    /// Tells `observer` of every snapshot that was not used or not taken, for a log or a metric.
    ///
    /// It runs on the way of commands and loads, and should not block.
    /// That there is no snapshot, or only one of another fingerprint, is no failure.
    #[must_use]
    pub fn on_snapshot_failure(mut self, observer: impl Fn(&SnapshotFailure) + Send + Sync + 'static) -> Self {
        self.snapshots.observer = Some(Arc::new(observer));
        self
    }
}

impl<A: Aggregate, S: EventStore, C: Codec> Repository<A, S, C> {
    /// The latest snapshot that may be a part of the way to `moment`; the log has not been asked yet.
    pub(super) async fn restored(&self, stream: &StreamId, moment: AsOf) -> Option<Loaded<A>> {
        let kept = self.snapshots.kept.as_ref()?;
        let mut up_to = moment.last_version();
        while up_to > Version::EMPTY {
            let snapshot = match kept.store.load_snapshot(stream, kept.fingerprint, up_to).await {
                Ok(snapshot) => snapshot?,
                Err(cause) => {
                    self.snapshots.tell(|| SnapshotFailure::Load { stream: stream.clone(), cause });
                    return None;
                }
            };
            let Snapshot { version, fingerprint, .. } = snapshot;
            let is_asked_for = snapshot.stream == *stream && fingerprint == kept.fingerprint;
            if !is_asked_for || version > up_to || version == Version::EMPTY {
                let (stream, given) = (stream.clone(), snapshot.stream);
                self.snapshots.tell(|| SnapshotFailure::NotAskedFor { stream, given, version });
                return None;
            }
            if !moment.is_after(version, snapshot.position, Some(snapshot.latest_at)) {
                up_to = Version::new(version.get() - 1);
                continue;
            }
            return match (kept.decode)(&self.codec, &snapshot.payload) {
                Ok(state) => Some(Loaded::restored(state, &snapshot)),
                Err(cause) => {
                    self.snapshots.tell(|| SnapshotFailure::Decode { stream: stream.clone(), version, cause });
                    None
                }
            };
        }
        None
    }

    /// The log does not have the event of the snapshot that `loaded` was restored from.
    pub(super) async fn distrust(&self, loaded: &Loaded<A>) {
        let (stream, version) = (loaded.stream(), loaded.version());
        self.snapshots.tell(|| SnapshotFailure::NotOfThisLog { stream: stream.clone(), version });
        let Some(kept) = &self.snapshots.kept else { return };
        // One of a higher version would not give way to the next one that is saved.
        if let Err(cause) = kept.store.delete_snapshots(stream).await {
            self.snapshots.tell(|| SnapshotFailure::Delete { stream: stream.clone(), cause });
        }
    }

    /// Whether a snapshot is to be taken once the stream of `loaded` has got to `version`.
    pub(super) fn is_snapshot_due(&self, loaded: &Loaded<A>, version: Version) -> bool {
        let Some(kept) = &self.snapshots.kept else { return false };
        let every = self.snapshots.every.unwrap_or(kept.every);
        every != 0 && version.get().saturating_sub(loaded.snapshot().get()) >= every
    }

    /// Takes a snapshot if one is due now that the stream has got to `version`; `loaded` has then seen all of it.
    pub(super) async fn snapshot_if_due(&self, loaded: &mut Loaded<A>, version: Version) {
        let Some(kept) = self.snapshots.kept.as_ref().filter(|_| self.is_snapshot_due(loaded, version)) else { return };
        if loaded.version() < version {
            // What a replay will see is not what was decided, but what is read.
            if let Err(cause) = self.refresh(loaded).await {
                self.snapshots.tell(|| SnapshotFailure::Read { stream: loaded.stream().clone(), cause });
                return;
            }
        }
        // Whether or not it can be saved, the next one is due after as many events.
        loaded.set_snapshot(version);
        if let Err(failure) = self.save_snapshot(kept, loaded).await {
            self.snapshots.tell(|| failure);
        }
    }

    async fn save_snapshot(&self, kept: &Kept<A, C>, loaded: &Loaded<A>) -> Result<(), SnapshotFailure> {
        let encoded = (kept.encode)(loaded.state(), &self.codec);
        let (stream, version) = (loaded.stream().clone(), loaded.version());
        let payload = encoded.map_err(|cause| SnapshotFailure::Encode { stream: stream.clone(), version, cause })?;
        // Only if every event so far is read as nothing.
        let Some(last) = loaded.last() else { return Ok(()) };
        let snapshot = Snapshot {
            stream: stream.clone(),
            version: last.version,
            position: last.position,
            event_id: last.id,
            recorded_at: last.recorded_at,
            latest_at: last.latest_at,
            fingerprint: kept.fingerprint,
            payload: payload.into(),
            taken_at: self.clock.now(),
        };
        let saved = kept.store.save_snapshot(snapshot).await;
        saved.map_err(|cause| SnapshotFailure::Save { stream, version, cause })
    }
}

impl<A, C> Snapshots<A, C> {
    fn tell(&self, failure: impl FnOnce() -> SnapshotFailure) {
        if let Some(observer) = &self.observer {
            observer(&failure());
        }
    }
}

impl<A, C> Default for Snapshots<A, C> {
    fn default() -> Self {
        Self { kept: None, every: None, observer: None }
    }
}

impl<A, C> Clone for Snapshots<A, C> {
    fn clone(&self) -> Self {
        let kept = self.kept.as_ref().map(|kept| Kept { store: Arc::clone(&kept.store), ..*kept });
        Self { kept, every: self.every, observer: self.observer.clone() }
    }
}

impl<A, C> fmt::Debug for Snapshots<A, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.kept.as_ref();
        f.debug_struct("Snapshots")
            .field("every", &kept.map(|kept| self.every.unwrap_or(kept.every)))
            .field("fingerprint", &kept.map(|kept| kept.fingerprint))
            .finish_non_exhaustive()
    }
}

//! The capability to keep events that could not be processed, with those that wait behind them: the parking lot.

use std::error::Error;

use async_trait::async_trait;

use super::CheckpointName;
use crate::name::EventName;
use crate::stream::StreamId;
use crate::time::Timestamp;
use crate::version::{Position, Version};

/// A place where processors put aside what they cannot process, so that the rest goes on.
///
/// An event is about one or several keys, and whatever is about one of them waits behind it, in the order of the log.
/// Processors are told apart by their whole names; what one does changes nothing of another.
///
/// # Contract
///
/// - F1. A claim gives a token that is higher than all that were given for the processor before, also after a restart.
/// - F2. Parking, noting and removing with a token that is not the one given last is
///   [superseded](FailureError::Superseded), and changes nothing; so whoever has claimed knows all that is parked.
/// - F3. What is parked is given back as it was parked. Parking what is at a position that is parked already changes
///   nothing, and is no error.
/// - F4. What would go beyond the [capacity](ParkCapacity) is [refused](FailureError::Full), and nothing is parked.
///   F2 comes first, then F3, then F4.
/// - F5. A note adds one to the attempts of a parked event, and replaces its errors and its last time. It says whether
///   the event is there.
/// - F6. Removing forgets one event, and says whether it was there.
/// - F7. Events are listed in the order of the log, after a position that is exclusive, up to a limit, and those of a key if
///   one is given. Keys are listed once each, sorted by their bytes, with the position of their first event and how many
///   they have. The counts are those of all of the processor's events and keys.
///
/// After Axon's `SequencedDeadLetterQueue`.
///
/// ```
/// use es_core::store::{CheckpointName, FailureStore, ParkCapacity, ParkedEvent};
/// use es_core::{EventName, Position, StreamId, Timestamp, Version};
/// use es_memory_store::MemoryStore;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (store, balances) = (MemoryStore::new(), CheckpointName::new("balances")?);
/// let token = store.claim_parking(&balances).await?;
/// let unreadable = ParkedEvent {
///     position: Position::new(17),
///     stream: StreamId::new("account", "ada")?,
///     version: Version::new(3),
///     name: EventName::from_static("money-deposited"),
///     keys: vec!["account-ada".into()],
///     errors: vec!["event 3 could not be decoded".into(), "missing field `amount`".into()],
///     attempts: 4,
///     first_at: Timestamp::UNIX_EPOCH,
///     last_at: Timestamp::UNIX_EPOCH,
/// };
/// store.park_event(&balances, token, &unreadable, ParkCapacity::default()).await?;
/// assert_eq!(store.parked_events(&balances, Some("account-ada"), Position::START, 100).await?, [unreadable]);
/// # Ok(()) }
/// ```
#[async_trait]
pub trait FailureStore: Send + Sync {
    /// Makes the caller the one who may change what is parked of a processor. Rules F1 and F2.
    ///
    /// # Errors
    /// [`FailureError::Store`].
    async fn claim_parking(&self, processor: &CheckpointName) -> Result<u64, FailureError>;

    /// Parks an event. Rules F2 to F4.
    ///
    /// # Errors
    /// See [`FailureError`]; unless it is [`FailureError::Store`], nothing has changed.
    async fn park_event(
        &self,
        processor: &CheckpointName,
        token: u64,
        event: &ParkedEvent,
        capacity: ParkCapacity,
    ) -> Result<(), FailureError>;

    /// Notes that a parked event has failed again, with the error and what caused it. Rules F2 and F5.
    ///
    /// # Errors
    /// See [`FailureError`]; unless it is [`FailureError::Store`], nothing has changed.
    async fn note_parked(
        &self,
        processor: &CheckpointName,
        token: u64,
        position: Position,
        errors: &[String],
        at: Timestamp,
    ) -> Result<bool, FailureError>;

    /// Forgets a parked event. Rules F2 and F6.
    ///
    /// # Errors
    /// See [`FailureError`]; unless it is [`FailureError::Store`], nothing has changed.
    async fn remove_parked(
        &self,
        processor: &CheckpointName,
        token: u64,
        position: Position,
    ) -> Result<bool, FailureError>;

    /// What is parked after a position, all of it or that of one key. Rule F7.
    ///
    /// # Errors
    /// [`FailureError::Store`].
    async fn parked_events(
        &self,
        processor: &CheckpointName,
        key: Option<&str>,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, FailureError>;

    /// The keys behind which events wait. Rule F7.
    ///
    /// # Errors
    /// [`FailureError::Store`].
    async fn parked_keys(&self, processor: &CheckpointName) -> Result<Vec<ParkedKey>, FailureError>;

    /// How much is parked. Rule F7.
    ///
    /// # Errors
    /// [`FailureError::Store`].
    async fn count_parked(&self, processor: &CheckpointName) -> Result<ParkedCount, FailureError>;
}

/// An event that waits to be processed: because it failed, or because it stands behind one that did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedEvent {
    /// Its place in the log.
    pub position: Position,
    /// Its stream.
    pub stream: StreamId,
    /// Its place in the stream.
    pub version: Version,
    /// Its stored name.
    pub name: EventName,
    /// What it is about; each at least once.
    pub keys: Vec<String>,
    /// Why it failed last, the error first and then what caused it; nothing if it only waits behind another.
    pub errors: Vec<String>,
    /// How often it was tried; 0 if it only waits behind another.
    pub attempts: u32,
    /// When it was parked.
    pub first_at: Timestamp,
    /// When it failed last.
    pub last_at: Timestamp,
}

/// A key behind which events wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedKey {
    /// The key.
    pub key: String,
    /// The place of its first parked event.
    pub first: Position,
    /// How many are parked.
    pub events: usize,
}

/// How much is parked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ParkedCount {
    /// How many events.
    pub events: usize,
    /// How many distinct keys.
    pub keys: usize,
}

/// How much a processor may park; 1000 keys and 10 000 events unless something else is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParkCapacity {
    /// How many distinct keys.
    pub keys: usize,
    /// How many events.
    pub events: usize,
}

impl Default for ParkCapacity {
    fn default() -> Self {
        Self { keys: 1_000, events: 10_000 }
    }
}

impl ParkCapacity {
    /// Rule F4, when so much is parked with what is to be added; for implementors of stores.
    ///
    /// # Errors
    /// [`FailureError::Full`].
    pub fn check(self, processor: &CheckpointName, then: ParkedCount) -> Result<(), FailureError> {
        if then.events > self.events || then.keys > self.keys {
            return Err(FailureError::Full { processor: processor.clone(), capacity: self });
        }
        Ok(())
    }
}

/// Why nothing was parked, noted, removed or listed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FailureError {
    /// Somebody else has claimed it.
    #[error("what is parked of `{processor}` has been claimed with token {actual}, later than {token}")]
    Superseded {
        /// The name of the processor.
        processor: CheckpointName,
        /// The token of the caller.
        token: u64,
        /// The token that was given last; 0 if there is none.
        actual: u64,
    },
    /// There is no room.
    #[error("`{processor}` may park {} events of {} keys, and has no room for another", capacity.events, capacity.keys)]
    Full {
        /// The name of the processor.
        processor: CheckpointName,
        /// What it may have.
        capacity: ParkCapacity,
    },
    /// The store failed; what was asked for may or may not have been done.
    #[error("the store failed to keep what is parked")]
    Store {
        /// The error of the store.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
}

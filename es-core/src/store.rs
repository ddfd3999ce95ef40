//! The port to event stores, and the contract that every store keeps.
//!
//! A store knows bytes, names and versions; it knows no aggregate, no projection and no codec.
//! [`EventStore`] is what every store does; [`Subscribe`], [`CheckpointStore`] and [`MultiStreamAppend`] are
//! capabilities that it may have beside.
//!
//! # Contract
//!
//! Appending
//!
//! 1. The events of one append are stored all or none, next to each other in their stream, in the given order.
//! 2. A stream's versions are 1, 2, 3, … without gaps.
//! 3. If the stream is not as [expected](crate::ExpectedVersion), the append is a [conflict](AppendError::Conflict)
//!    and writes nothing. Of several appends that expect the same version, at most one succeeds.
//! 4. An empty append writes nothing and creates no stream, but what it expects is checked.
//! 5. Two events with one id in an append are refused, and so is what exceeds the store's [limits](Limits), before
//!    anything is written.
//! 6. Ids, names, times, metadata and payloads are kept as they are given.
//!
//! Reading
//!
//! 7. A stream that has no events reads as empty with version 0; reading creates nothing.
//! 8. A stream is read in version order, the log in position order; [backward](Direction::Backward), in reverse.
//! 9. `after` is exclusive, `up_to` inclusive in both directions, and a limit counts the stored events that give
//!    something to return.
//! 10. Positions start above 0 and increase in commit order; they may have gaps. The positions of one append are not
//!     interleaved with those of another.
//! 11. A reader that has seen position `p` never later finds a new event at or below `p`. What is appended during a
//!     read is not part of it.
//! 12. Streams are told apart by their whole id: reading `account-a` shows nothing of `account-ab`.
//! 13. `through` is a place between two events. A forward page holds everything that the read selects with
//!     `after < place <= through`, a backward page everything with `through < place <= up_to`, and nothing else; so a
//!     reader goes on with `after(through)`, backward with `up_to(through)`. While the range holds events, selected or
//!     not, a page with a limit of at least 1 advances. It may hold fewer events than its limit before the end, and none
//!     only if the read has a filter.
//! 14. A stored event is read as itself; as none or as several events only where it is [upcast](crate::UpcastingStore).
//!     Several stand at its version and its position, all in one page, and versions count stored events.
//!
//! Sending again
//!
//! 15. An event id is unique in the store. A store that can tell this within each stream only says so where it is
//!     opened, and its conformance run prints it; for such a store, ids of other streams are new in rules 16 and 17.
//! 16. If all events of an append are stored already – by their ids, in that stream, next to each other and in the same
//!     order – it has been sent before: it writes nothing and returns the version and the position of the last of them,
//!     whatever is expected and whatever has been appended since. What the events hold beside their ids is not
//!     compared.
//! 17. If only some are stored, or in another order, not next to each other, or in another stream, the append is
//!     [refused](AppendError::EventIdStored) and writes nothing, whatever is expected.
//! 18. Rule 5 is checked before rules 16 and 17, and these before rule 3. An empty append is always new.
//!
//! Filters and ends
//!
//! 19. A read selects the events that its [filter](EventFilter) selects, by whole categories and whole names in the same
//!     letters, and does so before its limit counts.
//! 20. What a backward read selects is what a forward read of the same range and filter selects, in reverse; a limit
//!     leaves out the oldest.
//! 21. `through` never goes beyond what has been read: forward, not beyond the last event of the log or the stream,
//!     unless `after` is beyond it; a page that reads nothing goes through [its start](ReadLog::start).
//! 22. `is_end` says whether the range has been read to its end as of this read: forward, `through` has come to `up_to`
//!     or to the last event there is, whichever is less; backward, to `after`. `version` and `head` are those of the
//!     whole stream and the whole log, whatever was asked for.
//!
//! Subscribing ([`Subscribe`])
//!
//! 23. [`appended_after`](Subscribe::appended_after) returns at once if the log has an event after the position, else
//!     when it has, and a read that begins then finds it.
//! 24. It may return early without a reason, but does not do so for ever; dropping its future does no harm.
//! 25. No waiter is forgotten, however many there are and however fast events come.
//!
//! Checkpoints ([`CheckpointStore`])
//!
//! 26. What was saved is loaded by its whole name, and by no other; a name that was never saved loads `None`.
//! 27. A save or a reset whose `expected` is not what is kept is a [conflict](CheckpointError::Conflict) and changes
//!     nothing. Of several that expect the same and change it, one succeeds.
//! 28. A save does not go [backwards](CheckpointError::Backwards), a reset may; saving the same position again is
//!     accepted. A conflict is reported first.
//! 29. A deleted checkpoint is as if it had never been saved. Checkpoints are listed once each, sorted by the bytes of
//!     their names.
//!
//! Several streams ([`MultiStreamAppend`])
//!
//! 30. The events are stored all or none, in the log in the given order, also where it goes to and fro between streams,
//!     and with the versions of each stream as rule 2 says.
//! 31. Rule 5 holds for all events together. A stream that takes part twice, a check that expects `Any`, and events for
//!     a stream of which nothing is expected are refused.
//! 32. If any stream that is appended to or checked is not as expected, the append is a
//!     [conflict](MultiAppendError::Conflict) that lists all that are not, and nothing is written. Checks write nothing
//!     and create nothing. Without events, everything expected is checked all the same.
//! 33. Rules 15 to 18 hold for all events together, each in its stream: an append that has been sent before returns
//!     its first outcome, whatever is expected.
//! 34. The outcome names each stream that was appended to, in the given order, with the version and the position of the
//!     last event it got.
//!
//! Reading what was appended
//!
//! 35. A store that says of a stream that it [reads as appended](EventStore::reads_as_appended) gives back each event
//!     of it with the name, the schema version and the payload that were appended, and each as one event.
//!
//! Visiting
//!
//! 36. [Visiting](EventStore::visit_stream) shows what reading gives: the same events in the same order, all that one
//!     stored event is read as at a time, and a page that says the same of the range, but has no events. If it fails, some
//!     events may have been shown, none twice.
//!
//! Other capabilities have rules of their own: [`SnapshotStore`] S1 to S7, [`ReadModelStore`] M1 to M11,
//! [`InlineAppend`] N1 to N3, [`LeaseStore`] L1 to L6, [`FailureStore`] F1 to F7, and [`Transact`] T1 and T2.

mod admit;
mod append;
mod checkpoint;
mod failure;
mod filter;
mod forward;
mod inline;
mod inline_tables;
mod lease;
mod limits;
mod multi_append;
mod page;
mod partitioned;
mod read;
mod read_error;
mod read_model;
mod resend;
mod scan;
mod snapshot;
mod subscribe;
mod subscription;
mod transact;
mod visit;

use async_trait::async_trait;

use crate::envelope::NewEvent;
use crate::stream::StreamId;
use crate::version::ExpectedVersion;

pub use self::admit::admit;
pub use self::append::{AppendError, Appended};
pub use self::checkpoint::{CheckpointError, CheckpointName, CheckpointStore, InvalidCheckpointName, check_checkpoint};
pub use self::failure::{FailureError, FailureStore, ParkCapacity, ParkedCount, ParkedEvent, ParkedKey};
pub use self::filter::EventFilter;
pub use self::inline::{InlineAppend, InlineFailure, InlineProjection, InlineProjections, RowLoader};
pub use self::inline_tables::{AsyncInlineTable, InlineTable, InlineTables};
pub use self::lease::{Lease, LeaseError, LeaseStore};
pub use self::limits::Limits;
pub use self::multi_append::{
    Expectation, MultiAppend, MultiAppendError, MultiAppended, MultiStreamAppend, StreamAppended, Violation,
};
pub use self::page::{LogPage, StreamPage};
pub use self::partitioned::{
    HASH_SLOTS, InvalidPartitions, Partition, PartitionLog, PartitionedStore, PlacementError, hash_slot,
};
pub use self::read::{Direction, ReadLog, ReadStream};
pub use self::read_error::ReadError;
pub use self::read_model::{LoadedRows, ReadModelEntry, ReadModelError, ReadModelStore, Row, RowIndexes, RowWrite};
pub use self::resend::{EventPlace, sent_before};
pub use self::scan::{RowPage, Scan, ScanPlace};
pub use self::snapshot::{Snapshot, SnapshotError, SnapshotStore};
pub use self::subscribe::Subscribe;
pub use self::subscription::{Delivery, StreamSubscription, Subscription};
pub use self::transact::{AsyncTransact, Transact, TransactionFailed};
pub use self::visit::EventVisitor;

/// An append-only store of events.
///
/// The numbered [contract](self) says what an implementation owes.
/// Works as a concrete type and as `Arc<S>`, `Box<dyn EventStore>`, `Arc<dyn EventStore>` and `&S`.
///
/// ```
/// use es_core::store::{AppendError, EventStore, ReadStream};
/// use es_core::{ExpectedVersion, StreamId, Version};
/// use es_memory_store::MemoryStore;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store: Box<dyn EventStore> = Box::new(MemoryStore::new());
/// let stream = StreamId::new("account", "ada")?;
/// let nothing = store.append(&stream, ExpectedVersion::StreamExists, vec![]).await;
/// assert!(matches!(nothing, Err(AppendError::Conflict { actual: Version::EMPTY, .. })));
/// assert!(store.read_stream(&stream, ReadStream::all()).await?.events.is_empty());
/// # Ok(()) }
/// ```
#[async_trait]
pub trait EventStore: Send + Sync {
    /// Appends `events` to `stream` if it is as `expected`. Rules 1 to 6 and 15 to 18.
    ///
    /// # Errors
    /// See [`AppendError`]; unless it is [`AppendError::Store`], nothing has been written.
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError>;

    /// Reads a part of one stream. Rules 7 to 9, 13, 14 and 19 to 22.
    ///
    /// # Errors
    /// See [`ReadError`].
    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError>;

    /// Reads a part of the log of all streams. Rules 8 to 11, 13, 14 and 19 to 22.
    ///
    /// # Errors
    /// See [`ReadError`].
    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError>;

    /// Shows the events that [`read_stream`](Self::read_stream) gives to `visit`, and returns the page without them.
    /// Rule 36.
    ///
    /// A store that has the events in memory spares its reader a copy of each; any other need not write this.
    ///
    /// # Errors
    /// See [`ReadError`].
    async fn visit_stream(
        &self,
        stream: &StreamId,
        range: ReadStream,
        visit: &mut EventVisitor<'_>,
    ) -> Result<StreamPage, ReadError> {
        let mut page = self.read_stream(stream, range).await?;
        visit::show(&mut page.events, visit);
        Ok(page)
    }

    /// Shows the events that [`read_log`](Self::read_log) gives to `visit`, and returns the page without them. Rule 36.
    ///
    /// # Errors
    /// See [`ReadError`].
    async fn visit_log(&self, range: ReadLog, visit: &mut EventVisitor<'_>) -> Result<LogPage, ReadError> {
        let mut page = self.read_log(range).await?;
        visit::show(&mut page.events, visit);
        Ok(page)
    }

    /// What the store accepts.
    fn limits(&self) -> Limits;

    /// Whether the events of this stream are always read as they were appended. Rule 35.
    ///
    /// Who has appended events then need not read them to know what a reader will see.
    /// A store that does not say so is read again, which is never wrong.
    fn reads_as_appended(&self, stream: &StreamId) -> bool {
        let _ = stream;
        false
    }
}

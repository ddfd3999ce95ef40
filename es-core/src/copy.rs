//! Copying a store into another one, changed on the way: events dropped, renamed, rewritten, split, or moved to other
//! streams.
//!
//! For changes that reading cannot make, because they cross streams; what stays within a stream is better
//! [upcast](crate::UpcastingStore) when it is read, and nothing is copied at all.
//! Knows stored events only, and leaves the source as it is.

mod checksum;
mod options;
mod parts;
mod writer;

use std::error::Error;

use crate::envelope::RecordedEvent;
use crate::event_set::Events;
use crate::name::EventName;
use crate::store::{AppendError, EventStore, ReadError, ReadLog};
use crate::stream::StreamId;
use crate::version::{Position, Version};

pub use self::checksum::Checksum;
pub use self::options::{CopyCheckpoint, CopyOptions, CopyProgress, CopyReport};
pub use self::parts::part_id;

use self::parts::made_from;
use self::writer::Writer;

/// Copies the log of `source`, from a checkpoint to the head that it has at the beginning, through `transform` into
/// `target`.
///
/// # What is written
///
/// 1. `transform` says what each event becomes: itself, none, or several, of any name, payload, time and stream. Their
///    versions and positions are of no account; the target numbers its streams itself.
/// 2. The events are appended in the order of the source's log, so the target's log has the same order.
/// 3. Ids are kept. Of several events made from one, the first keeps its id and those that repeat it get a
///    [`part_id`].
///
/// # Going on after an interruption
///
/// 4. `transform` gives the same for the same event in every run, and during a run nobody else writes to the target.
///    Then the target's log is at any time the beginning of what is to be written.
/// 5. So a second run, from the start or from a [checkpoint](CopyProgress::checkpoint) of the first, compares what is
///    there and appends what is missing: nothing is lost or doubled, wherever the first one ended. That includes an
///    append whose outcome it never learned, even if that arrives only now.
/// 6. When the source has grown, a further run copies what is new.
///
/// # Verification
///
/// 7. At the end the target's log is read again from the checkpoint that the run started with, and its
///    [checksum](Checksum) compared with that of what was to be written.
///
/// It takes memory for one version number for each stream that it writes to.
///
/// # Errors
/// See [`CopyError`]; what has been written by then is right, and is recognised by the next run.
///
/// # Examples
///
/// ```
/// use es_core::copy::{CopyOptions, copy_transform};
/// use es_core::{Events, RecordedEvent, StreamId};
/// # use es_core::store::{EventStore, ReadStream};
/// # use es_core::{EventId, EventName, ExpectedVersion, Metadata, NewEvent, Timestamp};
/// use es_memory_store::MemoryStore;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (old, new) = (MemoryStore::new(), MemoryStore::new());
/// # let orders = StreamId::new("order", 7)?;
/// # let event = |number, name| NewEvent {
/// #     id: EventId::new(uuid::Uuid::from_u128(number)), name: EventName::from_static(name), schema_version: 1,
/// #     recorded_at: Timestamp::UNIX_EPOCH, metadata: Metadata::new(), payload: "{}".into(),
/// # };
/// # let events = vec![event(1, "order-placed"), event(2, "order-printed"), event(3, "parcel-sent")];
/// # old.append(&orders, ExpectedVersion::NoStream, events).await?;
/// // What was printed is of no interest, and parcels get streams of their own.
/// let transform = |event: RecordedEvent| match event.name.as_str() {
///     "order-printed" => Ok(Events::none()),
///     "parcel-sent" => {
///         let stream = StreamId::new("parcel", event.stream.id())?;
///         Ok(Events::one(RecordedEvent { stream, ..event }))
///     }
///     _ => Ok(Events::one(event)),
/// };
/// let report = copy_transform(&old, &new, transform, CopyOptions::new()).await?;
/// assert_eq!((report.read, report.written, report.checksum.events), (3, 2, 2));
///
/// // Once more: everything is there already.
/// let again = copy_transform(&old, &new, transform, CopyOptions::new()).await?;
/// assert_eq!((again.present, again.written, again.checksum), (2, 0, report.checksum));
/// # let parcel = new.read_stream(&StreamId::new("parcel", 7)?, ReadStream::all()).await?;
/// # assert_eq!(parcel.events[0].version.get(), 1);
/// # Ok(()) }
/// ```
pub async fn copy_transform<S, T, F>(
    source: &S,
    target: &T,
    transform: F,
    options: CopyOptions<'_>,
) -> Result<CopyReport, CopyError>
where
    S: EventStore + ?Sized,
    T: EventStore + ?Sized,
    F: Fn(RecordedEvent) -> Result<Events<RecordedEvent>, Box<dyn Error + Send + Sync>>,
{
    let CopyOptions { checkpoint, batch, mut on_progress } = options;
    let mut writer = Writer::new(target, checkpoint.target, batch);
    let (mut through, mut read) = (checkpoint.source, 0);
    let mut end = None;
    loop {
        let range = ReadLog::after(through).limit(batch);
        let page = source.read_log(range).await.map_err(|cause| CopyError::Source { cause })?;
        let head = *end.get_or_insert(page.head);
        if page.through <= through && through < head {
            return Err(CopyError::Stuck { through, head });
        }
        for stored in page.events.chunk_by(|event, next| event.position == next.position) {
            writer.expect(made_from(stored, &transform)?);
            read += 1;
        }
        writer.settle().await?;
        through = page.through;
        let checkpoint = CopyCheckpoint { source: through, target: writer.through() };
        let (present, written) = writer.counts();
        if let Some(on_progress) = &mut on_progress {
            on_progress(&CopyProgress { checkpoint, head, read, present, written });
        }
        if through >= head {
            let checksum = writer.verify().await?;
            return Ok(CopyReport { checkpoint, read, present, written, checksum });
        }
    }
}

/// Why a copy ended before its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// The source could not be read.
    #[error("the source of the copy could not be read")]
    Source {
        /// The error of the source.
        #[source]
        cause: ReadError,
    },
    /// The source gives no more, although it has more.
    #[error("the source of the copy gives nothing after position {through}, but its head is {head}")]
    Stuck {
        /// How far it has been read.
        through: Position,
        /// How far it goes.
        head: Position,
    },
    /// The transform failed.
    #[error("event {version} of stream `{stream}` at position {position} could not be transformed from `{name}`")]
    Transform {
        /// The stream.
        stream: StreamId,
        /// The version of the event.
        version: Version,
        /// The position of the event in the source.
        position: Position,
        /// The stored name of the event.
        name: EventName,
        /// The error of the transform.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The target refused events, or failed while it appended them.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The target could not be read.
    #[error("the target of the copy could not be read")]
    Target {
        /// The error of the target.
        #[source]
        cause: ReadError,
    },
    /// The target holds something else than was to be written there: another transform, another source, or somebody
    /// else has written to it.
    #[error(
        "the target of the copy holds another event {} of stream `{}` at position {} than event {} of stream `{}`",
        found.version, found.stream, found.position, expected.version, expected.stream
    )]
    Diverged {
        /// What was to be there, with the version that it was to have.
        expected: Box<RecordedEvent>,
        /// What is there.
        found: Box<RecordedEvent>,
    },
    /// What the target holds at the end is not what was to be written.
    ///
    /// A run from the same start compares event by event, and says where they part.
    #[error("the copy is not what it should be: expected {expected}, but found {found}")]
    Mismatch {
        /// What was to be written.
        expected: Checksum,
        /// What is there.
        found: Checksum,
    },
}

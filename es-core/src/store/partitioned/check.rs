//! Looks for streams that are not where the partitions say. It reads, and repairs nothing.

use super::PartitionedStore;
use crate::envelope::RecordedEvent;
use crate::store::{EventStore, ReadError, ReadLog};
use crate::stream::StreamId;

/// How much of the beginning of each log is looked at.
const LOOKED_AT: usize = 256;

impl<S: EventStore> PartitionedStore<S> {
    /// Looks whether stores and partitions belong together, for the start of a program: at the first events of each
    /// log, and in each log for the first event of each category that another partition has to itself.
    ///
    /// So it finds stores that are interchanged, and a category that was given a partition while its events are still
    /// elsewhere. It does not read the logs: that a few streams of a slot are elsewhere may not be seen.
    ///
    /// # Errors
    /// See [`PlacementError`].
    pub async fn check_placement(&self) -> Result<(), PlacementError> {
        for (index, partition) in self.partitions().iter().enumerate() {
            let of_others = self.shared.routes.categories().filter(|(_, owner)| *owner != index);
            let reads = of_others.map(|(category, _)| ReadLog::all().category(category).limit(1));
            for range in reads.chain([ReadLog::all().limit(LOOKED_AT)]) {
                for event in self.beginning(index, range).await? {
                    let home = self.partition_of(&event.stream);
                    if home.name() != partition.name() {
                        let (found_in, belongs_to) = (partition.name().to_owned(), home.name().to_owned());
                        return Err(PlacementError::Misplaced { stream: event.stream, found_in, belongs_to });
                    }
                }
            }
        }
        Ok(())
    }

    /// The first events of a range; a page may have none before the end.
    async fn beginning(&self, index: usize, mut range: ReadLog) -> Result<Vec<RecordedEvent>, ReadError> {
        loop {
            let page = self.at(index).store().read_log(range.clone()).await?;
            if page.is_end || !page.events.is_empty() || page.through <= range.after {
                return Ok(page.events);
            }
            range = range.resume(page.through);
        }
    }
}

/// Why it is not said that streams are where the partitions say.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlacementError {
    /// A partition has a stream that belongs to another, where it would be read as empty.
    #[error("stream `{stream}` is in partition `{found_in}`, but belongs to partition `{belongs_to}`")]
    Misplaced {
        /// The stream.
        stream: StreamId,
        /// The name of the partition that has it.
        found_in: String,
        /// The name of the partition where it is looked for.
        belongs_to: String,
    },
    /// A log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

//! The capability to keep read models: rows by key, found by indexes, changed together with a checkpoint. It knows bytes
//! and positions, no projection and no events.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;

use async_trait::async_trait;

use super::{CheckpointError, CheckpointName, CheckpointStore, RowPage, Scan};
use crate::envelope::Payload;
use crate::index_value::IndexValue;
use crate::version::Position;

/// A row of a read model.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What it is found by.
    pub key: String,
    /// The position of the last event that changed it.
    pub position: Position,
    /// What else it is found by: a value for each index that it stands in.
    pub indexes: RowIndexes,
    /// What it holds.
    pub payload: Payload,
}

/// The values of a row, by the names of their indexes.
pub type RowIndexes = BTreeMap<Cow<'static, str>, IndexValue>;

/// What a commit does to a row.
#[derive(Debug, Clone, PartialEq)]
pub enum RowWrite {
    /// The row is this from now on, whatever it was.
    Put(Row),
    /// There is no row with this key from now on.
    Delete(String),
}

impl RowWrite {
    /// The key of the row.
    pub fn key(&self) -> &str {
        match self {
            Self::Put(row) => &row.key,
            Self::Delete(key) => key,
        }
    }
}

/// Rows that were asked for by their keys.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedRows {
    /// One for each key, in the order of the keys; `None` where there is no row.
    pub rows: Vec<Option<Row>>,
    /// The checkpoint of the read model at that moment.
    pub checkpoint: Option<Position>,
}

/// A read model that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadModelEntry {
    /// Its name, which is that of its checkpoint.
    pub name: CheckpointName,
    /// Its checkpoint.
    pub checkpoint: Option<Position>,
}

/// A store of read models; it is exact where it is the store of their checkpoints, as it must be.
///
/// The rows of a read model and its checkpoint change in one transaction, so every event counts once.
///
/// # Contract
///
/// - M1. A row is kept as it is given: key, position, index values and payload.
///   Rows are loaded by the whole name of their read model and their whole keys, in the order of the keys that are asked
///   for; a key without a row gives `None`.
/// - M2. A [commit](Self::commit_rows) takes effect as a whole or not at all: its writes, in their order, and the
///   checkpoint of that name.
/// - M3. The checkpoint is that of [`CheckpointStore`], under the name of the read model, and changes by rules 27 and 28:
///   what is not as expected is a conflict, which changes no row either, and it does not go back.
/// - M4. A put replaces the whole row, its index values included; a deletion takes the row from all indexes.
///   What is not there can be deleted.
/// - M5. A scan by key gives the rows whose keys are in its range, ordered by the bytes of their keys.
/// - M6. A scan by index gives the rows that have a value in this index which is in its range, ordered by value and then
///   by key: integers before texts, integers as numbers, texts by their bytes.
/// - M7. A backward scan gives the same in reverse.
///   A page has no more rows than its limit; `next` is there if the scan has more, and the scan that goes on after it
///   gives them: all pages together are the scan without a limit.
/// - M8. What a load or a scan gives, rows and checkpoint, is of one moment: of a commit, all is seen or nothing.
/// - M9. Read models with other names have nothing to do with each other.
/// - M10. [`drop_read_model`](Self::drop_read_model) takes all rows of a read model away, its index values and its
///   checkpoint, and nothing else; it is then as it was before its first commit.
/// - M11. A read model is listed from its first commit until it is dropped, also when it has no row, once and sorted by
///   the bytes of its name.
///
/// Works as a concrete type and behind `Arc`, `Box` and `&`, also as `dyn ReadModelStore`.
///
/// ```
/// use es_core::store::{CheckpointName, ReadModelStore, Row, RowWrite, Scan};
/// use es_core::{IndexValue, Position};
/// use es_memory_store::MemoryStore;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (store, balances) = (MemoryStore::new(), CheckpointName::new("balances")?);
/// let row = |key: &str, owner: &str, position| Row {
///     key: key.to_owned(),
///     position: Position::new(position),
///     indexes: [("owner".into(), IndexValue::Text(owner.to_owned()))].into(),
///     payload: r#"{"balance":70}"#.into(),
/// };
/// let writes = vec![RowWrite::Put(row("1", "ada", 3)), RowWrite::Put(row("2", "bob", 4))];
/// store.commit_rows(&balances, writes, None, Position::new(4)).await?;
///
/// let page = store.scan_rows(&balances, Scan::index("owner").equal("ada")).await?;
/// assert_eq!((page.rows, page.checkpoint), (vec![row("1", "ada", 3)], Some(Position::new(4))));
/// # Ok(()) }
/// ```
#[async_trait]
pub trait ReadModelStore: CheckpointStore {
    /// The rows with these keys. Rules M1 and M8.
    ///
    /// # Errors
    /// [`ReadModelError::Store`].
    async fn load_rows(&self, model: &CheckpointName, keys: &[String]) -> Result<LoadedRows, ReadModelError>;

    /// A page of the rows that a scan selects. Rules M5 to M8.
    ///
    /// # Errors
    /// [`ReadModelError::Store`].
    async fn scan_rows(&self, model: &CheckpointName, scan: Scan) -> Result<RowPage, ReadModelError>;

    /// Writes rows, and moves the checkpoint from `expected` to `position`. Rules M2 to M4.
    ///
    /// # Errors
    /// See [`ReadModelError`]; unless it is [`ReadModelError::Store`], nothing has changed.
    async fn commit_rows(
        &self,
        model: &CheckpointName,
        writes: Vec<RowWrite>,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), ReadModelError>;

    /// Takes a read model away, and says whether there was one. Rule M10.
    ///
    /// Whoever keeps it up notices that its checkpoint is gone.
    ///
    /// # Errors
    /// [`ReadModelError::Store`].
    async fn drop_read_model(&self, model: &CheckpointName) -> Result<bool, ReadModelError>;

    /// All read models. Rule M11.
    ///
    /// # Errors
    /// [`ReadModelError::Store`].
    async fn list_read_models(&self) -> Result<Vec<ReadModelEntry>, ReadModelError>;
}

/// Why rows were not read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadModelError {
    /// The checkpoint is not as expected, or would go back.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The store failed; a change may or may not have been made.
    #[error("the store failed to keep read models")]
    Store {
        /// The error of the store.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
}

//! The capability to keep how far readers of the log have come.

use std::error::Error;
use std::fmt::{self, Display};
use std::sync::Arc;

use async_trait::async_trait;

use crate::version::Position;

/// A place where readers of the log keep how far they have come.
///
/// A save names the position that it replaces, so of two readers under one name, one is refused and notices.
///
/// ```
/// use es_core::Position;
/// use es_core::store::{CheckpointError, CheckpointName, CheckpointStore};
/// use es_memory_store::MemoryStore;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::new();
/// let balances = CheckpointName::new("balances")?;
/// assert_eq!(store.load_checkpoint(&balances).await?, None);
/// store.save_checkpoint(&balances, None, Position::new(5)).await?;
///
/// let stale = store.save_checkpoint(&balances, None, Position::new(7)).await;
/// assert!(matches!(stale, Err(CheckpointError::Conflict { actual: Some(at), .. }) if at == Position::new(5)));
/// # Ok(()) }
/// ```
#[async_trait]
pub trait CheckpointStore: Send + Sync {
    /// The position that was saved last; `None` if there is none. Rule 26.
    ///
    /// # Errors
    /// [`CheckpointError::Store`].
    async fn load_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError>;

    /// Replaces `expected` by `position`, which is not before it. Rules 27 and 28.
    ///
    /// # Errors
    /// See [`CheckpointError`]; unless it is [`CheckpointError::Store`], nothing has changed.
    async fn save_checkpoint(
        &self,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError>;

    /// Replaces `expected` by `position`, which may be before it: the reader is to see events again. Rule 27.
    ///
    /// # Errors
    /// See [`CheckpointError`]; unless it is [`CheckpointError::Store`], nothing has changed.
    async fn reset_checkpoint(
        &self,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError>;

    /// Forgets a checkpoint, and says which it was; `None` if there was none. Rule 29.
    ///
    /// # Errors
    /// [`CheckpointError::Store`].
    async fn delete_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError>;

    /// All checkpoints, sorted by the bytes of their names. Rule 29.
    ///
    /// # Errors
    /// [`CheckpointError::Store`].
    async fn list_checkpoints(&self) -> Result<Vec<(CheckpointName, Position)>, CheckpointError>;
}

/// Checks rules 27 and 28 for a save; for implementors of stores.
///
/// # Errors
/// [`CheckpointError::Conflict`] or [`CheckpointError::Backwards`].
pub fn check_checkpoint(
    name: &CheckpointName,
    expected: Option<Position>,
    actual: Option<Position>,
    position: Position,
) -> Result<(), CheckpointError> {
    if actual != expected {
        return Err(CheckpointError::Conflict { name: name.clone(), expected, actual });
    }
    match actual {
        Some(actual) if position < actual => {
            Err(CheckpointError::Backwards { name: name.clone(), actual, attempted: position })
        }
        _ => Ok(()),
    }
}

/// The name of a reader, under which its checkpoint is kept: the stored name of a projection, for example.
///
/// It has 1 to [`CheckpointName::MAX_BYTES`] bytes of UTF-8, no control character, and does not start with `$`, which
/// is reserved for stores.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CheckpointName(Arc<str>);

impl CheckpointName {
    /// The longest name, in bytes of UTF-8.
    pub const MAX_BYTES: usize = 255;

    /// Checks a name.
    ///
    /// # Errors
    /// The broken rule.
    pub fn new(name: &str) -> Result<Self, InvalidCheckpointName> {
        if name.is_empty() {
            Err(InvalidCheckpointName::Empty)
        } else if name.len() > Self::MAX_BYTES {
            let starts_with = name.chars().take(64).collect();
            Err(InvalidCheckpointName::TooLong { bytes: name.len(), starts_with })
        } else if name.starts_with('$') {
            Err(InvalidCheckpointName::Reserved { name: name.to_owned() })
        } else if name.chars().any(char::is_control) {
            Err(InvalidCheckpointName::ControlCharacter { name: name.to_owned() })
        } else {
            Ok(Self(name.into()))
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Display for CheckpointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for CheckpointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CheckpointName({:?})", self.as_str())
    }
}

serialized_as_text!(CheckpointName, "the name of a checkpoint", |text| CheckpointName::new(text));

/// Why a text is not the name of a checkpoint.
///
/// ```
/// use es_core::store::{CheckpointName, InvalidCheckpointName};
///
/// assert_eq!(CheckpointName::new("").unwrap_err(), InvalidCheckpointName::Empty);
/// assert!(matches!(CheckpointName::new(&"n".repeat(256)), Err(InvalidCheckpointName::TooLong { bytes: 256, .. })));
/// assert_eq!(CheckpointName::new("$x").unwrap_err(), InvalidCheckpointName::Reserved { name: "$x".into() });
/// assert!(matches!(CheckpointName::new("a\0b"), Err(InvalidCheckpointName::ControlCharacter { .. })));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the message of each variant is its documentation")]
pub enum InvalidCheckpointName {
    #[error("the name of a checkpoint may not be empty")]
    Empty,
    #[error(
        "the name of a checkpoint has at most {} bytes, this one has {bytes}: `{starts_with}…`",
        CheckpointName::MAX_BYTES
    )]
    TooLong { bytes: usize, starts_with: String },
    #[error("the checkpoint name `{name}` is reserved: names that start with `$` belong to stores")]
    Reserved { name: String },
    #[error("the checkpoint name {name:?} holds a control character")]
    ControlCharacter { name: String },
}

/// Why a checkpoint was not loaded or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Someone else has saved it, or the caller is wrong about it.
    #[error("conflict on checkpoint `{name}`: expected {}, but it is at {}", shown(*expected), shown(*actual))]
    Conflict {
        /// The name.
        name: CheckpointName,
        /// What the caller expected.
        expected: Option<Position>,
        /// What it is.
        actual: Option<Position>,
    },
    /// A save would let the reader see events again that it has seen; only a reset may.
    #[error("checkpoint `{name}` is at position {actual} and does not go back to {attempted}, unless it is reset")]
    Backwards {
        /// The name.
        name: CheckpointName,
        /// Where it is.
        actual: Position,
        /// Where it was to go.
        attempted: Position,
    },
    /// The store failed; a change may or may not have been made.
    #[error("the store failed to keep checkpoints")]
    Store {
        /// The error of the store.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
}

fn shown(position: Option<Position>) -> String {
    position.map_or("none".to_owned(), |position| format!("position {position}"))
}

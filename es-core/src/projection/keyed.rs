//! Keyed projections: read models of many rows, each a fold over the events that are about its key.
//!
//! Pure: what an event does to rows is said here, and where rows are kept is for a driver.

use std::error::Error;
use std::fmt::{self, Display};
use std::str::FromStr;

use super::Projected;
use crate::codec::{Codec, CodecError};
use crate::decode_error::DecodeError;
use crate::envelope::RecordedEvent;
use crate::index_value::{IndexValue, NotIndexable};
use crate::model::ProjectionModel;
use crate::stream::StreamId;
use crate::version::{Position, Version};

/// A read model of rows; the type is that of one row.
///
/// Derived, where `#[projection(..)]` names the type of the `key`.
/// An event is about the row whose key is the id in its stream, unless `keys` says otherwise: then it is about each of
/// those rows, once for each key, or about none.
/// A row begins as its `Default` with the first event that is about it, and ends with an event that says `delete`, or
/// when `delete_when` holds after an event.
///
/// ```
/// use es_core::{Event, KeyedProjection, ProjectRow, Projection, RecordedEvent};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Clone, Serialize, Deserialize, Event)]
/// #[event(name = "account-opened")]
/// pub struct AccountOpened { pub owner: String }
///
/// #[derive(Debug, Clone, Serialize, Deserialize, Event)]
/// #[event(name = "money-transferred")]
/// pub struct MoneyTransferred { pub from: String, pub to: String, pub amount: i64 }
///
/// #[derive(Debug, Clone, Serialize, Deserialize, Event)]
/// #[event(name = "account-closed")]
/// pub struct AccountClosed {}
///
/// /// What is on an account, and whose it is.
/// #[derive(Debug, Default, Serialize, Deserialize, Projection)]
/// #[projection(
///     name = "balances", version = 2, key = String,
///     events(AccountOpened, MoneyTransferred(keys = [event.from, event.to]), AccountClosed(delete)),
///     index(owner),
/// )]
/// pub struct Balance { owner: String, cents: i64 }
///
/// impl ProjectRow<AccountOpened> for Balance {
///     fn project(&mut self, _account: &String, event: AccountOpened, _: &RecordedEvent) {
///         self.owner = event.owner;
///     }
/// }
///
/// impl ProjectRow<MoneyTransferred> for Balance {
///     fn project(&mut self, account: &String, event: MoneyTransferred, _: &RecordedEvent) {
///         self.cents += if *account == event.to { event.amount } else { -event.amount };
///     }
/// }
/// assert_eq!(Balance::MODEL.checkpoint_name(), "balances@2");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a keyed projection",
    label = "used as one, but `key` is missing in its `#[projection(..)]`",
    note = "write `#[derive(Projection)]` and `#[projection(.., key = String)]` on `{Self}`"
)]
pub trait KeyedProjection: Default + Send + Sync + 'static {
    /// What a row is found by.
    type Key: RowKey;

    /// The stored name.
    const NAME: &'static str;
    /// The version; rows of another version are kept beside, under another name.
    const VERSION: u32;
    /// Everything the derive knows.
    const MODEL: ProjectionModel;

    /// Adds what an event does to rows to `changes`.
    ///
    /// # Errors
    /// The event is one of the projection's and cannot be read, or is about no key.
    fn row_changes<'e, C: Codec>(
        codec: &C,
        event: &'e RecordedEvent,
        changes: &mut Vec<RowChange<'e, Self>>,
    ) -> Result<Projected, RowError>;

    /// The keys of the rows that an event is about, as text; reads the event only where they depend on it.
    ///
    /// # Errors
    /// As [`row_changes`](Self::row_changes).
    fn row_keys<C: Codec>(codec: &C, event: &RecordedEvent) -> Result<Vec<String>, RowError>;

    /// The values of the row by the names of the indexes in which it stands.
    ///
    /// # Errors
    /// A value does not fit into its index, which is named.
    fn index_values(&self) -> Result<Vec<(&'static str, IndexValue)>, (&'static str, NotIndexable)>;

    /// Whether the row is to be deleted as it is now.
    fn is_deleted(&self) -> bool {
        false
    }

    /// Encodes the row.
    ///
    /// # Errors
    /// What the codec refuses.
    fn encode_row<C: Codec>(&self, codec: &C) -> Result<Vec<u8>, CodecError>;

    /// Decodes a row.
    ///
    /// # Errors
    /// The bytes do not fit.
    fn decode_row<C: Codec>(codec: &C, bytes: &[u8]) -> Result<Self, CodecError>;
}

/// How one event changes a row.
///
/// `key` is that of the row; `recorded` is the event as it was stored: its stream, position, time and metadata.
#[diagnostic::on_unimplemented(
    message = "projection `{Self}` does not say how event `{E}` changes a row",
    label = "`{E}` is listed here, but `impl ProjectRow<{E}> for {Self}` is missing",
    note = "write:\nimpl ProjectRow<{E}> for {Self} {{\n    fn project(&mut self, key: &Self::Key, event: {E}, recorded: &RecordedEvent) {{ /* .. */ }}\n}}\nor list it as `{E}(delete)`"
)]
pub trait ProjectRow<E>: KeyedProjection {
    /// Changes the row as the event says.
    fn project(&mut self, key: &Self::Key, event: E, recorded: &RecordedEvent);
}

/// A key: anything with a text that it can be read from again.
///
/// Rows are kept and ordered by this text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of rows",
    label = "a key has a text that it can be read from",
    note = "implement `Display`, `FromStr` and `Clone` for `{Self}`"
)]
pub trait RowKey: Clone + Send + Sync + 'static {
    /// The text.
    fn to_text(&self) -> String;

    /// The key with this text.
    ///
    /// # Errors
    /// There is none.
    fn from_text(text: &str) -> Result<Self, Box<dyn Error + Send + Sync>>;
}

#[diagnostic::do_not_recommend]
impl<T> RowKey for T
where
    T: Display + FromStr<Err: Into<Box<dyn Error + Send + Sync>>> + Clone + Send + Sync + 'static,
{
    fn to_text(&self) -> String {
        self.to_string()
    }

    fn from_text(text: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        text.parse().map_err(Into::into)
    }
}

/// What one event does to one row.
pub struct RowChange<'e, P: KeyedProjection> {
    key: P::Key,
    event: &'e RecordedEvent,
    change: Option<Change<'e, P>>,
}

type Change<'e, P> = Box<dyn FnOnce(&<P as KeyedProjection>::Key, &mut P) + Send + 'e>;

impl<'e, P: KeyedProjection> RowChange<'e, P> {
    /// The row changes as `event`, which is stored as `recorded`, says.
    pub fn project<E>(key: P::Key, event: E, recorded: &'e RecordedEvent) -> Self
    where
        P: ProjectRow<E>,
        E: Send + 'e,
    {
        let change = move |key: &P::Key, row: &mut P| row.project(key, event, recorded);
        Self { key, event: recorded, change: Some(Box::new(change)) }
    }

    /// The row ends with `recorded`.
    pub fn delete(key: P::Key, recorded: &'e RecordedEvent) -> Self {
        Self { key, event: recorded, change: None }
    }

    /// The key of the row.
    pub fn key(&self) -> &P::Key {
        &self.key
    }

    /// The event.
    pub fn event(&self) -> &'e RecordedEvent {
        self.event
    }

    /// Makes the change.
    pub fn apply(self, row: &mut Option<P>) {
        match self.change {
            None => *row = None,
            Some(change) => {
                let changed = row.get_or_insert_default();
                change(&self.key, changed);
                if changed.is_deleted() {
                    *row = None;
                }
            }
        }
    }
}

impl<P: KeyedProjection> fmt::Debug for RowChange<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("RowChange");
        shown.field("key", &self.key.to_text()).field("position", &self.event.position);
        shown.field("deletes", &self.change.is_none()).finish_non_exhaustive()
    }
}

/// Why an event could not change a row, or a row could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// The event cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The id of the stream is not a key.
    #[error("event {version} of stream `{stream}` is about no row: the id of its stream is no `{key_type}`")]
    StreamIsNoKey {
        /// The stream.
        stream: StreamId,
        /// The version of the event.
        version: Version,
        /// The type of the keys.
        key_type: &'static str,
        /// Why it is not.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// A key that is kept is not one.
    #[error("`{projection}` keeps a row whose key {key:?} is no `{key_type}`; raise the version of the projection")]
    NoKey {
        /// The name of the projection.
        projection: &'static str,
        /// The text that is kept.
        key: String,
        /// The type of the keys.
        key_type: &'static str,
        /// Why it is not.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// A row that is kept cannot be read: it was written by other code.
    #[error("row {key:?} of `{projection}` does not fit the code; raise the version of the projection")]
    Unreadable {
        /// The name of the projection.
        projection: &'static str,
        /// The key of the row.
        key: String,
        /// The error of the codec.
        #[source]
        cause: CodecError,
    },
    /// A row cannot be encoded.
    #[error("row {key:?} of `{projection}` cannot be encoded, after the event at position {position}")]
    Unwritable {
        /// The name of the projection.
        projection: &'static str,
        /// The key of the row.
        key: String,
        /// The event that changed it last.
        position: Position,
        /// The error of the codec.
        #[source]
        cause: CodecError,
    },
    /// An event that is tried again is about a row that has seen later events, because nobody knew that when it was parked.
    #[error(
        "row {key:?} of `{projection}` has seen the event at position {stored}, so that at position {position} comes too late; rebuild the projection"
    )]
    Overtaken {
        /// The name of the projection.
        projection: &'static str,
        /// The key of the row.
        key: String,
        /// The event that comes too late.
        position: Position,
        /// The event that changed the row last.
        stored: Position,
    },
    /// A value of a row does not fit into an index.
    #[error(
        "row {key:?} of `{projection}` does not fit into the index `{index}`, after the event at position {position}"
    )]
    NotIndexable {
        /// The name of the projection.
        projection: &'static str,
        /// The key of the row.
        key: String,
        /// The index.
        index: &'static str,
        /// The event that changed it last.
        position: Position,
        /// The value.
        #[source]
        cause: NotIndexable,
    },
}

#![doc = include_str!("../README.md")]

#[macro_use]
mod as_text;

// The words.
pub mod model;
pub mod shape;

mod codec;
mod fingerprint;
mod id;
mod index_value;
mod name;
mod stream;
mod time;
mod version;

// What is stored.
mod envelope;
mod metadata;

// The domain: pure, and testable without a store.
mod aggregate;
mod command;
mod decode_error;
mod event;
mod event_set;
mod hop;
#[cfg(feature = "json")]
pub mod process;
mod projection;
mod snapshotted;

// What is told about a domain.
#[cfg(feature = "json")]
pub mod catalogue;

// The port.
pub mod store;

// What works on stores alone.
pub mod copy;

mod processor;

mod upcasting;

// The drivers: the only modules that see both a domain and a store.
#[cfg(feature = "json")]
mod process_driver;
mod read_model;
mod repository;
mod runner;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

// Lets the derives' `::es_core` paths mean this crate in its own tests.
extern crate self as es_core;

pub use self::aggregate::{
    Abilities, Aggregate, AggregateEvent, Apply, ApplyTo, CommandAbilities, Invariant, ReadJson, StateAbilities,
    WriteJson,
};
pub use self::codec::{Codec, CodecError, Json};
pub use self::command::{Command, Decision, Handle, HandledBy};
pub use self::decode_error::{DecodeError, DecodeReason};
pub use self::envelope::{NewEvent, Payload, RecordedEvent};
pub use self::event::{Event, SplitInto, UpcastFrom};
pub use self::event_set::{EventSet, Events, Includes, IntoEvents};
pub use self::fingerprint::Fingerprint;
pub use self::hop::{HopError, HopFunction, OfPayload, OfRecorded};
pub use self::id::{EventId, IdSource, MessageId, UuidV7};
pub use self::index_value::{IndexValue, Indexed, NotIndexable};
pub use self::metadata::Metadata;
pub use self::name::{EventName, InvalidEventName};
#[cfg(feature = "json")]
pub use self::process::{ProcessManager, React};
#[cfg(feature = "json")]
pub use self::process_driver::{PendingDeadline, ProcessDriver, ProcessError, ProcessState};
pub use self::processor::{EventProcessor, EventRef, ProcessorError, Rebuild, Successor};
pub use self::projection::{
    Answer, AsyncProjectionInto, AsyncWriteTo, KeyedProjection, Project, ProjectRow, Projected, Projection,
    ProjectionInto, Query, RowChange, RowError, RowKey, WriteError, WriteTo,
};
pub use self::read_model::{
    AnswerFrom, AnswerMoved, AnswerUpdates, Answers, AsyncTableProjection, BusError, DuplicateAnswer, InlineStore,
    LiveRows, QueryBus, QueryBusBuilder, QueryError, ReadModel, RowSource, RowWork, Rows, RowsPage, TableProjection,
    WaitError,
};
pub use self::repository::{
    AsOf, CommandOptions, ExecuteError, Executed, LoadError, Loaded, Repository, RetryBudget, SnapshotFailure,
};
pub use self::runner::{ProjectionError, ProjectionRunner};
pub use self::shape::EventData;
pub use self::snapshotted::{Snapshotted, StateModel};
pub use self::stream::{InvalidStreamId, StreamId};
pub use self::time::{Clock, InvalidTimestamp, SystemClock, Timestamp};
pub use self::upcasting::{StreamUpcaster, UpcastingStore};
pub use self::version::{ExpectedVersion, Position, Version};

#[cfg(feature = "derive")]
pub use es_derive::{Aggregate, Command, Event, EventData, EventSet, ProcessManager, Projection};

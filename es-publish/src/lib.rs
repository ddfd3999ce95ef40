#![doc = include_str!("../README.md")]

// What travels.
mod binding;
mod cloud_event;

// What leaves, and where it goes.
mod outgoing;
mod target;

#[cfg(feature = "kafka")]
pub mod kafka;
mod memory_target;
#[cfg(feature = "nats")]
pub mod nats;
#[cfg(feature = "webhook")]
pub mod webhook;
#[cfg(feature = "webhook-signature")]
pub mod webhook_signature;

#[cfg(feature = "conformance")]
pub mod conformance;

// What drives it.
mod publisher;

// What comes in.
mod inbox;

pub use self::binding::{Binding, ContentMode, Encoded};
pub use self::cloud_event::{AttributeError, CloudEvent, DataError, ExtensionValue, ParseError, SPEC_VERSION};
pub use self::inbox::{Inbox, InboxError};
pub use self::memory_target::MemoryTarget;
pub use self::outgoing::{Outgoing, OutgoingError};
pub use self::publisher::{Failed, Publisher, PublisherStatus};
pub use self::target::{Message, PublishError, Target};

/// The guide, whose code is compiled.
#[cfg(all(doctest, feature = "kafka", feature = "nats", feature = "webhook"))]
#[doc = include_str!("../../docs/publishing.md")]
struct Guide;

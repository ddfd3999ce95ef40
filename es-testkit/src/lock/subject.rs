//! What `assert_locked!` is about: an aggregate or a process manager, as the type tells.

use std::marker::PhantomData;
use std::path::Path;

use es_core::Aggregate;
use es_core::process::ProcessManager;
use serde_json::Value;

/// A type whose shapes are locked; the compiler finds by its traits how.
#[derive(Debug)]
pub struct Subject<T>(PhantomData<fn() -> T>);

impl<T> Subject<T> {
    /// The type.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Default for Subject<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// The lock of an aggregate.
pub trait LockedAggregate {
    /// See [`assert_locked_with`](super::assert_locked_with).
    ///
    /// # Panics
    /// If the events differ from the lock.
    #[track_caller]
    fn assert_locked<'a>(&self, folder: impl AsRef<Path>, samples: impl IntoIterator<Item = (&'a str, u32, Value)>);
}

/// The lock of a process manager.
pub trait LockedProcess {
    /// See [`assert_process_locked_with`](super::assert_process_locked_with).
    ///
    /// # Panics
    /// If what the processes keep differs from the lock.
    #[track_caller]
    fn assert_locked<'a>(&self, folder: impl AsRef<Path>, samples: impl IntoIterator<Item = (&'a str, u32, Value)>);
}

impl<A: Aggregate> LockedAggregate for Subject<A> {
    #[track_caller]
    fn assert_locked<'a>(&self, folder: impl AsRef<Path>, samples: impl IntoIterator<Item = (&'a str, u32, Value)>) {
        super::assert_locked_with::<A>(folder, samples);
    }
}

// Behind one more reference, so that the compiler looks here only at what is no aggregate.
impl<P: ProcessManager> LockedProcess for &Subject<P> {
    #[track_caller]
    fn assert_locked<'a>(&self, folder: impl AsRef<Path>, samples: impl IntoIterator<Item = (&'a str, u32, Value)>) {
        super::assert_process_locked_with::<P>(folder, samples);
    }
}

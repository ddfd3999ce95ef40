//! What a driver remembers of the processes that were used last, so that a long one is not folded anew at every step.
//!
//! It decides nothing: what a process does next is decided on what the log has after what is remembered, and what the log
//! does not bear out is forgotten.

use std::fmt;
use std::sync::Arc;

use quick_cache::{Weighter, sync};

use super::history::History;
use crate::process::ProcessManager;
use crate::stream::StreamId;

/// How many events of all processes together are remembered, unless something else is said.
pub(super) const EVENTS: u64 = 1 << 16;

/// Folded processes, within a bound; clones share what is remembered.
pub(super) struct Memory<P>(Option<Arc<Folded<P>>>);

type Folded<P> = sync::Cache<StreamId, Arc<History<P>>, Events>;

/// A process is as large as its stream is long.
#[derive(Clone)]
struct Events;

impl<P> Weighter<StreamId, Arc<History<P>>> for Events {
    fn weight(&self, _: &StreamId, history: &Arc<History<P>>) -> u64 {
        history.process.version.get().max(1)
    }
}

impl<P: ProcessManager> Memory<P> {
    pub(super) fn of(events: u64) -> Self {
        // Most processes are short; it only says how much room is made at first.
        let items = usize::try_from(events / 8).unwrap_or(usize::MAX).clamp(1, 1 << 13);
        Self((events > 0).then(|| Arc::new(sync::Cache::with_weighter(items, events, Events))))
    }

    /// What is remembered, which is then nobody else's.
    pub(super) fn take(&self, stream: &StreamId) -> Option<History<P>> {
        Arc::into_inner(self.0.as_ref()?.remove(stream)?.1)
    }

    pub(super) fn keep(&self, history: History<P>) {
        if let Some(cache) = &self.0 {
            cache.insert(history.process.stream.clone(), Arc::new(history));
        }
    }
}

impl<P> Clone for Memory<P> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<P> fmt::Debug for Memory<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

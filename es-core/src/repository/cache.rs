//! What a repository remembers of the aggregates that were used last. It decides nothing: whether what it remembers
//! still holds, the log says.

use std::fmt;
use std::sync::Arc;

use quick_cache::sync;

use super::load::Loaded;
use crate::stream::StreamId;

/// States by stream, within a bound; clones share what is remembered.
pub(super) struct Cache<A> {
    entries: Arc<sync::Cache<StreamId, Arc<Loaded<A>>>>,
    copy: fn(&Loaded<A>) -> Loaded<A>,
}

impl<A: Clone> Cache<A> {
    pub(super) fn new(aggregates: usize) -> Self {
        Self { entries: Arc::new(sync::Cache::new(aggregates)), copy: Loaded::clone }
    }
}

impl<A> Cache<A> {
    /// A copy of what is remembered; what is done with it changes nothing here.
    pub(super) fn get(&self, stream: &StreamId) -> Option<Loaded<A>> {
        self.entries.get(stream).map(|entry| (self.copy)(&entry))
    }

    /// Remembers a copy, unless something newer is remembered.
    pub(super) fn keep(&self, loaded: &Loaded<A>) {
        if self.is_news(loaded) {
            self.put((self.copy)(loaded));
        }
    }

    /// Remembers, unless something newer is remembered.
    pub(super) fn keep_owned(&self, loaded: Loaded<A>) {
        if self.is_news(&loaded) {
            self.put(loaded);
        }
    }

    /// Forgets what the log has contradicted.
    pub(super) fn forget(&self, stream: &StreamId) {
        self.entries.remove(stream);
    }

    /// Another task may be faster between this answer and `put`; an older entry costs a conflict, and is never wrong.
    fn is_news(&self, loaded: &Loaded<A>) -> bool {
        let known = self.entries.peek(loaded.stream());
        loaded.exists() && known.is_none_or(|known| known.version() < loaded.version())
    }

    fn put(&self, loaded: Loaded<A>) {
        self.entries.insert(loaded.stream().clone(), Arc::new(loaded));
    }
}

impl<A> Clone for Cache<A> {
    fn clone(&self) -> Self {
        Self { entries: Arc::clone(&self.entries), copy: self.copy }
    }
}

impl<A> fmt::Debug for Cache<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("held", &self.entries.len())
            .field("room", &self.entries.capacity())
            .finish_non_exhaustive()
    }
}

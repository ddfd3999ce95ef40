//! What a repository remembers of the aggregates that were used last. It decides nothing: whether what it remembers
//! still holds, the log says.

use std::fmt;
use std::sync::{Arc, Mutex};

use foldhash::quality::RandomState;
use quick_cache::{UnitWeighter, sync};

use super::load::Loaded;
use crate::stream::StreamId;

/// States by stream, within a bound; clones share what is remembered.
pub(super) struct Cache<A> {
    entries: Arc<sync::Cache<StreamId, Entry<A>, UnitWeighter, RandomState>>,
    copy: fn(&Loaded<A>) -> Loaded<A>,
}

/// The last that is known of a stream. It moves on under the lock; if that panics, the lock is poisoned, and what is
/// half applied is known to nobody.
type Entry<A> = Arc<Mutex<Arc<Loaded<A>>>>;

/// What was remembered of a stream when it was asked for; others do not change it.
pub(super) struct Known<A> {
    entry: Entry<A>,
    loaded: Arc<Loaded<A>>,
    copy: fn(&Loaded<A>) -> Loaded<A>,
}

impl<A> Known<A> {
    pub(super) fn loaded(&self) -> &Loaded<A> {
        &self.loaded
    }

    /// A copy; what is done with it changes nothing that is remembered.
    pub(super) fn copied(&self) -> Loaded<A> {
        (self.copy)(&self.loaded)
    }

    /// Takes a step from what is remembered by now; copies only what somebody else looks at.
    pub(super) fn step(self, step: impl FnOnce(&mut Loaded<A>)) {
        let Self { entry, loaded, copy } = self;
        let Ok(mut held) = entry.lock() else { return };
        drop(loaded);
        if Arc::get_mut(&mut held).is_none() {
            *held = Arc::new(copy(&held));
        }
        if let Some(loaded) = Arc::get_mut(&mut held) {
            step(loaded);
        }
    }
}

impl<A: Clone> Cache<A> {
    pub(super) fn new(aggregates: usize) -> Self {
        let (weighter, hashed) = (UnitWeighter, RandomState::default());
        let entries =
            sync::Cache::with(aggregates, aggregates as u64, weighter, hashed, sync::DefaultLifecycle::default());
        Self { entries: Arc::new(entries), copy: Loaded::clone }
    }
}

impl<A> Cache<A> {
    /// What is remembered of the stream with this text.
    pub(super) fn get(&self, stream: &str) -> Option<Known<A>> {
        let entry = self.entries.get(stream)?;
        let loaded = Arc::clone(&*entry.lock().ok()?);
        Some(Known { entry, loaded, copy: self.copy })
    }

    /// Remembers a copy, unless something as new is remembered.
    pub(super) fn keep(&self, loaded: &Loaded<A>) {
        if self.is_news(loaded) {
            self.put((self.copy)(loaded));
        }
    }

    /// Remembers, unless something as new is remembered.
    pub(super) fn keep_owned(&self, loaded: Loaded<A>) {
        if self.is_news(&loaded) {
            self.put(loaded);
        }
    }

    /// Forgets what the log has contradicted.
    pub(super) fn forget(&self, stream: &StreamId) {
        self.entries.remove(stream.as_str());
    }

    /// Another task may be faster between this answer and `put`; an older entry costs a conflict, and is never wrong.
    fn is_news(&self, loaded: &Loaded<A>) -> bool {
        let known = self.entries.peek(loaded.stream().as_str());
        let version = known.and_then(|known| Some(known.lock().ok()?.version()));
        loaded.exists() && version.is_none_or(|version| version < loaded.version())
    }

    fn put(&self, loaded: Loaded<A>) {
        self.entries.insert(loaded.stream().clone(), Arc::new(Mutex::new(Arc::new(loaded))));
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

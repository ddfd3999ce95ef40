//! The ends of streams that were seen last, so that an append need not ask for them.
//!
//! They are guesses: what is written is checked by the server, and what is refused is looked up before.

use std::sync::Arc;

use es_core::StreamId;
use quick_cache::sync::Cache;

use crate::commit::{Commit, Tail};
use crate::error::NatsError;
use crate::js::{Failure, Js};
use crate::subject::Names;

/// The ends that are remembered.
pub(crate) struct Tails(Cache<StreamId, Arc<Tail>>);

/// The end of a stream as the leader has it, and the message that says so.
pub(crate) struct Fresh {
    pub(crate) tail: Arc<Tail>,
    pub(crate) last: Option<Commit>,
}

impl Tails {
    pub(crate) fn new(streams: usize) -> Self {
        Self(Cache::new(streams.max(1)))
    }

    pub(crate) fn remembered(&self, stream: &StreamId) -> Option<Arc<Tail>> {
        self.0.get(stream)
    }

    /// Remembers an end, unless a later one is known.
    pub(crate) fn remember(&self, stream: &StreamId, tail: &Arc<Tail>) {
        if tail.sequence > self.0.peek(stream).map_or(0, |known| known.sequence) {
            self.0.insert(stream.clone(), Arc::clone(tail));
        }
    }

    /// Asks the leader, and again if it has less than what was seen before: then it is leader no more.
    pub(crate) async fn fresh(&self, js: &Js, names: &Names, stream: &StreamId) -> Result<Fresh, NatsError> {
        let subject = names.of_stream(stream);
        let seen = self.0.peek(stream).map_or(0, |known| known.sequence);
        js.patiently(|| async {
            let last = js.last(&names.store, &subject).await?;
            let last = last.map(|last| Commit::decode(&names.store, last.sequence, &last.payload)).transpose()?;
            let tail = last.as_ref().map_or_else(Tail::empty, Commit::tail);
            if tail.sequence < seen {
                return Err(Failure::Passing("the server that answers is behind".to_owned()));
            }
            let tail = Arc::new(tail);
            if tail.sequence > 0 {
                self.remember(stream, &tail);
            }
            Ok(Fresh { tail, last })
        })
        .await
    }
}

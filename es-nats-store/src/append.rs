//! What an append does: rules 1 to 5 and 15 to 18, for the ids of one stream.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::HeaderMap;
use es_core::store::{AppendError, Appended, EventPlace, sent_before};
use es_core::{EventId, ExpectedVersion, NewEvent, StreamId};

use crate::commit::{self, Commit};
use crate::error::NatsError;
use crate::fetch::Fetch;
use crate::js::Published;
use crate::places;
use crate::store::Shared;
use crate::tails::Fresh;

impl Shared {
    /// Appends events that are within the limits.
    pub(crate) async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let failed = |error| failed(stream, error);
        let (subject, start) = (self.names.of_stream(stream), Instant::now());
        let mut tail = self.tails.remembered(stream);
        loop {
            // What is remembered is enough to write, and not enough to refuse.
            let remembered = tail
                .take()
                .filter(|tail| !events.is_empty() && expected.accepts(tail.version) && !tail.may_have(ids(&events)));
            let tail_now = if let Some(tail) = remembered {
                tail
            } else {
                let fresh = self.tails.fresh(&self.js, &self.names, stream).await.map_err(failed)?;
                if let Some(first) = self.find_again(stream, &fresh, &events).await? {
                    return Ok(first);
                }
                let actual = fresh.tail.version;
                if !expected.accepts(actual) {
                    return Err(AppendError::Conflict { stream: stream.clone(), expected, actual });
                }
                if events.is_empty() {
                    return Ok(Appended { version: actual, position: None });
                }
                fresh.tail
            };
            let message = commit::encode(stream, &tail_now, &events);
            self.check_size(stream, &subject, message.len())?;
            let published = self.js.publish(&subject, tail_now.sequence, HeaderMap::new(), message).await;
            match published.map_err(failed)? {
                Published::At(sequence) => {
                    let tail = Arc::new(tail_now.after(sequence, &events));
                    self.tails.remember(stream, &tail);
                    self.watch.grown(sequence);
                    return Ok(Appended { version: tail.version, position: Some(places::last(sequence)) });
                }
                // Somebody else was faster, or the server that was asked is behind.
                Published::NotAsExpected => {
                    let fresh = self.tails.fresh(&self.js, &self.names, stream).await.map_err(failed)?;
                    if fresh.tail.sequence == tail_now.sequence {
                        if start.elapsed() > self.js.patience {
                            let last = "the servers do not agree on the last message".to_owned();
                            return Err(failed(NatsError::NoAnswer { patience: self.js.patience, last }));
                        }
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    tail = Some(fresh.tail);
                }
            }
        }
    }

    /// The first outcome of an append that was sent before.
    async fn find_again(
        &self,
        stream: &StreamId,
        fresh: &Fresh,
        events: &[NewEvent],
    ) -> Result<Option<Appended>, AppendError> {
        let places = self.places(stream, fresh, ids(events)).await.map_err(|error| failed(stream, error))?;
        let again = sent_before(events.iter().map(|event| (stream, event.id)), |id| places.get(&id).cloned())?;
        let last = again.as_deref().and_then(<[_]>::last);
        Ok(last.map(|last| Appended { version: last.version, position: Some(last.position) }))
    }

    /// Where those of the ids are that the stream has.
    pub(crate) async fn places(
        &self,
        stream: &StreamId,
        Fresh { tail, last }: &Fresh,
        ids: impl Iterator<Item = EventId> + Clone,
    ) -> Result<HashMap<EventId, EventPlace>, NatsError> {
        let mut places = HashMap::new();
        let Some(last) = last.as_ref().filter(|_| tail.may_have(ids.clone())) else { return Ok(places) };
        let wanted: std::collections::HashSet<EventId> = ids.collect();
        let take = |commit: &Commit, places: &mut HashMap<EventId, EventPlace>| {
            for event in commit.events.iter().filter(|event| wanted.contains(&event.id)) {
                let place = EventPlace { stream: stream.clone(), version: event.version, position: event.position };
                places.insert(event.id, place);
            }
        };
        // Most often, what is sent again is what was sent last.
        take(last, &mut places);
        if places.len() == wanted.len() {
            return Ok(places);
        }
        let lowest = wanted.iter().map(|id| *id.as_uuid()).min().unwrap_or_default();
        let from = self.where_ids_begin(last, lowest).await?;
        let (subject, known) = (self.names.of_stream(stream), tail.sequence);
        let mut fetch = Fetch::new(&self.js, &self.names.store, &subject, from, known);
        while !fetch.is_done() && places.len() < wanted.len() {
            for stored in fetch.more(u64::MAX).await? {
                take(&Commit::decode(&self.names.store, stored.sequence, &stored.payload)?, &mut places);
            }
        }
        Ok(places)
    }

    /// A message at or before which all ids of the stream are below `lowest`; 1 if none is known.
    async fn where_ids_begin(&self, last: &Commit, lowest: uuid::Uuid) -> Result<u64, NatsError> {
        let mut milestones = last.milestones.clone();
        for level in 0.. {
            let Some(sequence) = milestones.level(level) else { break };
            let milestone = self.commit_at(sequence).await?;
            if milestone.highest < lowest {
                return Ok(sequence);
            }
            milestones = milestone.milestones;
        }
        Ok(1)
    }

    /// The server refuses a message that is too large only after it was sent.
    pub(crate) fn check_size(&self, stream: &StreamId, subject: &str, bytes: usize) -> Result<(), AppendError> {
        // What else the message has: its expectations, and those of a batch.
        let (actual, limit) = (bytes + subject.len() + 512, self.max_message);
        if actual > limit {
            let what = "bytes in one append with its metadata (`max_payload` of the server)";
            return Err(AppendError::LimitExceeded { stream: stream.clone(), what, actual, limit });
        }
        Ok(())
    }
}

pub(crate) fn ids(events: &[NewEvent]) -> impl Iterator<Item = EventId> + Clone {
    events.iter().map(|event| event.id)
}

pub(crate) fn failed(stream: &StreamId, error: NatsError) -> AppendError {
    AppendError::Store { stream: stream.clone(), cause: Box::new(error) }
}

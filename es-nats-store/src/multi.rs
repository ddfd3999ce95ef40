//! Appends to several streams: rules 30 to 34, as one atomic batch of messages.
//!
//! Each run of events for one stream is a message. A stream that is only checked has a message without events, of its own
//! subject, which carries the expectation; readers never see it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::HeaderMap;
use async_nats::header::{
    NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL, NATS_BATCH_ID, NATS_BATCH_SEQUENCE, NATS_EXPECTED_LAST_SUBJECT_SEQUENCE,
};
use bytes::Bytes;
use es_core::store::{
    EventPlace, Expectation, MultiAppend, MultiAppendError, MultiAppended, StreamAppended, Violation, sent_before,
};
use es_core::{EventId, NewEvent, StreamId};

use crate::commit::{self, Tail};
use crate::error::NatsError;
use crate::js::{Published, published};
use crate::places;
use crate::store::Shared;
use crate::tails::Fresh;

/// The subject that an expectation is about, if it is not that of the message itself.
const EXPECTED_SUBJECT: &str = "Nats-Expected-Last-Subject-Sequence-Subject";
/// How many messages the server takes in one batch.
const MOST: usize = 1_000;

/// A message of a batch.
struct Part {
    subject: String,
    /// The last sequence that is expected, and of which subject.
    expected: Option<(u64, Option<String>)>,
    payload: Bytes,
}

/// Events for one stream that stand next to each other.
struct Run<'a> {
    stream: &'a StreamId,
    events: &'a [NewEvent],
}

fn failed(error: NatsError) -> MultiAppendError {
    MultiAppendError::Store { cause: Box::new(error) }
}

impl Shared {
    /// Appends a batch that has been validated.
    pub(crate) async fn append_multi(&self, batch: MultiAppend) -> Result<MultiAppended, MultiAppendError> {
        let MultiAppend { appends, checks, events } = batch;
        let (order, events): (Vec<StreamId>, Vec<NewEvent>) = events.into_iter().unzip();
        let (runs, start) = (runs(&order, &events), Instant::now());
        let mut before = None;
        loop {
            let tails = self.ends(appends.iter().chain(&checks), order.is_empty()).await?;
            if let Some(again) = self.sent_again(&tails, &order, &events).await? {
                return Ok(outcome(&appends, &tails, &again));
            }
            let violations: Vec<_> = appends
                .iter()
                .chain(&checks)
                .map(|part| (part, tails[&part.stream].tail.version))
                .filter(|(part, actual)| !part.expected.accepts(*actual))
                .map(|(part, actual)| Violation { stream: part.stream.clone(), expected: part.expected, actual })
                .collect();
            if !violations.is_empty() {
                return Err(MultiAppendError::Conflict { violations });
            }
            if order.is_empty() {
                return Ok(outcome(&appends, &tails, &[]));
            }
            let seen: Vec<u64> = appends.iter().chain(&checks).map(|part| tails[&part.stream].tail.sequence).collect();
            if before.as_ref() == Some(&seen) {
                if start.elapsed() > self.js.patience {
                    let last = "the servers do not agree on the last messages".to_owned();
                    return Err(failed(NatsError::NoAnswer { patience: self.js.patience, last }));
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            before = Some(seen);
            let parts = self.parts(&tails, &checks, &runs)?;
            if let Some(last) = self.publish_batch(&parts).await.map_err(failed)? {
                return Ok(self.stored(&appends, &tails, &runs, last));
            }
        }
    }

    /// The ends of all streams; as of one moment, if nothing is written that would prove it.
    async fn ends(
        &self,
        parts: impl Iterator<Item = &Expectation> + Clone,
        of_one_moment: bool,
    ) -> Result<HashMap<StreamId, Fresh>, MultiAppendError> {
        let (mut before, start) = (None, Instant::now());
        loop {
            let mut ends = HashMap::new();
            for Expectation { stream, .. } in parts.clone() {
                ends.insert(stream.clone(), self.tails.fresh(&self.js, &self.names, stream).await.map_err(failed)?);
            }
            // Streams only grow, so those that are twice the same were so in between, all at once.
            let seen: HashMap<_, _> = ends.iter().map(|(stream, end)| (stream.clone(), end.tail.sequence)).collect();
            if !of_one_moment || ends.len() == 1 || before.replace(seen.clone()) == Some(seen) {
                return Ok(ends);
            }
            // A pause would only give others more time to append in between.
            if start.elapsed() > self.js.patience {
                let last = "others append to the streams each time".to_owned();
                return Err(failed(NatsError::NoAnswer { patience: self.js.patience, last }));
            }
        }
    }

    /// Where the events are, if they have been sent before.
    async fn sent_again(
        &self,
        tails: &HashMap<StreamId, Fresh>,
        order: &[StreamId],
        events: &[NewEvent],
    ) -> Result<Option<Vec<EventPlace>>, MultiAppendError> {
        let mut found: HashMap<EventId, EventPlace> = HashMap::new();
        for (stream, fresh) in tails {
            let ids = events.iter().map(|event| event.id);
            found.extend(self.places(stream, fresh, ids).await.map_err(failed)?);
        }
        let ids = order.iter().zip(events.iter().map(|event| event.id));
        Ok(sent_before(ids, |id| found.get(&id).cloned())?)
    }

    fn parts(
        &self,
        tails: &HashMap<StreamId, Fresh>,
        checks: &[Expectation],
        runs: &[Run<'_>],
    ) -> Result<Vec<Part>, MultiAppendError> {
        let mut parts: Vec<_> = checks
            .iter()
            .map(|check| {
                let about = self.names.of_stream(&check.stream);
                let expected = Some((tails[&check.stream].tail.sequence, Some(about)));
                Part { subject: self.names.of_checks(), expected, payload: Bytes::new() }
            })
            .collect();
        // What a stream ends with as the batch goes on; the sequences are known when it is stored.
        let mut ends: HashMap<&StreamId, Tail> = HashMap::new();
        for Run { stream, events } in runs {
            let subject = self.names.of_stream(stream);
            let tail = ends.get(stream).map_or(&*tails[*stream].tail, |tail| tail);
            let payload = commit::encode(stream, tail, events);
            self.check_size(stream, &subject, payload.len())?;
            // What is expected holds before the batch; its own messages need no proof.
            let expected = (!ends.contains_key(stream)).then_some((tail.sequence, None));
            let next = Tail { milestones: tail.milestones.clone(), ..tail.after(u64::MAX, events) };
            parts.push(Part { subject, expected, payload });
            ends.insert(stream, next);
        }
        if parts.len() > MOST {
            let (what, limit) = ("streams, and changes from one to another, in one append", MOST);
            let stream = runs[0].stream.clone();
            let refused = es_core::store::AppendError::LimitExceeded { stream, what, actual: parts.len(), limit };
            return Err(refused.into());
        }
        Ok(parts)
    }

    /// Sends the messages; the sequence of the last, or `None` if something is not as expected.
    async fn publish_batch(&self, parts: &[Part]) -> Result<Option<u64>, NatsError> {
        let published = self
            .js
            .patiently(|| async {
                let batch = self.marks().to_string();
                let mut answer = None;
                for (number, part) in (1..).zip(parts) {
                    let mut headers = HeaderMap::new();
                    headers.insert(NATS_BATCH_ID, batch.as_str());
                    headers.insert(NATS_BATCH_SEQUENCE, number.to_string());
                    if let Some((sequence, about)) = &part.expected {
                        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, sequence.to_string());
                        if let Some(about) = about {
                            headers.insert(EXPECTED_SUBJECT, about.as_str());
                        }
                    }
                    if number == parts.len() {
                        headers.insert(NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL);
                        let message = self.js.ask(&part.subject, Some(headers), part.payload.clone()).await?;
                        answer = Some(published(&part.subject, &message.payload)?);
                    } else {
                        self.js.send(&part.subject, headers, part.payload.clone()).await?;
                    }
                }
                answer.ok_or_else(|| NatsError::Closed.into())
            })
            .await?;
        Ok(match published {
            Published::At(sequence) => Some(sequence),
            Published::NotAsExpected => None,
        })
    }

    /// Remembers what was stored, and says it.
    fn stored(
        &self,
        appends: &[Expectation],
        tails: &HashMap<StreamId, Fresh>,
        runs: &[Run<'_>],
        last: u64,
    ) -> MultiAppended {
        let mut ends: HashMap<&StreamId, Arc<Tail>> = HashMap::new();
        for (Run { stream, events }, before_last) in runs.iter().zip((0..runs.len() as u64).rev()) {
            let tail = ends.get(stream).unwrap_or(&tails[*stream].tail).after(last - before_last, events);
            ends.insert(stream, Arc::new(tail));
        }
        let streams = appends.iter().map(|Expectation { stream, .. }| match ends.get(stream) {
            Some(tail) => {
                let position = Some(places::last(tail.sequence));
                StreamAppended { stream: stream.clone(), version: tail.version, position }
            }
            None => StreamAppended { stream: stream.clone(), version: tails[stream].tail.version, position: None },
        });
        let outcome = MultiAppended { streams: streams.collect(), position: Some(places::last(last)) };
        for (stream, tail) in &ends {
            self.tails.remember(stream, tail);
        }
        self.watch.grown(last);
        outcome
    }
}

/// What an append did that stored its events at these places, now or before.
fn outcome(appends: &[Expectation], tails: &HashMap<StreamId, Fresh>, places: &[EventPlace]) -> MultiAppended {
    let of = |stream: &StreamId| match places.iter().rev().find(|place| place.stream == *stream) {
        Some(place) => (place.version, Some(place.position)),
        None => (tails[stream].tail.version, None),
    };
    let streams = appends.iter().map(|Expectation { stream, .. }| {
        let (version, position) = of(stream);
        StreamAppended { stream: stream.clone(), version, position }
    });
    MultiAppended { streams: streams.collect(), position: places.last().map(|place| place.position) }
}

fn runs<'a>(order: &'a [StreamId], events: &'a [NewEvent]) -> Vec<Run<'a>> {
    let mut runs = Vec::new();
    let mut from = 0;
    for run in order.chunk_by(|one, next| one == next) {
        runs.push(Run { stream: &run[0], events: &events[from..from + run.len()] });
        from += run.len();
    }
    runs
}

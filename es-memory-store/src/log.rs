//! The log and its streams: every rule about what an append writes. It knows no waiting and no limits; the store wraps it
//! in those.

mod entries;
mod ids;
mod reading;
mod streams;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use es_core::store::{
    AppendError, Appended, EventPlace, MultiAppend, MultiAppendError, MultiAppended, StreamAppended, Violation, admit,
    sent_before,
};
use es_core::{EventId, ExpectedVersion, NewEvent, Position, RecordedEvent, StreamId, Version};

use self::entries::{Apart, Entries};
use self::ids::Ids;
use self::streams::Streams;

/// Every event, where its id is, and for each stream where its events are.
///
/// Who reads locks nothing but the shard of the stream, and that while positions are copied; who appends comes after all
/// that have appended before, and locks the shards of its streams while it writes.
#[derive(Default)]
pub(crate) struct Log {
    entries: Entries,
    streams: Streams,
    /// Locked before any shard, if both are.
    order: Apart<Mutex<Ids>>,
}

/// How often the right to append is asked for before a thread goes to sleep for it.
const TRIES: usize = 1_000;

/// Tries for longer than an append of a few events takes. Whoever sleeps instead, and has to be woken, loses several times as much.
fn awake<T>(lock: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    for _ in 0..TRIES {
        match lock.try_lock() {
            Ok(locked) => return Some(locked),
            // See `writer`.
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => (0..12).for_each(|_| std::hint::spin_loop()),
        }
    }
    None
}

/// The right to append: nobody else has it meanwhile.
pub(crate) struct Writer<'l> {
    entries: &'l Entries,
    streams: &'l Streams,
    ids: MutexGuard<'l, Ids>,
}

impl Log {
    /// Waits for those who append.
    pub(crate) fn writer(&self) -> Writer<'_> {
        let ids = awake(&self.order.0).unwrap_or_else(|| {
            // The lock is poisoned only by a panic during an append, which cannot panic while the log is half changed.
            self.order.0.lock().unwrap_or_else(PoisonError::into_inner)
        });
        Writer { entries: &self.entries, streams: &self.streams, ids }
    }

    /// The position of the last event.
    pub(crate) fn head(&self) -> Position {
        self.entries.head()
    }

    /// How many streams there are.
    pub(crate) fn streams(&self) -> usize {
        self.streams.count()
    }
}

impl Writer<'_> {
    /// The position of the last event.
    pub(crate) fn head(&self) -> Position {
        self.entries.head()
    }

    /// Rules 1 to 4 and 15 to 18. Cannot panic between its first and its last change.
    pub(crate) fn append(
        &mut self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let place = self.streams.place(stream);
        let mut shard = self.streams.write(place);
        let entry = shard.entry(place, stream);
        let mut version = entry.version();
        if let Some(outcome) = admit(stream, expected, &events, version, |id| find(&self.ids, self.entries, id))? {
            return Ok(outcome);
        }
        let (written, mut head) = (entry.with_room(events.len()), self.entries.head());
        for event in events {
            (version, head) = (version.next(), Position::new(head.get() + 1));
            self.ids.insert(event.id, head);
            self.entries.write(event.record(written.id().clone(), version, head));
            written.push(head);
        }
        // All of them at once, and before anybody reads the stream.
        self.entries.show_through(head);
        Ok(Appended { version, position: Some(head) })
    }

    /// Rules 30 to 34, of a batch that has been validated. Cannot panic between its first and its last change.
    pub(crate) fn append_multi(&mut self, batch: MultiAppend) -> Result<MultiAppended, MultiAppendError> {
        let ids = batch.events.iter().map(|(stream, event)| (stream, event.id));
        let sent = sent_before(ids, |id| self.find(id))?;
        let violations = if sent.is_some() { Vec::new() } else { self.violations(&batch) };
        let MultiAppend { appends, events, .. } = batch;
        let mut last_of = HashMap::new();
        let mut position = None;
        if let Some(places) = sent {
            for EventPlace { stream, version, position: at } in places {
                last_of.insert(stream, (version, Some(at)));
                position = Some(at);
            }
        } else {
            if !violations.is_empty() {
                return Err(MultiAppendError::Conflict { violations });
            }
            let mut shards = self.streams.write_several();
            let mut head = self.entries.head();
            for (stream, event) in events {
                head = Position::new(head.get() + 1);
                let place = self.streams.place(&stream);
                let written = shards.of(place).entry(place, &stream).with_room(1);
                let version = written.version().next();
                self.ids.insert(event.id, head);
                self.entries.write(event.record(written.id().clone(), version, head));
                written.push(head);
                position = Some(head);
                last_of.insert(stream, (version, position));
            }
            self.entries.show_through(head);
        }
        let outcome = |stream: StreamId| {
            let (version, position) = last_of.get(&stream).copied().unwrap_or((self.version(&stream), None));
            StreamAppended { stream, version, position }
        };
        Ok(MultiAppended { streams: appends.into_iter().map(|part| outcome(part.stream)).collect(), position })
    }

    /// The events as an append would store them; none, if it has been sent before.
    pub(crate) fn preview(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: &[NewEvent],
    ) -> Result<Vec<RecordedEvent>, AppendError> {
        let ids = events.iter().map(|event| (stream, event.id));
        if sent_before(ids, |id| self.find(id))?.is_some() {
            return Ok(Vec::new());
        }
        let actual = self.version(stream);
        if !expected.accepts(actual) {
            return Err(AppendError::Conflict { stream: stream.clone(), expected, actual });
        }
        Ok(self.recorded(events.iter().map(|event| (stream, event))))
    }

    /// The events as an append to several streams would store them; none, if it has been sent before.
    pub(crate) fn preview_multi(&self, batch: &MultiAppend) -> Result<Vec<RecordedEvent>, MultiAppendError> {
        let ids = batch.events.iter().map(|(stream, event)| (stream, event.id));
        if sent_before(ids, |id| self.find(id))?.is_some() {
            return Ok(Vec::new());
        }
        let violations = self.violations(batch);
        if !violations.is_empty() {
            return Err(MultiAppendError::Conflict { violations });
        }
        Ok(self.recorded(batch.events.iter().map(|(stream, event)| (stream, event))))
    }

    fn violations(&self, batch: &MultiAppend) -> Vec<Violation> {
        let violated = batch.appends.iter().chain(&batch.checks).filter_map(|part| {
            let (stream, expected, actual) = (part.stream.clone(), part.expected, self.version(&part.stream));
            (!expected.accepts(actual)).then_some(Violation { stream, expected, actual })
        });
        violated.collect()
    }

    fn recorded<'a>(&self, events: impl Iterator<Item = (&'a StreamId, &'a NewEvent)>) -> Vec<RecordedEvent> {
        let (mut versions, mut head) = (HashMap::new(), self.head());
        let record = |(stream, event): (&'a StreamId, &'a NewEvent)| {
            let version = versions.entry(stream).or_insert_with(|| self.version(stream));
            *version = version.next();
            head = Position::new(head.get() + 1);
            event.clone().record(stream.clone(), *version, head)
        };
        events.map(record).collect()
    }

    fn version(&self, stream: &StreamId) -> Version {
        let place = self.streams.place(stream);
        self.streams.read(place).version(place, stream)
    }

    fn find(&self, id: EventId) -> Option<EventPlace> {
        find(&self.ids, self.entries, id)
    }
}

fn find(ids: &Ids, entries: &Entries, id: EventId) -> Option<EventPlace> {
    let position = ids.find(id, entries)?;
    let RecordedEvent { stream, version, .. } = entries.at(position)?;
    Some(EventPlace { stream: stream.clone(), version: *version, position })
}

#[cfg(test)]
mod tests;

//! The target of a copy: compares what is there with what should be, and appends the rest. It knows nothing of the
//! source.

use std::collections::{HashMap, VecDeque};

use super::{Checksum, CopyError};
use crate::envelope::{NewEvent, RecordedEvent};
use crate::store::{AppendError, EventStore, ReadLog, ReadStream};
use crate::stream::StreamId;
use crate::version::{ExpectedVersion, Position, Version};

/// The log of the target after `start` is at any time the beginning of what is expected there, in the same order.
pub(super) struct Writer<'a, T: ?Sized> {
    target: &'a T,
    batch: usize,
    start: Position,
    /// Up to here the target is as expected.
    through: Position,
    /// What is to be there next, not yet compared or appended.
    expected: VecDeque<RecordedEvent>,
    /// What is there after `through`, as far as it has been read.
    found: VecDeque<RecordedEvent>,
    /// The version of each stream at `through`.
    versions: HashMap<StreamId, Version>,
    checksum: Checksum,
    present: u64,
    written: u64,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// There may be more in the target after what was found.
    Comparing,
    /// The target has been seen to end at `through`.
    Appending,
}

impl<'a, T: EventStore + ?Sized> Writer<'a, T> {
    pub(super) fn new(target: &'a T, start: Position, batch: usize) -> Self {
        Self {
            target,
            batch: batch.min(target.limits().batch_events).max(1),
            start,
            through: start,
            expected: VecDeque::new(),
            found: VecDeque::new(),
            versions: HashMap::new(),
            checksum: Checksum::EMPTY,
            present: 0,
            written: 0,
            state: State::Comparing,
        }
    }

    pub(super) fn through(&self) -> Position {
        self.through
    }

    /// How many of the expected events were there already, and how many have been appended.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.present, self.written)
    }

    /// Takes note of what is to be in the target next.
    pub(super) fn expect(&mut self, events: Vec<RecordedEvent>) {
        self.expected.extend(events);
    }

    /// Returns when everything expected is in the target.
    pub(super) async fn settle(&mut self) -> Result<(), CopyError> {
        while !self.expected.is_empty() {
            if self.state == State::Comparing {
                self.compare().await?;
            } else {
                self.append().await?;
            }
        }
        Ok(())
    }

    async fn compare(&mut self) -> Result<(), CopyError> {
        if self.found.is_empty() && !self.has_grown().await? {
            return Ok(());
        }
        while !self.expected.is_empty() {
            let Some(found) = self.found.pop_front() else { break };
            let Some(mut expected) = self.expected.pop_front() else { break };
            expected.version = match self.versions.get(&expected.stream) {
                Some(version) => version.next(),
                // The first event of the stream after `start` tells where the stream was before it.
                None if self.start > Position::START => found.version,
                None => Version::EMPTY.next(),
            };
            expected.position = found.position;
            if expected != found {
                return Err(CopyError::Diverged { expected: Box::new(expected), found: Box::new(found) });
            }
            self.settled(&found);
            self.present += 1;
        }
        Ok(())
    }

    /// Appends the first of the expected events and those after it that go to the same stream.
    async fn append(&mut self) -> Result<(), CopyError> {
        let Some(first) = self.expected.front() else { return Ok(()) };
        let (stream, first_id) = (first.stream.clone(), first.id);
        let version = match self.versions.get(&stream) {
            Some(version) => *version,
            None if self.start > Position::START => match self.version_at_end(&stream).await? {
                Some(version) => version,
                None => return Ok(()),
            },
            None => Version::EMPTY,
        };
        let together = self.expected.iter().take(self.batch).take_while(|event| event.stream == stream);
        let events: Vec<_> = together.cloned().map(NewEvent::from).collect();
        let count = events.len();
        match self.target.append(&stream, ExpectedVersion::Exact(version), events).await {
            // Sent before, and not where it was to go: what is there has to be compared.
            Ok(appended) if appended.version != version.plus(count as u64) => {
                if self.has_grown().await? {
                    return Ok(());
                }
                let (stored_in, version) = (stream.clone(), appended.version);
                Err(AppendError::EventIdStored { stream, id: first_id, stored_in, version }.into())
            }
            Ok(appended) => {
                let position = appended.position.unwrap_or(self.through);
                for number in 1..=count as u64 {
                    let Some(event) = self.expected.pop_front() else { break };
                    self.settled(&RecordedEvent { version: version.plus(number), position, ..event });
                    self.written += 1;
                }
                Ok(())
            }
            Err(conflict @ (AppendError::Conflict { .. } | AppendError::EventIdStored { .. })) => {
                // What an earlier run has sent may have arrived only now; then it is there to be compared.
                if self.has_grown().await? { Ok(()) } else { Err(conflict.into()) }
            }
            Err(error) => Err(error.into()),
        }
    }

    fn settled(&mut self, event: &RecordedEvent) {
        self.checksum.add(event);
        self.through = event.position;
        self.versions.insert(event.stream.clone(), event.version);
    }

    /// The version of a stream at the end of the target; `None` if the target does not end at `through` any more.
    async fn version_at_end(&mut self, stream: &StreamId) -> Result<Option<Version>, CopyError> {
        let nothing = ReadStream::all().limit(0);
        let page = self.target.read_stream(stream, nothing).await.map_err(|cause| CopyError::Target { cause })?;
        // In this order: what arrives after the look at the log makes the append a conflict.
        Ok(if self.has_grown().await? { None } else { Some(page.version) })
    }

    async fn has_grown(&mut self) -> Result<bool, CopyError> {
        let range = ReadLog::after(self.through).limit(self.batch);
        self.found = self.target.read_log(range).await.map_err(|cause| CopyError::Target { cause })?.events.into();
        let has_grown = !self.found.is_empty();
        self.state = if has_grown { State::Comparing } else { State::Appending };
        Ok(has_grown)
    }

    /// Reads everything after `start` again, and gives its checksum if that is as expected.
    pub(super) async fn verify(&self) -> Result<Checksum, CopyError> {
        let (mut found, mut through, mut end) = (Checksum::EMPTY, self.start, None);
        loop {
            let range = ReadLog::after(through).limit(self.batch);
            let page = self.target.read_log(range).await.map_err(|cause| CopyError::Target { cause })?;
            for event in &page.events {
                found.add(event);
            }
            // A target that gives no more, although it has more, has too few events, and that is noticed below.
            if page.through >= *end.get_or_insert(page.head) || page.through <= through {
                break;
            }
            through = page.through;
        }
        if found == self.checksum { Ok(found) } else { Err(CopyError::Mismatch { expected: self.checksum, found }) }
    }
}

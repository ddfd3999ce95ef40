//! Deciding: read, decide, append, and again if someone else was faster.

use super::Repository;
use super::execute::{ExecuteError, Executed};
use super::load::Loaded;
use super::options::CommandOptions;
use crate::aggregate::Aggregate;
use crate::codec::Codec;
use crate::command::HandledBy;
use crate::envelope::NewEvent;
use crate::event_set::{EventSet, Events};
use crate::id::{EventId, MessageId};
use crate::metadata::Metadata;
use crate::store::{AppendError, Appended, EventStore};
use crate::stream::StreamId;
use crate::time::Timestamp;
use crate::version::ExpectedVersion;

/// What a command did, and what will be read of what was appended, where that is of use and known.
pub(super) struct Decided<E> {
    pub(super) executed: Executed<E>,
    pub(super) read_back: KnownEvents<E>,
}

/// What all events that were appended will be read as; `None`, if that is not known.
type KnownEvents<E> = Option<Vec<ReadBack<E>>>;

/// What an event that was appended will be read as.
pub(super) struct ReadBack<E> {
    pub(super) id: EventId,
    pub(super) recorded_at: Timestamp,
    pub(super) read_as: Events<E>,
}

/// The id of an event of a command with an id.
pub(super) fn event_id(command_id: &MessageId, stream: &StreamId, index: usize) -> EventId {
    EventId::new(command_id.derive(&format!("{stream}/{index}")))
}

impl<E> Decided<E> {
    /// Applies what was appended, if it came right after what `loaded` has seen.
    pub(super) fn apply_to<A: Aggregate<Event = E>>(&mut self, loaded: &mut Loaded<A>) {
        let Some(read_back) = self.read_back.take() else { return };
        if loaded.version().plus(read_back.len() as u64) == self.executed.version {
            for event in read_back {
                loaded.take_in(event, self.executed.position);
            }
        }
    }
}

impl<A: Aggregate, S: EventStore, C: Codec> Repository<A, S, C> {
    /// Reads, decides and appends until an append succeeds; if `loaded` `may_be_late`, the first decision is made
    /// without reading.
    pub(super) async fn decide<M>(
        &self,
        loaded: &mut Loaded<A>,
        mut may_be_late: bool,
        command: M,
        options: &CommandOptions,
    ) -> Result<Decided<A::Event>, ExecuteError<A::Error>>
    where
        M: HandledBy<A> + Clone + Send,
    {
        let CommandOptions { command_id, expected: demanded, .. } = options;
        let (command_id, demanded) = (command_id.as_ref(), *demanded);
        let metadata = self.filled(options.metadata.clone(), command_id);
        let fingerprint = options.fingerprint.filter(|_| command_id.is_some());
        let metadata = fingerprint.into_iter().fold(metadata, Metadata::with_command_fingerprint);
        let creates = command.creates();
        let mut failed = 0;
        loop {
            if let Some(demanded) = demanded {
                self.refresh(loaded).await?;
                may_be_late = false;
                let (stream, actual) = (loaded.stream().clone(), loaded.version());
                if actual != demanded {
                    return Err(ExecuteError::Conflict { stream, expected: demanded, actual, attempts: 1 });
                }
            }
            let (decision, expected) = if creates {
                (command.clone().handled_by(&A::default()), ExpectedVersion::NoStream)
            } else {
                if !may_be_late && demanded.is_none() {
                    self.refresh(loaded).await?;
                }
                (command.clone().handled_by(loaded.state()), ExpectedVersion::Exact(loaded.version()))
            };
            let decided = decision.map_err(ExecuteError::Rejected);
            let decided =
                decided.and_then(|events| Ok((self.encoded(&events, loaded, &metadata, command_id)?, events)));
            if may_be_late && !matches!(&decided, Ok((new, _)) if !new.is_empty()) {
                // What appends nothing is held against no log, so it has to be decided on what is there now.
                may_be_late = false;
                continue;
            }
            let (new, events) = decided?;
            let (stream, last_event_id) = (loaded.stream().clone(), new.last().map(|event| event.id));
            if new.is_empty() && !creates {
                let (version, position) = (loaded.version(), loaded.position());
                let executed = Executed { stream, version, position, events, last_event_id, metadata };
                return Ok(Decided { executed, read_back: None });
            }
            let (new, read_back) = self.read_back(new, loaded);
            match self.store.append(&stream, expected, new).await {
                Ok(Appended { version, position }) => {
                    let position = position.unwrap_or(loaded.position());
                    let executed = Executed { stream, version, position, events, last_event_id, metadata };
                    return Ok(Decided { executed, read_back });
                }
                Err(AppendError::Conflict { actual, .. }) if creates => {
                    return Err(ExecuteError::AlreadyExists { stream, version: actual });
                }
                Err(AppendError::Conflict { .. }) if may_be_late => may_be_late = false,
                Err(AppendError::Conflict { actual, .. }) => {
                    failed += 1;
                    if demanded.is_some() || self.retry.is_spent_after(failed) {
                        let expected = loaded.version();
                        return Err(ExecuteError::Conflict { stream, expected, actual, attempts: failed });
                    }
                    self.retry.pause(failed).await;
                }
                Err(error) => return Err(ExecuteError::Append(error)),
            }
        }
    }

    /// What the events will be read as once they are stored, as far as that is known and somebody remembers it.
    fn read_back(&self, new: Vec<NewEvent>, loaded: &Loaded<A>) -> (Vec<NewEvent>, KnownEvents<A::Event>) {
        let stream = loaded.stream();
        if self.cache.is_none() || !self.store.reads_as_appended(stream) {
            return (new, None);
        }
        let (mut version, mut read_back) = (loaded.version(), Some(Vec::with_capacity(new.len())));
        let read = |event: NewEvent| {
            version = version.next();
            // It has no position yet, for which nobody asks: an event of today has no upcaster.
            let recorded = event.record(stream.clone(), version, loaded.position());
            let (id, recorded_at) = (recorded.id, recorded.recorded_at);
            match (A::Event::decode(&self.codec, &recorded), &mut read_back) {
                (Ok(read_as), Some(read)) => read.push(ReadBack { id, recorded_at, read_as }),
                // It is the log's to say so, to whoever reads it.
                _ => read_back = None,
            }
            recorded.into()
        };
        (new.into_iter().map(read).collect(), read_back)
    }

    /// Both ids default to that of the command, which is the first message of its own chain.
    fn filled(&self, metadata: Metadata, command_id: Option<&MessageId>) -> Metadata {
        if metadata.correlation_id().is_some() && metadata.causation_id().is_some() {
            return metadata;
        }
        let fresh = || MessageId::from(self.ids.next_id(self.clock.now()));
        let command_id = command_id.cloned().unwrap_or_else(fresh);
        let causation = metadata.causation_id().cloned().unwrap_or_else(|| command_id.clone());
        let correlation = metadata.correlation_id().cloned().unwrap_or(command_id);
        metadata.with_causation_id(causation).with_correlation_id(correlation)
    }

    fn encoded(
        &self,
        events: &Events<A::Event>,
        loaded: &Loaded<A>,
        metadata: &Metadata,
        command_id: Option<&MessageId>,
    ) -> Result<Vec<NewEvent>, ExecuteError<A::Error>> {
        let recorded_at = self.clock.now();
        let encode = |(index, event): (usize, &A::Event)| match event.encode(&self.codec) {
            Ok(payload) => Ok(NewEvent {
                id: match command_id {
                    Some(command_id) => event_id(command_id, loaded.stream(), index),
                    None => EventId::new(self.ids.next_id(recorded_at)),
                },
                name: event.name(),
                schema_version: event.schema_version(),
                recorded_at,
                metadata: metadata.clone(),
                payload: payload.into_boxed_slice().into(),
            }),
            Err(cause) => Err(ExecuteError::Encode { stream: loaded.stream().clone(), name: event.name(), cause }),
        };
        events.iter().enumerate().map(encode).collect()
    }
}

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
pub(super) type KnownEvents<E> = Option<Events<ReadBack<E>>>;

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
    /// Reads, decides and appends until an append succeeds.
    pub(super) async fn decide<M>(
        &self,
        loaded: &mut Loaded<A>,
        command: M,
        options: &CommandOptions,
        metadata: Metadata,
    ) -> Result<Decided<A::Event>, ExecuteError<A::Error>>
    where
        M: HandledBy<A> + Clone + Send,
    {
        let (creates, mut failed) = (command.creates(), 0);
        loop {
            if !creates || options.expected.is_some() {
                self.refresh(loaded).await?;
            }
            if let Some(expected) = options.expected.filter(|&expected| expected != loaded.version()) {
                let (stream, actual) = (loaded.stream().clone(), loaded.version());
                return Err(ExecuteError::Conflict { stream, expected, actual, attempts: 1 });
            }
            match self.attempt(loaded, command.clone(), options, metadata.clone(), self.clock.now()).await {
                Err(ExecuteError::Append(AppendError::Conflict { actual, .. })) => {
                    failed += 1;
                    let (stream, expected) = (loaded.stream().clone(), loaded.version());
                    if creates {
                        return Err(ExecuteError::AlreadyExists { stream, version: actual });
                    }
                    if options.expected.is_some() || self.retry.is_spent_after(failed) {
                        return Err(ExecuteError::Conflict { stream, expected, actual, attempts: failed });
                    }
                    self.retry.pause(failed).await;
                }
                decided => return decided,
            }
        }
    }

    /// Decides on `loaded`, and appends what follows, recorded at `now`, unless something has happened since.
    pub(super) async fn attempt<M>(
        &self,
        loaded: &Loaded<A>,
        command: M,
        options: &CommandOptions,
        metadata: Metadata,
        now: Timestamp,
    ) -> Result<Decided<A::Event>, ExecuteError<A::Error>>
    where
        M: HandledBy<A> + Send,
    {
        let creates = command.creates();
        let (decision, expected) = if creates {
            (command.handled_by(&A::default()), ExpectedVersion::NoStream)
        } else {
            (command.handled_by(loaded.state()), ExpectedVersion::Exact(loaded.version()))
        };
        let events = decision.map_err(ExecuteError::Rejected)?;
        let new = self.encoded(&events, loaded, &metadata, options.command_id.as_ref(), now)?;
        let (stream, last_event_id) = (loaded.stream().clone(), new.last().map(|event| event.id));
        if new.is_empty() && !creates {
            let (version, position) = (loaded.version(), loaded.position());
            let executed = Executed { stream, version, position, events, last_event_id, metadata };
            return Ok(Decided { executed, read_back: None });
        }
        let (new, read_back) = self.read_back(new, loaded);
        let appended = self.store.append(&stream, expected, new).await;
        let Appended { version, position } = appended.map_err(ExecuteError::Append)?;
        let position = position.unwrap_or(loaded.position());
        let executed = Executed { stream, version, position, events, last_event_id, metadata };
        Ok(Decided { executed, read_back })
    }

    /// What the events will be read as once they are stored, as far as that is known and somebody remembers it.
    fn read_back(&self, new: Vec<NewEvent>, loaded: &Loaded<A>) -> (Vec<NewEvent>, KnownEvents<A::Event>) {
        let stream = loaded.stream();
        if self.cache.is_none() || !self.store.reads_as_appended(stream) {
            return (new, None);
        }
        let (mut version, mut read_back) = (loaded.version(), Some(Events::none()));
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

    /// The metadata of a command: what its sender says, and what is filled in.
    pub(super) fn circumstances(&self, options: &CommandOptions, now: Timestamp) -> Metadata {
        let command_id = options.command_id.as_ref();
        let metadata = self.filled(options.metadata.clone(), command_id, now);
        let fingerprint = options.fingerprint.filter(|_| command_id.is_some());
        fingerprint.into_iter().fold(metadata, Metadata::with_command_fingerprint)
    }

    /// Both ids default to that of the command, which is the first message of its own chain.
    fn filled(&self, metadata: Metadata, command_id: Option<&MessageId>, now: Timestamp) -> Metadata {
        if metadata.correlation_id().is_some() && metadata.causation_id().is_some() {
            return metadata;
        }
        let fresh = || MessageId::from(self.ids.next_id(now));
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
        recorded_at: Timestamp,
    ) -> Result<Vec<NewEvent>, ExecuteError<A::Error>> {
        let mut encoded = Vec::with_capacity(events.len());
        for (index, event) in events.iter().enumerate() {
            let (payload, name) = (event.encode(&self.codec), event.name());
            let refused = |cause| ExecuteError::Encode { stream: loaded.stream().clone(), name: event.name(), cause };
            encoded.push(NewEvent {
                id: match command_id {
                    Some(command_id) => event_id(command_id, loaded.stream(), index),
                    None => EventId::new(self.ids.next_id(recorded_at)),
                },
                payload: payload.map_err(refused)?.into_boxed_slice().into(),
                schema_version: event.schema_version(),
                metadata: metadata.clone(),
                recorded_at,
                name,
            });
        }
        Ok(encoded)
    }
}

//! One aggregate from its first command on, in a store in memory: executes commands as a program would, and remembers
//! what became of them.

use std::cell::RefCell;
use std::fmt::{Debug, Write as _};

use es_core::store::{EventStore, ReadError, ReadLog, ReadStream};
use es_core::{
    Aggregate, EventName, EventSet, ExecuteError, HandledBy, InvalidStreamId, Json, Loaded, Metadata, Position,
    RecordedEvent, Repository, StreamId, Version,
};
use es_memory_store::MemoryStore;

use super::tally::Tally;
use crate::block_on::block_on;
use crate::clock::ManualClock;
use crate::ids::CountingIds;
use crate::round_trip::causes;

pub(super) struct Life<'a, A: Aggregate> {
    store: MemoryStore,
    repository: Repository<A, MemoryStore>,
    stream: StreamId,
    /// As the repository keeps it between commands.
    loaded: Loaded<A>,
    /// As the events have made it that the handlers returned.
    pub(super) applied: A,
    /// How many these were.
    version: Version,
    story: &'a RefCell<Story>,
    tally: &'a RefCell<Tally>,
}

/// An event that a handler returned and that was applied.
pub(super) struct Happened<'a, A: Aggregate> {
    pub(super) version: Version,
    pub(super) name: &'a EventName,
    pub(super) schema_version: u32,
    pub(super) shown: &'a str,
    pub(super) state: &'a A,
}

impl<'a, A> Life<'a, A>
where
    A: Aggregate,
    A::Command: HandledBy<A> + Clone + Debug + Send,
    A::Event: Debug,
{
    pub(super) fn begin(story: &'a RefCell<Story>, tally: &'a RefCell<Tally>) -> Result<Self, InvalidStreamId> {
        let (memory, stream) = (MemoryStore::new(), StreamId::new(A::NAME, "1")?);
        let repository =
            Repository::new(memory.clone()).with_clock(ManualClock::default()).with_ids(CountingIds::default());
        let loaded = Loaded::missing(stream.clone());
        Ok(Self {
            store: memory,
            repository,
            stream,
            loaded,
            applied: A::default(),
            version: Version::EMPTY,
            story,
            tally,
        })
    }

    /// Executes a command, and hands each event that happens to `see` after it was applied; says whether the command was
    /// accepted.
    pub(super) fn execute(
        &mut self,
        command: A::Command,
        see: &dyn Fn(&Happened<'_, A>) -> Result<(), String>,
    ) -> Result<bool, String> {
        let name = command.name();
        self.story.borrow_mut().begin(name, &command);
        let executed = block_on(self.repository.execute_on(&mut self.loaded, command, Metadata::new()));
        let events = match executed {
            Ok(executed) => executed.events,
            Err(ExecuteError::Rejected(error)) => return Ok(self.refused(name, causes(&error))),
            Err(ExecuteError::AlreadyExists { .. }) => return Ok(self.refused(name, "it already exists".to_owned())),
            Err(error) => return Err(format!("the last command could not be executed: {}", causes(&error))),
        };
        let names: Vec<_> = events.iter().map(EventSet::name).collect();
        self.story.borrow_mut().end(if names.is_empty() {
            "nothing".to_owned()
        } else {
            names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        });
        for (event, name) in events.into_iter().zip(&names) {
            let (schema_version, shown) = (event.schema_version(), format!("{event:#?}"));
            self.applied.apply_event(event);
            self.version = self.version.next();
            let (version, state) = (self.version, &self.applied);
            see(&Happened { version, name, schema_version, shown: &shown, state })?;
        }
        self.tally.borrow_mut().accept(name, names.into_iter());
        Ok(true)
    }

    fn refused(&self, command: &'static str, reason: String) -> bool {
        self.story.borrow_mut().end(format!("refused: {reason}"));
        self.tally.borrow_mut().refuse(command, reason);
        false
    }

    /// The aggregate as the store has it.
    pub(super) fn reloaded(&self) -> Result<Loaded<A>, String> {
        let mut loaded = Loaded::missing(self.stream.clone());
        block_on(self.repository.refresh(&mut loaded)).map_err(|error| causes(&error))?;
        Ok(loaded)
    }

    /// The state that the repository keeps between commands, with all that has happened.
    pub(super) fn kept(&mut self) -> Result<&A, String> {
        block_on(self.repository.refresh(&mut self.loaded)).map_err(|error| causes(&error))?;
        Ok(self.loaded.state())
    }

    /// The events that are stored.
    pub(super) fn stored(&self) -> Result<Vec<RecordedEvent>, String> {
        let page = block_on(self.store.read_stream(&self.stream, ReadStream::all()));
        page.map(|page| page.events).map_err(|error: ReadError| causes(&error))
    }

    /// The version of the stream, and the head of the log.
    pub(super) fn heads(&self) -> Result<(Version, Position), String> {
        let failed = |error: ReadError| causes(&error);
        let stream = block_on(self.store.read_stream(&self.stream, ReadStream::all().limit(1))).map_err(failed)?;
        let log = block_on(self.store.read_log(ReadLog::after(Position::START).limit(1))).map_err(failed)?;
        Ok((stream.version, log.head))
    }
}

/// The state that `events` make.
pub(super) fn replayed<A: Aggregate>(state: A, events: &[RecordedEvent]) -> Result<A, String> {
    let mut state = state;
    for event in events {
        state.replay(&Json, event).map_err(|error| causes(&error))?;
    }
    Ok(state)
}

/// The commands so far, and what became of them.
#[derive(Debug, Default)]
pub(super) struct Story(Vec<(String, Option<String>)>);

impl Story {
    /// `Deposit(Deposit { amount: 1 })` is told as `Deposit { amount: 1 }`.
    fn begin(&mut self, name: &str, command: &impl Debug) {
        let shown = format!("{command:?}");
        let inner = shown.split_once('(').and_then(|(_, inner)| inner.strip_suffix(')'));
        let inner = inner.filter(|inner| inner.starts_with(name)).map(ToOwned::to_owned);
        self.0.push((inner.unwrap_or(shown), None));
    }

    fn end(&mut self, became: String) {
        if let Some((_, last)) = self.0.last_mut() {
            *last = Some(became);
        }
    }

    pub(super) fn told(&self) -> String {
        let mut text = String::new();
        for (at, (command, became)) in self.0.iter().enumerate() {
            let became = became.as_deref().map(|became| format!(" -> {became}")).unwrap_or_default();
            let _ = write!(text, "\n  {}. {command}{became}", at + 1);
        }
        text
    }
}

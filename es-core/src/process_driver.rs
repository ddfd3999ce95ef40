//! The driver of process managers: records what a process decides, sends its commands, and fires its deadlines.

mod deadlines;
mod dispatch;
mod error;
mod history;
mod memory;
mod processing;
mod react;
mod record;

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use crate::codec::{Codec, Json};
use crate::process::ProcessManager;
use crate::store::{CheckpointName, EventFilter, InvalidCheckpointName};
use crate::time::{Clock, SystemClock};

pub use self::error::ProcessError;
pub use self::history::{PendingDeadline, ProcessState};

use self::deadlines::Agenda;
use self::memory::Memory;

/// The processes of one type in one store: an [`EventProcessor`](crate::EventProcessor) for a runner, which
/// [`catch_up`](Self::catch_up) stands in for where there is none.
///
/// Each process has a stream of its own, `shipping-order-17`, and everything goes through it:
///
/// 1. An event of the log reaches the process: it is appended to the stream as `process-reacted`, together with what the
///    process decided about it: commands, deadlines, its end. One event, so all of it or nothing.
/// 2. That event comes by in the log like any other. Now its commands are sent, each
///    [once](crate::Repository::execute_once) under an id that follows from it, and what became of them is appended as
///    `process-dispatched`, with the reaction to each that was refused.
/// 3. The checkpoint moves.
///
/// Wherever it is interrupted, it goes on: an event that is given again finds its reaction in the stream, and a command
/// that is sent again has been executed.
/// The state of a process is the fold of its stream, and what it decided is read from there, so that newer code does not
/// decide again what older code has decided.
///
/// Deadlines are in the same stream.
/// [`fire_due`](Self::fire_due) appends those that are due as `process-reacted`, and from there on it is as above.
///
/// Its stream has a copy of each event that it reacted to, as it was stored, which is read through the same hops.
/// A command is kept as JSON with its name and its version, and read through its hops.
///
/// A process that was used lately is not folded anew: its driver [remembers](Self::remembering) it, and reads on.
///
/// One of several instances should be at work at a time, as with every processor.
/// Should two be, no command is executed twice, no input reacted to twice, and no deadline reached twice; but if one finds a
/// command refused that the other finds accepted, whoever is second to record it fails with
/// [`ProcessError::OutcomesDiffer`].
pub struct ProcessDriver<P, S, C = Json> {
    store: S,
    codec: C,
    clock: Arc<dyn Clock>,
    name: CheckpointName,
    filter: EventFilter,
    agenda: Arc<Mutex<Agenda>>,
    memory: Memory<P>,
    process: PhantomData<fn() -> P>,
}

impl<P: ProcessManager, S> ProcessDriver<P, S> {
    /// The processes in `store`, with JSON payloads and the system's clock.
    ///
    /// # Errors
    /// The name of the process does not name a checkpoint.
    pub fn new(store: S) -> Result<Self, InvalidCheckpointName> {
        Self::with_codec(store, Json)
    }
}

impl<P: ProcessManager, S, C: Codec> ProcessDriver<P, S, C> {
    /// The processes in `store`, where events have payloads in the format of `codec`; those of the processes themselves
    /// are JSON.
    ///
    /// # Errors
    /// The name of the process does not name a checkpoint.
    pub fn with_codec(store: S, codec: C) -> Result<Self, InvalidCheckpointName> {
        Ok(Self {
            store,
            codec,
            clock: Arc::new(SystemClock),
            name: CheckpointName::new(P::NAME)?,
            filter: EventFilter::all().models(P::MODEL.events).names([record::REACTED.as_str()]),
            agenda: Arc::default(),
            memory: Memory::of(memory::EVENTS),
            process: PhantomData,
        })
    }

    /// Takes from `clock` when something is recorded, and which deadlines are due.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Remembers processes whose streams have up to so many events together; 0 for none.
    ///
    /// A process that is remembered is not folded anew: only what its stream has since then is read, at every step.
    /// It is 65,536 unless something else is said.
    #[must_use]
    pub fn remembering(mut self, events: u64) -> Self {
        self.memory = Memory::of(events);
        self
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.store
    }
}

impl<P, S: Clone, C: Clone> Clone for ProcessDriver<P, S, C> {
    fn clone(&self) -> Self {
        Self {
            store: self.store.clone(),
            codec: self.codec.clone(),
            clock: Arc::clone(&self.clock),
            name: self.name.clone(),
            filter: self.filter.clone(),
            agenda: Arc::clone(&self.agenda),
            memory: self.memory.clone(),
            process: PhantomData,
        }
    }
}

impl<P: ProcessManager, S, C> fmt::Debug for ProcessDriver<P, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessDriver").field("process", &P::NAME).finish_non_exhaustive()
    }
}

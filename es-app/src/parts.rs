//! The parts of an application, as they are checked and put together. It knows no store of a type.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use es_core::model::{AggregateModel, EventModel};
use es_core::store::{CheckpointName, EventFilter, InlineProjection};
use es_core::{Clock, ProcessorError, QueryBusBuilder};
use es_runner::{Options, Runner};

use crate::application::AppStore;
use crate::deadlines::Timer;
use crate::memory::InMemory;
use crate::wait::Waits;

/// What is kept of a part under its type.
pub(crate) type ByType = HashMap<TypeId, Box<dyn Any + Send + Sync>>;

pub(crate) type CatchUp = Pin<Box<dyn Future<Output = Result<(), ProcessorError>> + Send>>;

/// Makes the repository of an aggregate, and says whose it is.
pub(crate) type Build = Box<dyn FnOnce(AppStore, Arc<dyn Clock>) -> Built + Send>;
type Built = (TypeId, Box<dyn Any + Send + Sync>);
/// Adds a part to those that run.
pub(crate) type Add = Box<dyn FnOnce(&mut Assembly, Options) + Send>;
/// Adds an answer, from a read model or from a projection in memory.
pub(crate) type Answer = Box<dyn FnOnce(QueryBusBuilder, &ByType, &ByType) -> QueryBusBuilder + Send>;

#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) aggregates: Vec<AggregatePart>,
    pub(crate) processors: Vec<ProcessorPart>,
    pub(crate) inline: Vec<InlinePart>,
    pub(crate) answers: Vec<AnswerPart>,
    pub(crate) asked: Vec<(TypeId, &'static str)>,
    /// The read models, by the types of their rows.
    pub(crate) read_models: ByType,
    /// The types of the projections in memory.
    pub(crate) in_memory: Vec<TypeId>,
    /// The stored names of the projections into rows, without versions.
    pub(crate) projections: Vec<&'static str>,
    pub(crate) locks: Vec<String>,
    pub(crate) every_event_is_handled: bool,
}

pub(crate) struct AggregatePart {
    pub(crate) model: AggregateModel,
    pub(crate) ty: &'static str,
    pub(crate) build: Build,
}

pub(crate) struct ProcessorPart {
    pub(crate) name: CheckpointName,
    pub(crate) filter: EventFilter,
    /// The events that it decodes, as its code has them.
    pub(crate) events: Vec<EventModel>,
    /// The commands that it sends, each with the aggregate.
    pub(crate) sends: Vec<(&'static str, &'static str)>,
    /// `None`, if those of the application are meant.
    pub(crate) options: Option<Options>,
    /// Whether the runner drives it.
    pub(crate) is_driven: bool,
    pub(crate) follows: Option<CheckpointName>,
    pub(crate) add: Add,
}

pub(crate) struct InlinePart {
    pub(crate) name: CheckpointName,
    pub(crate) filter: EventFilter,
    pub(crate) events: Vec<EventModel>,
    pub(crate) projection: Arc<dyn InlineProjection>,
    pub(crate) waits: (TypeId, Arc<dyn Waits>),
    pub(crate) catch_up: CatchUp,
}

pub(crate) struct AnswerPart {
    pub(crate) query: (TypeId, &'static str),
    /// Which part answers; `None`, if it is not for the application to keep it up.
    pub(crate) by: Option<(TypeId, &'static str)>,
    pub(crate) add: Answer,
}

/// The parts while they are put together.
pub(crate) struct Assembly {
    /// `None` only while a processor is added.
    runner: Option<Runner>,
    pub(crate) store: AppStore,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) timers: Vec<Timer>,
    pub(crate) in_memory: Vec<Arc<dyn InMemory>>,
    pub(crate) waits: HashMap<TypeId, Arc<dyn Waits>>,
    /// Process drivers and projections in memory.
    pub(crate) by_type: ByType,
}

impl Assembly {
    pub(crate) fn new(runner: Runner, store: AppStore, clock: Arc<dyn Clock>) -> Self {
        let (timers, in_memory, waits, by_type) = (Vec::new(), Vec::new(), HashMap::new(), ByType::new());
        Self { runner: Some(runner), store, clock, timers, in_memory, waits, by_type }
    }

    pub(crate) fn add(&mut self, add: impl FnOnce(Runner) -> Runner) {
        self.runner = self.runner.take().map(add);
    }

    pub(crate) fn runner(&mut self) -> Option<Runner> {
        self.runner.take()
    }
}

impl Parts {
    /// The names of all that is kept up.
    pub(crate) fn names(&self) -> impl Iterator<Item = &CheckpointName> {
        let processors = self.processors.iter().map(|part| &part.name);
        processors.chain(self.inline.iter().map(|part| &part.name))
    }

    /// What the parts take from the log.
    pub(crate) fn filters(&self) -> impl Iterator<Item = &EventFilter> {
        let processors = self.processors.iter().map(|part| &part.filter);
        processors.chain(self.inline.iter().map(|part| &part.filter))
    }

    /// All events as the parts know them, and who does.
    pub(crate) fn events(&self) -> impl Iterator<Item = (String, &EventModel)> {
        let aggregates = self.aggregates.iter().flat_map(|part| {
            let events = part.model.events.iter().chain(part.model.split);
            events.map(move |event| (format!("the aggregate `{}`", part.model.name), event))
        });
        let processors =
            self.processors.iter().flat_map(|part| part.events.iter().map(|event| (format!("`{}`", part.name), event)));
        let inline =
            self.inline.iter().flat_map(|part| part.events.iter().map(|event| (format!("`{}`", part.name), event)));
        aggregates.chain(processors).chain(inline)
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let aggregates: Vec<_> = self.aggregates.iter().map(|part| part.model.name).collect();
        let queries: Vec<_> = self.answers.iter().map(|part| part.query.1).collect();
        f.debug_struct("Parts")
            .field("aggregates", &aggregates)
            .field("kept_up", &self.names().map(CheckpointName::as_str).collect::<Vec<_>>())
            .field("queries", &queries)
            .finish_non_exhaustive()
    }
}

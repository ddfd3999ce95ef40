//! What an application may consist of: aggregates, projections, processes, publishers, and answers to queries.

use std::any::{TypeId, type_name};
use std::sync::Arc;
use std::time::Duration;

use es_core::model::EventModel;
use es_core::store::{CheckpointName, CheckpointStore, EventFilter, InlineAppend, ReadModelStore, Subscribe};
use es_core::{
    Aggregate, Answer, AnswerFrom, Answers, EventProcessor, InlineStore, KeyedProjection, ProcessDriver,
    ProcessManager, ProcessorError, Projection, ProjectionRunner, Query, ReadModel, Repository, Successor,
};
use es_runner::Options;

use crate::application::{AppStore, Application};
use crate::deadlines::Timer;
use crate::memory::Memory;
use crate::parts::{AggregatePart, AnswerPart, Assembly, InlinePart, ProcessorPart};
use crate::wait::{Driven, InlineRows, Rows};

/// How often a checkpoint is looked at while somebody waits for it, since another node may move it.
const GLANCE: Duration = Duration::from_millis(50);

/// A read model as the application holds it.
pub(crate) type AppReadModel<P> = ReadModel<P, Arc<dyn ReadModelStore>>;

fn stored_name(name: &str) -> CheckpointName {
    CheckpointName::new(name).expect("the derive has checked the name")
}

impl<S: Subscribe + CheckpointStore + Clone + 'static> Application<S> {
    /// An aggregate, which takes commands.
    pub fn aggregate<A: Aggregate>(self) -> Self {
        self.aggregate_with::<A>(|repository| repository)
    }

    /// An aggregate with a cache, snapshots, or another retry budget: whatever its [`Repository`] can be told.
    pub fn aggregate_with<A: Aggregate>(
        mut self,
        configure: impl FnOnce(Repository<A, AppStore>) -> Repository<A, AppStore> + Send + 'static,
    ) -> Self {
        let build = Box::new(move |store: AppStore, clock: Arc<dyn es_core::Clock>| {
            let repository = Repository::<A, _>::new(store).with_clock(move || clock.now());
            (TypeId::of::<A>(), Box::new(configure(repository)) as _)
        });
        self.parts.aggregates.push(AggregatePart { model: A::MODEL, ty: type_name::<A>(), build });
        self
    }

    /// A projection into keyed rows, kept up behind the log; it can be [rebuilt](crate::RunningApplication::rebuild).
    pub fn projection<P: KeyedProjection>(self) -> Self
    where
        S: ReadModelStore,
    {
        self.keyed::<P>(None)
    }

    /// The same, run as `options` say.
    pub fn projection_with<P: KeyedProjection>(self, options: Options) -> Self
    where
        S: ReadModelStore,
    {
        self.keyed::<P>(Some(options))
    }

    fn keyed<P: KeyedProjection>(mut self, options: Option<Options>) -> Self
    where
        S: ReadModelStore,
    {
        let rows = self.read_model::<P>();
        let part = ProcessorPart {
            name: rows.checkpoint_name().clone(),
            filter: rows.filter(),
            events: [P::MODEL.events, P::MODEL.split].concat(),
            sends: Vec::new(),
            options,
            is_driven: true,
            follows: None,
            add: Box::new(move |assembly: &mut Assembly, options| {
                assembly.waits.insert(TypeId::of::<P>(), Arc::new(Rows(rows.clone())));
                assembly.add(|runner| runner.add_rebuildable(Arc::new(rows), options));
            }),
        };
        self.parts.processors.push(part);
        self
    }

    /// A projection into keyed rows that is kept up in the transaction of each append.
    ///
    /// When the application starts, it first catches up with the log.
    pub fn inline<P: KeyedProjection>(mut self) -> Self
    where
        S: InlineAppend,
    {
        let rows = self.read_model::<P>();
        let store = self.store.clone();
        let catch_up = async move {
            let rows = ReadModel::<P, _>::new(store);
            loop {
                match rows.catch_up().await {
                    Ok(_) => return Ok(()),
                    // Another node is at it, or appends; what it has done need not be done here.
                    Err(ProcessorError::Superseded { .. }) => tokio::task::yield_now().await,
                    Err(error) => return Err(error),
                }
            }
        };
        self.parts.inline.push(InlinePart {
            name: rows.checkpoint_name().clone(),
            filter: rows.filter(),
            events: [P::MODEL.events, P::MODEL.split].concat(),
            projection: rows.inline(),
            waits: (TypeId::of::<P>(), Arc::new(InlineRows(rows))),
            catch_up: Box::pin(catch_up),
        });
        self.make_log = Box::new(|store, projections| Arc::new(InlineStore::new(store, projections)));
        self
    }

    fn read_model<P: KeyedProjection>(&mut self) -> AppReadModel<P>
    where
        S: ReadModelStore,
    {
        let store: Arc<dyn ReadModelStore> = Arc::new(self.store.clone());
        self.rows = Some(Arc::clone(&store));
        let rows = ReadModel::<P, _>::new(store).polled(|| tokio::time::sleep(GLANCE));
        self.parts.projections.push(P::NAME);
        self.parts.read_models.insert(TypeId::of::<P>(), Box::new(rows.clone()));
        rows
    }

    /// A projection in the memory of each node, folded from the beginning of the log whenever it starts.
    pub fn in_memory<P: Projection>(mut self, projection: P) -> Self {
        self.parts.in_memory.push(TypeId::of::<P>());
        let events = [P::MODEL.events, P::MODEL.split].concat();
        let add = move |assembly: &mut Assembly, _| {
            let runner = ProjectionRunner::new(Arc::clone(&assembly.store), projection);
            let memory = Arc::new(Memory::new(stored_name(P::NAME), runner.clone()));
            assembly.by_type.insert(TypeId::of::<P>(), Box::new(runner));
            assembly.waits.insert(TypeId::of::<P>(), Arc::clone(&memory) as _);
            assembly.in_memory.push(memory);
        };
        self.parts.processors.push(ProcessorPart {
            name: stored_name(P::NAME),
            filter: EventFilter::all().models(&events),
            events,
            sends: Vec::new(),
            options: None,
            is_driven: false,
            follows: None,
            add: Box::new(add),
        });
        self
    }

    /// A process manager; its deadlines are reached when they are due.
    pub fn process<P: ProcessManager>(self) -> Self {
        self.managed::<P>(None)
    }

    /// The same, run as `options` say.
    pub fn process_with<P: ProcessManager>(self, options: Options) -> Self {
        self.managed::<P>(Some(options))
    }

    fn managed<P: ProcessManager>(mut self, options: Option<Options>) -> Self {
        let name = stored_name(P::NAME);
        let add = {
            let name = name.clone();
            move |assembly: &mut Assembly, options| {
                let clock = Arc::clone(&assembly.clock);
                let driver = ProcessDriver::<P, _>::new(Arc::clone(&assembly.store));
                let driver = driver.expect("the derive has checked the name").with_clock(move || clock.now());
                assembly.by_type.insert(TypeId::of::<P>(), Box::new(driver.clone()));
                assembly.waits.insert(TypeId::of::<P>(), Arc::new(Driven(name.clone())));
                assembly.timers.push(Timer::new(name, Arc::new(driver.clone())));
                assembly.add(|runner| runner.add(Arc::new(driver), options));
            }
        };
        self.parts.processors.push(ProcessorPart {
            name,
            filter: EventFilter::all().models(P::MODEL.events),
            events: P::MODEL.events.to_vec(),
            sends: P::MODEL.commands.iter().map(|(aggregate, command)| (*aggregate, command.type_name)).collect(),
            options,
            is_driven: true,
            follows: None,
            add: Box::new(add),
        });
        self
    }

    /// A publisher, or any other processor of yours.
    pub fn publisher<P: EventProcessor + 'static>(self, publisher: P) -> Self {
        self.other(publisher, None)
    }

    /// The same, run as `options` say.
    pub fn publisher_with<P: EventProcessor + 'static>(self, publisher: P, options: Options) -> Self {
        self.other(publisher, Some(options))
    }

    fn other<P: EventProcessor + 'static>(mut self, publisher: P, options: Option<Options>) -> Self {
        let (name, filter) = (publisher.name().clone(), publisher.filter());
        let add = move |assembly: &mut Assembly, options| {
            assembly.add(|runner| runner.add(Arc::new(publisher), options));
        };
        self.parts.processors.push(ProcessorPart {
            name,
            filter,
            events: Vec::<EventModel>::new(),
            sends: Vec::new(),
            options,
            is_driven: true,
            follows: None,
            add: Box::new(add),
        });
        self
    }

    /// The next version of the publisher `old`, which is a part of the application as well: silent, and not ahead of it,
    /// until it is [promoted](es_runner::Running::promote).
    pub fn successor<P: Successor + 'static>(mut self, publisher: P, old: &CheckpointName) -> Self {
        let (name, filter, of) = (publisher.name().clone(), publisher.filter(), old.clone());
        let add = move |assembly: &mut Assembly, options| {
            assembly.add(|runner| runner.add_successor(Arc::new(publisher), &of, options));
        };
        self.parts.processors.push(ProcessorPart {
            name,
            filter,
            events: Vec::new(),
            sends: Vec::new(),
            options: None,
            is_driven: true,
            follows: Some(old.clone()),
            add: Box::new(add),
        });
        self
    }

    /// The rows of the projection `P`, which is a part of the application, answer queries `Q`.
    pub fn answers<Q, P>(mut self) -> Self
    where
        Q: Query + Send + 'static,
        P: AnswerFrom<Q>,
    {
        self.parts.answers.push(AnswerPart {
            query: (TypeId::of::<Q>(), type_name::<Q>()),
            by: Some((TypeId::of::<P>(), type_name::<P>())),
            add: Box::new(|bus, read_models, _| {
                let rows = read_models.get(&TypeId::of::<P>()).and_then(|rows| rows.downcast_ref::<AppReadModel<P>>());
                match rows {
                    Some(rows) => bus.answer::<Q>(rows.clone()),
                    None => bus,
                }
            }),
        });
        self
    }

    /// The projection `P` in memory, which is a part of the application, answers queries `Q`.
    pub fn answers_in_memory<Q, P>(mut self) -> Self
    where
        Q: Query + Send + 'static,
        P: Projection + Answer<Q>,
    {
        self.parts.answers.push(AnswerPart {
            query: (TypeId::of::<Q>(), type_name::<Q>()),
            by: Some((TypeId::of::<P>(), type_name::<P>())),
            add: Box::new(|bus, _, by_type| {
                let found = by_type.get(&TypeId::of::<P>());
                match found.and_then(|found| found.downcast_ref::<ProjectionRunner<P, AppStore>>()) {
                    Some(runner) => bus.answer::<Q>(runner.clone()),
                    None => bus,
                }
            }),
        });
        self
    }

    /// Something of yours answers queries `Q`.
    pub fn answered_by<Q: Query + 'static>(mut self, by: impl Answers<Q> + 'static) -> Self {
        self.parts.answers.push(AnswerPart {
            query: (TypeId::of::<Q>(), type_name::<Q>()),
            by: None,
            add: Box::new(|bus, _, _| bus.answer::<Q>(by)),
        });
        self
    }

    /// Says that the application asks queries `Q`: if nobody answers them, it is not started.
    pub fn asks<Q: Query + 'static>(mut self) -> Self {
        self.parts.asked.push((TypeId::of::<Q>(), type_name::<Q>()));
        self
    }
}

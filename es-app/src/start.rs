//! The start: everything is checked, then put together, and only then something runs.

use std::collections::HashMap;
use std::sync::Arc;

use es_core::QueryBus;
use es_core::store::{CheckpointStore, Subscribe};
use es_runner::Runner;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::application::Application;
use crate::deadlines::Stopping;
use crate::parts::Assembly;
use crate::problem::StartError;
use crate::running::{Inner, RunningApplication};
use crate::sample::{OnUnknown, sample};

impl<S: Subscribe + CheckpointStore + Clone + 'static> Application<S> {
    /// Checks that everything fits, and runs it, until it is [stopped](RunningApplication::stop).
    ///
    /// # Errors
    /// See [`StartError`]; nothing runs then.
    ///
    /// # Panics
    /// If there is no runtime of tokio, or its time is not enabled.
    pub async fn start(self) -> Result<RunningApplication, StartError> {
        let Self { store, make_log, rows, leases, failures, run, mut parts } = self;
        let mut problems = parts.problems(&run, leases.is_some(), failures.is_some());
        let mut warnings = Vec::new();
        if let Some((events, on_unknown)) = run.sample {
            let found = sample(&store, &parts, events).await.map_err(StartError::Log)?;
            match on_unknown {
                OnUnknown::Warn => warnings = found,
                OnUnknown::Refuse => problems.extend(found),
            }
        }
        if !problems.is_empty() {
            return Err(StartError::Problems(problems));
        }

        let mut waits = HashMap::new();
        let mut inline = Vec::new();
        for part in std::mem::take(&mut parts.inline) {
            part.catch_up.await.map_err(|cause| StartError::CatchUp { name: part.name.clone(), cause })?;
            waits.insert(part.waits.0, part.waits.1);
            inline.push(part.projection);
        }
        let log = make_log(store, inline);

        let mut runner = Runner::new(Arc::clone(&log));
        let clock = Arc::clone(&run.clock);
        runner = runner.clock(move || clock.now());
        let has_leases = leases.is_some();
        if let Some(leases) = &leases {
            runner = runner.leases(Arc::clone(leases));
        }
        if let Some(failures) = failures {
            runner = runner.failures(failures);
        }
        runner = run.owner.into_iter().fold(runner, Runner::owner);
        runner = run.lease_time.into_iter().fold(runner, Runner::lease_time);
        runner = run.drain.into_iter().fold(runner, Runner::drain);

        let mut assembly = Assembly::new(runner, Arc::clone(&log), Arc::clone(&run.clock));
        let mut current: Vec<_> = parts.names().cloned().collect();
        current.sort();
        let base = parts.projections.clone();
        for part in parts.processors {
            (part.add)(&mut assembly, part.options.unwrap_or_else(|| run.options.clone()));
        }
        assembly.waits.extend(waits);
        let builder = QueryBus::builder();
        let bus =
            parts.answers.into_iter().fold(builder, |bus, part| (part.add)(bus, &parts.read_models, &assembly.by_type));
        let bus = bus.build().map_err(|twice| {
            StartError::Problems(vec![crate::problem::Problem::DuplicateAnswer { query: twice.query }])
        })?;
        let repositories = parts.aggregates.into_iter();
        let repositories = repositories.map(|part| (part.build)(Arc::clone(&log), Arc::clone(&run.clock))).collect();

        let runner = assembly.runner().unwrap_or_else(|| Runner::new(Arc::clone(&log)));
        let running = Arc::new(runner.start()?);
        let (stop, asked) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for timer in assembly.timers.clone() {
            let (running, clock, stopping) = (Arc::clone(&running), Arc::clone(&run.clock), Stopping(asked.clone()));
            tasks.spawn(timer.run(running, clock, has_leases, stopping));
        }
        for projection in assembly.in_memory.clone() {
            let stopping = Stopping(asked.clone());
            tasks.spawn(async move { projection.run(stopping).await });
        }
        Ok(RunningApplication::new(Inner {
            running,
            store: log,
            rows,
            leases,
            repositories,
            read_models: parts.read_models,
            by_type: assembly.by_type,
            waits: assembly.waits,
            bus,
            timers: assembly.timers,
            in_memory: assembly.in_memory,
            current,
            projections: base,
            warnings,
            stop,
            tasks: tokio::sync::Mutex::new(tasks),
        }))
    }
}

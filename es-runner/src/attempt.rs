//! One attempt at a batch: its parts handled side by side in tasks of their own, and then one commit.
//!
//! A task of its own, because a panic then ends nothing but the task.

use std::sync::Arc;

use es_core::{EventProcessor, Position, ProcessorError};
use tokio::task::JoinSet;

use crate::lanes::{Keyed, split};
use crate::trouble::Trouble;

/// What the tasks of an attempt end with.
pub(crate) enum Outcome<W> {
    Handled(usize, Result<W, ProcessorError>),
    Committed(Result<(), ProcessorError>),
}

/// Handles `events` and commits what is to be done about them.
///
/// Dropped half-way, what has begun goes on in `tasks`, which the caller ends and waits for.
pub(crate) async fn attempt<P: EventProcessor + 'static>(
    processor: &Arc<P>,
    tasks: &mut JoinSet<Outcome<P::Work>>,
    events: Vec<Keyed>,
    lanes: usize,
    expected: Option<Position>,
    through: Position,
) -> Result<(), Trouble> {
    let mut work: Vec<Option<P::Work>> = Vec::new();
    for (lane, part) in split(events, lanes).into_iter().enumerate() {
        work.push(None);
        let processor = Arc::clone(processor);
        tasks.spawn(async move { Outcome::Handled(lane, processor.handle(&part).await) });
    }
    let mut worst: Option<Trouble> = None;
    while let Some(ended) = tasks.join_next().await {
        let trouble = match ended {
            Ok(Outcome::Handled(lane, Ok(done))) => {
                work[lane] = Some(done);
                continue;
            }
            Ok(Outcome::Handled(_, Err(error)) | Outcome::Committed(Err(error))) => error.into(),
            Ok(Outcome::Committed(Ok(()))) => continue,
            Err(ended) => of_task(ended),
        };
        if worst.as_ref().is_none_or(|worst| trouble.rank() > worst.rank()) {
            worst = Some(trouble);
        }
    }
    if let Some(worst) = worst {
        return Err(worst);
    }
    let (work, processor) = (work.into_iter().flatten().collect(), Arc::clone(processor));
    tasks.spawn(async move { Outcome::Committed(processor.commit(work, expected, through).await) });
    match tasks.join_next().await {
        Some(Ok(Outcome::Committed(committed))) => Ok(committed?),
        Some(Err(ended)) => Err(of_task(ended)),
        Some(Ok(Outcome::Handled(..))) | None => unreachable!("the commit is the only task"),
    }
}

fn of_task(ended: tokio::task::JoinError) -> Trouble {
    match ended.try_into_panic() {
        Ok(panic) => Trouble::panic(&*panic),
        Err(cancelled) => Trouble::Store(vec![cancelled.to_string()]),
    }
}

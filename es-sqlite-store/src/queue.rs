//! Group commit without a thread: of those who wait, whoever is polled does the work for all. It knows nothing of what
//! the work is.
//!
//! Nobody is appointed: a task that is held back or dropped by its owner keeps nobody else from working.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// How often a task lets others join before it works.
const ROUNDS: u32 = 8;

/// What is done for many at once.
pub(crate) trait Work: Sync {
    type Task: Send;
    type Outcome: Send;

    /// How much of [`Work::MOST`] a task takes.
    fn weight(task: &Self::Task) -> usize;

    /// How much is done at once; a task that weighs more is done alone.
    const MOST: usize;

    /// Does the tasks, each with an outcome of its own, in this order.
    fn run(&self, tasks: Vec<Self::Task>) -> Vec<Self::Outcome>;

    /// The outcome of tasks that were given to a run which panicked.
    fn panicked() -> Self::Outcome;
}

/// Those who wait.
pub(crate) struct Queue<W: Work> {
    pub(crate) work: W,
    line: Mutex<Line<W>>,
}

struct Line<W: Work> {
    waiting: VecDeque<Arc<Place<W>>>,
    /// Whether somebody is working right now, on another thread.
    is_working: bool,
}

struct Place<W: Work>(Mutex<State<W>>);

struct State<W: Work> {
    task: Option<W::Task>,
    weight: usize,
    outcome: Option<W::Outcome>,
    waker: Option<Waker>,
}

impl<W: Work> Queue<W> {
    pub(crate) fn new(work: W) -> Self {
        Self { work, line: Mutex::new(Line { waiting: VecDeque::new(), is_working: false }) }
    }

    /// Does `task`, together with what others have to do. If the future is dropped, it may or may not have been done.
    pub(crate) fn join(&self, task: W::Task) -> Turn<'_, W> {
        let (weight, outcome, waker) = (W::weight(&task), None, None);
        let place = Arc::new(Place(Mutex::new(State { task: Some(task), weight, outcome, waker })));
        self.line().waiting.push_back(Arc::clone(&place));
        Turn { queue: self, place, seen: 0, rounds: 0 }
    }

    fn line(&self) -> MutexGuard<'_, Line<W>> {
        // Nothing panics while the line is half changed.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works for those who wait, unless somebody does.
    fn work(&self) {
        let mut line = self.line();
        if line.is_working {
            return;
        }
        line.is_working = true;
        // From here on, dropped last: also if the work panics, others can go on and nobody is left without an outcome.
        let _over = Over(self);
        let (mut taken, mut tasks, mut weight) = (Taken(Vec::new()), Vec::new(), 0);
        while let Some(place) = line.waiting.front() {
            let mut state = place.state();
            weight += state.weight;
            if weight > W::MOST && !tasks.is_empty() {
                break;
            }
            tasks.extend(state.task.take());
            drop(state);
            taken.0.extend(line.waiting.pop_front());
        }
        drop(line);
        if tasks.is_empty() {
            return;
        }
        let outcomes = self.work.run(tasks);
        for (place, outcome) in std::mem::take(&mut taken.0).into_iter().zip(outcomes) {
            place.complete(outcome);
        }
    }
}

impl<W: Work> Place<W> {
    fn state(&self) -> MutexGuard<'_, State<W>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn complete(&self, outcome: W::Outcome) {
        let waker = {
            let mut state = self.state();
            state.outcome = Some(outcome);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Those whose tasks are being done.
struct Taken<W: Work>(Vec<Arc<Place<W>>>);

impl<W: Work> Drop for Taken<W> {
    fn drop(&mut self) {
        for place in self.0.drain(..) {
            place.complete(W::panicked());
        }
    }
}

/// Lets those work who came meanwhile.
struct Over<'q, W: Work>(&'q Queue<W>);

impl<W: Work> Drop for Over<'_, W> {
    fn drop(&mut self) {
        let wakers: Vec<_> = {
            let mut line = self.0.line();
            line.is_working = false;
            line.waiting.iter().filter_map(|place| place.state().waker.take()).collect()
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// A place in the line; the future of the outcome.
pub(crate) struct Turn<'q, W: Work> {
    queue: &'q Queue<W>,
    place: Arc<Place<W>>,
    /// How many were waiting when it was polled last.
    seen: usize,
    rounds: u32,
}

impl<W: Work> Future for Turn<'_, W> {
    type Output = W::Outcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<W::Outcome> {
        loop {
            let waiting = {
                let line = self.queue.line();
                let mut state = self.place.state();
                if let Some(outcome) = state.outcome.take() {
                    return Poll::Ready(outcome);
                }
                // Taken by somebody who works, or to be woken when he is done; he needs both locks for either.
                if line.is_working {
                    state.waker = Some(cx.waker().clone());
                    return Poll::Pending;
                }
                line.waiting.len()
            };
            if waiting > self.seen && self.rounds < ROUNDS {
                // As long as others come, they are let in: one commit will do for all.
                (self.seen, self.rounds) = (waiting, self.rounds + 1);
                self.place.state().waker = Some(cx.waker().clone());
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.queue.work();
        }
    }
}

impl<W: Work> Drop for Turn<'_, W> {
    fn drop(&mut self) {
        let mut line = self.queue.line();
        if let Some(at) = line.waiting.iter().position(|place| Arc::ptr_eq(place, &self.place)) {
            line.waiting.remove(at);
        }
    }
}

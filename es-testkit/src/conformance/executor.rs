//! What drives a check: the runtimes that programs use, and none at all.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// What drives the futures of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Executor {
    /// Tokio with one thread for everything.
    CurrentThread,
    /// Tokio with four threads.
    MultiThread,
    /// No runtime: each task is a thread that polls its future and sleeps until it is woken.
    Threads,
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls a future on this thread until it is done.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let (mut future, mut cx) = (pin!(future), Context::from_waker(&waker));
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut cx) {
            return value;
        }
        thread::park();
    }
}

impl Executor {
    /// Runs a future to its end on this thread.
    ///
    /// # Panics
    /// If tokio cannot be started, or the future panics.
    pub fn block_on<T>(self, future: impl Future<Output = T>) -> T {
        use tokio::runtime::Builder;
        let runtime = match self {
            Self::Threads => return block_on(future),
            Self::CurrentThread => Builder::new_current_thread().enable_all().build(),
            Self::MultiThread => Builder::new_multi_thread().worker_threads(4).enable_all().build(),
        };
        runtime.expect("tokio starts").block_on(future)
    }

    /// Starts a task beside the one that runs.
    pub(super) fn spawn<T: Send + 'static>(self, future: impl Future<Output = T> + Send + 'static) -> Task<T> {
        let task = Task(Arc::new(Mutex::new(Slot { result: None, waker: None })));
        let slot = Arc::clone(&task.0);
        let run = async move {
            let result = Caught(Box::pin(future)).await;
            let mut slot = lock(&slot);
            slot.result = Some(result);
            if let Some(waker) = slot.waker.take() {
                waker.wake();
            }
        };
        match self {
            Self::Threads => drop(thread::spawn(move || block_on(run))),
            Self::CurrentThread | Self::MultiThread => drop(tokio::spawn(run)),
        }
        task
    }
}

struct Slot<T> {
    result: Option<Result<T, Box<dyn Any + Send>>>,
    waker: Option<Waker>,
}

fn lock<T>(slot: &Mutex<Slot<T>>) -> MutexGuard<'_, Slot<T>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A task that was started; awaiting it gives its result, and its panic if it panicked.
pub(super) struct Task<T>(Arc<Mutex<Slot<T>>>);

impl<T> Task<T> {
    /// Whether it has come to its end.
    pub(super) fn is_done(&self) -> bool {
        lock(&self.0).result.is_some()
    }
}

impl<T> Future for Task<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let mut slot = lock(&self.0);
        match slot.result.take() {
            Some(Ok(value)) => Poll::Ready(value),
            Some(Err(panic)) => {
                drop(slot);
                resume_unwind(panic)
            }
            None => {
                slot.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// A future whose panic is its result.
struct Caught<F>(Pin<Box<F>>);

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output, Box<dyn Any + Send>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}

/// Lets other tasks go first, once.
pub(super) async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
    thread::yield_now();
}

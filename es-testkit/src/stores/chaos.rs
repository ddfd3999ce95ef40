//! `ChaosStore`: calls that fail before or after they are done, come late, come twice, and take their time.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use async_trait::async_trait;
use es_core::store::{AppendError, Appended, EventStore, Limits, LogPage, ReadError, ReadLog, ReadStream, StreamPage};
use es_core::{ExpectedVersion, NewEvent, StreamId};

use super::fault::{ChaosError, Fault, Injected, Operation};
use super::plan::Plan;

/// A store around another, whose calls go wrong as its seed and its script say.
///
/// It has every capability that the store below has.
/// It breaks no rule of the [contract](es_core::store): each of its errors says that the outcome is unknown, and in one
/// sense or the other it is.
/// Whether a call goes wrong depends on the seed and on which call of its operation it is, not on what tasks run beside;
/// so a test that runs its calls in one order sees the same faults each time.
/// Cloning gives another handle to the same counts.
///
/// ```
/// use es_core::store::{AppendError, EventStore, ReadStream};
/// # use es_core::{EventId, EventName, Metadata, NewEvent, Timestamp};
/// use es_core::{ExpectedVersion, StreamId};
/// use es_memory_store::MemoryStore;
/// use es_testkit::stores::{ChaosStore, Fault, Operation};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (name, schema_version, metadata) = (EventName::from_static("account-opened"), 1, Metadata::new());
/// # let (id, recorded_at) = (EventId::new(uuid::Uuid::from_u128(1)), Timestamp::UNIX_EPOCH);
/// # let opened = NewEvent { id, name, schema_version, recorded_at, metadata, payload: "{}".into() };
/// let store = ChaosStore::new(MemoryStore::new(), 42)
///     .on(Operation::Append, 1, Fault::After)
///     .chance(Operation::ReadLog, Fault::Before, 0.1);
/// let stream = StreamId::new("account", "ada")?;
///
/// let lost = store.append(&stream, ExpectedVersion::NoStream, vec![opened.clone()]).await;
/// assert!(matches!(lost, Err(AppendError::Store { .. })));
///
/// // It was written all the same; sending the same event again finds out.
/// let found = store.append(&stream, ExpectedVersion::NoStream, vec![opened]).await?;
/// assert_eq!(found.version.get(), 1);
/// assert_eq!(store.read_stream(&stream, ReadStream::all()).await?.events.len(), 1);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct ChaosStore<S> {
    pub(super) store: S,
    plan: Arc<Plan>,
    state: Arc<State<S>>,
}

struct State<S> {
    calls: [AtomicU64; Operation::COUNT],
    injected: Mutex<Vec<Injected>>,
    late: Mutex<Vec<Box<dyn Late<S>>>>,
}

/// A call that reaches the store when its caller has given up; what it replies is lost.
#[async_trait]
pub(super) trait Late<S>: Send {
    async fn call(self: Box<Self>, store: &S);
}

struct LateAppend(StreamId, ExpectedVersion, Vec<NewEvent>);

#[async_trait]
impl<S: EventStore> Late<S> for LateAppend {
    async fn call(self: Box<Self>, store: &S) {
        let Self(stream, expected, events) = *self;
        drop(store.append(&stream, expected, events).await);
    }
}

impl<S> ChaosStore<S> {
    /// A store in which nothing goes wrong yet.
    pub fn new(store: S, seed: u64) -> Self {
        let state = State { calls: Default::default(), injected: Mutex::default(), late: Mutex::default() };
        Self { store, plan: Arc::new(Plan::new(seed)), state: Arc::new(state) }
    }

    /// The given call of an operation, counted from 1, goes wrong. Comes before all chances.
    #[must_use]
    pub fn on(mut self, operation: Operation, call: u64, fault: Fault) -> Self {
        Arc::make_mut(&mut self.plan).scripted.insert((operation, call), fault);
        self
    }

    /// Each call of an operation goes wrong with this chance: 0 is never, 1 is always.
    ///
    /// Several chances for one operation are drawn in the order in which they were given, until one hits.
    #[must_use]
    pub fn chance(mut self, operation: Operation, fault: Fault, chance: f64) -> Self {
        Arc::make_mut(&mut self.plan).chances.push((operation, fault, chance));
        self
    }

    /// Each call first lets other tasks run, up to `most` times; how often, the seed says.
    #[must_use]
    pub fn yields(mut self, most: u32) -> Self {
        Arc::make_mut(&mut self.plan).yields = most;
        self
    }

    /// Each call first waits for the future that `delay` makes from the operation and the number of the call.
    ///
    /// The timer is that of your runtime:
    ///
    /// ```
    /// use es_memory_store::MemoryStore;
    /// use es_testkit::stores::{ChaosStore, Operation};
    /// use std::time::Duration;
    ///
    /// let slow = ChaosStore::new(MemoryStore::new(), 1).delay(|operation, _call| async move {
    ///     if operation == Operation::Append {
    ///         tokio::time::sleep(Duration::from_millis(5)).await;
    ///     }
    /// });
    /// # let _ = slow;
    /// ```
    #[must_use]
    pub fn delay<F>(mut self, delay: impl Fn(Operation, u64) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Arc::make_mut(&mut self.plan).delay = Some(Arc::new(move |operation, call| Box::pin(delay(operation, call))));
        self
    }

    /// The store below, where nothing goes wrong.
    pub fn inner(&self) -> &S {
        &self.store
    }

    /// What has gone wrong until now, in that order; a test looks here whether it has tested anything.
    pub fn injected(&self) -> Vec<Injected> {
        // A list that is only pushed to is whole at any time.
        self.state.injected.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<S: EventStore> ChaosStore<S> {
    /// Lets the appends that are [late](Fault::Late) reach the store now.
    pub async fn settle(&self) {
        // As above; and whoever takes a late call makes it.
        let late = std::mem::take(&mut *self.state.late.lock().unwrap_or_else(PoisonError::into_inner));
        for late in late {
            late.call(&self.store).await;
        }
    }

    /// Makes a call as the plan wants it, or gives the error to report.
    pub(super) async fn disturb<T, F>(
        &self,
        operation: Operation,
        call: impl Fn() -> F + Send,
        late: impl FnOnce() -> Option<Box<dyn Late<S>>> + Send,
    ) -> Result<T, ChaosError>
    where
        T: Send,
        F: Future<Output = T> + Send,
    {
        let number = self.state.calls[operation as usize].fetch_add(1, Relaxed) + 1;
        for _ in 0..self.plan.yields(operation, number) {
            YieldOnce(false).await;
        }
        if let Some(delay) = &self.plan.delay {
            delay(operation, number).await;
        }
        self.settle().await;
        let Some(fault) = self.plan.fault(operation, number) else { return Ok(call().await) };
        let injected = Injected { operation, call: number, fault };
        self.state.injected.lock().unwrap_or_else(PoisonError::into_inner).push(injected);
        match fault {
            Fault::Before => {}
            Fault::After => drop(call().await),
            Fault::Late => self.state.late.lock().unwrap_or_else(PoisonError::into_inner).extend(late()),
            Fault::Twice => {
                drop(call().await);
                return Ok(call().await);
            }
        }
        Err(ChaosError(injected))
    }
}

impl<S: fmt::Debug> fmt::Debug for ChaosStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ChaosStore");
        shown.field("store", &self.store).field("plan", &self.plan).field("injected", &self.injected().len());
        shown.finish_non_exhaustive()
    }
}

#[async_trait]
impl<S: EventStore> EventStore for ChaosStore<S> {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let late = || Some(Box::new(LateAppend(stream.clone(), expected, events.clone())) as Box<dyn Late<S>>);
        let call = || self.store.append(stream, expected, events.clone());
        let fails = |cause| AppendError::Store { stream: stream.clone(), cause: Box::new(cause) };
        self.disturb(Operation::Append, call, late).await.map_err(fails)?
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        let call = || self.store.read_stream(stream, range.clone());
        self.disturb(Operation::ReadStream, call, || None).await.map_err(unread)?
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        self.disturb(Operation::ReadLog, || self.store.read_log(range.clone()), || None).await.map_err(unread)?
    }

    fn limits(&self) -> Limits {
        self.store.limits()
    }

    fn reads_as_appended(&self, stream: &StreamId) -> bool {
        self.store.reads_as_appended(stream)
    }
}

pub(super) fn unread(cause: ChaosError) -> ReadError {
    ReadError::Store { cause: Box::new(cause) }
}

/// Lets other tasks of the executor run.
struct YieldOnce(bool);

impl Future for YieldOnce {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

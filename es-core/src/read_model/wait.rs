//! Waiting until a read model has seen a position: reading one's own writes.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll::{Pending, Ready};
use std::{fmt, future};

use event_listener::EventListener;

use super::ReadModel;
use crate::projection::KeyedProjection;
use crate::store::{CheckpointError, CheckpointName, ReadModelStore};
use crate::version::Position;

/// Makes timers after which a read model is looked at, whether somebody in this process has changed it or not.
#[derive(Clone)]
pub(super) struct Poll(Arc<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>);

/// Why a read model has not been seen at a position.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// It did not come there in time.
    #[error("`{projection}` did not reach position {wanted} in time, it is at {}", shown(*seen))]
    Timeout {
        /// The read model.
        projection: CheckpointName,
        /// Where it was to come.
        wanted: Position,
        /// Where it is.
        seen: Option<Position>,
    },
    /// Its checkpoint could not be read.
    #[error(transparent)]
    Store(#[from] CheckpointError),
}

fn shown(position: Option<Position>) -> String {
    position.map_or("its beginning".to_owned(), |position| format!("position {position}"))
}

impl<P: KeyedProjection, S, C> ReadModel<P, S, C> {
    /// Looks at the checkpoint again after each timer that `timer` makes, for as long as somebody waits.
    ///
    /// Without it, those who [wait](Self::wait_for) are woken only by what clones of this handle commit; with it, also if
    /// the read model is kept up by another process.
    /// The timer is that of your runtime: `|| tokio::time::sleep(Duration::from_millis(20))`.
    /// What has been cloned before does not know of it.
    #[must_use]
    pub fn polled<F>(self, timer: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
        S: Clone,
        C: Clone,
    {
        let super::Shared { store, codec, name, filter, .. } = &*self.shared;
        let shared = super::Shared {
            store: store.clone(),
            codec: codec.clone(),
            name: name.clone(),
            filter: filter.clone(),
            moved: event_listener::Event::new(),
            poll: Some(Poll(Arc::new(move || Box::pin(timer())))),
        };
        Self { shared: Arc::new(shared), projection: self.projection }
    }

    /// Ends when the read model may have moved since this was called.
    pub(super) fn moved(&self) -> Moved {
        let timer = self.shared.poll.as_ref().map(|poll| (poll.0)());
        Moved { listener: Box::pin(self.shared.moved.listen()), timer }
    }
}

/// A move of a read model, or a timer.
pub(super) struct Moved {
    listener: Pin<Box<EventListener>>,
    timer: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Future for Moved {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<()> {
        if self.listener.as_mut().poll(cx).is_ready() {
            return Ready(());
        }
        match &mut self.timer {
            Some(timer) => timer.as_mut().poll(cx),
            None => Pending,
        }
    }
}

impl<P: KeyedProjection, S: ReadModelStore, C> ReadModel<P, S, C> {
    /// Returns when the read model has seen `position`: that of a [command](crate::Executed::position), to read one's own
    /// writes.
    ///
    /// It drives nothing: the read model is kept up by a runner or inline.
    /// `timeout` is a timer of your runtime: `tokio::time::sleep(Duration::from_secs(5))`.
    ///
    /// # Errors
    /// See [`WaitError`].
    pub async fn wait_for(&self, position: Position, timeout: impl Future<Output = ()>) -> Result<(), WaitError> {
        let mut timeout = pin!(timeout);
        loop {
            // Listening comes before looking, so that a commit between the two is not missed.
            let mut moved = self.moved();
            if self.seen().await? >= Some(position) {
                return Ok(());
            }
            let is_late = future::poll_fn(|cx| {
                if Pin::new(&mut moved).poll(cx).is_ready() {
                    return Ready(false);
                }
                timeout.as_mut().poll(cx).map(|()| true)
            });
            if is_late.await {
                // It may have come there without telling this handle.
                let seen = self.seen().await?;
                if seen >= Some(position) {
                    return Ok(());
                }
                return Err(WaitError::Timeout { projection: self.shared.name.clone(), wanted: position, seen });
            }
        }
    }

    async fn seen(&self) -> Result<Option<Position>, CheckpointError> {
        self.shared.store.load_checkpoint(&self.shared.name).await
    }
}

impl fmt::Debug for Poll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Poll")
    }
}

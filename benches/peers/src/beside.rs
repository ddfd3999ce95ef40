//! What the limit records beside an event: nothing, or what es-core does.

use std::sync::Arc;

use es_core::{Clock, IdSource, SystemClock, Timestamp, UuidV7};
use uuid::Uuid;

/// What is recorded beside an event.
pub trait Beside: Send + Sync + 'static {
    /// Where it comes from.
    type Source: Default + Send + Sync;
    /// What the events of a command, or of a batch, have in common.
    type Shared;

    fn shared(source: &Self::Source, is_command: bool) -> Self::Shared;

    fn of(source: &Self::Source, shared: &Self::Shared) -> Self;
}

impl Beside for () {
    type Source = ();
    type Shared = ();

    fn shared((): &(), _is_command: bool) {}

    fn of((): &(), (): &()) {}
}

/// A new id, the time, and of a command the ids of its correlation and causation.
pub struct Circumstances {
    _id: Uuid,
    _recorded_at: Timestamp,
    _chain: Option<Arc<Chain>>,
}

/// The ids that the events of a command have in common.
pub struct Chain {
    _correlation: Uuid,
    _causation: Uuid,
}

impl Beside for Circumstances {
    type Source = UuidV7;
    type Shared = (Timestamp, Option<Arc<Chain>>);

    fn shared(ids: &UuidV7, is_command: bool) -> Self::Shared {
        let now = SystemClock.now();
        let chain = is_command.then(|| {
            let command = ids.next_id(now);
            Arc::new(Chain { _correlation: command, _causation: command })
        });
        (now, chain)
    }

    fn of(ids: &UuidV7, (now, chain): &Self::Shared) -> Self {
        Self { _id: ids.next_id(*now), _recorded_at: *now, _chain: chain.clone() }
    }
}

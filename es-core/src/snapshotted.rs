//! An aggregate whose state can be kept: how it becomes bytes and back, and what tells that it was made by another fold.
//!
//! Knows no store; who keeps the bytes, and whether they may be used, is for the driver.

use std::any::type_name;
use std::fmt;

use crate::aggregate::Aggregate;
use crate::codec::{Codec, CodecError};
use crate::event_set::EventSet;
use crate::fingerprint::Fingerprint;
use crate::model::EventModel;
use crate::shape::Shape;

/// An aggregate of which snapshots can be taken.
///
/// Written by `#[derive(Aggregate)]` for `#[aggregate(.., snapshot(every = 200))]`; the state then needs
/// `serde::Serialize` and `serde::Deserialize`.
/// A [`Repository`](crate::Repository) takes and uses snapshots once it is told where they are kept.
///
/// ```
/// use es_core::{Aggregate, Apply, Event, Snapshotted};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
/// #[event(name = "counter-increased")]
/// pub struct CounterIncreased { pub by: u32 }
///
/// #[derive(Debug, Default, Serialize, Deserialize, Aggregate)]
/// #[aggregate(name = "counter", id = String, error = std::convert::Infallible,
///             events(CounterIncreased), commands(), snapshot(every = 200, fold = 2))]
/// pub struct Counter { total: u32 }
///
/// impl Apply<CounterIncreased> for Counter {
///     fn apply(&mut self, event: CounterIncreased) { self.total += event.by; }
/// }
///
/// assert_eq!((Counter::EVERY, Counter::FOLD), (200, 2));
/// assert_eq!(Counter::state_shape().to_string(), "{total: u32}");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` takes no snapshots",
    label = "`snapshot(..)` is missing in its `#[aggregate(..)]`",
    note = "write `#[aggregate(.., snapshot(every = 200))]`, and derive `serde::Serialize` and `serde::Deserialize`"
)]
pub trait Snapshotted: Aggregate {
    /// After how many events another snapshot is due.
    const EVERY: u64;
    /// The version of the fold: raised by hand where `apply` makes another state of the same events.
    const FOLD: u32;

    /// What the state looks like in a snapshot.
    fn state_shape() -> Shape;

    /// Encodes the state.
    ///
    /// # Errors
    /// What the codec refuses.
    fn encode_state<C: Codec>(&self, codec: &C) -> Result<Vec<u8>, CodecError>;

    /// Decodes a state.
    ///
    /// # Errors
    /// The bytes do not fit.
    fn decode_state<C: Codec>(codec: &C, bytes: &[u8]) -> Result<Self, CodecError>;

    /// What a snapshot depends on beside the stored events: the shape of the state, the events with their versions,
    /// shapes and hops, and the version of the fold.
    ///
    /// What `apply` does is not seen; `es_testkit::assert_locked!` sees it by what it makes of sample events, and asks
    /// for a new [`FOLD`](Self::FOLD).
    fn fold_fingerprint() -> Fingerprint {
        let mut parts = vec![
            Self::NAME.to_owned(),
            format!("fold {}", Self::FOLD),
            Self::state_shape().sorted().to_string(),
            format!("retired {:?}", Self::Event::RETIRED),
        ];
        for (kind, models) in [("event", Self::Event::EVENTS), ("split", Self::Event::SPLIT)] {
            parts.extend(models.iter().map(|model| told::<Self>(kind, model)));
        }
        Fingerprint::of(parts)
    }

    /// The fingerprint of snapshots of this type that are encoded by `C`.
    fn snapshot_fingerprint<C: Codec>() -> Fingerprint {
        // A parameter need not tell its shape, but has a name; the path of the aggregate itself does not matter.
        let arguments = type_name::<Self>().split_once('<').map_or("", |(_, arguments)| arguments);
        Fingerprint::of([Self::fold_fingerprint().to_string().as_str(), arguments, type_name::<C>()])
    }
}

/// What [`Snapshotted`] says, for those who know only an [`Aggregate`]: `Account::SNAPSHOTS`.
pub struct StateModel<A> {
    every: u64,
    fold: u32,
    shape: fn() -> Shape,
    fingerprint: fn() -> Fingerprint,
    #[cfg(feature = "json")]
    to_json: fn(&A) -> Result<Vec<u8>, CodecError>,
    #[cfg(feature = "json")]
    from_json: fn(&[u8]) -> Result<A, CodecError>,
    #[cfg(not(feature = "json"))]
    state: std::marker::PhantomData<fn(&A)>,
}

impl<A: Snapshotted> StateModel<A> {
    /// That of `A`.
    pub const fn new() -> Self {
        Self {
            every: A::EVERY,
            fold: A::FOLD,
            shape: A::state_shape,
            fingerprint: A::fold_fingerprint,
            #[cfg(feature = "json")]
            to_json: |state| state.encode_state(&crate::codec::Json),
            #[cfg(feature = "json")]
            from_json: |bytes| A::decode_state(&crate::codec::Json, bytes),
            #[cfg(not(feature = "json"))]
            state: std::marker::PhantomData,
        }
    }
}

impl<A> StateModel<A> {
    /// [`Snapshotted::EVERY`].
    pub fn every(&self) -> u64 {
        self.every
    }

    /// [`Snapshotted::FOLD`].
    pub fn fold(&self) -> u32 {
        self.fold
    }

    /// [`Snapshotted::state_shape`].
    pub fn shape(&self) -> Shape {
        (self.shape)()
    }

    /// [`Snapshotted::fold_fingerprint`].
    pub fn fingerprint(&self) -> Fingerprint {
        (self.fingerprint)()
    }

    /// The state as JSON.
    ///
    /// # Errors
    /// What its `Serialize` refuses.
    #[cfg(feature = "json")]
    pub fn to_json(&self, state: &A) -> Result<Vec<u8>, CodecError> {
        (self.to_json)(state)
    }

    /// The state that was written as JSON.
    ///
    /// # Errors
    /// What its `Deserialize` refuses.
    #[cfg(feature = "json")]
    pub fn from_json(&self, bytes: &[u8]) -> Result<A, CodecError> {
        (self.from_json)(bytes)
    }
}

impl<A: Snapshotted> Default for StateModel<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A> fmt::Debug for StateModel<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateModel").field("every", &self.every).field("fold", &self.fold).finish_non_exhaustive()
    }
}

/// Everything of an event that decides what a stored payload is read as.
fn told<A: Aggregate>(kind: &str, model: &EventModel) -> String {
    let EventModel { name, aliases, version, oldest, hops, .. } = model;
    let shapes: Vec<_> = (*oldest..=*version)
        .map(|version| A::Event::shape(name, version).map(|shape| shape.sorted().to_string()))
        .collect();
    format!("{kind} {name} {aliases:?} {oldest}..={version} {hops:?} {shapes:?}")
}

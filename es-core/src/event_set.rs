//! The events of one aggregate as one type, and the events that a decision makes.

use std::fmt;

use crate::codec::{Codec, CodecError};
use crate::decode_error::DecodeError;
use crate::envelope::RecordedEvent;
use crate::model::EventModel;
use crate::name::EventName;
use crate::shape::Shape;

/// A closed set of events: an enum with one variant for each.
///
/// `#[derive(Aggregate)]` writes the enum and this implementation; `#[derive(EventSet)]` writes only the
/// implementation, for an enum of your own.
///
/// ```
/// use es_core::{Event, EventSet};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Serialize, Deserialize, Event)]
/// #[event(name = "light-switched-on")]
/// pub struct SwitchedOn;
///
/// #[derive(Debug, Serialize, Deserialize, Event)]
/// #[event(name = "light-switched-off")]
/// pub struct SwitchedOff;
///
/// #[derive(Debug, EventSet)]
/// pub enum LightEvent {
///     On(SwitchedOn),
///     Off(SwitchedOff),
/// }
///
/// assert_eq!(LightEvent::from(SwitchedOn).name(), "light-switched-on");
/// assert_eq!(LightEvent::EVENTS.len(), 2);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of events",
    label = "used as a set of events, but `EventSet` is not derived for it",
    note = "write `#[derive(EventSet)]` on the enum"
)]
pub trait EventSet: Sized + Send + 'static {
    /// The events, in the order of the source.
    const EVENTS: &'static [EventModel];
    /// Events that are stored, but read as others.
    const SPLIT: &'static [EventModel];
    /// The stored names of events that are counted by the version of a stream, but never read.
    const RETIRED: &'static [&'static str];

    /// The stored name of this event.
    fn name(&self) -> EventName;

    /// The version of this event's current shape.
    fn schema_version(&self) -> u32;

    /// Encodes this event in its current version.
    ///
    /// # Errors
    /// What the codec refuses.
    fn encode<C: Codec>(&self, codec: &C) -> Result<Vec<u8>, CodecError>;

    /// Reads a stored event and brings it to its current version.
    ///
    /// That is one event, but for those that are [split](crate::SplitInto) and those that are retired.
    ///
    /// # Errors
    /// The stored name is not in the set, or [`Event::decode`](crate::Event::decode) fails.
    fn decode<C: Codec>(codec: &C, recorded: &RecordedEvent) -> Result<Events<Self>, DecodeError>;

    /// What payloads of a version look like, of an event in [`EVENTS`](Self::EVENTS) or [`SPLIT`](Self::SPLIT).
    fn shape(name: &str, version: u32) -> Option<Shape>;
}

/// Says that `E` is an event of the set.
#[diagnostic::on_unimplemented(
    message = "`{E}` is not an event of `{Self}`",
    label = "`{E}` is not listed in `events(..)`",
    note = "add `{E}` to `events(..)` of the aggregate"
)]
pub trait Includes<E>: EventSet + From<E> {
    /// The event, if it is that one.
    ///
    /// # Errors
    /// The set unchanged, if it is another.
    fn pick(self) -> Result<E, Self>;
}

/// The events of one decision, in order: none, one or several.
///
/// Made by [`events!`](crate::events); a single event is not put on the heap.
///
/// ```
/// use es_core::Events;
///
/// let events: Events<u8> = vec![1, 2].into();
/// assert_eq!(events.as_slice(), [1, 2]);
/// assert!(Events::<u8>::none().is_empty());
/// ```
#[derive(Clone)]
pub struct Events<E>(Held<E>);

#[derive(Clone)]
enum Held<E> {
    None,
    One(E),
    Several(Vec<E>),
}

impl<E> Events<E> {
    /// Nothing happens.
    pub const fn none() -> Self {
        Self(Held::None)
    }

    /// One event.
    pub const fn one(event: E) -> Self {
        Self(Held::One(event))
    }

    /// The events in order.
    pub fn as_slice(&self) -> &[E] {
        match &self.0 {
            Held::None => &[],
            Held::One(event) => std::slice::from_ref(event),
            Held::Several(events) => events,
        }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    /// One more, after the others.
    pub(crate) fn push(&mut self, event: E) {
        self.0 = match std::mem::replace(&mut self.0, Held::None) {
            Held::None => Held::One(event),
            Held::One(first) => Held::Several(vec![first, event]),
            Held::Several(mut events) => {
                events.push(event);
                Held::Several(events)
            }
        };
    }

    /// The events in order.
    pub fn iter(&self) -> std::slice::Iter<'_, E> {
        self.as_slice().iter()
    }
}

impl<E> From<Vec<E>> for Events<E> {
    fn from(events: Vec<E>) -> Self {
        Self(Held::Several(events))
    }
}

impl<E> FromIterator<E> for Events<E> {
    fn from_iter<I: IntoIterator<Item = E>>(events: I) -> Self {
        Self(Held::Several(events.into_iter().collect()))
    }
}

impl<E> IntoIterator for Events<E> {
    type Item = E;
    type IntoIter = IntoEvents<E>;

    #[inline]
    fn into_iter(self) -> IntoEvents<E> {
        IntoEvents(match self.0 {
            Held::None => Left::AtMostOne(None),
            Held::One(event) => Left::AtMostOne(Some(event)),
            Held::Several(events) => Left::Several(events.into_iter()),
        })
    }
}

/// The [events](Events) of a decision, one after the other.
#[derive(Debug, Clone)]
pub struct IntoEvents<E>(Left<E>);

#[derive(Debug, Clone)]
enum Left<E> {
    AtMostOne(Option<E>),
    Several(std::vec::IntoIter<E>),
}

impl<E> Iterator for IntoEvents<E> {
    type Item = E;

    #[inline]
    fn next(&mut self) -> Option<E> {
        match &mut self.0 {
            Left::AtMostOne(event) => event.take(),
            Left::Several(events) => events.next(),
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Left::AtMostOne(event) => (usize::from(event.is_some()), Some(usize::from(event.is_some()))),
            Left::Several(events) => events.size_hint(),
        }
    }

    // For `for_each`: an event is moved once, to the function, and not also out of the iterator.
    #[inline]
    fn fold<S, F: FnMut(S, E) -> S>(self, start: S, mut function: F) -> S {
        match self.0 {
            Left::AtMostOne(None) => start,
            Left::AtMostOne(Some(event)) => function(start, event),
            Left::Several(events) => events.fold(start, function),
        }
    }
}

impl<'a, E> IntoIterator for &'a Events<E> {
    type Item = &'a E;
    type IntoIter = std::slice::Iter<'a, E>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<E: PartialEq> PartialEq for Events<E> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl<E: fmt::Debug> fmt::Debug for Events<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

/// The events of a decision: `events![MoneyWithdrawn { amount }, FeeCharged { amount: 1 }]`.
///
/// Each must be an event of the aggregate; others do not compile.
///
/// ```
/// # use es_core::{Event, EventSet, Events, events};
/// # #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize, Event)]
/// # #[event(name = "light-switched-on")]
/// # pub struct SwitchedOn;
/// # #[derive(Debug, PartialEq, EventSet)]
/// # pub enum LightEvent { On(SwitchedOn) }
/// let once: Events<LightEvent> = events![SwitchedOn];
/// let twice: Events<LightEvent> = events![SwitchedOn, SwitchedOn];
/// let never: Events<LightEvent> = events![];
/// assert_eq!((once.len(), twice.len(), never.len()), (1, 2, 0));
/// ```
#[macro_export]
macro_rules! events {
    () => { $crate::Events::none() };
    ($event:expr $(,)?) => { $crate::Events::one($crate::__private::include($event)) };
    ($($event:expr),+ $(,)?) => { $crate::__private::several([$($crate::__private::include($event)),+]) };
}

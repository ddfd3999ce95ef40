//! Generics, constants and where-clauses, on events, commands, aggregates and sets.

use std::fmt::Debug;
use std::marker::PhantomData;

use encoding::de::DeserializeOwned;
use encoding::{Deserialize, Serialize};
use kernel::{Aggregate, Apply, Command, Event, EventSet};

/// What can be kept.
pub trait Item: Debug + Clone + PartialEq + Default + Serialize + DeserializeOwned + Send + Sync + 'static {}

impl Item for u8 {}

impl Item for u16 {}

/// A generic event; version 1 had no item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Event)]
#[serde(crate = "encoding", bound(deserialize = "T: DeserializeOwned"))]
#[event(name = "item-put", version = 3, crate = ::kernel)]
#[upcast(1 => 2, rename(of => count))]
#[upcast(2 => 3, add(item))]
pub struct Put<T>
where
    T: Item,
{
    /// How many.
    pub count: u8,
    /// What.
    pub item: T,
}

/// An event without parameters in a generic aggregate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Event)]
#[serde(crate = "encoding")]
#[event(name = "box-cleared", crate = ::kernel)]
pub struct Cleared;

/// A generic command.
#[derive(Debug, Clone, Command)]
#[command(crate = ::kernel, emits = Put<T>)]
#[require(command.count > 0, Refused::Nothing)]
pub struct PutIn<T: Item> {
    /// How many.
    pub count: u8,
    /// What.
    pub item: T,
}

/// A command for a named generic aggregate.
#[derive(Debug, Clone, Command)]
#[command(aggregate = Container<T, 3>, crate = ::kernel, emits = Cleared {})]
#[require(!state.items.is_empty(), Refused::Nothing)]
pub struct Clear<T: Item>(pub PhantomData<T>);

/// Why not.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is nothing.
    Nothing,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nothing")
    }
}

impl std::error::Error for Refused {}

/// A generic aggregate.
#[derive(Debug, Serialize, Deserialize, Aggregate)]
#[serde(crate = "encoding", bound(deserialize = "T: DeserializeOwned"))]
#[aggregate(name = "container", id = String, error = Refused, crate = ::kernel,
            events(Put<T>, Cleared), commands(PutIn<T>), snapshot(every = 3))]
#[invariant(state.items.len() <= N)]
pub struct Container<T, const N: usize>
where
    T: Item,
{
    items: Vec<T>,
}

impl<T: Item, const N: usize> Default for Container<T, N> {
    fn default() -> Self {
        Self { items: Vec::with_capacity(N) }
    }
}

impl<T: Item, const N: usize> Apply<Put<T>> for Container<T, N> {
    fn apply(&mut self, event: Put<T>) {
        self.items.extend(std::iter::repeat_n(event.item, event.count.into()));
    }
}

impl<T: Item, const N: usize> Apply<Cleared> for Container<T, N> {
    fn apply(&mut self, Cleared: Cleared) {
        self.items.clear();
    }
}

/// A set of events that is written by hand.
#[derive(Debug, EventSet)]
#[event_set(crate = ::kernel)]
pub enum Change<T: Item> {
    /// In.
    In(Put<T>),
    /// Out.
    Out(Cleared),
}

/// An aggregate that names a set instead of listing events.
#[derive(Debug, Serialize, Deserialize, Aggregate)]
#[serde(crate = "encoding", bound(deserialize = "T: DeserializeOwned"))]
#[aggregate(name = "shelf", id = u64, error = Refused, event = Change<T>, commands(PutIn<T>), snapshot(every = 3),
            crate = ::kernel)]
pub struct Shelf<T: Item> {
    last: Option<T>,
}

impl<T: Item> Default for Shelf<T> {
    fn default() -> Self {
        Self { last: None }
    }
}

impl<T: Item> Apply<Put<T>> for Shelf<T> {
    fn apply(&mut self, event: Put<T>) {
        self.last = Some(event.item);
    }
}

impl<T: Item> Apply<Cleared> for Shelf<T> {
    fn apply(&mut self, Cleared: Cleared) {
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{
        EventId, EventName, HandledBy, Json, Metadata, Position, RecordedEvent, Snapshotted, StreamId, Timestamp,
        Version,
    };

    fn stored(schema_version: u32, payload: &'static str) -> RecordedEvent {
        RecordedEvent {
            stream: StreamId::new("container", 1).unwrap(),
            version: Version::new(1),
            position: Position::new(1),
            id: "018f4d3c-0000-7000-8000-000000000001".parse::<EventId>().unwrap(),
            name: EventName::from_static("item-put"),
            schema_version,
            recorded_at: Timestamp::UNIX_EPOCH,
            metadata: Metadata::new(),
            payload: payload.as_bytes().into(),
        }
    }

    #[test]
    fn a_generic_aggregate_replays_every_version() {
        let mut container = Container::<u8, 3>::default();
        container.replay(&Json, &stored(1, r#"{"of":1}"#)).unwrap();
        container.replay(&Json, &stored(2, r#"{"count":1}"#)).unwrap();
        container.replay(&Json, &stored(3, r#"{"count":2,"item":7}"#)).unwrap();
        assert_eq!(container.items, [0, 0, 7, 7]);
        let cleared = Clear(PhantomData).handled_by(&container).unwrap();
        assert_eq!(cleared.as_slice(), [ContainerEvent::from(Cleared)]);
    }

    #[test]
    fn a_generic_state_is_kept_and_told_apart_by_its_parameters() {
        let container = Container::<u8, 3> { items: vec![7] };
        let kept = container.encode_state(&Json).unwrap();
        assert_eq!(Container::<u8, 3>::decode_state(&Json, &kept).unwrap().items, [7]);
        let fingerprints = [
            Container::<u8, 3>::snapshot_fingerprint::<Json>(),
            Container::<u8, 4>::snapshot_fingerprint::<Json>(),
            Container::<u16, 3>::snapshot_fingerprint::<Json>(),
        ];
        assert!(fingerprints[0] != fingerprints[1] && fingerprints[0] != fingerprints[2], "{fingerprints:?}");
        assert_eq!((Shelf::<u8>::EVERY, Shelf::<u8>::FOLD), (3, 1));
    }

    #[test]
    fn a_hand_written_set_replays_too() {
        let mut shelf = Shelf::<u8>::default();
        shelf.replay(&Json, &stored(3, r#"{"count":2,"item":7}"#)).unwrap();
        assert_eq!(shelf.last, Some(7));
        for event in (PutIn { count: 1, item: 9 }).handled_by(&shelf).unwrap() {
            shelf.apply_event(event);
        }
        assert_eq!(shelf.last, Some(9));
        assert_eq!((PutIn { count: 0, item: 9 }).handled_by(&shelf).unwrap_err(), Refused::Nothing);
    }
}

//! The log of a scenario: gives events the place, the time and the id that a store would. It keeps none of them.

use std::collections::HashMap;
use std::time::Duration;

use es_core::{Clock, EventId, EventName, IdSource, Metadata, NewEvent, Payload, Position, RecordedEvent};
use es_core::{StreamId, Timestamp, Version};

use crate::clock::ManualClock;
use crate::ids::CountingIds;

/// Positions 1, 2, 3, …, one second apart; versions counted for each stream.
#[derive(Debug, Default)]
pub(crate) struct Log {
    head: Position,
    versions: HashMap<StreamId, Version>,
    clock: ManualClock,
    ids: CountingIds,
}

impl Log {
    /// The version of a stream: how many of its events were recorded.
    pub(crate) fn version(&self, stream: &StreamId) -> Version {
        self.versions.get(stream).copied().unwrap_or_default()
    }

    /// The time of the next event.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn record(
        &mut self,
        stream: &StreamId,
        name: EventName,
        schema_version: u32,
        payload: Payload,
    ) -> RecordedEvent {
        let version = self.version(stream).next();
        self.versions.insert(stream.clone(), version);
        self.head = Position::new(self.head.get() + 1);
        let recorded_at = self.clock.now();
        self.clock.advance(Duration::from_secs(1));
        let id = EventId::new(self.ids.next_id(recorded_at));
        let new = NewEvent { id, name, schema_version, recorded_at, metadata: Metadata::new(), payload };
        new.record(stream.clone(), version, self.head)
    }
}

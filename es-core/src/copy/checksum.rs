//! A number for a sequence of events, by which two copies of it are compared. It knows nothing of stores.

use std::fmt::{self, Display};

use crate::envelope::RecordedEvent;
use crate::id::MessageId;

/// How many events there are, and a number made from all that is stored of them but their positions.
///
/// Stream, version, id, name, version of the shape, time, metadata and payload of every event go in, in order, as
/// FNV-1a of 128 bits.
/// So it notices events that were lost, doubled, exchanged or changed by a fault or a mistake, and does not protect
/// from somebody who forges events on purpose.
/// It is the same on every machine, so it can be written down and compared with that of another run.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Checksum {
    /// How many events.
    pub events: u64,
    /// The number.
    pub hash: u128,
}

impl Checksum {
    pub(super) const EMPTY: Self = Self { events: 0, hash: Fnv::START.0 };

    pub(super) fn add(&mut self, event: &RecordedEvent) {
        // The position is the store's own affair.
        let RecordedEvent { stream, version, position: _, id, name, schema_version, recorded_at, metadata, payload } =
            event;
        let mut hash = Fnv(self.hash);
        hash.field(stream.as_str().as_bytes());
        hash.field(&version.get().to_be_bytes());
        hash.field(id.as_uuid().as_bytes());
        hash.field(name.as_str().as_bytes());
        hash.field(&schema_version.to_be_bytes());
        hash.field(&recorded_at.as_micros().to_be_bytes());
        let message = |id: Option<&MessageId>| id.map(ToString::to_string);
        hash.optional(message(metadata.correlation_id()).as_deref());
        hash.optional(message(metadata.causation_id()).as_deref());
        hash.optional(metadata.actor());
        hash.optional(metadata.traceparent());
        // What has none is counted as it was before there were any.
        if let Some(fingerprint) = metadata.command_fingerprint() {
            hash.optional(Some(&fingerprint.to_string()));
        }
        hash.field(payload);
        *self = Self { events: self.events + 1, hash: hash.0 };
    }
}

impl Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} events with checksum {:032x}", self.events, self.hash)
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checksum({self})")
    }
}

/// FNV-1a of 128 bits (draft-eastlake-fnv).
///
/// Every step keeps different states different, so a single changed byte is always noticed.
pub(super) struct Fnv(pub(super) u128);

impl Fnv {
    pub(super) const START: Self = Self(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u128::from(byte)).wrapping_mul(Self::PRIME);
        }
    }

    /// Its length goes first, so that no byte can move from one field to the next unnoticed.
    fn field(&mut self, bytes: &[u8]) {
        self.bytes(&(bytes.len() as u64).to_be_bytes());
        self.bytes(bytes);
    }

    fn optional(&mut self, text: Option<&str>) {
        self.bytes(&[u8::from(text.is_some())]);
        self.field(text.unwrap_or_default().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::Payload;
    use crate::id::EventId;
    use crate::metadata::Metadata;
    use crate::name::EventName;
    use crate::stream::StreamId;
    use crate::time::Timestamp;
    use crate::version::{Position, Version};

    fn event() -> RecordedEvent {
        RecordedEvent {
            stream: StreamId::new("account", "ada").unwrap(),
            version: Version::new(3),
            position: Position::new(9),
            id: EventId::new(uuid::Uuid::from_u128(7)),
            name: EventName::from_static("money-deposited"),
            schema_version: 2,
            recorded_at: Timestamp::from_micros(77),
            metadata: Metadata::new().with_correlation_id("ab").with_actor("c"),
            payload: Payload::from_static(b"{}"),
        }
    }

    fn of(events: &[RecordedEvent]) -> Checksum {
        let mut checksum = Checksum::EMPTY;
        for event in events {
            checksum.add(event);
        }
        checksum
    }

    #[test]
    fn the_hash_is_that_of_the_published_test_vectors() {
        let of = |bytes: &[u8]| {
            let mut fnv = Fnv::START;
            fnv.bytes(bytes);
            fnv.0
        };
        assert_eq!(of(b""), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_eq!(of(b"a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
        assert_eq!(of(b"foobar"), 0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18);
    }

    #[test]
    fn a_change_of_anything_but_the_position_changes_it() {
        let stored = event();
        let metadata = |change: fn(Metadata) -> Metadata| change(stored.metadata.clone());
        let changed = [
            RecordedEvent { stream: StreamId::new("account", "adb").unwrap(), ..event() },
            RecordedEvent { version: Version::new(4), ..event() },
            RecordedEvent { id: EventId::new(uuid::Uuid::from_u128(8)), ..event() },
            RecordedEvent { name: EventName::from_static("money-deposites"), ..event() },
            RecordedEvent { schema_version: 3, ..event() },
            RecordedEvent { recorded_at: Timestamp::from_micros(78), ..event() },
            RecordedEvent { metadata: metadata(|m| m.with_correlation_id("a")), ..event() },
            RecordedEvent { metadata: metadata(|m| m.with_causation_id("")), ..event() },
            RecordedEvent { metadata: metadata(|m| m.with_actor("")), ..event() },
            RecordedEvent { metadata: metadata(|m| m.with_traceparent("00")), ..event() },
            RecordedEvent { payload: Payload::from_static(b"{ }"), ..event() },
        ];
        for changed in &changed {
            assert_ne!(of(std::slice::from_ref(changed)), of(&[event()]), "{changed:?}");
        }
        let moved = RecordedEvent { position: Position::new(10), ..event() };
        assert_eq!(of(&[moved]), of(&[event()]));
    }

    #[test]
    fn no_byte_moves_from_one_field_to_the_next() {
        let with = |traceparent: &str, payload: &'static str| {
            let metadata = Metadata::new().with_traceparent(traceparent);
            of(&[RecordedEvent { metadata, payload: payload.into(), ..event() }])
        };
        assert_ne!(with("00", "1{}"), with("001", "{}"));
    }

    #[test]
    fn order_and_number_count() {
        let (one, two) = (event(), RecordedEvent { version: Version::new(4), ..event() });
        assert_ne!(of(&[one.clone(), two.clone()]), of(&[two.clone(), one.clone()]));
        assert_ne!(of(std::slice::from_ref(&one)), of(&[one.clone(), one.clone()]));
        assert_eq!(of(&[one, two]).to_string(), "2 events with checksum 59f8356c79a7eb6ef19defd95355452c");
    }
}

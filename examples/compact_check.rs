//! Whether every event of an aggregate keeps its meaning in the compact codec, in every version that was ever locked.

use std::fmt::Debug;

use es_compact::{Compact, to_json};
use es_core::{Codec, EventName, EventSet, Json, Metadata, NewEvent, Position, RecordedEvent, StreamId, Timestamp};
use serde_json::Value;

fn recorded(name: &str, schema_version: u32, payload: Vec<u8>) -> RecordedEvent {
    let event = NewEvent {
        id: "018f4d3c-0000-7000-8000-000000000001".parse().unwrap(),
        name: EventName::new(name).unwrap(),
        schema_version,
        recorded_at: Timestamp::UNIX_EPOCH,
        metadata: Metadata::new(),
        payload: payload.into(),
    };
    event.record(StreamId::new("example", "1").unwrap(), 1.into(), Position::new(1))
}

fn read<S: EventSet, C: Codec>(codec: &C, name: &str, version: u32, payload: Vec<u8>) -> Vec<S> {
    S::decode(codec, &recorded(name, version, payload)).unwrap().into_iter().collect()
}

/// How many versions were looked at.
pub(crate) fn check<S: EventSet + Debug>(aggregate: &str) -> usize {
    let lock: Value = serde_json::from_str(include_str!("events.lock.json")).unwrap();
    let compact = Compact::of::<S>().unwrap();
    let mut looked_at = 0;
    for (name, versions) in lock["aggregates"][aggregate].as_object().unwrap() {
        for (version, locked) in versions.as_object().unwrap() {
            let version = version.parse().unwrap();
            let Some(shape) = S::shape(name, version) else { continue };
            let json = Json.encode(&locked["sample"]).unwrap();
            let bytes = compact.encode(&locked["sample"]).unwrap();
            let as_json = read::<S, _>(&Json, name, version, json);
            let as_compact = read::<S, _>(&compact, name, version, bytes.clone());
            assert_eq!(format!("{as_compact:?}"), format!("{as_json:?}"), "{name}, version {version}");
            assert_eq!(to_json(&bytes, &shape).unwrap(), locked["sample"]);
            for event in as_json {
                let (name, version) = (event.name(), event.schema_version());
                let bytes = event.encode(&compact).unwrap();
                let told = to_json(&bytes, &S::shape(name.as_str(), version).unwrap()).unwrap();
                assert_eq!(told, Json.decode::<Value>(&event.encode(&Json).unwrap()).unwrap());
                let again = read::<S, _>(&compact, name.as_str(), version, bytes);
                assert_eq!(format!("{again:?}"), format!("{:?}", [event]));
            }
            looked_at += 1;
        }
    }
    looked_at
}

//! What of a batch may be handled side by side: events that have a key in common stay together, in their order.

use std::collections::HashMap;

use es_core::RecordedEvent;

/// An event, and what it is about.
pub(crate) type Keyed = (RecordedEvent, Vec<String>);

/// At most `lanes` parts of the batch, about as long as each other; no two have a key in common.
pub(crate) fn split(events: Vec<Keyed>, lanes: usize) -> Vec<Vec<RecordedEvent>> {
    let group_of = groups(&events);
    let mut lengths: HashMap<usize, usize> = HashMap::new();
    for group in &group_of {
        *lengths.entry(*group).or_default() += 1;
    }
    let mut parts: Vec<Vec<RecordedEvent>> = vec![Vec::new(); lanes.min(lengths.len())];
    let (mut loads, mut lane_of) = (vec![0; parts.len()], HashMap::new());
    for ((event, _), group) in events.into_iter().zip(group_of) {
        let lane = *lane_of.entry(group).or_insert_with(|| {
            let lane = (0..loads.len()).min_by_key(|lane| loads[*lane]).unwrap_or(0);
            loads[lane] += lengths[&group];
            lane
        });
        parts[lane].push(event);
    }
    parts
}

/// For each event, the first one to which it is linked by keys.
fn groups(events: &[Keyed]) -> Vec<usize> {
    fn root(of: &mut [usize], mut event: usize) -> usize {
        while of[event] != event {
            of[event] = of[of[event]];
            event = of[event];
        }
        event
    }
    let mut of: Vec<usize> = (0..events.len()).collect();
    let mut first: HashMap<&str, usize> = HashMap::new();
    for (event, (_, keys)) in events.iter().enumerate() {
        for key in keys {
            let other = *first.entry(key).or_insert(event);
            let (one, other) = (root(&mut of, event), root(&mut of, other));
            of[one.max(other)] = one.min(other);
        }
    }
    (0..events.len()).map(|event| root(&mut of, event)).collect()
}

#[cfg(test)]
mod tests {
    use es_core::{EventId, EventName, Metadata, NewEvent, Payload, Position, StreamId, Timestamp, Version};
    use uuid::Uuid;

    use super::*;

    fn keyed(position: u64, keys: &[&str]) -> Keyed {
        let event = NewEvent {
            id: EventId::new(Uuid::from_u128(position.into())),
            name: EventName::from_static("happened"),
            schema_version: 1,
            recorded_at: Timestamp::UNIX_EPOCH,
            metadata: Metadata::new(),
            payload: Payload::new(),
        };
        let event = event.record(StreamId::new("a", 1).unwrap(), Version::new(position), Position::new(position));
        (event, keys.iter().map(|key| (*key).to_owned()).collect())
    }

    fn positions(parts: Vec<Vec<RecordedEvent>>) -> Vec<Vec<u64>> {
        parts.into_iter().map(|part| part.iter().map(|event| event.position.get()).collect()).collect()
    }

    #[test]
    fn events_with_a_key_in_common_stay_together_in_order() {
        let events = vec![keyed(1, &["a"]), keyed(2, &["b"]), keyed(3, &["a"]), keyed(4, &["c"]), keyed(5, &["b"])];
        assert_eq!(positions(split(events, 2)), [vec![1, 3, 4], vec![2, 5]]);
    }

    #[test]
    fn a_later_event_may_link_what_was_apart() {
        let events = vec![keyed(1, &["a"]), keyed(2, &["b"]), keyed(3, &["c"]), keyed(4, &["a", "b"])];
        assert_eq!(positions(split(events, 8)), [vec![1, 2, 4], vec![3]]);
    }

    #[test]
    fn no_events_make_no_parts() {
        assert!(split(vec![], 4).is_empty());
    }
}

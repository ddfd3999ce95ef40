//! What one stored event becomes, and the ids of its parts.

use std::error::Error;

use uuid::Builder;

use super::CopyError;
use super::checksum::Fnv;
use crate::envelope::RecordedEvent;
use crate::event_set::Events;
use crate::id::EventId;

/// The id of a further event that is made from the event `id`; always the same for the same event and number.
///
/// It is a UUID of version 8 (RFC 9562) that begins with the same 48 bits, so it sorts beside the one it comes from,
/// and its version keeps it apart from all ids of versions 4 and 7.
/// The other 74 bits are a hash of `id` and `number`.
///
/// ```
/// use es_core::EventId;
/// use es_core::copy::part_id;
///
/// let whole: EventId = "018f4d3c-0000-7000-8000-000000000001".parse()?;
/// assert_eq!(part_id(whole, 1), part_id(whole, 1));
/// assert_ne!(part_id(whole, 1), part_id(whole, 2));
/// assert!(part_id(whole, 1).to_string().starts_with("018f4d3c-0000-8"));
/// # Ok::<(), uuid::Error>(())
/// ```
pub fn part_id(id: EventId, number: u32) -> EventId {
    let mut hash = Fnv::START;
    hash.bytes(id.as_uuid().as_bytes());
    hash.bytes(&number.to_be_bytes());
    // Carries the last bytes to all bits.
    hash.bytes(&[0; 16]);
    let mut bytes = hash.0.to_be_bytes();
    bytes[..6].copy_from_slice(&id.as_uuid().as_bytes()[..6]);
    EventId::new(Builder::from_custom_bytes(bytes).into_uuid())
}

/// What a stored event becomes, with an id of its own for each part; `stored` is all that it is read as.
pub(super) fn made_from<F>(stored: &[RecordedEvent], transform: &F) -> Result<Vec<RecordedEvent>, CopyError>
where
    F: Fn(RecordedEvent) -> Result<Events<RecordedEvent>, Box<dyn Error + Send + Sync>>,
{
    let (mut made, mut ids) = (Vec::with_capacity(stored.len()), Vec::with_capacity(stored.len()));
    for event in stored {
        let parts = transform(event.clone()).map_err(|cause| CopyError::Transform {
            stream: event.stream.clone(),
            version: event.version,
            position: event.position,
            name: event.name.clone(),
            cause,
        })?;
        for part in parts {
            let id = part.id;
            let number = ids.iter().map(|earlier| u32::from(*earlier == id)).sum();
            ids.push(id);
            made.push(if number == 0 { part } else { RecordedEvent { id: part_id(id, number), ..part } });
        }
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{IdSource, UuidV7};
    use crate::time::Timestamp;
    use std::collections::HashSet;

    #[test]
    fn the_parts_of_many_events_of_one_moment_have_ids_of_their_own() {
        let source = UuidV7::default();
        let now = Timestamp::from_micros(1_700_000_000_000_000);
        let mut seen = HashSet::new();
        for _ in 0..5_000 {
            let id = EventId::new(source.next_id(now));
            assert!(seen.insert(id));
            for number in (1..=10).chain([255, 256, 65_536, u32::MAX]) {
                let part = part_id(id, number);
                assert!(seen.insert(part), "{part} twice");
                assert_eq!(
                    (part.as_uuid().get_version_num(), part.as_uuid().as_u128() >> 80),
                    (8, id.as_uuid().as_u128() >> 80)
                );
            }
        }
        assert_eq!(seen.len(), 5_000 * 15);
    }

    #[test]
    fn the_id_of_a_part_is_the_same_in_every_release() {
        let whole: EventId = "018f4d3c-0000-7000-8000-000000000001".parse().unwrap();
        assert_eq!(part_id(whole, 1).to_string(), "018f4d3c-0000-871e-96ae-b629d57410d0");
        assert_eq!(part_id(part_id(whole, 1), 1).to_string(), "018f4d3c-0000-8bf6-a641-623ab778772a");
    }
}

//! Whether a batch has been sent before: rules 15 to 17, decided once for all stores.

use std::collections::HashMap;

use super::AppendError;
use crate::id::EventId;
use crate::stream::StreamId;
use crate::version::{Position, Version};

/// Where an event is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPlace {
    /// Its stream.
    pub stream: StreamId,
    /// Its version.
    pub version: Version,
    /// Its position.
    pub position: Position,
}

/// Where the events of a batch are stored, if it has been sent before; `None` if all of its ids are new. For
/// implementors of stores.
///
/// `events` are those of one append, to one stream or to several, and `find` tells where an id is stored.
/// An empty batch is new.
///
/// ```
/// use es_core::store::{AppendError, EventPlace, sent_before};
/// use es_core::{EventId, Position, StreamId, Version};
/// use uuid::Uuid;
///
/// let stream = StreamId::new("account", "ada")?;
/// let id = |number| EventId::new(Uuid::from_u128(number));
/// // Events 1 and 2 are stored, as versions 1 and 2.
/// let find = |id: EventId| {
///     let number = u64::try_from(id.as_uuid().as_u128()).ok().filter(|number| (1..=2).contains(number))?;
///     Some(EventPlace { stream: stream.clone(), version: Version::new(number), position: Position::new(number) })
/// };
/// assert_eq!(sent_before([(&stream, id(3))], find)?, None);
/// let places = sent_before([(&stream, id(1)), (&stream, id(2))], find)?;
/// assert_eq!(places.and_then(|places| places.last().map(|last| last.version.get())), Some(2));
/// let in_part = sent_before([(&stream, id(2)), (&stream, id(3))], find);
/// assert!(matches!(in_part, Err(AppendError::EventIdStored { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`AppendError::EventIdStored`], if some of the ids are stored, but not so.
pub fn sent_before<'a>(
    events: impl IntoIterator<Item = (&'a StreamId, EventId)>,
    mut find: impl FnMut(EventId) -> Option<EventPlace>,
) -> Result<Option<Vec<EventPlace>>, AppendError> {
    let (mut places, mut last_of) = (Vec::<EventPlace>::new(), HashMap::new());
    let (mut first_stored, mut is_resend, mut all) = (None, true, 0_usize);
    for (stream, id) in events {
        all += 1;
        let Some(place) = find(id) else { continue };
        let follows = last_of.insert(stream, place.version).is_none_or(|earlier| earlier.next() == place.version);
        let is_later = places.last().is_none_or(|last| last.position < place.position);
        is_resend &= place.stream == *stream && follows && is_later;
        if first_stored.is_none() {
            first_stored = Some((stream.clone(), id, place.clone()));
        }
        places.push(place);
    }
    match first_stored {
        None => Ok(None),
        Some(_) if is_resend && places.len() == all => Ok(Some(places)),
        Some((stream, id, EventPlace { stream: stored_in, version, .. })) => {
            Err(AppendError::EventIdStored { stream, id, stored_in, version })
        }
    }
}

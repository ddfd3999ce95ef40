//! Changes across the events of a stream: several that are one today, or a value that an earlier event has.
//!
//! Knows stored events only, by their stored names; what can be said about one event alone is said on its struct, and
//! the derive does it faster.

mod capabilities;
mod contexts;
mod reading;
mod store;

use std::error::Error;

use crate::envelope::RecordedEvent;
use crate::event_set::Events;
use crate::stream::StreamId;

pub use self::store::UpcastingStore;

/// Reads the stored events of a stream as those of today, with what it remembers of the earlier ones.
///
/// [`UpcastingStore`] applies it wherever events are read.
/// Afterwards each event goes through the hops of its own type, so the events given here may be of any stored version.
///
/// # Contract
///
/// 1. What an event is read as follows from it, from those before it in its stream, and from nothing else: no clock, no
///    chance, no state but the context, which begins as its default before event 1.
/// 2. The events given stand at the place of the event at hand: stream, version and position are set to its own.
///    So several that are one today stand where the last of them stands, and until then none of it has happened.
/// 3. Events of today come by as well, and are given back as they are.
///
/// Then a read from the middle, a projection that resumes, and a load as of any version see what a read from the first
/// event sees.
/// To hold back an event until its partner comes breaks no rule, but nobody sees it before.
///
/// A pair of upcasters is one: the second reads what the first gives.
///
/// ```
/// use std::error::Error;
///
/// use es_core::{EventName, Events, RecordedEvent, StreamId, StreamUpcaster};
/// use serde_json::{Value, json};
///
/// /// Weight and size were measured by two events, in this order; today one event has both.
/// struct Measured;
///
/// impl StreamUpcaster for Measured {
///     type Context = Option<u64>;
///
///     fn applies_to(&self, stream: &StreamId) -> bool {
///         stream.category() == "parcel"
///     }
///
///     fn upcast(
///         &self,
///         grams: &mut Option<u64>,
///         event: RecordedEvent,
///     ) -> Result<Events<RecordedEvent>, Box<dyn Error + Send + Sync>> {
///         match event.name.as_str() {
///             "parcel-weighed" => {
///                 let weighed: Value = serde_json::from_slice(&event.payload)?;
///                 *grams = Some(weighed["grams"].as_u64().ok_or("no grams")?);
///                 Ok(Events::none())
///             }
///             "parcel-sized" => {
///                 let sized: Value = serde_json::from_slice(&event.payload)?;
///                 let measured = json!({ "grams": grams.take(), "litres": sized["litres"] });
///                 let name = EventName::from_static("parcel-measured");
///                 Ok(Events::one(RecordedEvent { name, payload: measured.to_string().into(), ..event }))
///             }
///             _ => Ok(Events::one(event)),
///         }
///     }
/// }
/// ```
pub trait StreamUpcaster: Send + Sync {
    /// What it remembers of a stream; kept small, because one is kept for each stream that is read.
    type Context: Default + Clone + Send;

    /// Whether the events of a stream are its concern; those of others are read as they are stored, at no cost.
    fn applies_to(&self, stream: &StreamId) -> bool;

    /// What `event` is read as: itself, none or several. It sees every event of a stream, in order, and each once for
    /// a context.
    ///
    /// # Errors
    /// The event cannot be read; [`ReadError::Upcast`](crate::store::ReadError::Upcast) then says which it was.
    fn upcast(
        &self,
        context: &mut Self::Context,
        event: RecordedEvent,
    ) -> Result<Events<RecordedEvent>, Box<dyn Error + Send + Sync>>;
}

/// Keeps rule 2, and leaves events alone that are not the upcaster's concern, which are in a pair those of the other.
fn upcast_in_place<U: StreamUpcaster>(
    upcaster: &U,
    context: &mut U::Context,
    event: RecordedEvent,
) -> Result<Events<RecordedEvent>, Box<dyn Error + Send + Sync>> {
    if !upcaster.applies_to(&event.stream) {
        return Ok(Events::one(event));
    }
    let (stream, version, position) = (event.stream.clone(), event.version, event.position);
    let read_as = upcaster.upcast(context, event)?;
    if let [only] = read_as.as_slice()
        && (&only.stream, only.version, only.position) == (&stream, version, position)
    {
        return Ok(read_as);
    }
    Ok(read_as.into_iter().map(|event| RecordedEvent { stream: stream.clone(), version, position, ..event }).collect())
}

impl<First: StreamUpcaster, Second: StreamUpcaster> StreamUpcaster for (First, Second) {
    type Context = (First::Context, Second::Context);

    fn applies_to(&self, stream: &StreamId) -> bool {
        self.0.applies_to(stream) || self.1.applies_to(stream)
    }

    fn upcast(
        &self,
        (first, second): &mut Self::Context,
        event: RecordedEvent,
    ) -> Result<Events<RecordedEvent>, Box<dyn Error + Send + Sync>> {
        let mut read_as = Vec::new();
        for event in upcast_in_place(&self.0, first, event)? {
            read_as.extend(upcast_in_place(&self.1, second, event)?);
        }
        Ok(read_as.into())
    }
}

//! The domain of these tests: a parcel as it is written today, and the upcasters for what was stored before.

use std::error::Error;

use es_core::{
    Aggregate, Apply, Command, Event, EventName, Events, Project, Projection, RecordedEvent, StreamId, StreamUpcaster,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "parcel-registered")]
pub(crate) struct Registered {
    pub(crate) depot: String,
}

/// Was `parcel-weighed` and then `parcel-sized`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "parcel-measured", version = 2)]
#[upcast(1 => 2, rename(size => litres))]
pub(crate) struct Measured {
    pub(crate) grams: u64,
    pub(crate) litres: u64,
}

/// Was `parcel-forwarded`, which did not say from where, or a `parcel-scanned` at another place than before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "parcel-moved")]
pub(crate) struct Moved {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) grams: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "parcel-noted")]
pub(crate) struct Noted {
    pub(crate) text: String,
}

#[derive(Debug, Clone, Command)]
#[command(emits = Noted)]
pub(crate) struct Note {
    pub(crate) text: String,
}

#[derive(Debug, Default, Clone, PartialEq, Aggregate)]
#[aggregate(
    name = "parcel", id = String, error = std::convert::Infallible,
    events(Registered, Measured, Moved, Noted), commands(Note),
)]
pub(crate) struct Parcel {
    pub(crate) seen: Vec<String>,
}

#[derive(Debug, Default, Clone, PartialEq, Projection)]
#[projection(name = "parcels", events(Registered, Measured, Moved, Noted))]
pub(crate) struct Parcels {
    pub(crate) seen: Vec<String>,
}

/// Both keep what they have seen, in order.
macro_rules! seen {
    ($($event:ty),+) => {$(
        impl Apply<$event> for Parcel {
            fn apply(&mut self, event: $event) {
                self.seen.push(format!("{event:?}"));
            }
        }
        impl Project<$event> for Parcels {
            fn project(&mut self, event: $event, _: &RecordedEvent) {
                self.seen.push(format!("{event:?}"));
            }
        }
    )+};
}
seen!(Registered, Measured, Moved, Noted);

fn is_parcel(stream: &StreamId) -> bool {
    stream.category() == "parcel"
}

fn changed(name: &'static str, payload: &Value, event: &RecordedEvent) -> RecordedEvent {
    RecordedEvent { name: EventName::from_static(name), payload: payload.to_string().into(), ..event.clone() }
}

/// Two events are one; given as its version 1, which goes through a hop of its own afterwards.
pub(crate) struct Measure;

impl StreamUpcaster for Measure {
    type Context = Option<u64>;

    fn applies_to(&self, stream: &StreamId) -> bool {
        is_parcel(stream)
    }

    fn upcast(
        &self,
        grams: &mut Option<u64>,
        event: RecordedEvent,
    ) -> Result<Events<RecordedEvent>, Box<dyn Error + Send + Sync>> {
        let payload: Value = serde_json::from_slice(&event.payload)?;
        match event.name.as_str() {
            "parcel-weighed" => {
                *grams = Some(payload["grams"].as_u64().ok_or("no grams")?);
                Ok(Events::none())
            }
            "parcel-sized" => {
                let payload = json!({"grams": grams.take().ok_or("not weighed")?, "size": payload["litres"]});
                Ok(Events::one(changed("parcel-measured", &payload, &event)))
            }
            _ => Ok(Events::one(event)),
        }
    }
}

/// Where it was before, and what it weighed: both from earlier events, the weight as [`Measure`] gives it.
pub(crate) struct Move;

#[derive(Debug, Clone, Default)]
pub(crate) struct Whereabouts {
    depot: String,
    place: String,
    grams: u64,
}

impl StreamUpcaster for Move {
    type Context = Whereabouts;

    fn applies_to(&self, stream: &StreamId) -> bool {
        is_parcel(stream)
    }

    fn upcast(
        &self,
        known: &mut Whereabouts,
        event: RecordedEvent,
    ) -> Result<Events<RecordedEvent>, Box<dyn Error + Send + Sync>> {
        let payload: Value = serde_json::from_slice(&event.payload)?;
        let text = |field: &str| payload[field].as_str().map(str::to_owned).ok_or(format!("no {field}"));
        let to = match event.name.as_str() {
            "parcel-forwarded" => text("to")?,
            "parcel-scanned" if text("at")? == known.place => return Ok(Events::none()),
            "parcel-scanned" => text("at")?,
            "parcel-returned" => known.depot.clone(),
            other => {
                match other {
                    "parcel-registered" => (known.depot, known.place) = (text("depot")?, text("depot")?),
                    "parcel-measured" => known.grams = payload["grams"].as_u64().unwrap_or_default(),
                    "parcel-moved" => known.place = text("to")?,
                    _ => {}
                }
                return Ok(Events::one(event));
            }
        };
        let payload = json!({"from": known.place, "to": to, "grams": known.grams});
        let moved = changed("parcel-moved", &payload, &event);
        known.place = to;
        if event.name == "parcel-returned" {
            let noted = changed("parcel-noted", &json!({"text": "returned"}), &event);
            return Ok(vec![moved, noted].into());
        }
        Ok(Events::one(moved))
    }
}

pub(crate) const TODAY: (Measure, Move) = (Measure, Move);

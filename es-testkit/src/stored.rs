//! Scenarios of one stored event: given this payload of long ago, it reads as this event of today.

use std::fmt::Debug;

use es_core::{DecodeError, Event, EventName, EventSet, Events, Json, Metadata, RecordedEvent, StreamId, Timestamp};

use crate::difference::difference;
use crate::log::Log;
use crate::round_trip::causes;

/// Begins a scenario with an event as it was stored: its name, the version of its shape, and its payload.
///
/// ```
/// use es_core::Event;
/// use es_testkit::given_stored;
/// use serde::{Deserialize, Serialize};
/// use serde_json::json;
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
/// #[event(name = "money-deposited", version = 3, alias = "money-paid-in")]
/// #[upcast(1 => 2, rename(amt => amount))]
/// #[upcast(2 => 3, add(currency = "EUR"))]
/// pub struct MoneyDeposited { pub amount: u64, pub currency: String }
///
/// let five_euros = MoneyDeposited { amount: 5, currency: "EUR".into() };
/// given_stored("money-paid-in", 1, json!({"amt": 5})).reads_as(five_euros);
/// given_stored("money-deposited", 2, json!({"amt": 5})).does_not_read_as::<MoneyDeposited>("missing field `amount`");
/// ```
///
/// # Panics
/// If the name cannot be that of an event.
#[track_caller]
#[must_use = "a scenario without `reads_as` tests nothing"]
#[allow(clippy::needless_pass_by_value, reason = "a payload is a `json!` that is written where it is used")]
pub fn given_stored(name: &str, schema_version: u32, payload: serde_json::Value) -> Stored {
    let (name, stream) = match (EventName::new(name), StreamId::new("stored", 1)) {
        (Ok(name), Ok(stream)) => (name, stream),
        (Err(error), _) => panic!("{error}"),
        (_, Err(error)) => panic!("{error}"),
    };
    Stored(Log::default().record(&stream, name, schema_version, payload.to_string().into()))
}

/// An event as it was stored.
#[derive(Debug, Clone)]
pub struct Stored(RecordedEvent);

#[allow(clippy::needless_pass_by_value, reason = "an expectation is a value that is written where it is used")]
impl Stored {
    /// With this metadata, for upcasts that look at it.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.0.metadata = metadata;
        self
    }

    /// Recorded at this time, for upcasts that look at it; unless said otherwise, at 2026-01-01T00:00:00Z.
    #[must_use]
    pub fn recorded_at(mut self, time: Timestamp) -> Self {
        self.0.recorded_at = time;
        self
    }

    /// Expects that it reads as this event.
    ///
    /// # Panics
    /// If it reads as another, does not read, or has a name that the event never had.
    #[track_caller]
    pub fn reads_as<E: Event + PartialEq + Debug>(self, expected: E) {
        let name = self.0.name.as_str();
        assert!(
            name == E::NAME || E::ALIASES.contains(&name),
            "`{name}` is not read as `{}`: it is neither its stored name nor an alias",
            E::NAME
        );
        self.compare(&[expected], E::decode(&Json, &self.0).map(Events::one));
    }

    /// Expects that it reads as these events of a set, in this order; none, if its name is retired.
    ///
    /// # Panics
    /// If it reads as others or does not read.
    #[track_caller]
    pub fn reads_as_events<S: EventSet + PartialEq + Debug>(self, expected: impl IntoIterator<Item = S>) {
        let expected: Vec<_> = expected.into_iter().collect();
        self.compare(&expected, S::decode(&Json, &self.0));
    }

    /// Expects that it cannot be read as `E`, for a reason that contains this text.
    ///
    /// # Panics
    /// If it can be read, or for another reason.
    #[track_caller]
    pub fn does_not_read_as<E: Event + Debug>(self, because: &str) {
        match E::decode(&Json, &self.0) {
            Ok(event) => panic!("{} reads as an event, but it should not:\n{event:#?}", self.described()),
            Err(error) => {
                let error = causes(&error);
                assert!(error.contains(because), "expected an error with `{because}`, but it is: {error}");
            }
        }
    }

    #[track_caller]
    fn compare<E: PartialEq + Debug>(&self, expected: &[E], read: Result<Events<E>, DecodeError>) {
        let shown = |events: &[E]| {
            let events: Vec<_> = events.iter().map(|event| format!("{event:#?}")).collect();
            if events.is_empty() { "nothing".to_owned() } else { events.join("\n") }
        };
        match read {
            Ok(read) if read.as_slice() == expected => {}
            Ok(read) => {
                let headline = format!("{} reads as something else than expected", self.described());
                panic!("{}", difference(&headline, &shown(expected), &shown(read.as_slice())));
            }
            Err(error) => panic!("{} cannot be read: {}", self.described(), causes(&error)),
        }
    }

    fn described(&self) -> String {
        let RecordedEvent { name, schema_version, payload, .. } = &self.0;
        format!("`{name}` version {schema_version} {}", String::from_utf8_lossy(payload))
    }
}

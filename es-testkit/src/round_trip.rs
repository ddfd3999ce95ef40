//! The check that every event of a scenario comes back from encoding as it went in.

use std::error::Error;
use std::fmt::{Debug, Write as _};

use es_core::{CodecError, DecodeError, EventName, Events, Payload, RecordedEvent};

use crate::difference::difference;

/// The payload of an event, if it could be encoded.
#[track_caller]
pub(crate) fn encoded(name: &EventName, event: &impl Debug, payload: Result<Vec<u8>, CodecError>) -> Payload {
    match payload {
        Ok(payload) => payload.into(),
        Err(error) => panic!("event `{name}` cannot be encoded: {}\n{event:#?}", causes(&error)),
    }
}

/// Checks that what was read back is the event that was recorded.
#[track_caller]
pub(crate) fn assert_survives<E: PartialEq + Debug>(
    event: &E,
    recorded: &RecordedEvent,
    read_back: Result<Events<E>, DecodeError>,
) {
    let RecordedEvent { name, schema_version, payload, .. } = recorded;
    let stored = format!("stored as `{name}` version {schema_version}: {}", String::from_utf8_lossy(payload));
    match read_back {
        Ok(read_back) if read_back.as_slice() == std::slice::from_ref(event) => {}
        Ok(read_back) => {
            let headline = format!("event `{name}` changes when it is stored and read back");
            let read_back: Vec<_> = read_back.iter().map(|event| format!("{event:#?}")).collect();
            let difference = difference(&headline, &format!("{event:#?}"), &read_back.join("\n"));
            panic!("{difference}\n{stored}");
        }
        Err(error) => {
            panic!("event `{name}` cannot be read back: {}\n{event:#?}\n{stored}", causes(&error));
        }
    }
}

/// An error and what it was caused by, on one line.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

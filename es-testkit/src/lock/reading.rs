//! How a payload read when it was locked, against how it reads today.

use serde_json::Value;

/// What has become of a reading; the texts say so to the user.
pub(super) enum Reading {
    /// It is the same.
    Same,
    /// It is what a new version, or a field that may be missing, has made of it.
    Newer(String),
    /// It is another.
    Different(String),
}

impl Reading {
    pub(super) fn of(event: &str, payload: &str, was: &Value, is: &Value) -> Self {
        const ACCEPT: &str = "accept it with `ES_LOCK=update cargo test`";
        if is == was {
            Self::Same
        } else if events_of(is) != events_of(was) {
            let (is, was) = (events_of(is), events_of(was));
            Self::Newer(format!("{event}: {payload} reads as {is} now, and not as {was}; {ACCEPT}."))
        } else if holds(is, was) {
            Self::Newer(format!(
                "{event}: {payload} reads with more fields now:\n        was {was}\n        is  {is}\n    {ACCEPT}."
            ))
        } else {
            Self::Different(format!("{event}: {payload} reads differently now:\n        was {was}\n        is  {is}"))
        }
    }

    /// What to do about another reading.
    pub(super) fn or_hint(self, hint: &str) -> Self {
        match self {
            Self::Different(text) => Self::Different(format!("{text}\n    {hint}")),
            other => other,
        }
    }

    pub(super) fn different(&self) -> Option<&str> {
        if let Self::Different(text) = self { Some(text) } else { None }
    }

    pub(super) fn news(self) -> Option<String> {
        match self {
            Self::Same => None,
            Self::Newer(text) | Self::Different(text) => Some(text),
        }
    }
}

/// Whether all of `was` is in `is`, which may have more fields.
fn holds(is: &Value, was: &Value) -> bool {
    match (is, was) {
        (Value::Object(is), Value::Object(was)) => {
            was.iter().all(|(key, was)| is.get(key).is_some_and(|is| holds(is, was)))
        }
        (Value::Array(is), Value::Array(was)) => {
            is.len() == was.len() && is.iter().zip(was).all(|(is, was)| holds(is, was))
        }
        _ => is == was,
    }
}

/// The events and versions of a reading: "`money-withdrawn` version 1, `fee-charged` version 2".
fn events_of(reads_as: &Value) -> String {
    let events = reads_as.as_array().into_iter().flatten();
    let names: Vec<_> = events.map(|event| format!("`{}` version {}", name_in(event), event["version"])).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

fn name_in(event: &Value) -> &str {
    ["event", "deadline", "command"].iter().find_map(|what| event[*what].as_str()).unwrap_or("?")
}

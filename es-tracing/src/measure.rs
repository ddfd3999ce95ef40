//! The metrics, by their names; without the feature `metrics`, nothing.

#[cfg(feature = "metrics")]
mod names {
    use std::time::Duration;

    use es_core::EventName;

    use crate::outcome::Outcome;

    pub(crate) fn call(operation: &'static str, outcome: Outcome, took: Duration) {
        metrics::counter!("es.store.calls", "operation" => operation, "outcome" => outcome.as_str()).increment(1);
        metrics::histogram!("es.store.duration", "operation" => operation).record(took.as_secs_f64());
    }

    pub(crate) fn appended<'a>(names: impl IntoIterator<Item = &'a EventName>) {
        for name in names {
            metrics::counter!("es.append.events", "type" => name.as_str().to_owned()).increment(1);
        }
    }

    pub(crate) fn conflict(category: &str) {
        metrics::counter!("es.append.conflicts", "category" => category.to_owned()).increment(1);
    }

    pub(crate) fn replayed(category: &str, events: usize) {
        let events = u32::try_from(events).unwrap_or(u32::MAX);
        metrics::histogram!("es.load.events_replayed", "category" => category.to_owned()).record(f64::from(events));
    }
}

#[cfg(not(feature = "metrics"))]
mod names {
    use std::time::Duration;

    use es_core::EventName;

    use crate::outcome::Outcome;

    pub(crate) fn call(_: &'static str, _: Outcome, _: Duration) {}

    pub(crate) fn appended<'a>(_: impl IntoIterator<Item = &'a EventName>) {}

    pub(crate) fn conflict(_: &str) {}

    pub(crate) fn replayed(_: &str, _: usize) {}
}

pub(crate) use self::names::{appended, call, conflict, replayed};

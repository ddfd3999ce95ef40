//! The metrics, by their names; without the feature `metrics`, nothing.

use std::time::Duration;

use es_core::Timestamp;
use es_core::store::CheckpointName;

#[cfg(feature = "metrics")]
pub(super) fn message(publisher: &CheckpointName, target: &str, outcome: &'static str, took: Duration) {
    let (publisher, target) = (publisher.as_str().to_owned(), target.to_owned());
    metrics::counter!(
        "es.publish.messages", "publisher" => publisher.clone(), "target" => target.clone(), "outcome" => outcome
    )
    .increment(1);
    metrics::histogram!("es.publish.duration", "publisher" => publisher, "target" => target).record(took.as_secs_f64());
}

/// From when the event was recorded until the target had it.
#[cfg(feature = "metrics")]
pub(super) fn delay(publisher: &CheckpointName, recorded_at: Timestamp, now: Timestamp) {
    let micros = now.as_micros().saturating_sub(recorded_at.as_micros());
    let delay = Duration::from_micros(u64::try_from(micros).unwrap_or(0));
    metrics::histogram!("es.publish.delay", "publisher" => publisher.as_str().to_owned()).record(delay.as_secs_f64());
}

#[cfg(not(feature = "metrics"))]
pub(super) fn message(_: &CheckpointName, _: &str, _: &'static str, _: Duration) {}

#[cfg(not(feature = "metrics"))]
pub(super) fn delay(_: &CheckpointName, _: Timestamp, _: Timestamp) {}

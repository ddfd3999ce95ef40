//! What a publisher has done since it was made: for health checks, and for whoever looks why nothing arrives.

use std::error::Error;

use es_core::{EventRef, Position, RecordedEvent, Timestamp};

use crate::target::PublishError;

/// What a publisher has done since it was made.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct PublisherStatus {
    /// How many messages the target has taken.
    pub published: u64,
    /// How often a message was not taken, or could not be made.
    pub failed: u64,
    /// The event that was published last, and when it was recorded.
    pub last_published: Option<(EventRef, Timestamp)>,
    /// The last failure, until the event is published after all.
    pub last_failure: Option<Failed>,
    /// The checkpoint that it has committed last.
    pub checkpoint: Option<Position>,
}

/// A message that was not published.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Failed {
    /// Its event.
    pub at: EventRef,
    /// What happened, with all causes.
    pub reason: String,
}

impl PublisherStatus {
    /// How many positions the log is ahead, at most so many events; `head` is that of a
    /// [page](es_core::store::LogPage) of the log.
    pub fn lag(&self, head: Position) -> u64 {
        head.get().saturating_sub(self.checkpoint.unwrap_or(Position::START).get())
    }

    pub(super) fn has_published(&mut self, event: &RecordedEvent) {
        self.published += 1;
        self.last_published = Some((EventRef::from(event), event.recorded_at));
        // Another stream may still be held back.
        self.last_failure = self.last_failure.take().filter(|failed| failed.at != EventRef::from(event));
    }

    pub(super) fn has_failed(&mut self, event: &RecordedEvent, error: &PublishError) {
        self.failed += 1;
        self.last_failure = Some(Failed { at: EventRef::from(event), reason: chain(error) });
    }
}

/// An error with all its causes.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let next_text = next.to_string();
        // Some errors repeat their cause.
        if !text.ends_with(&next_text) {
            text = format!("{text}: {next_text}");
        }
        cause = next.source();
    }
    text
}

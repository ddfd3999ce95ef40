//! What is done where a step goes wrong: it is tried again, less is tried, or the event at fault is punished.
//!
//! A batch that fails for a reason that names no event is cut in half, again and again, until it has one event; so only
//! the event at fault is punished, and everything before it is done.

use es_core::{EventProcessor, EventRef, RecordedEvent};

use crate::driver::{Driver, Exit};
use crate::options::OnFailure;
use crate::run::{Next, Run};
use crate::status::{Happened, Stopped};
use crate::trouble::Trouble;

impl<P: EventProcessor + 'static> Driver<P> {
    /// Tries again, tries less, punishes the event at fault, or gives up.
    pub(crate) async fn deal_with(&mut self, run: &mut Run, cut: &[RecordedEvent], trouble: Trouble) -> Next {
        match trouble {
            Trouble::Superseded => Next::Load,
            Trouble::Full(errors) => Next::Exit(Exit::Stopped(Stopped::Failed { at: None, errors })),
            Trouble::Store(errors) => {
                run.failures += 1;
                let wait = self.troubled(run.failures, errors);
                self.stop.sleep(wait).await;
                Next::Step
            }
            Trouble::Event { at, errors } => {
                // One that is not in the batch says nothing about it.
                let at = at.filter(|at| cut.is_empty() || cut.iter().any(|event| event.position == at.position));
                let at = at.or_else(|| match cut {
                    [one, rest @ ..] if rest.iter().all(|event| event.position == one.position) => Some(one.into()),
                    _ => None,
                });
                let before = at.as_ref().map(|at| cut.iter().take_while(|event| event.position < at.position).count());
                match (at, before) {
                    // Those before it can be done.
                    (Some(_), Some(before @ 1..)) if before < cut.len() => {
                        run.size = before;
                        Next::Step
                    }
                    (Some(at), Some(0)) => self.blame(run, at, errors).await,
                    _ if cut.len() > 1 => {
                        run.size = about_half(cut);
                        Next::Step
                    }
                    _ => Next::Exit(Exit::Stopped(Stopped::Failed { at: None, errors })),
                }
            }
        }
    }

    /// An event has failed by itself.
    async fn blame(&mut self, run: &mut Run, at: EventRef, errors: Vec<String>) -> Next {
        let before = run.culprit.filter(|(position, _)| *position == at.position).map_or(0, |(_, failed)| failed);
        let failed = before + 1;
        run.culprit = Some((at.position, failed));
        if failed <= self.options.retries {
            let wait = self.troubled(failed, errors);
            self.stop.sleep(wait).await;
            return Next::Step;
        }
        self.board.tell(Happened::Failed { errors: errors.clone() });
        if !matches!(self.options.on_failure, OnFailure::Park(_)) {
            return Next::Exit(Exit::Stopped(Stopped::Failed { at: Some(at), errors }));
        }
        let mut keys = Vec::new();
        for event in run.pending.iter().filter(|event| event.position == at.position) {
            // What cannot be read is about its stream.
            keys.extend(self.keys(event).unwrap_or_else(|_| vec![at.stream.as_str().to_owned()]));
        }
        if keys.is_empty() {
            keys.push(at.stream.as_str().to_owned());
        }
        match self.park(run, &at, keys, errors.clone(), failed).await {
            Ok(()) => {
                // If the log does not give it, reading goes on behind it, now that it is kept.
                run.scanned = run.scanned.max(at.position);
                Next::Step
            }
            Err(Trouble::Superseded) => Next::Load,
            Err(Trouble::Store(store)) => {
                run.failures += 1;
                let wait = self.troubled(run.failures, store);
                self.stop.sleep(wait).await;
                Next::Step
            }
            Err(Trouble::Full(mut full) | Trouble::Event { errors: mut full, .. }) => {
                full.extend(errors);
                Next::Exit(Exit::Stopped(Stopped::Failed { at: Some(at), errors: full }))
            }
        }
    }
}

/// How many events come before the position in the middle, or 1: fewer than there are, though a position is never split.
///
/// Not all of `cut` is at one position.
fn about_half(cut: &[RecordedEvent]) -> usize {
    let middle = cut[cut.len() / 2].position;
    cut.iter().take_while(|event| event.position < middle).count().max(1)
}

#[cfg(test)]
mod tests {
    use es_core::{EventName, Metadata, Position, Timestamp, Version};
    use uuid::Uuid;

    use super::*;

    fn at(positions: &[u64]) -> Vec<RecordedEvent> {
        let event = |&position: &u64| RecordedEvent {
            stream: "account-ada".parse().unwrap(),
            version: Version::new(position),
            position: Position::new(position),
            id: es_core::EventId::new(Uuid::from_u128(u128::from(position))),
            name: EventName::from_static("noted"),
            schema_version: 1,
            recorded_at: Timestamp::UNIX_EPOCH,
            metadata: Metadata::new(),
            payload: "{}".into(),
        };
        positions.iter().map(event).collect()
    }

    #[test]
    fn what_is_tried_next_is_less_also_where_a_stored_event_is_read_as_several() {
        for (positions, size) in [
            (&[1, 2][..], 1),
            (&[1, 2, 3, 4], 2),
            (&[1, 2, 2, 2], 1),
            (&[1, 1, 1, 2], 1),
            (&[1, 1, 2, 2, 2, 3], 2),
            (&[1, 1, 1, 1, 1, 2, 3], 1),
        ] {
            assert_eq!(about_half(&at(positions)), size, "{positions:?}");
        }
    }
}

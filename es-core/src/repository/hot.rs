//! Executing on what is remembered: without a read if nobody was faster, and with one if somebody was.

use super::Repository;
use super::cache::Known;
use super::execute::{ExecuteError, Executed};
use super::load::Loaded;
use super::options::CommandOptions;
use crate::aggregate::Aggregate;
use crate::codec::Codec;
use crate::command::HandledBy;
use crate::metadata::Metadata;
use crate::store::{AppendError, EventStore};
use crate::time::Timestamp;

impl<A: Aggregate, S: EventStore, C: Codec> Repository<A, S, C> {
    /// Decides on what is remembered, and reads only if the log contradicts it or has not been asked.
    pub(super) async fn execute_hot<M>(
        &self,
        known: Known<A>,
        command: M,
        options: &CommandOptions,
        metadata: Metadata,
        now: Timestamp,
    ) -> Result<Executed<A::Event>, ExecuteError<A::Error>>
    where
        M: HandledBy<A> + Clone + Send,
    {
        match self.attempt(known.loaded(), command.clone(), options, metadata.clone(), now).await {
            Ok(mut decided) if !decided.executed.events.is_empty() => {
                if self.is_snapshot_due(known.loaded(), decided.executed.version) {
                    let mut loaded = known.copied();
                    decided.apply_to(&mut loaded);
                    self.snapshot_if_due(&mut loaded, decided.executed.version).await;
                    self.remember(loaded);
                } else {
                    known.step(|loaded| decided.apply_to(loaded));
                }
                Ok(decided.executed)
            }
            // What appends nothing is held against no log, so it has to be decided on what is there now.
            Ok(_)
            | Err(
                ExecuteError::Rejected(_)
                | ExecuteError::Encode { .. }
                | ExecuteError::Append(AppendError::Conflict { .. }),
            ) => self.execute_cold(known.copied(), command, options, metadata).await,
            Err(error) => Err(error),
        }
    }

    /// Reads what has happened since `loaded`, decides on that, and remembers what came of it.
    pub(super) async fn execute_cold<M>(
        &self,
        mut loaded: Loaded<A>,
        command: M,
        options: &CommandOptions,
        metadata: Metadata,
    ) -> Result<Executed<A::Event>, ExecuteError<A::Error>>
    where
        M: HandledBy<A> + Clone + Send,
    {
        let mut decided = self.decide(&mut loaded, command, options, metadata).await;
        if let Ok(decided) = &mut decided {
            decided.apply_to(&mut loaded);
            self.snapshot_if_due(&mut loaded, decided.executed.version).await;
        }
        // Also of a refused command: all that `loaded` has seen is in the log.
        self.remember(loaded);
        decided.map(|decided| decided.executed)
    }

    fn remember(&self, loaded: Loaded<A>) {
        if let Some(cache) = &self.cache {
            cache.keep_owned(loaded);
        }
    }
}

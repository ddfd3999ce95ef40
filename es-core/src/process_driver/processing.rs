//! The driver as a processor of the log.

use async_trait::async_trait;

use super::ProcessDriver;
use super::record::REACTED;
use crate::codec::Codec;
use crate::envelope::RecordedEvent;
use crate::process::ProcessManager;
use crate::processor::{EventProcessor, ProcessorError};
use crate::store::{CheckpointError, CheckpointName, CheckpointStore, EventFilter, EventStore, ReadLog};
use crate::version::Position;

/// How many events are read and handled before the checkpoint moves.
const PAGE: usize = 256;

impl<P, S, C> ProcessDriver<P, S, C>
where
    P: ProcessManager,
    S: EventStore + CheckpointStore + Clone + 'static,
    C: Codec,
{
    /// Handles everything up to the end of the log, also what the processes append meanwhile, and returns the checkpoint.
    ///
    /// For tests and programs without a runner: it does not retry, and an event that fails keeps all after it.
    ///
    /// # Errors
    /// See [`ProcessorError`]; the checkpoint then stands before the page that failed.
    pub async fn catch_up(&self) -> Result<Position, ProcessorError> {
        loop {
            let expected = self.checkpoint().await?;
            let after = expected.unwrap_or(Position::START);
            let page = self.store.read_log(ReadLog::after(after).limit(PAGE).filter(self.filter())).await;
            let page =
                page.map_err(|cause| ProcessorError::Store { processor: self.name.clone(), cause: cause.into() })?;
            self.handle(&page.events).await?;
            if page.through > after {
                self.commit(vec![()], expected, page.through).await?;
            }
            if page.events.is_empty() && page.is_end {
                return Ok(page.through);
            }
        }
    }

    fn is_own(event: &RecordedEvent) -> bool {
        event.stream.category() == P::NAME && event.name == REACTED
    }
}

#[async_trait]
impl<P, S, C> EventProcessor for ProcessDriver<P, S, C>
where
    P: ProcessManager,
    S: EventStore + CheckpointStore + Clone + 'static,
    C: Codec,
{
    type Work = ();

    fn name(&self) -> &CheckpointName {
        &self.name
    }

    fn filter(&self) -> EventFilter {
        self.filter.clone()
    }

    /// The stream of the process; that of the event, if it is none of these processes'.
    fn keys(&self, event: &RecordedEvent) -> Result<Vec<String>, ProcessorError> {
        if event.name == REACTED {
            return Ok(vec![event.stream.as_str().to_owned()]);
        }
        match self.process_of(event) {
            Ok(Some((process, _))) => Ok(vec![process.as_str().to_owned()]),
            Ok(None) => Ok(vec![event.stream.as_str().to_owned()]),
            Err(error) => Err(error.of(&self.name, event)),
        }
    }

    async fn checkpoint(&self) -> Result<Option<Position>, ProcessorError> {
        let loaded = self.store.load_checkpoint(&self.name).await;
        loaded.map_err(|cause| ProcessorError::Store { processor: self.name.clone(), cause: cause.into() })
    }

    /// All that is done is recorded in the streams of the processes, where doing it again finds it.
    async fn handle(&self, events: &[RecordedEvent]) -> Result<(), ProcessorError> {
        // What a stored event is read as is told apart by which of its parts, for one process, it is.
        let mut parts: Vec<(crate::id::EventId, crate::stream::StreamId)> = Vec::new();
        for event in events {
            if event.name == REACTED {
                if Self::is_own(event) {
                    self.dispatch(event).await.map_err(|error| error.of(&self.name, event))?;
                }
                continue;
            }
            let found = self.process_of(event).map_err(|error| error.of(&self.name, event))?;
            let Some((process, correlation)) = found else { continue };
            parts.retain(|(id, _)| *id == event.id);
            let part = parts.iter().filter(|(_, of)| *of == process).count();
            parts.push((event.id, process.clone()));
            let part = u32::try_from(part).unwrap_or(u32::MAX);
            let reacted = self.react_to(&process, &correlation, event, part).await;
            reacted.map_err(|error| error.of(&self.name, event))?;
        }
        Ok(())
    }

    async fn commit(&self, _: Vec<()>, expected: Option<Position>, through: Position) -> Result<(), ProcessorError> {
        match self.store.save_checkpoint(&self.name, expected, through).await {
            Ok(()) => Ok(()),
            Err(CheckpointError::Conflict { expected, actual, .. }) => {
                Err(ProcessorError::Superseded { processor: self.name.clone(), expected, actual })
            }
            Err(error) => Err(ProcessorError::Store { processor: self.name.clone(), cause: error.into() }),
        }
    }
}

//! Checkpoints: rules 26 to 29. Each is that of a table, most of which have no rows: then its message is the only one.

use async_trait::async_trait;
use es_core::Position;
use es_core::store::{CheckpointError, CheckpointName, CheckpointStore, check_checkpoint};

use crate::change::{self, Part, Standing};
use crate::error::NatsError;
use crate::js::Published;
use crate::store::{NatsStore, Shared};
use crate::tables::alone;

fn failed(error: NatsError) -> CheckpointError {
    CheckpointError::Store { cause: Box::new(error) }
}

impl Shared {
    /// The last message of a table, and what it says.
    async fn last_change(&self, name: &CheckpointName) -> Result<(u64, Option<Part>), CheckpointError> {
        let tables = &self.tables;
        let last = self.js.last(tables.stream(), &tables.subject(name)).await.map_err(failed)?;
        let Some(last) = last else { return Ok((0, None)) };
        let (of, part) = change::decode(tables.stream(), last.sequence, &last.payload).map_err(failed)?;
        if of != *name {
            return Err(failed(tables.broken(last.sequence, format!("it is of `{of}`, and stands at `{name}`"))));
        }
        Ok((last.sequence, Some(part)))
    }

    /// Replaces what is kept by `position`, if `check` accepts it; `None` deletes it. What was kept before.
    async fn change(
        &self,
        name: &CheckpointName,
        position: Option<Position>,
        check: impl Fn(Option<Position>) -> Result<(), CheckpointError>,
    ) -> Result<Option<Position>, CheckpointError> {
        let (subject, mark) = (self.tables.subject(name), self.marks());
        let (mut before, mut attempts) = (None, self.js.attempts());
        loop {
            let (sequence, last) = self.last_change(name).await?;
            if last.as_ref().is_some_and(|last| last.mark == mark) {
                // The answer to the first attempt was lost.
                return Ok(before);
            }
            let Standing { checkpoint, is_table } = last.map(|last| last.standing).unwrap_or_default();
            check(checkpoint)?;
            if position.is_none() && checkpoint.is_none() {
                return Ok(before);
            }
            before = checkpoint;
            let standing = Standing { checkpoint: position, is_table };
            let part = Part { standing, mark, is_anew: false, place: (0, 0), writes: Vec::new() };
            let headers = if is_table { async_nats::HeaderMap::new() } else { alone() };
            let published = self.js.publish(&subject, sequence, headers, change::encode(name, &part)).await;
            if matches!(published.map_err(failed)?, Published::At(_)) {
                return Ok(before);
            }
            attempts.again("others change the checkpoint each time").await.map_err(failed)?;
        }
    }
}

#[async_trait]
impl CheckpointStore for NatsStore {
    async fn load_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        let (_, last) = self.shared.last_change(name).await?;
        Ok(last.and_then(|last| last.standing.checkpoint))
    }

    async fn save_checkpoint(
        &self,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        let check = |kept| check_checkpoint(name, expected, kept, position);
        self.shared.change(name, Some(position), check).await.map(drop)
    }

    async fn reset_checkpoint(
        &self,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        let check = |kept| {
            let conflict = || CheckpointError::Conflict { name: name.clone(), expected, actual: kept };
            if kept == expected { Ok(()) } else { Err(conflict()) }
        };
        self.shared.change(name, Some(position), check).await.map(drop)
    }

    async fn delete_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        self.shared.change(name, None, |_| Ok(())).await
    }

    async fn list_checkpoints(&self) -> Result<Vec<(CheckpointName, Position)>, CheckpointError> {
        let lasts = self.shared.tables.lasts().await.map_err(failed)?;
        Ok(lasts.into_iter().filter_map(|(name, standing)| Some((name, standing.checkpoint?))).collect())
    }
}

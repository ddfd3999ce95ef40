//! Read models: rules M1 to M11. Each is a table, and its checkpoint that of the table.

use async_trait::async_trait;
use es_core::Position;
use es_core::store::{
    CheckpointError, CheckpointName, LoadedRows, ReadModelEntry, ReadModelError, ReadModelStore, RowPage, RowWrite,
    Scan, check_checkpoint,
};

use crate::change::Standing;
use crate::error::NatsError;
use crate::store::NatsStore;
use crate::tables::{Change, Unchanged};

fn failed(error: NatsError) -> ReadModelError {
    ReadModelError::Store { cause: Box::new(error) }
}

impl From<Unchanged<CheckpointError>> for ReadModelError {
    fn from(unchanged: Unchanged<CheckpointError>) -> Self {
        match unchanged {
            Unchanged::Refused(error) => Self::Checkpoint(error),
            Unchanged::Failed(error) => failed(error),
        }
    }
}

#[async_trait]
impl ReadModelStore for NatsStore {
    async fn load_rows(&self, model: &CheckpointName, keys: &[String]) -> Result<LoadedRows, ReadModelError> {
        let table = self.shared.tables.current(model).await.map_err(failed)?;
        let view = table.view();
        let rows = keys.iter().map(|key| view.rows.get(key).cloned()).collect();
        Ok(LoadedRows { rows, checkpoint: view.standing.checkpoint })
    }

    async fn scan_rows(&self, model: &CheckpointName, scan: Scan) -> Result<RowPage, ReadModelError> {
        let table = self.shared.tables.current(model).await.map_err(failed)?;
        let view = table.view();
        let (rows, next) = view.rows.scan(&scan);
        Ok(RowPage { rows, next, checkpoint: view.standing.checkpoint })
    }

    async fn commit_rows(
        &self,
        model: &CheckpointName,
        writes: Vec<RowWrite>,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), ReadModelError> {
        let standing = Standing { checkpoint: Some(position), is_table: true };
        let committed = self.shared.tables.change(
            model,
            || self.shared.marks(),
            |view| {
                check_checkpoint(model, expected, view.standing.checkpoint, position)?;
                Ok((Some(Change { standing, writes: writes.clone() }), ()))
            },
        );
        Ok(committed.await?)
    }

    async fn drop_read_model(&self, model: &CheckpointName) -> Result<bool, ReadModelError> {
        let dropped = self.shared.tables.change(
            model,
            || self.shared.marks(),
            |view| {
                let was_there = view.standing != Standing::default();
                let change = Change { standing: Standing::default(), writes: Vec::new() };
                Ok((was_there.then_some(change), was_there))
            },
        );
        Ok(dropped.await?)
    }

    async fn list_read_models(&self) -> Result<Vec<ReadModelEntry>, ReadModelError> {
        let lasts = self.shared.tables.lasts().await.map_err(failed)?;
        let tables = lasts.into_iter().filter(|(_, standing)| standing.is_table);
        Ok(tables.map(|(name, Standing { checkpoint, .. })| ReadModelEntry { name, checkpoint }).collect())
    }
}

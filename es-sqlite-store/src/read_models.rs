//! `ReadModelStore` of the store: reads from a snapshot, changes by the writer.

use async_trait::async_trait;
use es_core::Position;
use es_core::store::{
    CheckpointName, LoadedRows, ReadModelEntry, ReadModelError, ReadModelStore, RowPage, RowWrite, Scan,
};

use crate::rows::{self, RowChange, failed};
use crate::scan;
use crate::store::SqliteStore;
use crate::writer::{Done, Task};

impl SqliteStore {
    async fn change_rows(&self, model: &CheckpointName, change: RowChange) -> Result<bool, ReadModelError> {
        match self.shared.write(Task::Rows { name: model.clone(), change }).await {
            Ok(Done::Rows(changed)) => Ok(changed?),
            Ok(_) => unreachable!("a change of rows has the outcome of one"),
            Err(error) => Err(failed(error)),
        }
    }
}

#[async_trait]
impl ReadModelStore for SqliteStore {
    async fn load_rows(&self, model: &CheckpointName, keys: &[String]) -> Result<LoadedRows, ReadModelError> {
        let mut snapshot = self.shared.pool.snapshot().map_err(failed)?;
        rows::load_all(&snapshot.reader().connection, model, keys).map_err(failed)
    }

    async fn scan_rows(&self, model: &CheckpointName, scan: Scan) -> Result<RowPage, ReadModelError> {
        let mut snapshot = self.shared.pool.snapshot().map_err(failed)?;
        scan::scan(&snapshot.reader().connection, model, &scan).map_err(failed)
    }

    async fn commit_rows(
        &self,
        model: &CheckpointName,
        writes: Vec<RowWrite>,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), ReadModelError> {
        self.change_rows(model, RowChange::Commit { writes, expected, position }).await.map(drop)
    }

    async fn drop_read_model(&self, model: &CheckpointName) -> Result<bool, ReadModelError> {
        self.change_rows(model, RowChange::Drop).await
    }

    async fn list_read_models(&self) -> Result<Vec<ReadModelEntry>, ReadModelError> {
        let mut snapshot = self.shared.pool.snapshot().map_err(failed)?;
        rows::list(&snapshot.reader().connection).map_err(failed)
    }
}

//! `ReadModelStore` of the store: each operation is one statement on a connection of the pool.

use async_trait::async_trait;
use es_core::Position;
use es_core::store::{
    CheckpointName, LoadedRows, ReadModelEntry, ReadModelError, ReadModelStore, RowPage, RowWrite, Scan,
};

use crate::append::Session;
use crate::error::PostgresError;
use crate::scan;
use crate::store::PostgresStore;

fn failed(error: PostgresError) -> ReadModelError {
    ReadModelError::Store { cause: Box::new(error) }
}

#[async_trait]
impl ReadModelStore for PostgresStore {
    async fn load_rows(&self, model: &CheckpointName, keys: &[String]) -> Result<LoadedRows, ReadModelError> {
        let mut connection = self.connection().await.map_err(failed)?;
        let loaded = self.shared.read_models.load(&mut Session::Own(&mut connection), model, keys).await;
        connection.after(loaded).map_err(failed)
    }

    async fn scan_rows(&self, model: &CheckpointName, scan: Scan) -> Result<RowPage, ReadModelError> {
        let mut connection = self.connection().await.map_err(failed)?;
        let page = scan::scan(&mut connection, &self.shared.read_models.schema, model, &scan).await;
        connection.after(page).map_err(failed)
    }

    async fn commit_rows(
        &self,
        model: &CheckpointName,
        writes: Vec<RowWrite>,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), ReadModelError> {
        let mut connection = self.connection().await.map_err(failed)?;
        let session = &mut Session::Own(&mut connection);
        let committed = self.shared.read_models.commit(session, model, &writes, (expected, position)).await;
        Ok(connection.after(committed).map_err(failed)??)
    }

    async fn drop_read_model(&self, model: &CheckpointName) -> Result<bool, ReadModelError> {
        let mut connection = self.connection().await.map_err(failed)?;
        let dropped = self.shared.read_models.drop(&mut Session::Own(&mut connection), model).await;
        connection.after(dropped).map_err(failed)
    }

    async fn list_read_models(&self) -> Result<Vec<ReadModelEntry>, ReadModelError> {
        let mut connection = self.connection().await.map_err(failed)?;
        let listed = self.shared.read_models.list(&mut Session::Own(&mut connection)).await;
        connection.after(listed).map_err(failed)
    }
}

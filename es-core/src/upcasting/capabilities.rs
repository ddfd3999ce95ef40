//! What the store below can do beside, passed on as it is: none of it reads events.

use async_trait::async_trait;

use super::{StreamUpcaster, UpcastingStore};
use crate::store::{
    CheckpointError, CheckpointName, CheckpointStore, MultiAppend, MultiAppendError, MultiAppended, MultiStreamAppend,
    ReadError, Subscribe,
};
use crate::version::Position;

#[async_trait]
impl<S: Subscribe, U: StreamUpcaster> Subscribe for UpcastingStore<S, U> {
    async fn appended_after(&self, position: Position) -> Result<(), ReadError> {
        self.store.appended_after(position).await
    }
}

#[async_trait]
impl<S: MultiStreamAppend, U: StreamUpcaster> MultiStreamAppend for UpcastingStore<S, U> {
    async fn append_multi(&self, batch: MultiAppend) -> Result<MultiAppended, MultiAppendError> {
        self.store.append_multi(batch).await
    }
}

#[async_trait]
impl<S: CheckpointStore, U: StreamUpcaster> CheckpointStore for UpcastingStore<S, U> {
    async fn load_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        self.store.load_checkpoint(name).await
    }

    async fn save_checkpoint(
        &self,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        self.store.save_checkpoint(name, expected, position).await
    }

    async fn reset_checkpoint(
        &self,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        self.store.reset_checkpoint(name, expected, position).await
    }

    async fn delete_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        self.store.delete_checkpoint(name).await
    }

    async fn list_checkpoints(&self) -> Result<Vec<(CheckpointName, Position)>, CheckpointError> {
        self.store.list_checkpoints().await
    }
}

//! Stores behind references and smart pointers.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    AppendError, Appended, CheckpointError, CheckpointName, CheckpointStore, EventStore, Limits, LogPage, MultiAppend,
    MultiAppendError, MultiAppended, MultiStreamAppend, ReadError, ReadLog, ReadStream, StreamPage, Subscribe,
};
use crate::envelope::NewEvent;
use crate::stream::StreamId;
use crate::version::{ExpectedVersion, Position};

macro_rules! forwarded {
    ($($store:ty),+) => {$(
        #[async_trait]
        impl<S: EventStore + ?Sized> EventStore for $store {
            async fn append(
                &self,
                stream: &StreamId,
                expected: ExpectedVersion,
                events: Vec<NewEvent>,
            ) -> Result<Appended, AppendError> {
                (**self).append(stream, expected, events).await
            }

            async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
                (**self).read_stream(stream, range).await
            }

            async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
                (**self).read_log(range).await
            }

            fn limits(&self) -> Limits {
                (**self).limits()
            }

            fn reads_as_appended(&self, stream: &StreamId) -> bool {
                (**self).reads_as_appended(stream)
            }
        }

        #[async_trait]
        impl<S: Subscribe + ?Sized> Subscribe for $store {
            async fn appended_after(&self, position: Position) -> Result<(), ReadError> {
                (**self).appended_after(position).await
            }
        }

        #[async_trait]
        impl<S: MultiStreamAppend + ?Sized> MultiStreamAppend for $store {
            async fn append_multi(&self, batch: MultiAppend) -> Result<MultiAppended, MultiAppendError> {
                (**self).append_multi(batch).await
            }
        }

        #[async_trait]
        impl<S: CheckpointStore + ?Sized> CheckpointStore for $store {
            async fn load_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
                (**self).load_checkpoint(name).await
            }

            async fn save_checkpoint(
                &self,
                name: &CheckpointName,
                expected: Option<Position>,
                position: Position,
            ) -> Result<(), CheckpointError> {
                (**self).save_checkpoint(name, expected, position).await
            }

            async fn reset_checkpoint(
                &self,
                name: &CheckpointName,
                expected: Option<Position>,
                position: Position,
            ) -> Result<(), CheckpointError> {
                (**self).reset_checkpoint(name, expected, position).await
            }

            async fn delete_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
                (**self).delete_checkpoint(name).await
            }

            async fn list_checkpoints(&self) -> Result<Vec<(CheckpointName, Position)>, CheckpointError> {
                (**self).list_checkpoints().await
            }
        }
    )+};
}
forwarded!(&S, Box<S>, Arc<S>);

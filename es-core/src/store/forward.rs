//! Stores behind references and smart pointers.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    AppendError, Appended, EventStore, Limits, LogPage, ReadError, ReadLog, ReadStream, StreamPage, Subscribe,
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
    )+};
}
forwarded!(&S, Box<S>, Arc<S>);

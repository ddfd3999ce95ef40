//! Stores inside others: what a wrapper does not change is passed on, written once for each capability.

use std::sync::Arc;

/// Passes what a wrapper does not change on to the store inside it.
///
/// In brackets stand the parameters of the wrapper, that of the inner store first; then the wrapper, how to come from it
/// to the inner store, and the traits to pass on.
/// A trait that is added to the port is added here, and wrappers have only to name it.
///
/// ```
/// use es_core::forward_store;
/// use es_memory_store::MemoryStore;
///
/// struct Named<S> { name: String, store: S }
///
/// forward_store! {
///     [S] Named<S>, |named| &named.store =>
///     EventStore, Subscribe, CheckpointStore, MultiStreamAppend, SnapshotStore
/// }
///
/// fn takes_events(_: impl es_core::store::EventStore) {}
/// takes_events(Named { name: "archive".to_owned(), store: MemoryStore::new() });
/// ```
#[macro_export]
macro_rules! forward_store {
    ($parameters:tt $wrapper:ty, |$this:ident| $inner:expr => $($capability:ident),+ $(,)?) => {
        $($crate::forward_store!(@$capability $parameters $wrapper, |$this| $inner);)+
    };

    (@EventStore [$s:ident $(: ?$sized:ident)? $(, $($more:tt)*)?] $wrapper:ty, |$this:ident| $inner:expr) => {
        #[$crate::__private::async_trait]
        impl<$s: $crate::store::EventStore $(+ ?$sized)? $(, $($more)*)?> $crate::store::EventStore for $wrapper {
            async fn append(
                &self,
                stream: &$crate::StreamId,
                expected: $crate::ExpectedVersion,
                events: ::std::vec::Vec<$crate::NewEvent>,
            ) -> ::core::result::Result<$crate::store::Appended, $crate::store::AppendError> {
                let $this = self;
                ($inner).append(stream, expected, events).await
            }

            async fn read_stream(
                &self,
                stream: &$crate::StreamId,
                range: $crate::store::ReadStream,
            ) -> ::core::result::Result<$crate::store::StreamPage, $crate::store::ReadError> {
                let $this = self;
                ($inner).read_stream(stream, range).await
            }

            async fn read_log(
                &self,
                range: $crate::store::ReadLog,
            ) -> ::core::result::Result<$crate::store::LogPage, $crate::store::ReadError> {
                let $this = self;
                ($inner).read_log(range).await
            }

            async fn visit_stream(
                &self,
                stream: &$crate::StreamId,
                range: $crate::store::ReadStream,
                visit: &mut $crate::store::EventVisitor<'_>,
            ) -> ::core::result::Result<$crate::store::StreamPage, $crate::store::ReadError> {
                let $this = self;
                ($inner).visit_stream(stream, range, visit).await
            }

            async fn visit_log(
                &self,
                range: $crate::store::ReadLog,
                visit: &mut $crate::store::EventVisitor<'_>,
            ) -> ::core::result::Result<$crate::store::LogPage, $crate::store::ReadError> {
                let $this = self;
                ($inner).visit_log(range, visit).await
            }

            fn limits(&self) -> $crate::store::Limits {
                let $this = self;
                ($inner).limits()
            }

            fn reads_as_appended(&self, stream: &$crate::StreamId) -> bool {
                let $this = self;
                ($inner).reads_as_appended(stream)
            }
        }
    };

    (@Subscribe [$s:ident $(: ?$sized:ident)? $(, $($more:tt)*)?] $wrapper:ty, |$this:ident| $inner:expr) => {
        #[$crate::__private::async_trait]
        impl<$s: $crate::store::Subscribe $(+ ?$sized)? $(, $($more)*)?> $crate::store::Subscribe for $wrapper {
            async fn appended_after(
                &self,
                position: $crate::Position,
            ) -> ::core::result::Result<(), $crate::store::ReadError> {
                let $this = self;
                ($inner).appended_after(position).await
            }
        }
    };

    (@MultiStreamAppend [$s:ident $(: ?$sized:ident)? $(, $($more:tt)*)?] $wrapper:ty, |$this:ident| $inner:expr) => {
        #[$crate::__private::async_trait]
        impl<$s: $crate::store::MultiStreamAppend $(+ ?$sized)? $(, $($more)*)?> $crate::store::MultiStreamAppend
            for $wrapper
        {
            async fn append_multi(
                &self,
                batch: $crate::store::MultiAppend,
            ) -> ::core::result::Result<$crate::store::MultiAppended, $crate::store::MultiAppendError> {
                let $this = self;
                ($inner).append_multi(batch).await
            }
        }
    };

    (@CheckpointStore [$s:ident $(: ?$sized:ident)? $(, $($more:tt)*)?] $wrapper:ty, |$this:ident| $inner:expr) => {
        #[$crate::__private::async_trait]
        impl<$s: $crate::store::CheckpointStore $(+ ?$sized)? $(, $($more)*)?> $crate::store::CheckpointStore
            for $wrapper
        {
            async fn load_checkpoint(
                &self,
                name: &$crate::store::CheckpointName,
            ) -> ::core::result::Result<::core::option::Option<$crate::Position>, $crate::store::CheckpointError> {
                let $this = self;
                ($inner).load_checkpoint(name).await
            }

            async fn save_checkpoint(
                &self,
                name: &$crate::store::CheckpointName,
                expected: ::core::option::Option<$crate::Position>,
                position: $crate::Position,
            ) -> ::core::result::Result<(), $crate::store::CheckpointError> {
                let $this = self;
                ($inner).save_checkpoint(name, expected, position).await
            }

            async fn reset_checkpoint(
                &self,
                name: &$crate::store::CheckpointName,
                expected: ::core::option::Option<$crate::Position>,
                position: $crate::Position,
            ) -> ::core::result::Result<(), $crate::store::CheckpointError> {
                let $this = self;
                ($inner).reset_checkpoint(name, expected, position).await
            }

            async fn delete_checkpoint(
                &self,
                name: &$crate::store::CheckpointName,
            ) -> ::core::result::Result<::core::option::Option<$crate::Position>, $crate::store::CheckpointError> {
                let $this = self;
                ($inner).delete_checkpoint(name).await
            }

            async fn list_checkpoints(
                &self,
            ) -> ::core::result::Result<
                ::std::vec::Vec<($crate::store::CheckpointName, $crate::Position)>,
                $crate::store::CheckpointError,
            > {
                let $this = self;
                ($inner).list_checkpoints().await
            }
        }
    };

    (@SnapshotStore [$s:ident $(: ?$sized:ident)? $(, $($more:tt)*)?] $wrapper:ty, |$this:ident| $inner:expr) => {
        #[$crate::__private::async_trait]
        impl<$s: $crate::store::SnapshotStore $(+ ?$sized)? $(, $($more)*)?> $crate::store::SnapshotStore for $wrapper {
            async fn save_snapshot(
                &self,
                snapshot: $crate::store::Snapshot,
            ) -> ::core::result::Result<(), $crate::store::SnapshotError> {
                let $this = self;
                ($inner).save_snapshot(snapshot).await
            }

            async fn load_snapshot(
                &self,
                stream: &$crate::StreamId,
                fingerprint: $crate::Fingerprint,
                up_to: $crate::Version,
            ) -> ::core::result::Result<::core::option::Option<$crate::store::Snapshot>, $crate::store::SnapshotError> {
                let $this = self;
                ($inner).load_snapshot(stream, fingerprint, up_to).await
            }

            async fn delete_snapshots(
                &self,
                stream: &$crate::StreamId,
            ) -> ::core::result::Result<(), $crate::store::SnapshotError> {
                let $this = self;
                ($inner).delete_snapshots(stream).await
            }
        }
    };

    (@ReadModelStore [$s:ident $(: ?$sized:ident)? $(, $($more:tt)*)?] $wrapper:ty, |$this:ident| $inner:expr) => {
        #[$crate::__private::async_trait]
        impl<$s: $crate::store::ReadModelStore $(+ ?$sized)? $(, $($more)*)?> $crate::store::ReadModelStore for $wrapper {
            async fn load_rows(
                &self,
                model: &$crate::store::CheckpointName,
                keys: &[::std::string::String],
            ) -> ::core::result::Result<$crate::store::LoadedRows, $crate::store::ReadModelError> {
                let $this = self;
                ($inner).load_rows(model, keys).await
            }

            async fn scan_rows(
                &self,
                model: &$crate::store::CheckpointName,
                scan: $crate::store::Scan,
            ) -> ::core::result::Result<$crate::store::RowPage, $crate::store::ReadModelError> {
                let $this = self;
                ($inner).scan_rows(model, scan).await
            }

            async fn commit_rows(
                &self,
                model: &$crate::store::CheckpointName,
                writes: ::std::vec::Vec<$crate::store::RowWrite>,
                expected: ::core::option::Option<$crate::Position>,
                position: $crate::Position,
            ) -> ::core::result::Result<(), $crate::store::ReadModelError> {
                let $this = self;
                ($inner).commit_rows(model, writes, expected, position).await
            }

            async fn drop_read_model(
                &self,
                model: &$crate::store::CheckpointName,
            ) -> ::core::result::Result<bool, $crate::store::ReadModelError> {
                let $this = self;
                ($inner).drop_read_model(model).await
            }

            async fn list_read_models(
                &self,
            ) -> ::core::result::Result<
                ::std::vec::Vec<$crate::store::ReadModelEntry>,
                $crate::store::ReadModelError,
            > {
                let $this = self;
                ($inner).list_read_models().await
            }
        }
    };

    (@InlineAppend [$s:ident $(: ?$sized:ident)? $(, $($more:tt)*)?] $wrapper:ty, |$this:ident| $inner:expr) => {
        #[$crate::__private::async_trait]
        impl<$s: $crate::store::InlineAppend $(+ ?$sized)? $(, $($more)*)?> $crate::store::InlineAppend for $wrapper {
            async fn append_inline(
                &self,
                stream: &$crate::StreamId,
                expected: $crate::ExpectedVersion,
                events: ::std::vec::Vec<$crate::NewEvent>,
                projections: &$crate::store::InlineProjections,
            ) -> ::core::result::Result<$crate::store::Appended, $crate::store::AppendError> {
                let $this = self;
                ($inner).append_inline(stream, expected, events, projections).await
            }

            async fn append_multi_inline(
                &self,
                batch: $crate::store::MultiAppend,
                projections: &$crate::store::InlineProjections,
            ) -> ::core::result::Result<$crate::store::MultiAppended, $crate::store::MultiAppendError> {
                let $this = self;
                ($inner).append_multi_inline(batch, projections).await
            }
        }
    };

    (@LeaseStore [$s:ident $(: ?$sized:ident)? $(, $($more:tt)*)?] $wrapper:ty, |$this:ident| $inner:expr) => {
        #[$crate::__private::async_trait]
        impl<$s: $crate::store::LeaseStore $(+ ?$sized)? $(, $($more)*)?> $crate::store::LeaseStore for $wrapper {
            async fn acquire_lease(
                &self,
                name: &$crate::store::CheckpointName,
                owner: &str,
                ttl: ::core::time::Duration,
            ) -> ::core::result::Result<$crate::store::Lease, $crate::store::LeaseError> {
                let $this = self;
                ($inner).acquire_lease(name, owner, ttl).await
            }

            async fn renew_lease(
                &self,
                lease: &$crate::store::Lease,
                ttl: ::core::time::Duration,
            ) -> ::core::result::Result<$crate::store::Lease, $crate::store::LeaseError> {
                let $this = self;
                ($inner).renew_lease(lease, ttl).await
            }

            async fn release_lease(
                &self,
                lease: &$crate::store::Lease,
            ) -> ::core::result::Result<(), $crate::store::LeaseError> {
                let $this = self;
                ($inner).release_lease(lease).await
            }

            async fn list_leases(
                &self,
            ) -> ::core::result::Result<::std::vec::Vec<$crate::store::Lease>, $crate::store::LeaseError> {
                let $this = self;
                ($inner).list_leases().await
            }
        }
    };

    (@FailureStore [$s:ident $(: ?$sized:ident)? $(, $($more:tt)*)?] $wrapper:ty, |$this:ident| $inner:expr) => {
        #[$crate::__private::async_trait]
        impl<$s: $crate::store::FailureStore $(+ ?$sized)? $(, $($more)*)?> $crate::store::FailureStore for $wrapper {
            async fn claim_parking(
                &self,
                processor: &$crate::store::CheckpointName,
            ) -> ::core::result::Result<u64, $crate::store::FailureError> {
                let $this = self;
                ($inner).claim_parking(processor).await
            }

            async fn park_event(
                &self,
                processor: &$crate::store::CheckpointName,
                token: u64,
                event: &$crate::store::ParkedEvent,
                capacity: $crate::store::ParkCapacity,
            ) -> ::core::result::Result<(), $crate::store::FailureError> {
                let $this = self;
                ($inner).park_event(processor, token, event, capacity).await
            }

            async fn note_parked(
                &self,
                processor: &$crate::store::CheckpointName,
                token: u64,
                position: $crate::Position,
                errors: &[::std::string::String],
                at: $crate::Timestamp,
            ) -> ::core::result::Result<bool, $crate::store::FailureError> {
                let $this = self;
                ($inner).note_parked(processor, token, position, errors, at).await
            }

            async fn remove_parked(
                &self,
                processor: &$crate::store::CheckpointName,
                token: u64,
                position: $crate::Position,
            ) -> ::core::result::Result<bool, $crate::store::FailureError> {
                let $this = self;
                ($inner).remove_parked(processor, token, position).await
            }

            async fn parked_events(
                &self,
                processor: &$crate::store::CheckpointName,
                key: ::core::option::Option<&str>,
                after: $crate::Position,
                limit: usize,
            ) -> ::core::result::Result<::std::vec::Vec<$crate::store::ParkedEvent>, $crate::store::FailureError> {
                let $this = self;
                ($inner).parked_events(processor, key, after, limit).await
            }

            async fn parked_keys(
                &self,
                processor: &$crate::store::CheckpointName,
            ) -> ::core::result::Result<::std::vec::Vec<$crate::store::ParkedKey>, $crate::store::FailureError> {
                let $this = self;
                ($inner).parked_keys(processor).await
            }

            async fn count_parked(
                &self,
                processor: &$crate::store::CheckpointName,
            ) -> ::core::result::Result<$crate::store::ParkedCount, $crate::store::FailureError> {
                let $this = self;
                ($inner).count_parked(processor).await
            }
        }
    };
}

forward_store! {
    [S: ?Sized] &S, |store| **store =>
    EventStore, Subscribe, MultiStreamAppend, CheckpointStore, SnapshotStore, ReadModelStore, InlineAppend,
    LeaseStore, FailureStore
}
forward_store! {
    [S: ?Sized] Box<S>, |store| **store =>
    EventStore, Subscribe, MultiStreamAppend, CheckpointStore, SnapshotStore, ReadModelStore, InlineAppend,
    LeaseStore, FailureStore
}
forward_store! {
    [S: ?Sized] Arc<S>, |store| **store =>
    EventStore, Subscribe, MultiStreamAppend, CheckpointStore, SnapshotStore, ReadModelStore, InlineAppend,
    LeaseStore, FailureStore
}

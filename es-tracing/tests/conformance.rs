//! What is told changes nothing: the store around one keeps the contract that the other keeps.

use es_memory_store::MemoryStore;
use es_tracing::TracingStore;

es_testkit::store_conformance!(
    traced,
    [subscribe, checkpoints, multi_stream_append, snapshots, leases, failures, second_handle, any_executor],
    place = || TracingStore::new(MemoryStore::new()),
    open = async |place: &TracingStore<MemoryStore>| place.clone()
);

//! The stores that misbehave on purpose keep the contract until they are told to misbehave; one that only delays and
//! resends keeps it all the while.

use es_memory_store::MemoryStore;
use es_testkit::stores::{ChaosStore, ConflictStore, Fault, Operation};

es_testkit::store_conformance!(
    resending,
    [subscribe, checkpoints, multi_stream_append, snapshots, leases, failures, second_handle, any_executor],
    place = || {
        let operations = [Operation::Append, Operation::AppendMulti, Operation::ReadLog, Operation::ReadStream];
        let store = ChaosStore::new(MemoryStore::new(), 1).yields(2);
        operations.into_iter().fold(store, |store, operation| store.chance(operation, Fault::Twice, 0.5))
    },
    open = async |place: &ChaosStore<MemoryStore>| place.clone()
);

es_testkit::store_conformance!(
    without_conflicts,
    [subscribe, checkpoints, multi_stream_append, snapshots, leases, failures, second_handle, any_executor],
    place = || ConflictStore::new(MemoryStore::new(), 0),
    open = async |place: &ConflictStore<MemoryStore>| place.clone()
);

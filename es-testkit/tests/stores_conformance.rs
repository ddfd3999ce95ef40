//! The stores that misbehave on purpose keep the contract until they are told to misbehave; one that only delays and
//! resends keeps it all the while. So do partitions, as far as all is in one of them.

use es_core::store::{Partition, PartitionLog, PartitionedStore};
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

es_testkit::store_conformance!(
    one_partition,
    [multi_stream_append, snapshots, second_handle, any_executor],
    place = || PartitionedStore::new([Partition::new("main", MemoryStore::new()).slots(..)]).unwrap(),
    open = async |place: &PartitionedStore<MemoryStore>| place.clone()
);

// Streams and log are those of one partition, though there is another: all that the suite appends is in `main`.
es_testkit::store_conformance!(
    log_of_a_partition,
    [
        subscribe,
        checkpoints,
        multi_stream_append,
        snapshots,
        read_models,
        leases,
        failures,
        second_handle,
        any_executor
    ],
    place = || {
        let main = Partition::new("main", MemoryStore::new()).slots(..);
        let audit = Partition::new("audit", MemoryStore::new()).categories(["no_check_appends_this"]);
        PartitionedStore::new([main, audit]).unwrap().log("main").unwrap()
    },
    open = async |place: &PartitionLog<MemoryStore>| place.clone()
);

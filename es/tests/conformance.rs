//! A store of which nobody knows what it is keeps the contract of the one that it is.

#[cfg(feature = "memory")]
es_testkit::store_conformance!(
    memory,
    [subscribe, checkpoints, multi_stream_append, snapshots, leases, failures, any_executor],
    async || { es::connect("memory:").await.unwrap() }
);

#[cfg(feature = "sqlite")]
es_testkit::store_conformance!(
    sqlite,
    [subscribe, checkpoints, multi_stream_append, snapshots, leases, failures, second_handle, durable, any_executor],
    place = || tempfile::tempdir().unwrap(),
    open = async |place: &tempfile::TempDir| {
        es::connect(&format!("sqlite:{}", place.path().join("events.db").display())).await.unwrap()
    }
);

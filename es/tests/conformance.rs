//! A store of which nobody knows what it is keeps the contract of the one that it is.

#[cfg(feature = "memory")]
es_testkit::store_conformance!(
    memory,
    [subscribe, checkpoints, multi_stream_append, snapshots, read_models, leases, failures, any_executor],
    async || { es::connect("memory:").await.unwrap() }
);

#[cfg(feature = "nats")]
es_testkit::store_conformance!(
    nats,
    [subscribe, checkpoints, multi_stream_append, snapshots, read_models, leases, failures, ids_within_streams],
    place = || {
        // One store for all: each check has streams of its own.
        let server = test_servers::Nats::shared();
        let server = server.unwrap_or_else(|| es_testkit::conformance::skip("there is no NATS server"));
        format!("{}/checks", server.url())
    },
    open = async |url: &String| es::connect(url).await.unwrap()
);

#[cfg(feature = "postgres")]
es_testkit::store_conformance!(
    postgres,
    [subscribe, checkpoints, multi_stream_append, snapshots, read_models, leases, failures],
    place = || {
        // A database for each check, since a URL names no schema.
        let url = test_servers::Postgres::shared().map(test_servers::Postgres::database);
        url.unwrap_or_else(|| es_testkit::conformance::skip("there is no PostgreSQL"))
    },
    open = async |url: &String| es::connect(url).await.unwrap()
);

#[cfg(feature = "sqlite")]
es_testkit::store_conformance!(
    sqlite,
    [
        subscribe,
        checkpoints,
        multi_stream_append,
        snapshots,
        read_models,
        leases,
        failures,
        second_handle,
        durable,
        any_executor
    ],
    place = || tempfile::tempdir().unwrap(),
    open = async |place: &tempfile::TempDir| {
        es::connect(&format!("sqlite:{}", place.path().join("events.db").display())).await.unwrap()
    }
);

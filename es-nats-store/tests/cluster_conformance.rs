//! The contract of all stores on three servers, each of which has everything.

mod common;

use es_nats_store::NatsStore;
use es_testkit::conformance::{Backend, Executor, Offered, Outcome, checks};
use test_servers::NatsCluster;

#[test]
fn three_servers_keep_the_contract() {
    let Some(cluster) = NatsCluster::start() else { return };
    let url = cluster.url();
    let capabilities = &[
        "subscribe",
        "checkpoints",
        "multi_stream_append",
        "snapshots",
        "read_models",
        "leases",
        "failures",
        "ids_within_streams",
        "second_handle",
        "durable",
    ];
    // One store for all: each check has streams and names of its own.
    let place = common::name();
    let backend = Backend::new(
        "nats",
        capabilities,
        move || (url.clone(), place.clone()),
        async |place: &(String, String)| {
            let store = NatsStore::options().name(&place.1).replicas(3).connect(&place.0).await.unwrap();
            let offered = Offered::new(store).subscribe().checkpoints().multi_stream_append().snapshots();
            offered.read_models().leases().failures().ids_within_streams().second_handle().durable().stores()
        },
    );
    let (mut kept, mut broken) = (0, Vec::new());
    for check in checks() {
        match backend.run(check, Executor::MultiThread) {
            Outcome::Kept => kept += 1,
            Outcome::Skipped(reason) => println!("left out: {reason}"),
            Outcome::Broken(seen) => broken.push(format!("{}: {seen}", check.name)),
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    println!("{kept} checks kept on three servers");
}

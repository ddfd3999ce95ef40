//! `NatsStore` against the contract of all stores.

mod common;

use es_nats_store::NatsStore;
use es_testkit::conformance::{Report, skip};
use test_servers::Nats;

es_testkit::store_conformance!(
    nats,
    [
        subscribe,
        checkpoints,
        multi_stream_append,
        snapshots,
        read_models,
        leases,
        failures,
        ids_within_streams,
        second_handle,
        durable
    ],
    place = || if Nats::shared().is_some() { common::name() } else { skip("there is no NATS server") },
    open = async |name: &String| {
        let url = Nats::shared().expect("there is one where there is a place").url();
        NatsStore::options().name(name).connect(&url).await.unwrap()
    }
);

#[test]
fn the_report_says_what_the_store_keeps() {
    if Nats::shared().is_some() {
        Report::of(&nats::backend()).assert_in(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/conformance.md"));
    }
}

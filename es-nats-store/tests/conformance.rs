//! `NatsStore` against the contract of all stores.

mod common;

use es_nats_store::NatsStore;
use es_testkit::conformance::Report;
use test_servers::Nats;

es_testkit::store_conformance!(
    nats,
    [subscribe, checkpoints, multi_stream_append, snapshots, ids_within_streams, second_handle, durable],
    place = common::name,
    open = async |name: &String| {
        let url = Nats::shared().expect("a NATS server can be had").url();
        NatsStore::options().name(name).connect(&url).await.unwrap()
    }
);

#[test]
fn the_report_says_what_the_store_keeps() {
    if Nats::shared().is_some() {
        Report::of(&nats::backend()).assert_in(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/conformance.md"));
    }
}

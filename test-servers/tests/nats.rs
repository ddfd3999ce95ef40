//! NATS servers start, die, pause and come back.

use test_servers::{Nats, NatsCluster};

#[test]
fn a_server_starts_and_comes_back_at_the_same_port() {
    let Some(mut server) = Nats::start("jetstream: enabled") else { return };
    let port = server.port();
    assert!(server.is_healthy());
    server.kill();
    assert!(!server.is_healthy());
    server.restart();
    assert!(server.is_healthy());
    assert_eq!(server.port(), port);
    server.pause();
    assert!(!server.is_healthy());
    server.go_on();
    assert!(server.is_healthy());
}

#[test]
fn three_servers_agree_and_two_go_on() {
    let Some(mut cluster) = NatsCluster::start() else { return };
    assert_eq!(cluster.url().split(',').count(), 3);
    cluster.nodes[0].kill();
    cluster.wait_until_healthy().unwrap();
    assert!(cluster.nodes[1].is_healthy() && !cluster.nodes[0].is_healthy());
    cluster.nodes[0].restart();
    cluster.wait_until_healthy().unwrap();
}

#[test]
fn the_server_of_an_older_release_can_be_had() {
    let Some(server) = Nats::start_old("jetstream: enabled") else { return };
    assert!(server.is_healthy());
}

//! What a server must be like, and what is said of one that is not.

mod common;

use std::error::Error;
use std::sync::Arc;

use common::{event, name, stream};
use es_core::ExpectedVersion;
use es_core::store::{AppendError, EventStore, ReadStream};
use es_nats_store::{ConnectError, NatsStore, async_nats};
use test_servers::{Nats, NatsCluster};

const ROUNDS: u64 = 60;
const RIVALS: u64 = 8;

/// Debian 12's server, on which the race below has several winners.
#[tokio::test]
async fn a_server_that_is_too_old_is_refused() {
    let Some(server) = Nats::start_old("jetstream: enabled") else { return };
    let error = NatsStore::connect(&server.url()).await.unwrap_err();
    assert!(matches!(&error, ConnectError::ServerTooOld { version } if version == "2.9.10"), "{error}");
    assert!(error.to_string().starts_with("the NATS server is version 2.9.10, the store needs 2.12 or later"));
}

/// How many of several publishers win that expect the same last sequence of a subject, at most.
async fn most_winners(cluster: &NatsCluster) -> usize {
    let mut clients = Vec::new();
    for node in &cluster.nodes {
        clients.push(async_nats::connect(node.url()).await.unwrap());
    }
    let config = r#"{"name":"race","subjects":["race.*"],"num_replicas":3,"storage":"file"}"#;
    let made = clients[0].request("$JS.API.STREAM.CREATE.race", config.into()).await.unwrap();
    assert!(!String::from_utf8_lossy(&made.payload).contains("\"error\""), "{:?}", made.payload);
    let (mut most, mut won, mut last) = (0, 0, 0);
    for _ in 0..ROUNDS {
        let rivals = (0..RIVALS).map(|rival| {
            let client = clients[usize::try_from(rival).unwrap() % clients.len()].clone();
            tokio::spawn(async move {
                let mut headers = async_nats::HeaderMap::new();
                headers.insert("Nats-Expected-Last-Subject-Sequence", last.to_string());
                // A node that has not heard of the stream yet says that nobody responds.
                let answer = client.request_with_headers("race.x", headers, "x".into()).await.ok()?;
                sequence(&String::from_utf8_lossy(&answer.payload))
            })
        });
        let mut winners = Vec::new();
        for rival in rivals.collect::<Vec<_>>() {
            winners.extend(rival.await.unwrap());
        }
        last = winners.iter().copied().max().unwrap_or(last);
        (most, won) = (most.max(winners.len()), won + usize::from(!winners.is_empty()));
    }
    assert!(won > 0, "nobody has won in any round");
    most
}

/// The sequence that a message got, if it is stored.
fn sequence(answer: &str) -> Option<u64> {
    let (_, rest) = answer.split_once("\"seq\":").filter(|_| !answer.contains("\"error\""))?;
    rest.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

/// Why 2.9 is refused; if this ever fails, the reason is gone.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_cluster_lets_several_writers_win() {
    let Some(cluster) = NatsCluster::start_old() else { return };
    assert!(most_winners(&cluster).await > 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_writers_on_three_servers_one_wins() {
    let Some(cluster) = NatsCluster::start() else { return };
    assert_eq!(most_winners(&cluster).await, 1);

    // The same through the store, each rival with a connection of its own.
    let name = name();
    let mut stores = Vec::new();
    for node in &cluster.nodes {
        stores.push(NatsStore::options().name(&name).connect(&node.url()).await.unwrap());
    }
    for round in 0..ROUNDS {
        let stream = Arc::new(stream(&format!("race-{round}")));
        let rivals = (0..RIVALS).map(|rival| {
            let (store, stream) = (stores[usize::try_from(rival).unwrap() % stores.len()].clone(), Arc::clone(&stream));
            let event = event(round * RIVALS + rival + 1);
            tokio::spawn(async move { store.append(&stream, ExpectedVersion::NoStream, vec![event]).await })
        });
        let mut winners = 0;
        for rival in rivals.collect::<Vec<_>>() {
            match rival.await.unwrap() {
                Ok(appended) => winners += appended.version.get(),
                Err(AppendError::Conflict { actual, .. }) => assert_eq!(actual.get(), 1),
                Err(error) => panic!("{error}: {:?}", error.source()),
            }
        }
        assert_eq!(winners, 1);
        assert_eq!(stores[0].read_stream(&stream, ReadStream::all()).await.unwrap().events.len(), 1);
    }
}

#[tokio::test]
async fn wrong_credentials_are_told_and_nothing_of_them() {
    let Some(server) = Nats::start("jetstream: enabled\nauthorization { user: ada, password: \"ri:g%t\" }") else {
        return;
    };
    let address = format!("127.0.0.1:{}", server.port());
    NatsStore::connect(&format!("nats://ada:ri%3Ag%25t@{address}")).await.unwrap();
    let error = NatsStore::connect(&format!("nats://ada:secret@{address}")).await.unwrap_err();
    assert!(matches!(error, ConnectError::Credentials { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("secret"));
}

#[tokio::test]
async fn a_server_without_jetstream_is_told() {
    let Some(server) = Nats::start("") else { return };
    let error = NatsStore::connect(&server.url()).await.unwrap_err();
    assert!(matches!(error, ConnectError::NoJetStream { .. }), "{error:?}");
}

#[tokio::test]
async fn an_address_without_a_server_is_told() {
    let port = test_servers::free_port().unwrap();
    let error = NatsStore::connect(&format!("nats://127.0.0.1:{port}")).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error:?}");
    let error = NatsStore::connect("nats://ada:secret@host:port").await.unwrap_err();
    assert!(matches!(error, ConnectError::Address { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("secret"));
    let error = NatsStore::options().name("a.b").connect(&format!("nats://127.0.0.1:{port}")).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_name_that_is_no_token_is_refused() {
    let Some(server) = Nats::shared() else { return };
    for wrong in ["", "a.b", "a b", "*", &"x".repeat(65)] {
        let error = NatsStore::options().name(wrong).connect(&server.url()).await.unwrap_err();
        assert!(matches!(&error, ConnectError::Name { name } if name == wrong), "{error:?}");
    }
}

/// Each difference would lose or change events, or make reads and appends fail later.
#[tokio::test]
async fn a_stream_that_is_not_as_it_must_be_is_refused() {
    let Some(server) = Nats::shared() else { return };
    let client = async_nats::connect(server.url()).await.unwrap();
    let right = [
        ("retention", "\"limits\""),
        ("storage", "\"file\""),
        ("discard", "\"new\""),
        ("max_age", "0"),
        ("max_msgs_per_subject", "-1"),
        ("allow_direct", "true"),
        ("allow_atomic", "true"),
        ("deny_delete", "true"),
        ("deny_purge", "true"),
    ];
    let wrong = [
        ("max_age", "3600000000000"),
        ("discard", "\"old\""),
        ("storage", "\"memory\""),
        ("retention", "\"interest\""),
        ("allow_direct", "false"),
        ("allow_atomic", "false"),
        ("deny_delete", "false"),
        ("deny_purge", "false"),
        ("max_msgs_per_subject", "1"),
    ];
    for (setting, value) in wrong {
        let name = name();
        let settings = right.map(|(key, right)| format!("\"{key}\":{}", if key == setting { value } else { right }));
        let config =
            format!("{{\"name\":\"{name}\",\"subjects\":[\"{name}.*.*\",\"{name}.checks\"],{}}}", settings.join(","));
        let made = client.request(format!("$JS.API.STREAM.CREATE.{name}"), config.into()).await.unwrap();
        assert!(!String::from_utf8_lossy(&made.payload).contains("\"error\""), "{:?}", made.payload);
        let error = NatsStore::options().name(&name).connect(&server.url()).await.unwrap_err();
        match &error {
            ConnectError::StreamDiffers { stream, setting: told, .. } => assert_eq!((stream, *told), (&name, setting)),
            _ => panic!("{setting}: {error:?}"),
        }
    }
}

#[tokio::test]
async fn replicas_that_there_are_not_are_told() {
    let Some(server) = Nats::shared() else { return };
    let error = NatsStore::options().name(name()).replicas(3).connect(&server.url()).await.unwrap_err();
    assert!(matches!(error, ConnectError::NotMade { replicas: 3, .. }), "{error:?}");
    let name = name();
    NatsStore::options().name(&name).connect(&server.url()).await.unwrap();
    let error = NatsStore::options().name(&name).replicas(3).connect(&server.url()).await.unwrap_err();
    assert!(matches!(error, ConnectError::StreamDiffers { setting: "num_replicas", .. }), "{error:?}");
}

//! Read models and what is parked, where JetStream has its own ideas: messages are limited, logs grow, answers are lost.

mod common;

use std::time::Duration;

use common::{fresh, name};
use es_core::store::{
    CheckpointError, CheckpointName, CheckpointStore, FailureStore, LeaseStore, ReadModelError, ReadModelStore, Row,
    RowWrite, Scan,
};
use es_core::{Payload, Position};
use es_nats_store::{NatsError, NatsStore, async_nats};
use test_servers::Nats;

fn model() -> CheckpointName {
    CheckpointName::new("balances").unwrap()
}

fn row(key: u64, position: u64, bytes: usize) -> Row {
    let payload = Payload::from(vec![u8::try_from(position % 251).unwrap(); bytes]);
    let indexes = [("at".into(), position.cast_signed().into())].into();
    Row { key: format!("{key:06}"), position: Position::new(position), indexes, payload }
}

async fn commit(store: &NatsStore, rows: Vec<Row>, from: u64, to: u64) -> Result<(), ReadModelError> {
    let (from, to) = (Some(Position::new(from)).filter(|from| from.get() > 0), Position::new(to));
    store.commit_rows(&model(), rows.into_iter().map(RowWrite::Put).collect(), from, to).await
}

async fn all(store: &NatsStore) -> (Vec<Row>, Option<Position>) {
    let page = store.scan_rows(&model(), Scan::keys()).await.unwrap();
    assert_eq!(store.scan_rows(&model(), Scan::index("at")).await.unwrap().rows.len(), page.rows.len());
    (page.rows, page.checkpoint)
}

/// How many messages a JetStream stream has.
async fn messages(client: &async_nats::Client, stream: &str) -> u64 {
    let answer = client.request(format!("$JS.API.STREAM.INFO.{stream}"), "".into()).await.unwrap();
    let text = String::from_utf8_lossy(&answer.payload).into_owned();
    let (_, rest) = text.split_once("\"messages\":").unwrap();
    rest[..rest.find(',').unwrap()].parse().unwrap()
}

/// Rule M2, where a commit is larger than a message.
#[tokio::test]
async fn a_commit_of_many_messages_is_one_commit() {
    let Some(server) = Nats::start("jetstream: enabled\nmax_payload: 65536") else { return };
    let (store, other) =
        (NatsStore::connect(&server.url()).await.unwrap(), NatsStore::connect(&server.url()).await.unwrap());
    let rows = |position| (0..100).map(|key| row(key, position, 10_000)).collect::<Vec<_>>();
    commit(&store, rows(1), 0, 1).await.unwrap();
    commit(&store, rows(2), 1, 2).await.unwrap();
    let client = async_nats::connect(server.url()).await.unwrap();
    assert!(messages(&client, "es_checkpoints").await > 30);
    assert_eq!(all(&store).await, (rows(2), Some(Position::new(2))));
    assert_eq!(all(&other).await, (rows(2), Some(Position::new(2))));
    assert_eq!(other.load_checkpoint(&model()).await.unwrap(), Some(Position::new(2)));

    let refused = commit(&store, vec![row(1, 3, 10), row(2, 3, 70_000)], 2, 3).await.unwrap_err();
    let ReadModelError::Store { cause } = &refused else { panic!("{refused}") };
    assert!(matches!(cause.downcast_ref(), Some(NatsError::TooLarge { limit: 65_536, .. })), "{cause}");
    assert_eq!(all(&other).await, (rows(2), Some(Position::new(2))));
}

/// A writer that stops in the midst leaves parts behind, which count for nothing.
#[tokio::test]
async fn a_commit_that_is_not_written_to_its_end_changes_nothing() {
    let Some(server) = Nats::start("jetstream: enabled\nmax_payload: 65536") else { return };
    let (store, other) =
        (NatsStore::connect(&server.url()).await.unwrap(), NatsStore::connect(&server.url()).await.unwrap());
    let client = async_nats::connect(server.url()).await.unwrap();
    commit(&store, vec![row(1, 1, 10)], 0, 1).await.unwrap();
    // The writer is dropped as soon as its first part is there.
    let (mut parts, large) = (messages(&client, "es_checkpoints").await, (0..400).map(|key| row(key, 2, 10_000)));
    let writing = commit(&store, large.collect(), 1, 2);
    let stopped = async {
        let before = parts;
        while parts < before + 2 {
            parts = messages(&client, "es_checkpoints").await;
        }
    };
    tokio::select! {
        done = writing => panic!("it was written to its end: {done:?}"),
        () = stopped => {}
    }
    for store in [&store, &other] {
        assert_eq!(all(store).await, (vec![row(1, 1, 10)], Some(Position::new(1))));
        assert_eq!(store.load_checkpoint(&model()).await.unwrap(), Some(Position::new(1)));
    }
    commit(&other, vec![row(2, 3, 10)], 1, 3).await.unwrap();
    let later = NatsStore::connect(&server.url()).await.unwrap();
    for store in [&store, &other, &later] {
        assert_eq!(all(store).await, (vec![row(1, 1, 10), row(2, 3, 10)], Some(Position::new(3))));
    }
    let stale = commit(&store, vec![], 1, 4).await.unwrap_err();
    assert!(matches!(stale, ReadModelError::Checkpoint(CheckpointError::Conflict { .. })), "{stale}");
}

/// The log of a read model does not grow for ever, and whoever was behind when it was cut off sees the same.
#[tokio::test]
async fn a_table_takes_about_as_much_as_its_rows() {
    let Some(server) = Nats::shared() else { return };
    let name = name();
    let url = server.url();
    let open = || NatsStore::options().name(&name).connect(&url);
    let (store, behind) = (open().await.unwrap(), open().await.unwrap());
    let client = async_nats::connect(&url).await.unwrap();
    let mut position = 0;
    let mut write = async |key: u64| {
        position += 1;
        commit(&store, vec![row(key, position, 10)], position - 1, position).await.unwrap();
    };
    write(1_000).await;
    assert_eq!(all(&behind).await.0.len(), 1);
    for round in 0..700 {
        write(round % 10).await;
    }
    let kept = messages(&client, &format!("{name}_checkpoints")).await;
    assert!((1..=300).contains(&kept), "{kept} messages");
    let seen = all(&store).await;
    assert_eq!((seen.0.len(), seen.1), (11, Some(Position::new(701))));
    assert_eq!(all(&behind).await, seen);
    assert_eq!(all(&open().await.unwrap()).await, seen);

    // Checkpoints alone leave one message.
    let other = CheckpointName::new("other").unwrap();
    for at in 0..20 {
        let from = Some(Position::new(at)).filter(|at| at.get() > 0);
        store.save_checkpoint(&other, from, Position::new(at + 1)).await.unwrap();
    }
    assert_eq!(messages(&client, &format!("{name}_checkpoints")).await, kept + 1);
    assert!(store.drop_read_model(&model()).await.unwrap());
    assert_eq!(messages(&client, &format!("{name}_checkpoints")).await, 2);
    assert_eq!(all(&behind).await, (vec![], None));
}

/// Large enough that all rows are several messages.
#[tokio::test]
async fn all_rows_are_written_anew_in_many_messages() {
    let Some(server) = Nats::start("jetstream: enabled\nmax_payload: 65536") else { return };
    let (store, behind) =
        (NatsStore::connect(&server.url()).await.unwrap(), NatsStore::connect(&server.url()).await.unwrap());
    let client = async_nats::connect(server.url()).await.unwrap();
    for position in 1..=520 {
        commit(&store, vec![row(position % 60, position, 5_000)], position - 1, position).await.unwrap();
        if position == 100 {
            assert_eq!(all(&behind).await.0.len(), 60);
        }
    }
    let kept = messages(&client, "es_checkpoints").await;
    assert!(kept < 300, "{kept} messages");
    let seen = all(&store).await;
    assert_eq!((seen.0.len(), seen.1), (60, Some(Position::new(520))));
    assert_eq!(all(&behind).await, seen);
    assert_eq!(all(&NatsStore::connect(&server.url()).await.unwrap()).await, seen);
}

/// Each commit is there once, whatever became of its answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_loses_no_commit_and_commits_go_on() {
    let Some(mut server) = Nats::start("jetstream: enabled\nmax_payload: 65536") else { return };
    let store = NatsStore::connect(&server.url()).await.unwrap();
    let (sent, mut seen) = tokio::sync::watch::channel(0_u64);
    let writer = {
        let store = store.clone();
        tokio::spawn(async move {
            let parked = CheckpointName::new("parked").unwrap();
            for position in 1..=300 {
                // Some are several messages.
                let bytes = if position % 10 == 0 { 30_000 } else { 100 };
                let rows = (0..5).map(|key| row(key, position, bytes)).collect();
                commit(&store, rows, position - 1, position).await.unwrap();
                assert_eq!(store.claim_parking(&parked).await.unwrap(), position);
                let held = store.acquire_lease(&parked, "a", Duration::from_secs(60)).await.unwrap();
                assert_eq!(held.token, position);
                sent.send_replace(position);
            }
        })
    };
    for kill in 1..=3 {
        seen.wait_for(|position| *position >= kill * 70).await.unwrap();
        server.kill();
        server.restart();
    }
    writer.await.unwrap();
    let meant: Vec<_> = (0..5).map(|key| row(key, 300, 30_000)).collect();
    assert_eq!(all(&store).await, (meant.clone(), Some(Position::new(300))));
    assert_eq!(all(&NatsStore::connect(&server.url()).await.unwrap()).await, (meant, Some(Position::new(300))));
}

#[tokio::test]
async fn what_somebody_else_wrote_is_told_with_its_place() {
    let Some(server) = Nats::shared() else { return };
    let name = name();
    let store = NatsStore::options().name(&name).connect(&server.url()).await.unwrap();
    let client = async_nats::connect(server.url()).await.unwrap();
    client.request(format!("{name}_checkpoints.balances"), "hello".into()).await.unwrap();
    let error = store.load_rows(&model(), &[]).await.unwrap_err();
    let ReadModelError::Store { cause } = &error else { panic!("{error}") };
    assert!(matches!(cause.downcast_ref(), Some(NatsError::Broken { sequence: 1, .. })), "{cause}");
}

/// The clock is that of the server, so that of the program may be wrong; and the end that is told is the one that counts.
#[tokio::test]
async fn a_lease_ends_when_its_server_says() {
    let Some(store) = fresh().await else { return };
    let ttl = Duration::from_millis(300);
    let lease = store.acquire_lease(&model(), "a", ttl).await.unwrap();
    let at_last = async {
        loop {
            match store.acquire_lease(&model(), "b", ttl).await {
                Ok(next) => break next,
                Err(error) => assert!(error.to_string().contains("held by `a`"), "{error}"),
            }
        }
    };
    let next = tokio::time::timeout(Duration::from_secs(30), at_last).await.expect("it ends");
    // It ends `ttl` after it began.
    let began = next.until.as_micros() - 300_000;
    assert!(began >= lease.until.as_micros(), "the next began at {began}, before {}", lease.until.as_micros());
}

/// What a handle has read is enough to write, and not enough to refuse; nor does it write over what it has not read.
#[tokio::test]
async fn two_handles_take_turns_without_reading() {
    let Some(server) = Nats::shared() else { return };
    let (name, url) = (name(), server.url());
    let open = || NatsStore::options().name(&name).connect(&url);
    let (one, two) = (open().await.unwrap(), open().await.unwrap());
    for position in 1..=20 {
        let store = if position % 2 == 0 { &one } else { &two };
        commit(store, vec![row(position, position, 10)], position - 1, position).await.unwrap();
    }
    // The first has read position 20 and wrote it, the second knows 19.
    let stale = commit(&two, vec![row(1, 99, 10)], 19, 99).await.unwrap_err();
    let told = matches!(&stale, ReadModelError::Checkpoint(CheckpointError::Conflict { actual, .. })
        if *actual == Some(Position::new(20)));
    assert!(told, "{stale}");
    let meant: Vec<_> = (1..=20).map(|position| row(position, position, 10)).collect();
    assert_eq!(all(&one).await, (meant.clone(), Some(Position::new(20))));
    assert_eq!(all(&two).await, (meant, Some(Position::new(20))));

    for token in 1..=6 {
        let store = if token % 2 == 0 { &one } else { &two };
        assert_eq!(store.claim_parking(&model()).await.unwrap(), token);
    }
    assert!(one.drop_read_model(&model()).await.unwrap());
    commit(&two, vec![row(1, 5, 10)], 0, 5).await.unwrap();
    assert!(one.drop_read_model(&model()).await.unwrap());
    assert!(!two.drop_read_model(&model()).await.unwrap());
}

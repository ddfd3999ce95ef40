//! Several JetStream streams as one store: by category, over one connection.

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use common::{event, name, numbers, stream};
use es_core::store::{
    CheckpointName, CheckpointStore, Delivery, EventStore, MultiAppend, MultiAppendError, MultiStreamAppend, Partition,
    PartitionLog, PartitionedStore, PlacementError, ReadError, ReadLog, ReadStream, Subscription,
};
use es_core::{ExpectedVersion, Position, Version};
use es_nats_store::async_nats::{self, Client};
use es_nats_store::{ConnectError, NatsStore};
use test_servers::Nats;
use tokio::time::timeout;

/// `audit` has a JetStream stream to itself, everything else is in the other.
async fn bank(client: &Client, names: &[String; 2]) -> Result<PartitionedStore<NatsStore>, ConnectError> {
    let [main, audit] = names;
    let main = NatsStore::options().name(main).open(client.clone()).await?;
    let audit = NatsStore::options().name(audit).open(client.clone()).await?;
    let partitions = [Partition::new("main", main).slots(..), Partition::new("audit", audit).categories(["audit"])];
    Ok(PartitionedStore::new(partitions).unwrap())
}

async fn fresh() -> Option<(Client, [String; 2], PartitionedStore<NatsStore>)> {
    let client = async_nats::connect(Nats::shared()?.url()).await.unwrap();
    let names = [name(), name()];
    let bank = bank(&client, &names).await.unwrap();
    Some((client, names, bank))
}

/// How many messages a JetStream stream has, as the server says.
async fn messages(client: &Client, name: &str) -> u64 {
    let answer = client.request(format!("$JS.API.STREAM.INFO.{name}"), "".into()).await.unwrap();
    let text = String::from_utf8(answer.payload.to_vec()).unwrap();
    let (_, rest) = text.split_once("\"messages\":").unwrap_or_else(|| panic!("{text}"));
    rest.split(',').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn categories_are_in_jetstream_streams_of_their_own() {
    let Some((client, names, bank)) = fresh().await else { return };
    let (ada, bob) = (stream("account-ada"), stream("account-bob"));
    for (number, id) in (1..).zip(["account-ada", "audit-ada", "account-bob", "audit-bob", "audit-ada"]) {
        bank.append(&stream(id), ExpectedVersion::Any, vec![event(number)]).await.unwrap();
    }
    // Asked of the server, by the names of its streams.
    assert_eq!((messages(&client, &names[0]).await, messages(&client, &names[1]).await), (2, 3));
    let page = bank.read_stream(&stream("audit-ada"), ReadStream::all()).await.unwrap();
    assert_eq!((numbers(&page.events), page.version), (vec![2, 5], Version::new(2)));

    // The log is read where all of it is in one JetStream stream, and its positions are those of this one.
    let audited = bank.read_log(ReadLog::all().category("audit")).await.unwrap();
    assert_eq!((numbers(&audited.events), audited.is_end), (vec![2, 4, 5], true));
    assert_eq!(numbers(&bank.read_log(ReadLog::all().category("account")).await.unwrap().events), [1, 3]);
    let both = bank.read_log(ReadLog::all()).await;
    let Err(ReadError::SeveralPartitions { partitions }) = both else { panic!("{both:?}") };
    assert_eq!(partitions, ["main", "audit"]);

    let batch = |other: &str| {
        let batch = MultiAppend::new().append(&ada, ExpectedVersion::StreamExists, vec![event(6)]);
        batch.append(&stream(other), ExpectedVersion::StreamExists, vec![event(7)])
    };
    let apart = bank.append_multi(batch("audit-bob")).await;
    assert!(matches!(apart, Err(MultiAppendError::SeveralPartitions { .. })), "{apart:?}");
    assert_eq!(bank.append_multi(batch("account-bob")).await.unwrap().streams.len(), 2);
    assert_eq!(numbers(&bank.read_stream(&bob, ReadStream::all()).await.unwrap().events), [3, 7]);
    assert_eq!(messages(&client, &names[1]).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_opens_them_again_finds_everything_and_is_told_if_they_are_interchanged() {
    let Some((client, names, store)) = fresh().await else { return };
    for (number, id) in (1..).zip(["account-ada", "audit-ada"]) {
        store.append(&stream(id), ExpectedVersion::NoStream, vec![event(number)]).await.unwrap();
    }
    let again = bank(&client, &names).await.unwrap();
    again.check_placement().await.unwrap();
    for (number, id) in (1..).zip(["account-ada", "audit-ada"]) {
        let page = again.read_stream(&stream(id), ReadStream::all()).await.unwrap();
        assert_eq!(numbers(&page.events), [number]);
    }
    let [main, audit] = names;
    let interchanged = bank(&client, &[audit, main]).await.unwrap();
    let found = interchanged.check_placement().await;
    let Err(PlacementError::Misplaced { stream, found_in, belongs_to }) = found else { panic!("{found:?}") };
    assert_eq!((stream.as_str(), found_in.as_str(), belongs_to.as_str()), ("audit-ada", "main", "audit"));
}

/// Follows a log, keeps its checkpoint beside it, and begins again from there after each event.
async fn follow(log: PartitionLog<NatsStore>, count: usize) -> Vec<u64> {
    let (name, mut seen) = (CheckpointName::new("reader").unwrap(), Vec::new());
    while seen.len() < count {
        let from = log.load_checkpoint(&name).await.unwrap();
        let mut subscription = Subscription::new(log.clone(), from.unwrap_or(Position::START));
        while seen.len() < count {
            if let Delivery::Event(event) = subscription.next().await.unwrap() {
                seen.extend(numbers(&[event]));
                let at = subscription.checkpoint();
                log.save_checkpoint(&name, from, at).await.unwrap();
                break;
            }
        }
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_followed_by_itself_with_a_checkpoint_of_its_own() {
    const WRITERS: u64 = 6;
    const EACH: u64 = 10;
    const PATIENCE: Duration = Duration::from_secs(60);
    let Some((_, _, bank)) = fresh().await else { return };
    let count = usize::try_from(WRITERS / 2 * EACH).unwrap();
    let followers: BTreeMap<_, _> =
        bank.logs().map(|log| (log.partition().name().to_owned(), tokio::spawn(follow(log, count)))).collect();
    let writers = (0..WRITERS).map(|writer| {
        let bank = bank.clone();
        tokio::spawn(async move {
            let id = stream(&format!("{}-{writer}", if writer % 2 == 0 { "account" } else { "audit" }));
            for at in 0..EACH {
                let expected = ExpectedVersion::Exact(Version::new(at));
                bank.append(&id, expected, vec![event(writer * EACH + at + 1)]).await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let mut checkpoints = Vec::new();
    for (name, follower) in followers {
        let seen = timeout(PATIENCE, follower).await.expect("its log has all that was written to it").unwrap();
        let log = bank.log(&name).unwrap();
        // All of this log, in its order, and nothing of the other.
        assert_eq!(seen, numbers(&log.read_log(ReadLog::all()).await.unwrap().events), "{name}");
        let of_audit = seen.iter().filter(|number| (*number - 1) / EACH % 2 == 1).count();
        assert_eq!(of_audit, if name == "audit" { count } else { 0 });
        checkpoints.push(log.load_checkpoint(&CheckpointName::new("reader").unwrap()).await.unwrap());
    }
    // Two positions with one number, which stand for different events.
    assert_eq!(checkpoints[0], checkpoints[1]);
    assert!(checkpoints[0].is_some());
}

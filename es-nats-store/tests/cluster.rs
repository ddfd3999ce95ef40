//! Three servers, of which one is killed, paused and brought back: nothing acknowledged is lost, nothing is there twice,
//! the order stays, and two go on.

mod common;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::{event, name, numbers, stream};
use es_core::store::{AppendError, Delivery, EventStore, ReadLog, ReadStream, Subscription};
use es_core::{ExpectedVersion, Position, RecordedEvent, Version};
use es_nats_store::{NatsStore, async_nats};
use test_servers::NatsCluster;

const WRITERS: usize = 4;
/// Events of one append.
const BATCH: u64 = 2;
/// How long two of three may take to go on.
const PATIENCE: Duration = Duration::from_secs(60);

/// The node that leads the stream of the store.
async fn leader(client: &async_nats::Client, store: &str) -> usize {
    let start = Instant::now();
    loop {
        let answer = client.request(format!("$JS.API.STREAM.INFO.{store}"), "".into()).await;
        let text = answer.map(|answer| String::from_utf8_lossy(&answer.payload).into_owned()).unwrap_or_default();
        if let Some((_, rest)) = text.split_once("\"leader\":\"node-") {
            return rest[..1].parse().unwrap();
        }
        assert!(start.elapsed() < PATIENCE, "the stream has no leader: {text}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

struct Progress {
    acknowledged: [AtomicU64; WRITERS],
    seen: AtomicU64,
    is_over: AtomicBool,
}

impl Progress {
    /// Waits until every writer has had so many more appends acknowledged, and the reader has seen as many events.
    async fn more(&self, appends: u64, what: &str) {
        let now = || self.acknowledged.iter().map(|count| count.load(Ordering::SeqCst)).collect::<Vec<_>>();
        let (start, before, seen) = (Instant::now(), now(), self.seen.load(Ordering::SeqCst));
        let has_seen = || self.seen.load(Ordering::SeqCst) >= seen + appends;
        while !(now().iter().zip(&before).all(|(now, before)| *now >= before + appends) && has_seen()) {
            assert!(start.elapsed() < PATIENCE, "{what}: nothing goes on; {before:?}, now {:?}", now());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        println!("{what}: {:?} until it went on", start.elapsed());
    }
}

/// Appends to a stream of its own at the exact version, each append until it is acknowledged.
async fn write(store: NatsStore, progress: Arc<Progress>, writer: u64) {
    let own = stream(&format!("account-{writer}"));
    for round in 0.. {
        if progress.is_over.load(Ordering::SeqCst) {
            return;
        }
        let first = (writer + 1) * 1_000_000_000 + round * BATCH;
        let expected = ExpectedVersion::Exact(Version::new(round * BATCH));
        loop {
            match store.append(&own, expected, (first..first + BATCH).map(event).collect()).await {
                Ok(appended) => {
                    assert_eq!(appended.version.get(), (round + 1) * BATCH);
                    break;
                }
                // Sent again, it has a known outcome.
                Err(AppendError::Store { cause, .. }) => println!("writer {writer} sends {round} again: {cause}"),
                Err(error) => panic!("writer {writer}, append {round}: {error}"),
            }
        }
        progress.acknowledged[usize::try_from(writer).unwrap()].fetch_add(1, Ordering::SeqCst);
    }
}

/// Reads what is there and what comes, until it has come to `end`.
async fn tail(store: NatsStore, progress: Arc<Progress>, end: Arc<AtomicU64>) -> Vec<RecordedEvent> {
    let (mut events, mut subscription) = (Vec::new(), Subscription::new(store, Position::START));
    loop {
        match subscription.next().await {
            Ok(Delivery::Event(event)) => {
                events.push(event);
                progress.seen.fetch_add(1, Ordering::SeqCst);
            }
            Ok(_) => {}
            Err(error) => println!("the reader asks again: {error}"),
        }
        if subscription.checkpoint().get() >= end.load(Ordering::SeqCst) {
            return events;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_three_go_on_and_nothing_is_lost_or_doubled() {
    let Some(mut cluster) = NatsCluster::start() else { return };
    let name = name();
    let (url, options) = (cluster.url(), NatsStore::options().name(&name));
    let (store, reading) = (options.clone().connect(&url).await.unwrap(), options.connect(&url).await.unwrap());
    let asking = async_nats::ConnectOptions::new().ping_interval(Duration::from_secs(1));
    let addresses: Vec<async_nats::ServerAddr> = cluster.url().split(',').map(|url| url.parse().unwrap()).collect();
    let asking = asking.connect(addresses).await.unwrap();

    let progress = Progress { acknowledged: Default::default(), seen: 0.into(), is_over: false.into() };
    let (progress, end) = (Arc::new(progress), Arc::new(AtomicU64::new(u64::MAX)));
    let writers: Vec<_> =
        (0..WRITERS as u64).map(|writer| tokio::spawn(write(store.clone(), Arc::clone(&progress), writer))).collect();
    let reader = tokio::spawn(tail(reading, Arc::clone(&progress), Arc::clone(&end)));
    progress.more(50, "all three").await;

    let first = leader(&asking, &name).await;
    cluster.nodes[first].kill();
    progress.more(50, "the leader is killed").await;
    cluster.nodes[first].restart();
    cluster.wait_until_healthy().unwrap();
    progress.more(50, "it is back").await;

    let second = leader(&asking, &name).await;
    cluster.nodes[second].pause();
    progress.more(50, "the leader is paused").await;
    cluster.nodes[second].go_on();
    progress.more(50, "it goes on").await;
    cluster.wait_until_healthy().unwrap();

    let third = (leader(&asking, &name).await + 1) % 3;
    cluster.nodes[third].kill();
    progress.more(50, "a follower is killed").await;
    cluster.nodes[third].restart();
    cluster.wait_until_healthy().unwrap();

    progress.is_over.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }
    let head = store.read_log(ReadLog::all().limit(0)).await.unwrap().head;
    end.store(head.get(), Ordering::SeqCst);
    // It may wait for news, having seen all.
    store.append(&stream("other-end"), ExpectedVersion::Any, vec![event(1)]).await.unwrap();
    let mut tailed = tokio::time::timeout(PATIENCE, reader).await.expect("the reader comes to the end").unwrap();
    tailed.retain(|event| event.stream.category() == "account");

    let mut all = 0;
    for writer in 0..WRITERS as u64 {
        let acknowledged = progress.acknowledged[usize::try_from(writer).unwrap()].load(Ordering::SeqCst);
        let own = stream(&format!("account-{writer}"));
        let (mut range, mut events) = (ReadStream::all(), Vec::new());
        loop {
            let page = store.read_stream(&own, range.clone()).await.unwrap();
            events.extend(page.events);
            if page.is_end {
                break;
            }
            range = range.resume(page.through);
        }
        let meant: Vec<_> = (0..acknowledged * BATCH).map(|at| (writer + 1) * 1_000_000_000 + at).collect();
        assert_eq!(numbers(&events), meant, "what was acknowledged is there, once and in order");
        assert!(events.iter().zip(1..).all(|(event, version)| event.version.get() == version));
        let seen: Vec<_> = tailed.iter().filter(|event| event.stream == own).cloned().collect();
        assert_eq!(seen, events, "the reader saw the same");
        all += acknowledged * BATCH;
    }
    assert!(tailed.windows(2).all(|pair| pair[0].position < pair[1].position));
    let ids: HashSet<_> = tailed.iter().map(|event| event.id).collect();
    assert_eq!((ids.len() as u64, tailed.len() as u64), (all, all));
    println!("{all} events");
}

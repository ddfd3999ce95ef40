//! Subscriptions over the memory store: past, present, and the marks between them.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use es_core::store::{Delivery, EventFilter, EventStore, StreamSubscription, Subscription};
use es_core::{EventName, ExpectedVersion, NewEvent, Position, Version};
use es_memory_store::MemoryStore;
use tokio::time::timeout;

use crate::{event, number, p, put, stream, v};

const SOON: Duration = Duration::from_secs(20);

/// What a delivery is in one word; nothing if the subscription waits.
fn now(future: impl Future<Output = Result<Delivery<impl Into<Place>>, es_core::store::ReadError>>) -> String {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(Delivery::Event(event))) => number(&event).to_string(),
        Poll::Ready(Ok(Delivery::Advanced(place))) => format!("advanced {}", place.into().0),
        Poll::Ready(Ok(Delivery::CaughtUp(place))) => format!("caught up {}", place.into().0),
        Poll::Ready(Err(error)) => error.to_string(),
        Poll::Pending => "waits".to_owned(),
    }
}

struct Place(u64);

impl From<Position> for Place {
    fn from(position: Position) -> Self {
        Self(position.get())
    }
}

impl From<Version> for Place {
    fn from(version: Version) -> Self {
        Self(version.get())
    }
}

#[tokio::test]
async fn the_past_comes_first_then_one_mark_then_what_happens() {
    let store = MemoryStore::new();
    put(&store, "count-a", [1, 2]).await;
    let mut all = Subscription::new(store.clone(), Position::START).ahead(1);
    assert_eq!([now(all.next()), now(all.next())], ["1", "2"]);
    assert_eq!([now(all.next()), now(all.next())], ["caught up 2", "waits"]);
    put(&store, "count-b", [3]).await;
    assert_eq!([now(all.next()), now(all.next()), now(all.next())], ["3", "caught up 3", "waits"]);
}

#[tokio::test]
async fn at_the_head_the_mark_comes_at_once_and_once() {
    let store = MemoryStore::new();
    put(&store, "count-a", [1, 2]).await;
    let mut all = Subscription::new(store.clone(), p(2));
    assert_eq!([now(all.next()), now(all.next()), now(all.next())], ["caught up 2", "waits", "waits"]);
}

#[tokio::test]
async fn what_the_filter_leaves_out_still_moves_the_checkpoint() {
    let store = MemoryStore::new();
    for batch in 0..15 {
        put(&store, "other-a", batch * 10_000..(batch + 1) * 10_000).await;
    }
    put(&store, "count-a", [777_777]).await;
    let mut counts = Subscription::new(store.clone(), Position::START).filter(EventFilter::all().category("count"));
    let mut advanced = 0;
    loop {
        let checkpoint = counts.checkpoint();
        match counts.next().await.unwrap() {
            Delivery::Advanced(through) => {
                assert!(through > checkpoint && through == counts.checkpoint());
                advanced += 1;
            }
            Delivery::Event(event) => break assert_eq!(number(&event), 777_777),
            Delivery::CaughtUp(_) => panic!("too early"),
        }
    }
    assert!(advanced > 0);
    assert_eq!((now(counts.next()), counts.checkpoint()), ("caught up 150001".to_owned(), p(150_001)));
    put(&store, "other-a", [888_888]).await;
    assert_eq!([now(counts.next()), now(counts.next())], ["caught up 150002", "waits"]);
}

#[tokio::test]
async fn a_stream_that_does_not_exist_yet_can_be_subscribed_to() {
    let store = MemoryStore::new();
    put(&store, "count-b", [1]).await;
    let mut of_a = StreamSubscription::new(store.clone(), &stream("count-a"), Version::EMPTY);
    assert_eq!([now(of_a.next()), now(of_a.next())], ["caught up 0", "waits"]);
    put(&store, "count-b", [2]).await;
    assert_eq!(now(of_a.next()), "waits");
    put(&store, "count-a", [3, 4]).await;
    assert_eq!([now(of_a.next()), now(of_a.next()), now(of_a.next())], ["3", "4", "caught up 2"]);
    assert_eq!(of_a.checkpoint(), v(2));
}

#[tokio::test]
async fn one_stream_is_given_from_a_version_on_and_filtered_by_names() {
    let store = MemoryStore::new();
    for number in 1..=9 {
        let name = EventName::from_static(if number % 3 == 0 { "third" } else { "other" });
        store.append(&stream("count-a"), ExpectedVersion::Any, vec![NewEvent { name, ..event(number) }]).await.unwrap();
    }
    let thirds = EventFilter::all().names(["third"]);
    let mut of_a = StreamSubscription::new(store.clone(), &stream("count-a"), v(3)).filter(thirds).ahead(1);
    assert_eq!([now(of_a.next()), now(of_a.next()), now(of_a.next())], ["6", "9", "caught up 9"]);
}

#[tokio::test]
async fn a_dropped_next_loses_nothing() {
    let store = MemoryStore::new();
    let mut all = Subscription::new(store.clone(), Position::START);
    assert_eq!(now(all.next()), "caught up 0");
    for number in 1..=50 {
        assert_eq!(now(all.next()), "waits");
        put(&store, "count-a", [number]).await;
        assert_eq!(now(all.next()), number.to_string());
        assert_eq!(now(all.next()), format!("caught up {number}"));
    }
}

#[tokio::test]
async fn the_checkpoint_is_after_what_was_given_and_before_what_was_not() {
    let store = MemoryStore::new();
    put(&store, "count-a", 1..=5).await;
    let mut all = Subscription::new(store.clone(), Position::START).ahead(3);
    assert_eq!(all.checkpoint(), p(0));
    for number in 1..=5 {
        assert_eq!(now(all.next()), number.to_string());
        assert_eq!(all.checkpoint(), p(number));
        let mut resumed = Subscription::new(store.clone(), all.checkpoint());
        let next = if number < 5 { (number + 1).to_string() } else { "caught up 5".to_owned() };
        assert_eq!(now(resumed.next()), next);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_tailing_reader_sees_every_event_once_and_in_order_while_many_write() {
    let store = MemoryStore::new();
    let writers: Vec<_> = (0..4_u64)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for round in 0..500 {
                    put(&store, &format!("count-{writer}"), [writer * 10_000 + round]).await;
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    let mut all = Subscription::new(store.clone(), Position::START).ahead(7);
    let mut of_2 = StreamSubscription::new(store.clone(), &stream("count-2"), Version::EMPTY).ahead(3);
    let log = tokio::spawn(async move {
        let mut seen = vec![];
        while seen.len() < 2_000 {
            if let Delivery::Event(event) = all.next().await.unwrap() {
                seen.push(event.position.get());
            }
        }
        seen
    });
    let one = tokio::spawn(async move {
        let mut seen = vec![];
        while seen.len() < 500 {
            if let Delivery::Event(event) = of_2.next().await.unwrap() {
                seen.push(number(&event));
            }
        }
        seen
    });
    for writer in writers {
        writer.await.unwrap();
    }
    let seen = timeout(SOON, log).await.expect("events are missing").unwrap();
    assert_eq!(seen, (1..=2_000).collect::<Vec<_>>());
    let seen = timeout(SOON, one).await.expect("events are missing").unwrap();
    assert_eq!(seen, (20_000..20_500).collect::<Vec<_>>());
}

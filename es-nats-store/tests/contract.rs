//! Where JetStream has its own ideas: subjects, messages that cannot be found by number, and answers that are lost.

mod common;

use std::time::Duration;

use common::{event, fresh, name, numbers, stream};
use es_core::store::{AppendError, EventStore, Limits, MultiAppend, MultiStreamAppend, ReadLog, ReadStream};
use es_core::{EventId, ExpectedVersion, NewEvent, Payload, Position, RecordedEvent, StreamId, Version};
use es_nats_store::{NatsError, NatsStore};
use test_servers::Nats;
use uuid::Uuid;

async fn whole(store: &NatsStore, stream: &StreamId, mut range: ReadStream) -> Vec<RecordedEvent> {
    let mut events = Vec::new();
    loop {
        let page = store.read_stream(stream, range.clone()).await.unwrap();
        events.extend(page.events);
        if page.is_end {
            return events;
        }
        range = range.resume(page.through);
    }
}

/// Rule 12, where a subject would be a wildcard, several tokens, or no subject at all.
#[tokio::test]
async fn ids_that_mean_something_in_a_subject_are_only_names() {
    let Some(store) = fresh().await else { return };
    let ids = ["*", ">", "a", "a.b", "a b", "a\u{a0}b", "=61", "=", "日本", "a-b", "..", "$JS.API", "A"];
    for (id, number) in ids.iter().zip(1..) {
        let stream = StreamId::new("account", id).unwrap();
        store.append(&stream, ExpectedVersion::NoStream, vec![event(number)]).await.unwrap();
    }
    for (id, number) in ids.iter().zip(1..) {
        let page = store.read_stream(&StreamId::new("account", id).unwrap(), ReadStream::all()).await.unwrap();
        assert_eq!((numbers(&page.events), page.version), (vec![number], Version::new(1)), "{id}");
        assert_eq!(page.events[0].stream.id(), *id);
    }
    for (category, number) in ["*", ">", "acc.ount", "日本"].iter().zip(101..) {
        let stream = StreamId::new(category, "x").unwrap();
        store.append(&stream, ExpectedVersion::NoStream, vec![event(number)]).await.unwrap();
        let page = store.read_log(ReadLog::all().category(*category)).await.unwrap();
        assert_eq!((numbers(&page.events), page.is_end), (vec![number], true), "{category}");
    }
    assert_eq!(store.read_log(ReadLog::all()).await.unwrap().events.len(), ids.len() + 4);
}

/// The tail after a snapshot, a part in the middle, and the newest first: in a stream of many messages of many sizes.
#[tokio::test]
async fn any_part_of_a_long_stream_is_found() {
    let Some(store) = fresh().await else { return };
    let (long, other) = (stream("account-long"), stream("account-other"));
    let (mut number, mut other_number) = (0, 1_000_000);
    while number < 3_000 {
        let size = match number % 64 {
            6 => 40,
            at => 1 + at % 2,
        };
        let events = (number + 1..=number + size).map(event).collect();
        store.append(&long, ExpectedVersion::Exact(Version::new(number)), events).await.unwrap();
        number += size;
        other_number += 1;
        store.append(&other, ExpectedVersion::Any, vec![event(other_number)]).await.unwrap();
    }
    for after in [0, 1, 63, 64, 65, 255, 256, 257, 1_023, 1_024, 1_500, 2_047, number - 1, number] {
        let tail = whole(&store, &long, ReadStream::after(Version::new(after))).await;
        assert_eq!(numbers(&tail), (after + 1..=number).collect::<Vec<_>>(), "after {after}");
        let back = whole(&store, &long, ReadStream::all().up_to(Version::new(after)).backward().limit(10)).await;
        let meant: Vec<_> = (after.saturating_sub(10) + 1..=after).rev().collect();
        assert_eq!(numbers(&back)[..meant.len()], meant, "up to {after}, backward");
        let one = store.read_stream(&long, ReadStream::after(Version::new(after)).limit(1)).await.unwrap();
        assert_eq!(one.events.iter().map(|event| event.version.get()).next(), (after < number).then_some(after + 1));
    }
}

/// Rules 16 and 17 do not depend on how long ago it was, nor on the handle that sent it.
#[tokio::test]
async fn what_was_sent_long_ago_is_found_by_its_ids() {
    let Some(server) = Nats::shared() else { return };
    let name = name();
    let open = || NatsStore::options().name(&name);
    let store = open().connect(&server.url()).await.unwrap();
    let stream = stream("account-a");
    // Ids that do not grow, as those of version 4; and some that do.
    let id = |number: u64| Uuid::from_u128(u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 64);
    for (of, id) in
        [(0_u64, &id as &dyn Fn(u64) -> Uuid), (10_000, &|number| Uuid::from_u128((1 << 127) + u128::from(number)))]
    {
        let batch = |at: u64| {
            let numbers = of + at * 3 + 1..=of + at * 3 + 3;
            numbers.map(|number| NewEvent { id: EventId::new(id(number)), ..event(number) }).collect::<Vec<_>>()
        };
        let mut outcomes = Vec::new();
        for at in 0..150 {
            outcomes.push(store.append(&stream, ExpectedVersion::Any, batch(at)).await.unwrap());
        }
        let other = open().connect(&server.url()).await.unwrap();
        for at in [0, 1, 20, 21, 22, 75, 148, 149] {
            let again = other.append(&stream, ExpectedVersion::NoStream, batch(at)).await.unwrap();
            assert_eq!(again, outcomes[usize::try_from(at).unwrap()], "append {at}");
            let mut part = batch(at);
            part[2] = NewEvent { id: EventId::new(Uuid::from_u128(u128::MAX - u128::from(at))), ..event(0) };
            let refused = other.append(&stream, ExpectedVersion::Any, part).await.unwrap_err();
            assert!(matches!(refused, AppendError::EventIdStored { .. }), "{refused}");
        }
    }
    assert_eq!(whole(&store, &stream, ReadStream::all()).await.len(), 900);
}

/// An append is one message, and the server says how large that may be.
#[tokio::test]
async fn what_does_not_fit_into_a_message_is_refused_before_it_is_sent() {
    let Some(server) = Nats::start("jetstream: enabled\nmax_payload: 262144") else { return };
    let store = NatsStore::connect(&server.url()).await.unwrap();
    let Limits { payload_bytes, batch_events } = store.limits();
    assert_eq!((payload_bytes, batch_events), (262_144 - 64 * 1024, 1024));
    let large = |number| NewEvent { payload: Payload::from(vec![0; payload_bytes]), ..event(number) };
    let stream = stream("account-a");
    store.append(&stream, ExpectedVersion::Any, vec![large(1)]).await.unwrap();
    let refused = store.append(&stream, ExpectedVersion::Any, vec![large(2), large(3)]).await.unwrap_err();
    assert!(matches!(refused, AppendError::LimitExceeded { limit: 262_144, .. }), "{refused}");
    assert_eq!(store.read_log(ReadLog::all()).await.unwrap().events.len(), 1);
}

/// The answer is lost with the server; sent again, the append has a known outcome and is there once.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_loses_nothing_and_appends_go_on() {
    let Some(mut server) = Nats::start("jetstream: enabled") else { return };
    let store = NatsStore::connect(&server.url()).await.unwrap();
    let (own, both) = (stream("account-a"), [stream("account-b"), stream("account-c")]);
    let (sent, mut seen) = tokio::sync::watch::channel(0_u64);
    let writer = {
        let (store, own, both) = (store.clone(), own.clone(), both.clone());
        tokio::spawn(async move {
            for round in 0..200 {
                let expected = ExpectedVersion::Exact(Version::new(round * 2));
                let events = vec![event(round * 10 + 1), event(round * 10 + 2)];
                let appended = store.append(&own, expected, events).await.unwrap();
                assert_eq!(appended.version.get(), (round + 1) * 2);
                let expected = ExpectedVersion::Exact(Version::new(round));
                let batch = MultiAppend::new().append(&both[0], expected, vec![event(round * 10 + 3)]).append(
                    &both[1],
                    expected,
                    vec![event(round * 10 + 4)],
                );
                store.append_multi(batch).await.unwrap();
                sent.send_replace(round + 1);
            }
        })
    };
    for kill in 1..=3 {
        seen.wait_for(|rounds| *rounds >= kill * 40).await.unwrap();
        server.kill();
        server.restart();
    }
    writer.await.unwrap();
    let meant = |offset| (0..200_u64).map(|round| round * 10 + offset).collect::<Vec<_>>();
    let twos: Vec<_> = (0..200).flat_map(|round| [round * 10 + 1, round * 10 + 2]).collect();
    assert_eq!(numbers(&whole(&store, &own, ReadStream::all()).await), twos);
    assert_eq!(numbers(&whole(&store, &both[0], ReadStream::all()).await), meant(3));
    assert_eq!(numbers(&whole(&store, &both[1], ReadStream::all()).await), meant(4));
}

/// When patience ends, the error says what to do, and sending again finds out.
#[tokio::test]
async fn an_append_without_an_answer_is_told_and_can_be_sent_again() {
    let Some(mut server) = Nats::start("jetstream: enabled") else { return };
    let options = NatsStore::options().patience(Duration::from_millis(300));
    let store = options.connect(&server.url()).await.unwrap();
    let stream = stream("account-a");
    store.append(&stream, ExpectedVersion::NoStream, vec![event(1)]).await.unwrap();
    server.kill();
    let lost = store.append(&stream, ExpectedVersion::Any, vec![event(2)]).await.unwrap_err();
    let AppendError::Store { cause, .. } = &lost else { panic!("{lost}") };
    assert!(matches!(cause.downcast_ref(), Some(NatsError::NoAnswer { .. })), "{cause}");
    assert!(cause.to_string().contains("send the same again"), "{cause}");
    server.restart();
    let again = loop {
        match store.append(&stream, ExpectedVersion::Any, vec![event(2)]).await {
            Ok(appended) => break appended,
            Err(AppendError::Store { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(again.version.get(), 2);
    assert_eq!(numbers(&whole(&store, &stream, ReadStream::all()).await), [1, 2]);
}

/// A message that is not ours is named, and nothing is skipped in silence.
#[tokio::test]
async fn a_message_of_somebody_else_is_told_with_its_place() {
    let Some(server) = Nats::shared() else { return };
    let name = name();
    let store = NatsStore::options().name(&name).connect(&server.url()).await.unwrap();
    store.append(&stream("account-a"), ExpectedVersion::Any, vec![event(1)]).await.unwrap();
    let client = es_nats_store::async_nats::connect(server.url()).await.unwrap();
    client.request(format!("{name}.account.b"), "hello".into()).await.unwrap();
    let error = store.read_log(ReadLog::all()).await.unwrap_err();
    let es_core::store::ReadError::Store { cause } = &error else { panic!("{error}") };
    assert!(matches!(cause.downcast_ref(), Some(NatsError::Broken { sequence: 2, .. })), "{cause}");
    let page = store.read_log(ReadLog::all().up_to(Position::new(1024))).await.unwrap();
    assert_eq!(numbers(&page.events), [1]);
}

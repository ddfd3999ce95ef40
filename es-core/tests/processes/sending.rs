//! What is sent, what is recorded about it, and what comes back refused.

use es_core::store::{EventStore, ReadStream};
use es_core::{EventProcessor, StreamId};

use crate::bank::{Block, Transfer};
use crate::world::World;

#[tokio::test]
async fn a_process_goes_from_event_to_command_to_its_end() {
    let world = World::default();
    world.deposit("ada", 100).await;
    world.request("rent", "ada", "bob").await;
    world.driver.catch_up().await.unwrap();
    assert_eq!((world.balance("ada").await, world.balance("bob").await), (60, 40));
    assert_eq!(world.ended("rent").await, ["completed"]);
    let process = world.driver.load(&"rent".to_owned()).await.unwrap();
    assert!(process.is_ended && process.deadlines.is_empty());
    let state =
        Transfer { from: "ada".into(), to: "bob".into(), amount: 40, request: "rent".into(), is_returned: false };
    assert_eq!(process.state, state);
}

#[tokio::test]
async fn a_refused_command_is_made_good() {
    let world = World::default();
    world.deposit("ada", 100).await;
    world.accounts.execute("bob", Block {}).await.unwrap();
    world.request("rent", "ada", "bob").await;
    world.driver.catch_up().await.unwrap();
    assert_eq!((world.balance("ada").await, world.balance("bob").await), (100, 0));
    assert_eq!(world.ended("rent").await, ["returned"]);
}

#[tokio::test]
async fn the_reason_of_a_refusal_is_told() {
    let world = World::default();
    world.deposit("ada", 10).await;
    world.request("rent", "ada", "bob").await;
    world.driver.catch_up().await.unwrap();
    assert_eq!(world.ended("rent").await, ["balance 10 does not cover 40"]);
}

#[tokio::test]
async fn the_stream_of_a_process_tells_what_came_in_and_what_went_out() {
    let world = World::default();
    world.deposit("ada", 100).await;
    world.request("rent", "ada", "bob").await;
    world.driver.catch_up().await.unwrap();
    let stream = StreamId::new("transfer", "rent").unwrap();
    let events = world.store.read_stream(&stream, ReadStream::all()).await.unwrap().events;
    let names: Vec<_> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "process-reacted",
            "process-dispatched",
            "process-reacted",
            "process-dispatched",
            "process-reacted",
            "process-dispatched",
            "process-reacted"
        ]
    );
    let requested = world.log().await.into_iter().find(|event| event.name == "transfer-requested").unwrap();
    assert_eq!(
        std::str::from_utf8(&events[0].payload).unwrap(),
        format!(
            "{{\"to\":{{\"event\":{{\"id\":\"{}\",\"stream\":\"request-rent\",\"version\":1,\"position\":2,\
             \"name\":\"transfer-requested\",\"schema_version\":2,\"recorded_at\":\"2026-01-01T00:00:00.000000Z\",\
             \"correlation_id\":\"rent\",\"causation_id\":\"rent\",\"actor\":\"ada\",\
             \"payload\":{{\"json\":{{\"from\":\"ada\",\"to\":\"bob\",\"amount\":40}}}}}}}},\
             \"effects\":[{{\"send\":{{\"aggregate\":\"account\",\"id\":\"ada\",\"command\":\"Withdraw\",\
             \"payload\":{{\"amount\":40}}}}}},{{\"schedule\":{{\"name\":\"patience-lost\",\"schema_version\":1,\
             \"due\":\"2026-01-01T00:01:00.000000Z\",\"payload\":{{\"for_whom\":\"ada\"}}}}}}]}}",
            requested.id
        )
    );
    assert_eq!(
        std::str::from_utf8(&events[1].payload).unwrap(),
        format!("{{\"reaction\":\"{}\",\"outcomes\":[\"accepted\"]}}", events[0].id)
    );
}

#[tokio::test]
async fn everything_belongs_to_the_conversation_and_tells_its_cause() {
    let world = World::default();
    world.deposit("ada", 100).await;
    world.request("rent", "ada", "bob").await;
    world.driver.catch_up().await.unwrap();
    let log = world.log().await;
    for event in &log[1..] {
        assert_eq!(event.metadata.correlation_id(), Some(&"rent".into()), "{event:?}");
        assert_eq!(event.metadata.actor(), Some("ada"), "{event:?}");
    }
    let find = |name: &str| log.iter().rfind(|event| event.name == name).unwrap();
    let requested = find("transfer-requested").id;
    let withdrawn = find("money-withdrawn");
    assert_eq!(withdrawn.metadata.causation_id(), Some(&requested.into()));
    assert_eq!(find("money-deposited").metadata.causation_id(), Some(&withdrawn.id.into()));
}

#[tokio::test]
async fn what_was_decided_is_not_decided_again() {
    let world = World::default();
    world.deposit("ada", 100).await;
    world.request("rent", "ada", "bob").await;
    world.driver.catch_up().await.unwrap();
    let before = world.log().await;
    // As if the checkpoint had never moved, in one batch and event by event.
    world.driver.handle(&before).await.unwrap();
    for event in &before {
        world.driver.handle(std::slice::from_ref(event)).await.unwrap();
    }
    assert_eq!(world.log().await, before);
}

#[tokio::test]
async fn two_conversations_have_nothing_to_do_with_each_other() {
    let world = World::default();
    world.deposit("ada", 100).await;
    world.request("rent", "ada", "bob").await;
    world.request("gift", "ada", "carl").await;
    world.driver.catch_up().await.unwrap();
    let balances = [world.balance("ada").await, world.balance("bob").await, world.balance("carl").await];
    assert_eq!(balances, [20, 40, 40]);
    assert_eq!(
        (world.ended("rent").await, world.ended("gift").await),
        (vec!["completed".into()], vec!["completed".into()])
    );
}

//! Which events begin a process, which go on with one, and what happens where that is not as it should be.

use std::error::Error;

use es_core::store::EventStore;
use es_core::{
    EventId, EventName, ExpectedVersion, Metadata, NewEvent, ProcessError, ProcessorError, StreamId, Timestamp,
};

use crate::world::World;

impl World {
    /// Puts an event into the log as it is.
    async fn store(&self, stream: &str, number: u128, name: &'static str, schema_version: u32, payload: &'static str) {
        let event = NewEvent {
            id: EventId::new(uuid(number)),
            name: EventName::from_static(name),
            schema_version,
            recorded_at: Timestamp::UNIX_EPOCH,
            metadata: Metadata::new().with_correlation_id("rent"),
            payload: payload.as_bytes().into(),
        };
        let stream: StreamId = stream.parse().unwrap();
        self.store.append(&stream, ExpectedVersion::Any, vec![event]).await.unwrap();
    }

    async fn refused(&self) -> ProcessError {
        match self.driver.catch_up().await.unwrap_err() {
            ProcessorError::Event { cause, .. } => *cause.downcast().unwrap(),
            other => panic!("{other:?}"),
        }
    }
}

fn uuid(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}

const REQUESTED: &str = r#"{"from":"ada","to":"bob","amount":40}"#;

#[tokio::test]
async fn a_process_is_started_once() {
    let world = World::default();
    world.store("request-rent", 1, "transfer-requested", 2, REQUESTED).await;
    world.driver.catch_up().await.unwrap();
    world.store("request-rent", 2, "transfer-requested", 2, REQUESTED).await;
    let error = world.refused().await;
    assert!(matches!(error, ProcessError::AlreadyStarted { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "event `transfer-requested` starts process `transfer-rent`, which has been started before"
    );
}

#[tokio::test]
async fn what_goes_on_with_a_process_needs_one_if_it_says_so() {
    let world = World::default();
    world.end("rent", "by hand").await;
    let error = world.refused().await;
    assert!(matches!(error, ProcessError::NotStarted { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "event `transfer-ended` goes on with process `transfer-rent`, which was never started"
    );
}

#[tokio::test]
async fn what_goes_on_with_a_process_or_not_is_passed_by_without_one() {
    let world = World::default();
    world.deposit("ada", 100).await;
    world.store("account-ada", 1, "money-deposited", 1, r#"{"amount":1}"#).await;
    world.driver.catch_up().await.unwrap();
    assert_eq!(world.log().await.len(), 2);
}

#[tokio::test]
async fn nothing_reaches_a_process_that_has_ended() {
    let world = World::default();
    world.deposit("ada", 100).await;
    world.request("rent", "ada", "bob").await;
    world.driver.catch_up().await.unwrap();
    let before = world.driver.load(&"rent".to_owned()).await.unwrap();
    world.store("account-bob", 1, "money-deposited", 1, r#"{"amount":1}"#).await;
    world.driver.catch_up().await.unwrap();
    assert_eq!(world.driver.load(&"rent".to_owned()).await.unwrap(), before);
    world.end("rent", "again").await;
    let error = world.refused().await;
    assert!(matches!(error, ProcessError::Ended { .. }), "{error:?}");
    assert_eq!(error.to_string(), "event `transfer-ended` comes to process `transfer-rent`, which has ended");
}

#[tokio::test]
async fn a_process_reads_old_versions_when_they_come_and_when_it_remembers_them() {
    let world = World::default();
    world.deposit("ada", 100).await;
    world.store("request-rent", 1, "transfer-requested", 1, r#"{"from":"ada","to":"bob","sum":40}"#).await;
    world.driver.catch_up().await.unwrap();
    assert_eq!(world.balance("bob").await, 40);
    assert_eq!(world.driver.load(&"rent".to_owned()).await.unwrap().state.amount, 40);
}

#[tokio::test]
async fn what_does_not_fit_its_version_stops_at_its_place() {
    let world = World::default();
    world.store("request-rent", 1, "transfer-requested", 2, r#"{"from":"ada"}"#).await;
    let error = world.driver.catch_up().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "event 1 of stream `request-rent`, `transfer-requested` at position 1, could not be processed by `transfer`"
    );
    let cause = error.source().unwrap().to_string();
    assert!(cause.ends_with("the payload does not fit `transfer-requested` version 2"), "{cause}");
    assert_eq!(world.log().await.len(), 1);
}

#[tokio::test]
async fn what_newer_code_has_recorded_is_not_guessed_at() {
    let world = World::default();
    world.store("transfer-rent", 1, "process-reacted", 2, "{}").await;
    let error = world.driver.load(&"rent".to_owned()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "event 1 of stream `transfer-rent` cannot be read: \
         `process-reacted` was stored as version 2, but this code knows versions up to 1"
    );
}

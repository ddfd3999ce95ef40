//! Each thing that does not fit is told before anything runs, to the letter.

use std::convert::Infallible;

use es_app::{Application, OnUnknown, Problem, StartError};
use es_core::store::{CheckpointName, EventFilter, EventStore as _};
use es_core::{
    Aggregate, Apply, Event, EventId, EventName, ExpectedVersion, NewEvent, Payload, ProjectRow, Projection,
    RecordedEvent, Repository, StreamId, Timestamp,
};
use es_memory_store::MemoryStore;
use es_publish::{MemoryTarget, Outgoing, Publisher};
use serde::{Deserialize, Serialize};

use crate::domain::{Account, Balance, Bonus, GetBalance, OpenAccount};

/// What is wrong, as it is told; nothing was started.
async fn wrong(app: Application<MemoryStore>) -> Vec<String> {
    let refused = app.start().await.expect_err("it does not fit");
    let problems: Vec<_> = refused.problems().iter().map(ToString::to_string).collect();
    assert!(!problems.is_empty(), "{refused}");
    problems
}

fn app() -> Application<MemoryStore> {
    Application::new(MemoryStore::new())
}

mod other {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
    #[event(name = "account-opened")]
    pub(super) struct AccountOpened {
        pub(super) holder: u64,
    }

    #[derive(Debug, Default, Aggregate)]
    #[aggregate(name = "account", id = String, error = Infallible, events(AccountOpened), commands())]
    pub(super) struct Account {}

    impl Apply<AccountOpened> for Account {
        fn apply(&mut self, _: AccountOpened) {}
    }

    #[derive(Debug, Default, Serialize, Deserialize, Projection)]
    #[projection(name = "holders", key = String, events(AccountOpened))]
    pub(super) struct Holder {}

    impl ProjectRow<AccountOpened> for Holder {
        fn project(&mut self, _: &String, _: AccountOpened, _: &RecordedEvent) {}
    }
}

fn publisher(name: &str, filter: EventFilter) -> Publisher<MemoryStore> {
    let outgoing = Outgoing::stored("/bank", filter, "application/json").unwrap();
    Publisher::new(MemoryStore::new(), CheckpointName::new(name).unwrap(), outgoing, MemoryTarget::new())
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let refused = app()
        .projection::<Balance>()
        .publisher(publisher("balances", EventFilter::all()))
        .process::<Bonus>()
        .asks::<GetBalance>()
        .on_several_nodes()
        .start()
        .await
        .unwrap_err();
    let text = "the application does not fit together\n\
                - two parts are called `balances`, and would share a checkpoint\n\
                - the query `application::domain::GetBalance` is answered by nobody\n\
                - the process `bonus` sends `Deposit` to the aggregate `account`, which is not a part of the application\n\
                - the application runs on several nodes, but has no store of leases: add `.leases()`";
    assert_eq!(refused.to_string(), text);
    assert!(matches!(&refused, StartError::Problems(problems) if problems[3] == Problem::NoLeases));
}

#[tokio::test]
async fn two_aggregates_of_one_name() {
    let told = wrong(app().aggregate::<Account>().aggregate::<other::Account>()).await;
    let text = "two aggregates are called `account`: `application::domain::Account` and \
                `application::checks::other::Account`";
    assert_eq!(told[0], text);
}

#[tokio::test]
async fn one_stored_name_in_two_shapes() {
    let told = wrong(app().aggregate::<Account>().projection::<other::Holder>()).await;
    let text = "the stored name `account-opened` has one shape in the aggregate `account` and another in `holders`";
    assert_eq!(told, [text]);
}

#[tokio::test]
async fn an_event_that_nobody_handles_only_if_that_matters() {
    let some = publisher("some", EventFilter::all().names(["account-opened"]));
    let told = wrong(app().aggregate::<Account>().publisher(some).every_event_is_handled()).await;
    assert_eq!(told, ["nobody handles the event `money-deposited` of the aggregate `account`"]);
    let elsewhere = publisher("elsewhere", EventFilter::all().category("order"));
    let told = wrong(app().aggregate::<Account>().publisher(elsewhere).every_event_is_handled()).await;
    assert_eq!(told.len(), 2, "{told:?}");
    app().aggregate::<Account>().start().await.unwrap().stop().await;
}

#[tokio::test]
async fn queries_have_one_answer_each() {
    let twice = app().projection::<Balance>().answers::<GetBalance, Balance>().answers::<GetBalance, Balance>();
    assert_eq!(wrong(twice).await, ["the query `application::domain::GetBalance` is answered twice"]);
    let stranger = app().answers::<GetBalance, Balance>();
    let text = "the query `application::domain::GetBalance` is answered by `application::domain::Balance`, which is not a \
                part of the application";
    assert_eq!(wrong(stranger).await, [text]);
}

#[tokio::test]
async fn what_parks_has_a_place_to_park() {
    use es_core::store::ParkCapacity;
    use es_runner::{OnFailure, Options};
    let parks = Options::default().on_failure(OnFailure::Park(ParkCapacity::default()));
    let told = wrong(app().projection_with::<Balance>(parks)).await;
    let text = "`balances` parks events that fail, but the application has no store of failures: add `.parking()`";
    assert_eq!(told, [text]);
}

#[tokio::test]
async fn who_follows_has_somebody_to_follow() {
    let old = CheckpointName::new("events").unwrap();
    let told = wrong(app().successor(publisher("events-2", EventFilter::all()), &old)).await;
    assert_eq!(told, ["`events-2` follows `events`, which is not a processor that it alone can follow"]);
}

/// A lock with the versions of two events of the account.
fn lock(opened: &str, deposited: &str) -> String {
    format!(
        r#"{{"format":1,"aggregates":{{"account":{{"account-opened":{opened},"money-deposited":{deposited}}},
            "order":{{"order-placed":{{"1":{{}}}}}}}}}}"#
    )
}

#[tokio::test]
async fn the_lock_and_the_code_have_the_same_names_and_versions() {
    let fits = app().aggregate::<Account>().lock(lock(r#"{"1":{}}"#, r#"{"1":{}}"#));
    fits.start().await.unwrap().stop().await;

    let told = wrong(app().aggregate::<Account>().lock(lock("{}", r#"{"1":{},"2":{}}"#))).await;
    let texts = [
        "the lock does not know version 1 of `account-opened`, an event of the aggregate `account`: update it with \
         `ES_LOCK=update cargo test`",
        "the lock has version 2 of `money-deposited`, which the aggregate `account` does not read",
    ];
    assert_eq!(told, texts);
    let told = wrong(app().aggregate::<Account>().lock(r#"{"format":7}"#)).await;
    assert_eq!(told, ["the lock cannot be read: it has format 7, and formats 1 to 3 are known"]);
    let told = wrong(app().lock("{")).await;
    assert_eq!(told, ["the lock cannot be read: EOF while parsing an object at line 1 column 1"]);
}

async fn put(store: &MemoryStore, number: u128, stream: (&str, &str), name: &'static str, version: u32) {
    let event = NewEvent {
        id: EventId::new(uuid::Uuid::from_u128(number)),
        name: EventName::from_static(name),
        schema_version: version,
        recorded_at: Timestamp::UNIX_EPOCH,
        metadata: es_core::Metadata::new(),
        payload: Payload::from("{}"),
    };
    let stream = StreamId::new(stream.0, stream.1).unwrap();
    store.append(&stream, ExpectedVersion::Any, vec![event]).await.unwrap();
}

#[tokio::test]
async fn the_log_has_nothing_that_the_code_does_not_know() {
    let store = MemoryStore::new();
    put(&store, 1, ("order", "17"), "order-placed", 1).await;
    put(&store, 2, ("account", "bob"), "money-deposited", 3).await;
    Repository::<Account, _>::new(store.clone()).execute("ada", OpenAccount { owner: "Ada".into() }).await.unwrap();
    let texts = [
        "the log has `order-placed` in streams of category `order`, last at position 1, and no part of the application \
         knows it",
        "the log has `money-deposited` in version 3, at position 2, and this code reads it up to version 1",
    ];
    let accounts = || Application::new(store.clone()).aggregate::<Account>();
    assert_eq!(wrong(accounts().sample_log(1000, OnUnknown::Refuse)).await, texts);

    let app = accounts().sample_log(1000, OnUnknown::Warn).start().await.unwrap();
    assert_eq!(app.warnings().iter().map(ToString::to_string).collect::<Vec<_>>(), texts);
    app.stop().await;
    let app = accounts().sample_log(2, OnUnknown::Warn).start().await.unwrap();
    assert_eq!(app.warnings().len(), 1, "the newest two: {:?}", app.warnings());
    app.stop().await;
}

//! Queries: by key and by index, after waiting, over the bus, and again when the answer changes.

use std::future::{Future, pending, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use es_core::{
    Answer, BusError, Position, Project, Projection, ProjectionRunner, Query, QueryBus, QueryError, ReadModel,
    RecordedEvent, StreamId, WaitError,
};
use es_memory_store::MemoryStore;
use serde_json::json;

use crate::domain::{Balance, GetWealth, MoneyDeposited, append, event};

/// What must happen, within a time in which it does.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), future).await.expect("nobody was woken")
}

async fn deposit(store: &MemoryStore, number: u64, cents: i64) -> Position {
    append(store, (StreamId::new("account", 1).unwrap(), event(number, "money-deposited", 1, &json!({"cents": cents}))))
        .await
}

async fn open(store: &MemoryStore) {
    append(store, (StreamId::new("account", 1).unwrap(), event(1, "account-opened", 2, &json!({"owner": "ada"}))))
        .await;
}

#[tokio::test]
async fn rows_are_found_by_key_and_by_index() {
    let store = MemoryStore::new();
    open(&store).await;
    let model = ReadModel::<Balance, _>::new(store.clone());
    model.catch_up().await.unwrap();
    assert_eq!(model.get(&1).await.unwrap().unwrap().owner, "ada");
    assert_eq!(model.get(&2).await.unwrap(), None);
    let found = model.by_index("owner", "ada").await.unwrap();
    assert_eq!(found.iter().map(|(key, _)| *key).collect::<Vec<_>>(), [1]);
    assert!(model.by_index("cents", Some(1)).await.unwrap().is_empty());
    assert!(model.by_index("owner", None::<String>).await.unwrap().is_empty());
    assert_eq!(model.rows().get_all(&[2, 1]).await.unwrap().iter().flatten().count(), 1);
    let missing = model.by_index("colour", "blue").await.unwrap_err();
    assert_eq!(missing.to_string(), r#"`balances` has no index `colour`; it has ["owner", "cents"]"#);
    let too_large = model.by_index("cents", u64::MAX).await.unwrap_err();
    assert!(matches!(too_large, QueryError::NotIndexable(_)));
}

#[tokio::test]
async fn whoever_waits_is_woken_by_a_commit_or_told_how_far_it_is() {
    let store = MemoryStore::new();
    let model = ReadModel::<Balance, _>::new(store.clone());
    let late = model.wait_for(Position::new(1), ready(())).await.unwrap_err();
    assert_eq!(late.to_string(), "`balances@2` did not reach position 1 in time, it is at its beginning");
    let position = deposit(&store, 1, 5).await;
    let clone = model.clone();
    let mut waiting = pin!(clone.wait_for(position, pending()));
    assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    model.catch_up().await.unwrap();
    soon(waiting).await.unwrap();
    let late = model.wait_for(Position::new(9), ready(())).await.unwrap_err();
    let WaitError::Timeout { projection, wanted, seen } = late else { panic!("{late:?}") };
    assert_eq!((projection.as_str(), wanted.get(), seen), ("balances@2", 9, Some(position)));
}

#[tokio::test]
async fn a_commit_of_another_handle_is_seen_by_one_that_polls() {
    let store = MemoryStore::new();
    let position = deposit(&store, 1, 5).await;
    let polled = ReadModel::<Balance, _>::new(store.clone()).polled(tokio::task::yield_now);
    let waiting = tokio::spawn({
        let polled = polled.clone();
        async move { polled.wait_for(position, pending()).await }
    });
    ReadModel::<Balance, _>::new(store).catch_up().await.unwrap();
    soon(waiting).await.unwrap().unwrap();
}

/// All deposits.
#[derive(Debug, Default, Projection)]
#[projection(name = "deposits", events(MoneyDeposited))]
struct Deposits {
    cents: i64,
}

impl Project<MoneyDeposited> for Deposits {
    fn project(&mut self, event: MoneyDeposited, _: &RecordedEvent) {
        self.cents += event.cents;
    }
}

#[derive(Debug, Clone)]
struct GetDeposits;

impl Query for GetDeposits {
    type Answer = i64;
}

impl Answer<GetDeposits> for Deposits {
    fn answer(&self, _: GetDeposits) -> i64 {
        self.cents
    }
}

#[derive(Clone)]
struct GetWeather;

impl Query for GetWeather {
    type Answer = ();
}

#[tokio::test]
async fn a_bus_gives_each_query_to_who_answers_it() {
    let store = MemoryStore::new();
    open(&store).await;
    deposit(&store, 2, 70).await;
    let balances = ReadModel::<Balance, _>::new(store.clone());
    let deposits = ProjectionRunner::new(store.clone(), Deposits::default());
    balances.catch_up().await.unwrap();
    deposits.catch_up().await.unwrap();
    let bus = QueryBus::builder().answer::<GetWealth>(balances.clone()).answer::<GetDeposits>(deposits.clone());
    let bus = bus.build().unwrap();
    assert_eq!(bus.query(GetWealth { owner: "ada" }).await.unwrap(), 70);
    assert_eq!(bus.query(GetDeposits).await.unwrap(), 70);

    let nobody = bus.query(GetWeather).await.unwrap_err();
    assert!(matches!(&nobody, BusError::Unanswered { query } if query.ends_with("GetWeather")), "{nobody}");
    assert!(matches!(bus.subscribe(GetWeather), Err(BusError::Unanswered { .. })));
    let twice = QueryBus::builder().answer::<GetWealth>(balances.clone()).answer::<GetWealth>(balances).build();
    assert!(twice.unwrap_err().query.ends_with("GetWealth"));
}

#[tokio::test]
async fn a_subscription_gives_the_first_answer_and_each_that_differs() {
    let store = MemoryStore::new();
    open(&store).await;
    let balances = ReadModel::<Balance, _>::new(store.clone());
    let deposits = ProjectionRunner::new(store.clone(), Deposits::default());
    balances.catch_up().await.unwrap();
    let bus = QueryBus::builder().answer::<GetWealth>(balances.clone()).answer::<GetDeposits>(deposits);
    let bus = bus.build().unwrap();
    let mut wealth = bus.subscribe(GetWealth { owner: "ada" }).unwrap();
    let mut total = bus.subscribe(GetDeposits).unwrap();
    assert_eq!((soon(wealth.next()).await.unwrap(), soon(total.next()).await.unwrap()), (0, 0));
    for (number, cents, sum) in [(2, 70, 70), (3, 30, 100)] {
        deposit(&store, number, cents).await;
        balances.catch_up().await.unwrap();
        assert_eq!((soon(wealth.next()).await.unwrap(), soon(total.next()).await.unwrap()), (sum, sum));
    }
    // The read model moves, and the answer does not.
    deposit(&store, 4, 0).await;
    balances.catch_up().await.unwrap();
    let waits = |poll: Poll<_>| assert!(poll.is_pending());
    {
        let mut same = pin!(wealth.next());
        waits(same.as_mut().poll(&mut Context::from_waker(Waker::noop())).map(drop));
    }
    // Nothing is lost when the future is dropped.
    deposit(&store, 5, 1).await;
    balances.catch_up().await.unwrap();
    assert_eq!((soon(wealth.next()).await.unwrap(), soon(total.next()).await.unwrap()), (101, 101));
}

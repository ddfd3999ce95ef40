//! Start, commands, queries, deadlines, and the end.

use std::time::Duration;

use es_app::{Application, CommandError, NotPart, WaitError};
use es_core::store::{CheckpointName, EventFilter, EventStore as _, ReadLog};
use es_core::{BusError, Clock, Position, Timestamp};
use es_memory_store::MemoryStore;
use es_publish::{MemoryTarget, Outgoing, Publisher};
use es_runner::State;
use tokio::time::Instant;

use crate::domain::{Account, Balance, Bonus, DAY, Deposit, GetBalance, NoAmount, OpenAccount, Owner, SOON, Total};

fn name(text: &str) -> CheckpointName {
    CheckpointName::new(text).unwrap()
}

fn open(owner: &str) -> OpenAccount {
    OpenAccount { owner: owner.into() }
}

/// The time of the runtime, which a test may have stopped.
pub(crate) fn runtime_clock() -> impl Clock + Clone {
    let began = Instant::now();
    move || Timestamp::from_micros(i64::try_from(began.elapsed().as_micros()).unwrap())
}

#[tokio::test]
async fn a_command_is_seen_by_every_part() {
    let (store, target) = (MemoryStore::new(), MemoryTarget::new());
    let outgoing = Outgoing::stored("/bank", EventFilter::all().category("account"), "application/json").unwrap();
    let app = Application::new(store.clone())
        .leases()
        .parking()
        .aggregate_with::<Account>(|accounts| accounts.with_cache(100))
        .projection::<Balance>()
        .inline::<Owner>()
        .in_memory(Total::default())
        .process::<Bonus>()
        .publisher(Publisher::new(store.clone(), name("bank-events"), outgoing, target.clone()))
        .answers::<GetBalance, Balance>()
        .asks::<GetBalance>()
        .every_event_is_handled()
        .start()
        .await
        .unwrap();

    app.execute::<Account>("ada", open("Ada")).await.unwrap();
    // Kept inline, so nobody waits.
    let owner = app.read_model::<Owner>().unwrap().get(&"ada".into()).await.unwrap();
    assert_eq!(owner, Some(Owner { owner: "Ada".into() }));

    let done = app.execute::<Account>("ada", Deposit { amount: 5 }).await.unwrap();
    app.wait_for::<Balance>(done.position, SOON).await.unwrap();
    assert_eq!(app.ask(GetBalance { account: "ada".into() }).await.unwrap(), Some(5));
    let total = app.in_memory::<Total>().unwrap();
    let kept_up = async {
        // Whoever waits would drive it.
        while total.checkpoint() < done.position {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, kept_up).await.expect("somebody keeps it up");
    app.wait_for::<Total>(done.position, SOON).await.unwrap();
    assert_eq!(app.in_memory::<Total>().unwrap().read(|total, _| total.cents), 5);
    app.wait_for::<Bonus>(done.position, SOON).await.unwrap();
    assert_eq!(app.process::<Bonus>().unwrap().load(&"ada".into()).await.unwrap().deadlines.len(), 1);
    app.runner().wait_for(&name("bank-events"), done.position, SOON).await.unwrap();
    assert_eq!(target.published().len(), 2);
    assert_eq!(app.load::<Account>("ada").await.unwrap().state().balance, 5);
    assert!(app.status().is_healthy(), "{:?}", app.status());
    app.stop().await;
}

#[tokio::test]
async fn what_is_no_part_is_an_error_and_not_silence() {
    let app = Application::new(MemoryStore::new()).start().await.unwrap();
    let refused = app.execute::<Account>("ada", open("Ada")).await.unwrap_err();
    assert_eq!(refused.to_string(), "`application::domain::Account` is not a part of the application");
    let waited = app.wait_for::<Balance>(Position::START, SOON).await.unwrap_err();
    assert!(matches!(waited, WaitError::NotPart(NotPart { part: "application::domain::Balance" })), "{waited}");
    let asked = app.ask(GetBalance { account: "ada".into() }).await.unwrap_err();
    assert!(matches!(asked, BusError::Unanswered { .. }));
    app.stop().await;
}

#[tokio::test]
async fn a_refused_command_keeps_its_type() {
    let app = Application::new(MemoryStore::new()).aggregate::<Account>().start().await.unwrap();
    let refused = app.execute::<Account>("ada", Deposit { amount: 0 }).await.unwrap_err();
    let CommandError::Execute(es_core::ExecuteError::Rejected(refused)) = refused else { panic!("{refused}") };
    assert_eq!(refused, NoAmount);
    app.stop().await;
}

#[tokio::test]
async fn nothing_runs_after_the_stop() {
    let store = MemoryStore::new();
    let app = Application::new(store.clone())
        .leases()
        .aggregate::<Account>()
        .projection::<Balance>()
        .in_memory(Total::default())
        .process::<Bonus>()
        .start()
        .await
        .unwrap();
    let done = app.execute::<Account>("ada", open("Ada")).await.unwrap();
    app.wait_for::<Balance>(done.position, SOON).await.unwrap();
    let other = app.clone();
    tokio::join!(app.stop(), other.stop());

    let refused = app.execute::<Account>("ada", Deposit { amount: 5 }).await.unwrap_err();
    assert_eq!(refused.to_string(), "the application has been stopped");
    assert!(es_core::store::LeaseStore::list_leases(&store).await.unwrap().is_empty());
    for (name, status) in app.status().processors {
        assert!(matches!(status.state, State::Stopped(_)), "{name}: {status:?}");
    }
    let metrics = tokio::runtime::Handle::current().metrics();
    assert_eq!(metrics.num_alive_tasks(), 0);
}

#[tokio::test]
async fn it_runs_until_a_signal() {
    let app =
        Application::new(MemoryStore::new()).aggregate::<Account>().projection::<Balance>().start().await.unwrap();
    let (signal, signalled) = tokio::sync::oneshot::channel();
    let running = tokio::spawn({
        let app = app.clone();
        async move { app.run_until(signalled).await }
    });
    app.execute::<Account>("ada", open("Ada")).await.unwrap();
    signal.send("enough").unwrap();
    assert_eq!(running.await.unwrap(), Ok("enough"));
    assert!(matches!(app.execute::<Account>("bob", open("Bob")).await, Err(CommandError::Stopped)));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_is_reached_when_it_is_due_and_not_before() {
    let clock = runtime_clock();
    let app = Application::new(MemoryStore::new())
        .clock(clock.clone())
        .aggregate::<Account>()
        .process::<Bonus>()
        .in_memory(Total::default())
        .start()
        .await
        .unwrap();
    let done = app.execute::<Account>("ada", open("Ada")).await.unwrap();
    app.wait_for::<Bonus>(done.position, SOON).await.unwrap();

    let paid = async {
        let mut log = app.store().read_log(ReadLog::all()).await.unwrap();
        while !log.events.iter().any(|event| event.name.as_str() == "money-deposited") {
            app.store().appended_after(log.head).await.unwrap();
            log = app.store().read_log(ReadLog::all()).await.unwrap();
        }
        log
    };
    let log = tokio::time::timeout(2 * DAY, paid).await.expect("the deadline is reached");
    let paid = log.events.iter().find(|event| event.name.as_str() == "money-deposited").unwrap();
    let due = done.position;
    let opened = log.events.iter().find(|event| event.position == due).unwrap().recorded_at;
    let waited = Duration::from_micros(u64::try_from(paid.recorded_at.as_micros() - opened.as_micros()).unwrap());
    assert!(waited >= DAY && waited < DAY + Duration::from_secs(1), "{waited:?}");
    let status = app.status();
    assert_eq!((status.deadlines[0].1.reached, status.deadlines[0].1.errors.len()), (1, 0));
    app.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_position_that_does_not_come_is_a_timeout_that_says_where_it_is() {
    let app =
        Application::new(MemoryStore::new()).aggregate::<Account>().projection::<Balance>().start().await.unwrap();
    let done = app.execute::<Account>("ada", open("Ada")).await.unwrap();
    app.wait_for::<Balance>(done.position, SOON).await.unwrap();
    let late = app.wait_for::<Balance>(Position::new(9), Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(late.to_string(), "after 1s `balances` is at position 1, and not at position 9");
    app.stop().await;
}

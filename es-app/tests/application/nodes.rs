//! Two applications over one file: one is active, and the other takes over.

use std::time::Duration;

use es_app::{Application, RunningApplication};
use es_core::store::CheckpointName;
use es_runner::State;
use es_sqlite_store::SqliteStore;

use crate::domain::{Account, Balance, Bonus, Deposit, OpenAccount, Owner, SOON};

async fn node(path: &std::path::Path, owner: &str) -> RunningApplication {
    Application::new(SqliteStore::open(path).await.unwrap())
        .leases()
        .parking()
        .on_several_nodes()
        .owner(owner)
        .lease_time(Duration::from_millis(500))
        .aggregate::<Account>()
        .projection::<Balance>()
        .inline::<Owner>()
        .process::<Bonus>()
        .start()
        .await
        .unwrap()
}

fn balances() -> CheckpointName {
    CheckpointName::new("balances").unwrap()
}

async fn until(app: &RunningApplication, is_so: impl Fn(&State) -> bool) {
    let mut status = app.runner().watch(&balances()).unwrap();
    tokio::time::timeout(SOON, status.wait_for(|status| is_so(&status.state))).await.expect("in time").unwrap();
}

#[tokio::test]
async fn one_node_is_active_and_the_other_takes_over_when_it_stops() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bank.db");
    let first = node(&path, "first").await;
    until(&first, |state| matches!(state, State::Live | State::CatchingUp)).await;
    let second = node(&path, "second").await;
    until(&second, |state| matches!(state, State::Standby { held_by } if held_by == "first")).await;

    // Whoever is asked takes commands, and sees what the active node has done.
    second.execute::<Account>("ada", OpenAccount { owner: "Ada".into() }).await.unwrap();
    let done = second.execute::<Account>("ada", Deposit { amount: 5 }).await.unwrap();
    second.wait_for::<Balance>(done.position, SOON).await.unwrap();
    let row = second.read_model::<Balance>().unwrap().get(&"ada".into()).await.unwrap();
    assert_eq!(row, Some(Balance { cents: 5 }));

    first.stop().await;
    until(&second, |state| matches!(state, State::Live | State::CatchingUp)).await;
    let done = second.execute::<Account>("ada", Deposit { amount: 6 }).await.unwrap();
    second.wait_for::<Balance>(done.position, SOON).await.unwrap();
    let row = second.read_model::<Balance>().unwrap().get(&"ada".into()).await.unwrap();
    assert_eq!(row, Some(Balance { cents: 11 }));
    second.stop().await;
}

#[tokio::test]
async fn the_other_takes_over_from_one_that_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bank.db");
    let first = node(&path, "first").await;
    until(&first, |state| matches!(state, State::Live | State::CatchingUp)).await;
    let done = first.execute::<Account>("ada", OpenAccount { owner: "Ada".into() }).await.unwrap();
    first.wait_for::<Bonus>(done.position, SOON).await.unwrap();
    let second = node(&path, "second").await;
    until(&second, |state| matches!(state, State::Standby { .. })).await;
    // Nothing is released: its lease has to end by itself.
    drop(first);
    until(&second, |state| matches!(state, State::Live | State::CatchingUp)).await;
    let done = second.execute::<Account>("ada", Deposit { amount: 6 }).await.unwrap();
    second.wait_for::<Balance>(done.position, SOON).await.unwrap();
    second.stop().await;
}

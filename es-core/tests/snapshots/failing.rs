//! Failures around snapshots are told, and fail nothing.

use std::error::Error as _;

use es_core::{SnapshotFailure, Version};

use crate::tally::{Move, Tally};
use crate::{Tallies, kept_at, leave_snapshot_at, log_of, replayed, tallies};

#[tokio::test]
async fn a_snapshot_that_cannot_be_saved_fails_no_command() {
    let store = log_of(4).await;
    store.fail_to_save(true);
    let (tallies, failures) = tallies::<Tally>(&store);
    let done = tallies.execute("a", Move { by: 5 }).await.unwrap();
    assert_eq!(done.version, Version::new(5));
    assert_eq!(failures.told(), ["the snapshot of stream `tally-a` at version 5 could not be saved"]);
    store.fail_to_save(false);
    tallies.execute("a", Move { by: 6 }).await.unwrap();
    assert_eq!(kept_at::<Tally>(&store).await, Some(6), "the next command makes up for it");
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_loaded_fails_no_load_and_no_command() {
    let store = log_of(6).await;
    leave_snapshot_at(&store, 6).await;
    store.fail_to_load(true);
    let (tallies, failures) = tallies::<Tally>(&store);
    assert_eq!(tallies.load("a").await.unwrap().state(), &replayed::<Tally>(&store).await);
    assert_eq!(failures.told(), ["no snapshot of stream `tally-a` could be loaded"]);
    tallies.execute("a", Move { by: 7 }).await.unwrap();
}

#[tokio::test]
async fn nobody_has_to_listen() {
    let store = log_of(4).await;
    store.fail_to_save(true);
    Tallies::<Tally>::new(store.clone()).with_snapshots().execute("a", Move { by: 5 }).await.unwrap();
    assert_eq!(store.saves(), 1);
}

#[tokio::test]
async fn a_failure_has_its_cause() {
    let store = log_of(4).await;
    store.fail_to_save(true);
    let (send, heard) = std::sync::mpsc::channel();
    let tallies = Tallies::<Tally>::new(store.clone()).with_snapshots().on_snapshot_failure(move |failure| {
        let SnapshotFailure::Save { cause, .. } = failure else { panic!("{failure:?}") };
        send.send((cause.to_string(), cause.source().unwrap().to_string())).unwrap();
    });
    tallies.execute("a", Move { by: 5 }).await.unwrap();
    let told = ("the store failed at the snapshots of stream `tally-a`", "the connection is lost");
    assert_eq!(heard.try_recv().unwrap(), (told.0.to_owned(), told.1.to_owned()));
}

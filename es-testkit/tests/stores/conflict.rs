//! Conflicts that nobody caused.

use es_core::store::{AppendError, EventStore, MultiAppend, MultiAppendError, MultiStreamAppend};
use es_core::{ExecuteError, ExpectedVersion, Repository, RetryBudget, StreamId, Version};
use es_memory_store::MemoryStore;
use es_testkit::stores::ConflictStore;

use crate::{Counter, Increase, event, stored, visits};

#[tokio::test]
async fn as_many_appends_as_said_are_in_conflict_and_write_nothing() {
    let store = ConflictStore::new(MemoryStore::new(), 2);
    let stream = visits();
    let append = || store.append(&stream, ExpectedVersion::NoStream, vec![event(1)]);
    for left in [1, 0] {
        let conflict = append().await;
        assert!(matches!(conflict, Err(AppendError::Conflict { actual, .. }) if actual == Version::new(1)));
        assert_eq!((store.left(), stored(&store).await), (left, vec![]));
    }
    assert_eq!(append().await.unwrap().version, Version::new(1));
}

#[tokio::test]
async fn a_conflict_reports_a_version_that_breaks_the_expectation() {
    let store = ConflictStore::new(MemoryStore::new(), usize::MAX);
    for expected in [
        ExpectedVersion::NoStream,
        ExpectedVersion::StreamExists,
        ExpectedVersion::Exact(Version::EMPTY),
        ExpectedVersion::Exact(Version::new(7)),
        ExpectedVersion::Exact(Version::MAX),
    ] {
        match store.append(&visits(), expected, vec![event(1)]).await {
            Err(AppendError::Conflict { actual, .. }) => {
                assert!(!expected.accepts(actual), "{expected} accepts {actual}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn an_append_that_expects_nothing_goes_through_and_is_not_counted() {
    let store = ConflictStore::new(MemoryStore::new(), 1);
    store.append(&visits(), ExpectedVersion::Any, vec![event(1)]).await.unwrap();
    assert_eq!(store.left(), 1);
}

#[tokio::test]
async fn an_append_to_several_streams_lists_all_that_expect_something() {
    let store = ConflictStore::new(MemoryStore::new(), 1);
    let stream = |id: &str| StreamId::new("counter", id).unwrap();
    let batch = MultiAppend::new()
        .append(&stream("any"), ExpectedVersion::Any, vec![event(1)])
        .append(&stream("new"), ExpectedVersion::NoStream, vec![event(2)])
        .check(&stream("checked"), ExpectedVersion::NoStream);
    let Err(MultiAppendError::Conflict { violations }) = store.append_multi(batch.clone()).await else {
        panic!("no conflict")
    };
    let streams: Vec<_> = violations.iter().map(|violation| violation.stream.id()).collect();
    assert_eq!(streams, ["new", "checked"]);
    store.append_multi(batch).await.unwrap();
    assert_eq!(stored(&store).await, [1, 2]);
}

#[tokio::test]
async fn a_command_is_decided_again_until_its_budget_is_spent() {
    let store = ConflictStore::new(MemoryStore::new(), 5);
    let counters = Repository::<Counter, _>::new(store.clone()).with_retry(RetryBudget::attempts(3));
    let spent = counters.execute("visits", Increase { by: 1 }).await;
    assert!(matches!(spent, Err(ExecuteError::Conflict { attempts: 3, .. })), "{spent:?}");
    assert_eq!((store.left(), stored(&store).await.len()), (2, 0));
    let done = counters.execute("visits", Increase { by: 1 }).await.unwrap();
    assert_eq!((store.left(), done.version), (0, Version::new(1)));
}

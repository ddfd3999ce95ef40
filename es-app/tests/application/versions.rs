//! Doing it again, and a new version beside the old.

use es_app::{Application, Orphan};
use es_core::store::{CheckpointName, EventFilter, ReadModelStore as _};
use es_memory_store::MemoryStore;
use es_publish::{MemoryTarget, Outgoing, Publisher};

use crate::domain::{Account, Balance, BalanceWithCount, Deposit, SOON};

fn name(text: &str) -> CheckpointName {
    CheckpointName::new(text).unwrap()
}

#[tokio::test]
async fn a_rebuilt_projection_has_the_rows_of_the_log_and_no_others() {
    let store = MemoryStore::new();
    let app = Application::new(store.clone()).aggregate::<Account>().projection::<Balance>().start().await.unwrap();
    let done = app.execute::<Account>("ada", Deposit { amount: 5 }).await.unwrap();
    app.wait_for::<Balance>(done.position, SOON).await.unwrap();
    app.stop().await;

    // Somebody has spoiled the rows.
    let spoiled = es_core::store::Row {
        key: "nobody".into(),
        position: done.position,
        indexes: es_core::store::RowIndexes::default(),
        payload: r#"{"cents":1}"#.into(),
    };
    let write = vec![es_core::store::RowWrite::Put(spoiled), es_core::store::RowWrite::Delete("ada".into())];
    store.commit_rows(&name("balances"), write, Some(done.position), done.position).await.unwrap();

    let app = Application::new(store.clone()).aggregate::<Account>().projection::<Balance>().start().await.unwrap();
    app.wait_for::<Balance>(done.position, SOON).await.unwrap();
    let through = app.rebuild::<Balance>().await.unwrap();
    app.wait_for::<Balance>(through, SOON).await.unwrap();
    let rows = app.read_model::<Balance>().unwrap();
    assert_eq!(rows.get(&"ada".into()).await.unwrap(), Some(Balance { cents: 5 }));
    assert_eq!(rows.get(&"nobody".into()).await.unwrap(), None);
    app.stop().await;
}

#[tokio::test]
async fn a_new_version_takes_over_and_the_rows_of_the_old_one_are_dropped() {
    let store = MemoryStore::new();
    let app = Application::new(store.clone())
        .leases()
        .aggregate::<Account>()
        .projection::<Balance>()
        .projection::<BalanceWithCount>()
        .start()
        .await
        .unwrap();
    for amount in [5, 6] {
        let done = app.execute::<Account>("ada", Deposit { amount }).await.unwrap();
        app.wait_for::<Balance>(done.position, SOON).await.unwrap();
        app.wait_for::<BalanceWithCount>(done.position, SOON).await.unwrap();
    }
    assert_eq!(app.orphans().await.unwrap(), []);
    let mark = app.promote::<BalanceWithCount, Balance>(SOON).await.unwrap();
    let done = app.execute::<Account>("ada", Deposit { amount: 7 }).await.unwrap();
    app.wait_for::<BalanceWithCount>(done.position, SOON).await.unwrap();
    let row = app.read_model::<BalanceWithCount>().unwrap().get(&"ada".into()).await.unwrap();
    assert_eq!(row, Some(BalanceWithCount { cents: 18, deposits: 3 }));

    let orphan = Orphan { name: name("balances"), checkpoint: Some(mark), kept_by: None };
    assert_eq!(app.orphans().await.unwrap(), [orphan]);
    assert_eq!(app.drop_orphans().await.unwrap(), [name("balances")]);
    let left: Vec<_> = store.list_read_models().await.unwrap().into_iter().map(|entry| entry.name).collect();
    assert_eq!(left, [name("balances@2")]);
    app.stop().await;
}

#[tokio::test]
async fn rows_that_an_older_program_keeps_up_are_not_dropped() {
    let store = MemoryStore::new();
    let old = Application::new(store.clone()).leases().owner("old").aggregate::<Account>().projection::<Balance>();
    let old = old.start().await.unwrap();
    let done = old.execute::<Account>("ada", Deposit { amount: 5 }).await.unwrap();
    old.wait_for::<Balance>(done.position, SOON).await.unwrap();
    let new = Application::new(store.clone()).leases().owner("new").projection::<BalanceWithCount>();
    let new = new.start().await.unwrap();
    new.wait_for::<BalanceWithCount>(done.position, SOON).await.unwrap();

    assert_eq!(new.orphans().await.unwrap()[0].kept_by.as_deref(), Some("old"));
    assert_eq!(new.drop_orphans().await.unwrap(), []);
    old.stop().await;
    assert_eq!(new.drop_orphans().await.unwrap(), [name("balances")]);
    new.stop().await;
}

#[tokio::test]
async fn a_new_publisher_publishes_what_the_old_one_has_not() {
    let (store, first, second) = (MemoryStore::new(), MemoryTarget::new(), MemoryTarget::new());
    let publisher = |of: &str, target: &MemoryTarget| {
        let outgoing = Outgoing::stored("/bank", EventFilter::all(), "application/json").unwrap();
        Publisher::new(store.clone(), name(of), outgoing, target.clone())
    };
    let app = Application::new(store.clone())
        .aggregate::<Account>()
        .publisher(publisher("events", &first))
        .successor(publisher("events-2", &second), &name("events"))
        .start()
        .await
        .unwrap();
    let mut last = es_core::Position::START;
    for amount in 1..=3 {
        last = app.execute::<Account>("ada", Deposit { amount }).await.unwrap().position;
    }
    app.runner().wait_for(&name("events-2"), last, SOON).await.unwrap();
    assert_eq!((first.published().len(), second.published().len()), (3, 0));
    app.runner().promote(&name("events-2"), &name("events"), SOON).await.unwrap();
    let last = app.execute::<Account>("ada", Deposit { amount: 4 }).await.unwrap().position;
    app.runner().wait_for(&name("events-2"), last, SOON).await.unwrap();
    assert_eq!((first.published().len(), second.published().len()), (3, 1));
    app.stop().await;
}

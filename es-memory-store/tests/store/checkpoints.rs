//! Rules 26 to 29: checkpoints.

use es_core::Position;
use es_core::store::{CheckpointError, CheckpointName, CheckpointStore};
use es_memory_store::MemoryStore;

use crate::p;

fn name(text: &str) -> CheckpointName {
    CheckpointName::new(text).unwrap()
}

#[tokio::test]
async fn rule_26_a_checkpoint_is_loaded_by_its_whole_name() {
    let store = MemoryStore::new();
    store.save_checkpoint(&name("balances"), None, p(5)).await.unwrap();
    store.save_checkpoint(&name("balances-2"), None, p(0)).await.unwrap();
    let load = async |text: &str| store.load_checkpoint(&name(text)).await.unwrap();
    assert_eq!((load("balances").await, load("balances-2").await), (Some(p(5)), Some(p(0))));
    assert_eq!((load("balance").await, load("Balances").await), (None, None));
}

#[tokio::test]
async fn rule_27_a_save_or_reset_that_expects_something_else_is_a_conflict() {
    let store = MemoryStore::new();
    let balances = name("balances");
    let conflict = |result: Result<(), CheckpointError>| match result {
        Err(CheckpointError::Conflict { expected, actual, .. }) => (expected, actual),
        other => panic!("{other:?}"),
    };
    assert_eq!(conflict(store.save_checkpoint(&balances, Some(p(0)), p(1)).await), (Some(p(0)), None));
    store.save_checkpoint(&balances, None, p(5)).await.unwrap();
    for wrong in [None, Some(p(4)), Some(p(6))] {
        assert_eq!(conflict(store.save_checkpoint(&balances, wrong, p(7)).await), (wrong, Some(p(5))));
        assert_eq!(conflict(store.save_checkpoint(&balances, wrong, p(3)).await), (wrong, Some(p(5))));
        assert_eq!(conflict(store.reset_checkpoint(&balances, wrong, p(0)).await), (wrong, Some(p(5))));
    }
    assert_eq!(store.load_checkpoint(&balances).await.unwrap(), Some(p(5)));
    store.save_checkpoint(&balances, Some(p(5)), p(8)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rule_27_of_several_savers_one_succeeds() {
    let store = MemoryStore::new();
    for round in 0..200 {
        let expected = (round > 0).then(|| p(round * 10));
        let savers: Vec<_> = (1..=6)
            .map(|saver| {
                let store = store.clone();
                let to = if saver == 6 { 10 } else { 10 - saver % 2 };
                let next = Position::new(round * 10 + to);
                tokio::spawn(async move { store.save_checkpoint(&name("x"), expected, next).await.is_ok() })
            })
            .collect();
        let mut saved = 0;
        for saver in savers {
            saved += u32::from(saver.await.unwrap());
        }
        assert_eq!(saved, 1);
        let at = store.load_checkpoint(&name("x")).await.unwrap();
        store.save_checkpoint(&name("x"), at, p((round + 1) * 10)).await.unwrap();
    }
}

#[tokio::test]
async fn rule_28_a_save_does_not_go_back_and_a_reset_does() {
    let store = MemoryStore::new();
    let balances = name("balances");
    store.save_checkpoint(&balances, None, p(5)).await.unwrap();
    let back = store.save_checkpoint(&balances, Some(p(5)), p(4)).await;
    let Err(CheckpointError::Backwards { actual, attempted, .. }) = back else { panic!("{back:?}") };
    assert_eq!((actual, attempted), (p(5), p(4)));
    store.save_checkpoint(&balances, Some(p(5)), p(5)).await.unwrap();
    store.reset_checkpoint(&balances, Some(p(5)), p(0)).await.unwrap();
    assert_eq!(store.load_checkpoint(&balances).await.unwrap(), Some(p(0)));
    store.reset_checkpoint(&balances, Some(p(0)), p(9)).await.unwrap();
    assert_eq!(store.load_checkpoint(&balances).await.unwrap(), Some(p(9)));
}

#[tokio::test]
async fn rule_29_a_deleted_checkpoint_is_as_never_saved_and_the_list_is_sorted() {
    let store = MemoryStore::new();
    assert_eq!(store.list_checkpoints().await.unwrap(), []);
    for (text, at) in [("b", 1), ("ä", 2), ("a", 3), ("B", 4)] {
        store.save_checkpoint(&name(text), None, p(at)).await.unwrap();
    }
    let listed = store.list_checkpoints().await.unwrap();
    assert_eq!(listed, [(name("B"), p(4)), (name("a"), p(3)), (name("b"), p(1)), (name("ä"), p(2))]);
    assert_eq!(store.delete_checkpoint(&name("a")).await.unwrap(), Some(p(3)));
    assert_eq!(store.delete_checkpoint(&name("a")).await.unwrap(), None);
    assert_eq!(store.load_checkpoint(&name("a")).await.unwrap(), None);
    assert_eq!(store.list_checkpoints().await.unwrap().len(), 3);
    store.save_checkpoint(&name("a"), None, p(1)).await.unwrap();
}

//! The read model as a processor: exactly once, as a whole, and with an error for each event that it cannot take in.

use es_core::store::{
    AppendError, CheckpointName, CheckpointStore, EventStore, ReadLog, ReadModelError, ReadModelStore, Row, RowWrite,
    Scan,
};
use es_core::{
    EventProcessor, ExpectedVersion, InlineStore, LiveRows, Position, ProcessorError, QueryError, ReadModel, Rebuild,
    RowError, StreamId,
};
use es_memory_store::MemoryStore;
use es_testkit::stores::{ChaosStore, Fault, Operation};
use serde_json::json;

use crate::domain::{Balance, History, all, append, event};

fn stream(id: &str) -> StreamId {
    StreamId::new("account", id).unwrap()
}

async fn store_of(events: u64) -> (MemoryStore, History) {
    let (store, mut history) = (MemoryStore::new(), History::new(9));
    for _ in 0..events {
        append(&store, history.next()).await;
    }
    (store, history)
}

#[tokio::test]
async fn parts_that_share_rows_count_as_one_batch() {
    let (store, history) = store_of(40).await;
    let model = ReadModel::<Balance, _>::new(store.clone());
    let page = store.read_log(ReadLog::all().filter(model.filter())).await.unwrap();
    let mut parts = Vec::new();
    for part in page.events.chunks(5) {
        parts.push(model.handle(part).await.unwrap());
    }
    model.commit(parts, None, page.through).await.unwrap();
    assert_eq!(all(&model.rows()).await, history.rows);
    assert_eq!(model.checkpoint().await.unwrap(), Some(page.through));
}

#[tokio::test]
async fn events_that_a_row_has_seen_are_not_counted_again() {
    let (store, history) = store_of(40).await;
    let model = ReadModel::<Balance, _>::new(store.clone());
    let head = model.catch_up().await.unwrap();
    let page = store.read_log(ReadLog::all().filter(model.filter())).await.unwrap();
    // Those about rows that are there; what has ended would begin again.
    let stays = |key: &String| history.rows.contains_key(&key.parse().unwrap());
    let mut again = Vec::new();
    for event in page.events {
        if model.keys(&event).unwrap().iter().all(stays) {
            again.push(event);
        }
    }
    assert!(again.len() > 5);
    // The log is read again from there.
    let earlier = Position::new(3);
    store.reset_checkpoint(model.name(), Some(head), earlier).await.unwrap();
    let work = model.handle(&again).await.unwrap();
    model.commit(vec![work], Some(earlier), head).await.unwrap();
    assert_eq!(all(&model.rows()).await, history.rows);
}

#[tokio::test]
async fn what_is_tried_again_behind_the_checkpoint_is_done_or_said_to_come_too_late() {
    let store = MemoryStore::new();
    for number in 1..=3 {
        let cents = json!({"from": 3, "to": 4, "cents": 1});
        append(&store, (stream("07"), event(number, "money-transferred", 1, &cents))).await;
    }
    let model = ReadModel::<Balance, _>::new(store.clone());
    let log = store.read_log(ReadLog::all()).await.unwrap();
    // The second was parked when nobody could say which rows it is about.
    let work = model.handle(&[log.events[0].clone(), log.events[2].clone()]).await.unwrap();
    model.commit(vec![work], None, log.head).await.unwrap();
    let before = all(&model.rows()).await;

    let late = model.handle(&log.events[1..2]).await.unwrap();
    let refused = model.commit(vec![late], Some(log.head), log.head).await.unwrap_err();
    let ProcessorError::Event { at, cause, .. } = refused else { panic!("{refused:?}") };
    assert_eq!(at.position, Position::new(2));
    assert_eq!(
        cause.to_string(),
        "row \"3\" of `balances` has seen the event at position 3, so that at position 2 comes too late; rebuild the projection"
    );
    // A node that died after it had done the last one does it once more, and it counts once.
    let again = model.handle(&log.events[2..]).await.unwrap();
    model.commit(vec![again], Some(log.head), log.head).await.unwrap();
    assert_eq!(all(&model.rows()).await, before);
}

#[tokio::test]
async fn a_cleared_read_model_begins_again_without_what_no_event_explains() {
    let (store, history) = store_of(40).await;
    let model = ReadModel::<Balance, _>::new(store.clone());
    let head = model.catch_up().await.unwrap();
    let orphan = |key: &str| {
        let payload = serde_json::to_vec(&Balance::default()).unwrap().into();
        vec![RowWrite::Put(Row { key: key.to_owned(), position: head, indexes: [].into(), payload })]
    };
    store.commit_rows(model.checkpoint_name(), orphan("999"), Some(head), head).await.unwrap();
    let other = CheckpointName::new("other").unwrap();
    store.commit_rows(&other, orphan("1"), None, head).await.unwrap();
    assert_eq!(all(&model.rows()).await.len(), history.rows.len() + 1);

    model.clear().await.unwrap();
    assert_eq!(model.checkpoint().await.unwrap(), None);
    assert!(all(&model.rows()).await.is_empty());
    model.clear().await.unwrap();
    assert_eq!(model.catch_up().await.unwrap(), head);
    assert_eq!(all(&model.rows()).await, history.rows);
    assert_eq!(store.scan_rows(&other, Scan::keys()).await.unwrap().rows.len(), 1);
}

#[tokio::test]
async fn what_another_instance_has_committed_is_not_committed_again() {
    let (store, history) = store_of(20).await;
    let (first, second) = (ReadModel::<Balance, _>::new(store.clone()), ReadModel::<Balance, _>::new(store.clone()));
    let page = store.read_log(ReadLog::all().filter(first.filter())).await.unwrap();
    let work = first.handle(&page.events).await.unwrap();
    let late = second.handle(&page.events).await.unwrap();
    first.commit(vec![work], None, page.through).await.unwrap();
    let superseded = second.commit(vec![late], None, page.through).await.unwrap_err();
    let told = matches!(
        &superseded,
        ProcessorError::Superseded { processor, expected: None, actual: Some(at) }
            if processor.as_str() == "balances@2" && *at == page.through
    );
    assert!(told, "{superseded:?}");
    assert_eq!(all(&first.rows()).await, history.rows);
}

#[tokio::test]
async fn a_lost_reply_or_a_lost_commit_counts_each_event_once() {
    for fault in [Fault::Before, Fault::After] {
        let (store, history) = store_of(30).await;
        let chaos = ChaosStore::new(store.clone(), 1).on(Operation::CommitRows, 1, fault);
        let model = ReadModel::<Balance, _>::new(chaos.clone());
        let lost = model.catch_up().await.unwrap_err();
        assert!(matches!(lost, ProcessorError::Store { .. }), "{lost:?}");
        assert_eq!(chaos.injected().len(), 1);
        model.catch_up().await.unwrap();
        assert_eq!(all(&model.rows()).await, history.rows, "{fault:?}");
    }
}

/// Promise: undecodable events are errors with their place, in each of the three ways, and nothing is skipped.
#[tokio::test]
async fn an_event_that_cannot_be_read_is_an_error_with_its_place() {
    let broken = [
        event(900, "money-deposited", 1, &json!({"cents": "many"})),
        event(901, "money-deposited", 7, &json!({"cents": 5})),
    ];
    for bad in broken {
        let store = MemoryStore::new();
        append(&store, (stream("1"), event(1, "account-opened", 2, &json!({"owner": "ada"})))).await;
        append(&store, (stream("1"), bad.clone())).await;
        let model = ReadModel::<Balance, _>::new(store.clone());
        let error = model.catch_up().await.unwrap_err();
        let ProcessorError::Event { processor, at, cause } = error else { panic!("{error:?}") };
        assert_eq!((processor.as_str(), at.position, at.version.get()), ("balances@2", Position::new(2), 2));
        assert_eq!((at.stream, at.name.as_str()), (stream("1"), "money-deposited"));
        assert!(matches!(cause.downcast_ref(), Some(RowError::Decode(_))), "{cause:?}");
        assert_eq!(model.checkpoint().await.unwrap(), None, "the batch is not committed");
        assert!(model.get(&1).await.unwrap().is_none());

        let live = LiveRows::<Balance>::of_log(&store).await.unwrap_err();
        assert!(matches!(live, QueryError::Row(RowError::Decode(_))), "{live:?}");

        let inline = InlineStore::new(MemoryStore::new(), [model.inline()]);
        let refused = inline.append(&stream("1"), ExpectedVersion::Any, vec![bad]).await.unwrap_err();
        let AppendError::NotProjected { projection, cause } = refused else { panic!("{refused:?}") };
        assert_eq!(projection.as_str(), "balances@2");
        assert!(matches!(cause.downcast_ref(), Some(ProcessorError::Event { .. })), "{cause:?}");
        assert!(inline.read_log(ReadLog::all()).await.unwrap().events.is_empty());
    }
}

#[tokio::test]
async fn an_event_whose_stream_is_no_key_is_an_error_with_its_place() {
    let store = MemoryStore::new();
    append(&store, (stream("ada"), event(1, "money-deposited", 1, &json!({"cents": 5})))).await;
    let model = ReadModel::<Balance, _>::new(store.clone());
    let error = model.catch_up().await.unwrap_err();
    let ProcessorError::Event { cause, .. } = error else { panic!("{error:?}") };
    let told = "event 1 of stream `account-ada` is about no row: the id of its stream is no `u64`";
    assert_eq!(cause.to_string(), told);
    let event = store.read_log(ReadLog::all()).await.unwrap().events.remove(0);
    assert!(matches!(model.keys(&event), Err(ProcessorError::Event { .. })));
}

#[tokio::test]
async fn the_keys_of_an_event_are_those_of_its_rows() {
    let store = MemoryStore::new();
    let events = [
        event(1, "account-created", 1, &json!({"name": "ada"})),
        event(2, "money-transferred", 1, &json!({"from": 3, "to": 4, "cents": 1})),
        event(3, "money-transferred", 1, &json!({"from": 3, "to": 3, "cents": 1})),
        event(4, "interest-paid", 1, &json!({"accounts": [], "cents": 1})),
        event(5, "account-closed", 1, &json!({})),
    ];
    for event in events {
        append(&store, (stream("07"), event)).await;
    }
    let model = ReadModel::<Balance, _>::new(store.clone());
    let mut keys = Vec::new();
    for event in store.read_log(ReadLog::all()).await.unwrap().events {
        keys.push(model.keys(&event).unwrap());
    }
    // A key is what its type says, not how a stream spells it.
    assert_eq!(keys, [vec!["7"], vec!["3", "4"], vec!["3"], vec![], vec!["7"]]);
}

#[tokio::test]
async fn a_batch_without_events_moves_the_checkpoint() {
    let store = MemoryStore::new();
    let at = append(&store, (stream("1"), event(1, "statement-printed", 1, &json!({})))).await;
    let model = ReadModel::<Balance, _>::new(store.clone());
    let work = model.handle(&[]).await.unwrap();
    model.commit(vec![work], None, at).await.unwrap();
    assert_eq!(model.checkpoint().await.unwrap(), Some(at));
    assert_eq!(model.catch_up().await.unwrap(), at);
}

#[tokio::test]
async fn a_row_of_other_code_asks_for_another_version() {
    let (store, _) = store_of(10).await;
    let model = ReadModel::<Balance, _>::new(store.clone());
    model.catch_up().await.unwrap();
    let name = model.checkpoint_name();
    let mut row = store.scan_rows(name, Scan::keys()).await.unwrap().rows.remove(0);
    row.payload = r#"{"another": "shape"}"#.into();
    let (key, at) = (row.key.clone(), store.load_checkpoint(name).await.unwrap());
    store.commit_rows(name, vec![es_core::store::RowWrite::Put(row)], at, at.unwrap()).await.unwrap();
    let error = model.get(&key.parse().unwrap()).await.unwrap_err();
    assert!(matches!(&error, QueryError::Row(RowError::Unreadable { .. })), "{error:?}");
    assert!(error.to_string().ends_with("does not fit the code; raise the version of the projection"), "{error}");
}

#[tokio::test]
async fn a_dropped_read_model_stops_who_keeps_it_up_and_can_begin_again() {
    let (store, history) = store_of(10).await;
    let model = ReadModel::<Balance, _>::new(store.clone());
    let at = model.catch_up().await.unwrap();
    assert!(store.drop_read_model(model.checkpoint_name()).await.unwrap());
    let work = model.handle(&[]).await.unwrap();
    let gone = model.commit(vec![work], Some(at), at).await.unwrap_err();
    assert!(matches!(gone, ProcessorError::Superseded { actual: None, .. }), "{gone:?}");
    model.catch_up().await.unwrap();
    assert_eq!(all(&model.rows()).await, history.rows);
    let conflict = store.commit_rows(model.checkpoint_name(), vec![], None, at).await.unwrap_err();
    assert!(matches!(conflict, ReadModelError::Checkpoint(_)));
}

//! The rules of the contract, against the store in memory: both get the same calls and give the same answers.

use std::fmt::Debug;
use std::time::Duration;

use es_core::store::{AppendError, Direction, EventStore, ReadLog, ReadStream, Subscribe};
use es_core::{ExpectedVersion, NewEvent, Position, Version};
use es_memory_store::MemoryStore;

use super::{all, event, folder, numbers, stream};
use crate::store::FileStore;

fn same<T: PartialEq + Debug, E: Debug>(what: &str, file: &Result<T, E>, memory: &Result<T, E>) {
    match (file, memory) {
        (Ok(file), Ok(memory)) => assert_eq!(file, memory, "{what}"),
        (Err(file), Err(memory)) => assert_eq!(format!("{file:?}"), format!("{memory:?}"), "{what}"),
        _ => panic!("{what}: {file:?}, but in memory {memory:?}"),
    }
}

/// Appends of every kind: new, sent again, in part, in conflict, empty, refused.
fn appends() -> Vec<(&'static str, ExpectedVersion, Vec<NewEvent>)> {
    let (any, none, exists) = (ExpectedVersion::Any, ExpectedVersion::NoStream, ExpectedVersion::StreamExists);
    let exact = |version| ExpectedVersion::Exact(Version::new(version));
    let of = |numbers: &[u128]| numbers.iter().map(|number| event(*number)).collect::<Vec<_>>();
    let mut large = event(90);
    large.payload = vec![b' '; 16 * 1024 * 1024 + 1].into();
    let mut bytes = event(10);
    bytes.payload = vec![0, 255, 10, 128].into();
    bytes.metadata = bytes.metadata.with_correlation_id("request\n17").with_causation_id(event(1).id);
    vec![
        ("a-1", exists, of(&[1])),
        ("a-1", none, vec![]),
        ("a-1", none, of(&[1, 2])),
        ("a-1", none, of(&[1, 2])),
        ("a-1", none, of(&[3])),
        ("a-11", any, of(&[3, 4, 5])),
        ("a-11", exact(7), of(&[4, 5])),
        ("a-11", any, of(&[5, 4])),
        ("a-11", any, of(&[5, 6])),
        ("b-1", any, of(&[5])),
        ("a-1", any, of(&[6, 6])),
        ("a-1", exact(2), vec![large]),
        ("a-1", exact(2), of(&[6])),
        ("a-1", exact(2), of(&[7])),
        ("b-1", exact(0), of(&[7, 8, 9])),
        ("b-1", exact(3), vec![]),
        ("b-1", exact(2), vec![]),
        ("b-1", exists, vec![bytes]),
    ]
}

async fn compare_reads(file: &FileStore, memory: &MemoryStore) {
    for (after, up_to) in (0..12).flat_map(|after| (0..12).map(move |up_to| (after, up_to))).chain([(0, u64::MAX)]) {
        for limit in [0, 1, 2, usize::MAX] {
            for direction in [Direction::Forward, Direction::Backward] {
                let log = ReadLog::after(Position::new(after)).up_to(Position::new(up_to)).limit(limit);
                let of_stream = ReadStream::after(Version::new(after)).up_to(Version::new(up_to)).limit(limit);
                for names in [None, Some("odd"), Some("od")] {
                    let (mut log, mut of_stream) = (log.clone(), of_stream.clone());
                    (log.direction, of_stream.direction) = (direction, direction);
                    if let Some(name) = names {
                        (log, of_stream) = (log.names([name]), of_stream.names([name]));
                    }
                    let what = format!("{log:?}");
                    same(&what, &file.read_log(log.clone()).await, &memory.read_log(log.clone()).await);
                    let log = log.category("a");
                    same(&what, &file.read_log(log.clone()).await, &memory.read_log(log).await);
                    for id in ["a-1", "a-11", "b-1", "c-1"] {
                        let of_file = file.read_stream(&stream(id), of_stream.clone()).await;
                        same(&what, &of_file, &memory.read_stream(&stream(id), of_stream.clone()).await);
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn it_answers_as_the_store_in_memory_does_also_when_it_is_opened_again() {
    let ((_folder, path), memory) = (folder(), MemoryStore::new());
    for (number, (id, expected, events)) in appends().into_iter().enumerate() {
        // Opened for each append: what is in the file is all there is.
        let file = FileStore::open(&path).unwrap();
        let what = format!("append {number}");
        let of_file = file.append(&stream(id), expected, events.clone()).await;
        same(&what, &of_file, &memory.append(&stream(id), expected, events).await);
    }
    compare_reads(&FileStore::open(&path).unwrap(), &memory).await;
    assert_eq!(numbers(&all(&FileStore::open(&path).unwrap()).await), (1..=10).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_waiter_is_woken_by_the_append_and_finds_it() {
    let (_folder, path) = folder();
    let store = FileStore::open(&path).unwrap();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move {
            store.appended_after(Position::START).await.unwrap();
            numbers(&all(&store).await)
        }
    });
    tokio::task::yield_now().await;
    store.append(&stream("a-1"), ExpectedVersion::Any, vec![event(1)]).await.unwrap();
    let woken = tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("the waiter was forgotten");
    assert_eq!(woken.unwrap(), [1]);
}

#[tokio::test]
async fn of_several_appends_that_expect_the_same_one_succeeds() {
    let (_folder, path) = folder();
    let store = FileStore::open(&path).unwrap();
    let append = |number| {
        let store = store.clone();
        tokio::spawn(async move { store.append(&stream("a-1"), ExpectedVersion::NoStream, vec![event(number)]).await })
    };
    let tasks: Vec<_> = (1..=8).map(append).collect();
    let mut succeeded = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => succeeded += 1,
            Err(AppendError::Conflict { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!((succeeded, all(&store).await.len()), (1, 1));
}

//! Several processes on one file: each is this test executable again.

mod common;

use std::collections::HashMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::{event, file, folder, numbers, stream};
use es_core::store::{Delivery, EventStore, ReadLog, ReadStream, Subscribe, Subscription};
use es_core::{ExpectedVersion, Position, RecordedEvent};
use es_sqlite_store::SqliteStore;

const APPENDS: u64 = 150;
const STREAMS: u64 = 3;

fn this_again(test: &str, process: u64, path: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", test, "--nocapture"]).env("ES_PROCESS", process.to_string()).env("ES_FILE", path);
    child.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap()
}

/// Which process this is, and the file that all use.
fn role() -> Option<(u64, std::path::PathBuf)> {
    Some((std::env::var("ES_PROCESS").ok()?.parse().ok()?, std::env::var_os("ES_FILE")?.into()))
}

/// Appends, from four tasks at once, while it follows the log until it has seen the events of both processes.
async fn append_and_follow(process: u64, path: &Path) -> Vec<RecordedEvent> {
    let store = SqliteStore::open(path).await.unwrap();
    let follower = SqliteStore::options().open(path).await.unwrap();
    let follow = tokio::spawn(async move {
        let mut subscription = Subscription::new(follower, Position::START);
        let mut seen = Vec::new();
        while seen.len() < usize::try_from(2 * 2 * APPENDS).unwrap() {
            if let Delivery::Event(event) = subscription.next().await.unwrap() {
                seen.push(event);
            }
        }
        seen
    });
    let tasks = (0..4).map(|task| {
        let store = store.clone();
        tokio::spawn(async move {
            for at in (0..APPENDS).filter(|at| at % 4 == task) {
                let number = process * 1_000_000 + at * 2;
                let stream = stream(&format!("account-{}", at % STREAMS));
                let events = vec![event(number), event(number + 1)];
                store.append(&stream, ExpectedVersion::Any, events).await.unwrap();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    follow.await.unwrap()
}

/// Rules 2, 10, 11, 23 and 25 across processes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_append_to_the_same_streams_and_see_everything() {
    if let Some((process, path)) = role() {
        let seen = append_and_follow(process, &path).await;
        assert!(seen.windows(2).all(|pair| pair[0].position < pair[1].position));
        return;
    }
    let folder = folder();
    // Both also make the file and its schema, at the same time.
    let test = "two_processes_append_to_the_same_streams_and_see_everything";
    let mut child = this_again(test, 1, &file(&folder));
    let seen = append_and_follow(2, &file(&folder)).await;
    assert!(child.wait().unwrap().success());
    let store = SqliteStore::open(file(&folder)).await.unwrap();
    let log = store.read_log(ReadLog::all()).await.unwrap().events;
    assert_eq!(seen, log, "a reader that followed saw the log, in its order");
    assert!(log.windows(2).all(|pair| pair[0].position < pair[1].position));
    assert!(numbers(&log).chunks(2).all(|pair| pair[0] + 1 == pair[1]), "the events of an append stand together");
    let mut by_process = HashMap::<u64, usize>::new();
    for number in numbers(&log) {
        *by_process.entry(number / 1_000_000).or_default() += 1;
    }
    assert_eq!(by_process, HashMap::from([(1, 300), (2, 300)]));
    for at in 0..STREAMS {
        let page = store.read_stream(&stream(&format!("account-{at}")), ReadStream::all()).await.unwrap();
        let versions: Vec<_> = page.events.iter().map(|event| event.version.get()).collect();
        assert_eq!(versions, (1..=4 * APPENDS / STREAMS).collect::<Vec<_>>());
    }
}

/// Rule 3 across processes: of those who expect the same version, one wins.
#[tokio::test]
async fn of_two_processes_that_expect_the_same_version_one_wins() {
    const ROUNDS: u64 = 50;
    let race = async |process: u64, path: &Path| {
        let store = SqliteStore::options().poll_interval(Duration::from_millis(1)).open(path).await.unwrap();
        let (raced, tried) = (stream("account-a"), stream("tried-a"));
        let mut won = 0;
        for version in 0..ROUNDS {
            let number = process * 1_000_000 + version * 2;
            // Both are ready; then both try; and both have tried when there are two more events and that of the winner.
            store.append(&tried, ExpectedVersion::Any, vec![event(number)]).await.unwrap();
            store.appended_after(Position::new(version * 3 + 1)).await.unwrap();
            let expected = ExpectedVersion::Exact(version.into());
            won += u64::from(store.append(&raced, expected, vec![event(number + 1)]).await.is_ok());
            store.appended_after(Position::new(version * 3 + 2)).await.unwrap();
        }
        won
    };
    if let Some((process, path)) = role() {
        let won = race(process, &path).await;
        println!("\nwon {won}");
        assert!(won <= ROUNDS);
        return;
    }
    let folder = folder();
    let test = "of_two_processes_that_expect_the_same_version_one_wins";
    let child = this_again(test, 1, &file(&folder));
    let won = race(2, &file(&folder)).await;
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let other: u64 = said.lines().find_map(|line| line.strip_prefix("won ")).expect(&said).parse().unwrap();
    assert_eq!(won + other, ROUNDS);
    println!("this process won {won}, the other {other}");
    let store = SqliteStore::open(file(&folder)).await.unwrap();
    assert_eq!(store.read_log(ReadLog::all()).await.unwrap().events.len() as u64, 3 * ROUNDS);
}

//! Killed at any moment: what was acknowledged is there, what was not is there whole or not at all.
//!
//! `ES_KILLS=300` for a long run.

mod common;

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use common::{event, file, folder, numbers, stream};
use es_core::store::{AppendError, EventStore, ReadLog, ReadStream};
use es_core::{ExpectedVersion, NewEvent};
use es_sqlite_store::SqliteStore;

const TEST: &str = "what_was_acknowledged_survives_kills";
const WRITERS: u64 = 8;
/// Events of one append.
const BATCH: u64 = 3;

/// The append number `round` of a writer.
fn batch(writer: u64, round: u64) -> Vec<NewEvent> {
    (0..BATCH).map(|at| event((writer + 1) * 1_000_000_000 + round * BATCH + at)).collect()
}

/// Eight writers, each to a stream of its own and all to one that they share, until killed.
async fn write_until_killed(path: &Path) {
    let store = SqliteStore::open(path).await.unwrap();
    println!("\nready");
    let writers = (0..WRITERS).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            let own = stream(&format!("account-{writer}"));
            let first = store.read_stream(&own, ReadStream::all().limit(0)).await.unwrap().version.get() / BATCH;
            for round in first..first + 100_000 {
                let expected = ExpectedVersion::Exact((round * BATCH).into());
                store.append(&own, expected, batch(writer, round)).await.unwrap();
                let mut out = std::io::stdout().lock();
                writeln!(out, "stored {writer} {round}").unwrap();
                out.flush().unwrap();
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    for writer in writers {
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_kills() {
    if let Some(path) = std::env::var_os("ES_FILE") {
        return write_until_killed(path.as_ref()).await;
    }
    let kills: u64 = std::env::var("ES_KILLS").map_or(10, |kills| kills.parse().unwrap());
    let (folder, random) = (folder(), RandomState::new());
    let (mut acknowledged, mut present_unacknowledged) = (BTreeMap::<u64, u64>::new(), 0);
    for kill in 0..kills {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", TEST, "--nocapture"])
            .env("ES_FILE", file(&folder))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        lines.find(|line| line == "ready").expect("the other process opens the file");
        let mut note = |line: String| {
            let mut words = line.split(' ').skip(1).map(|word| word.parse::<u64>().unwrap());
            let (writer, round) = (words.next().unwrap(), words.next().unwrap());
            acknowledged.insert(writer, round + 1);
        };
        lines.by_ref().take(usize::try_from(random.hash_one(kill) % 200).unwrap()).for_each(&mut note);
        child.kill().unwrap();
        // What it had said before it died.
        lines.for_each(note);
        child.wait().unwrap();

        let store = SqliteStore::open(file(&folder)).await.unwrap();
        for writer in 0..WRITERS {
            let own = stream(&format!("account-{writer}"));
            let page = store.read_stream(&own, ReadStream::all()).await.unwrap();
            let rounds = page.version.get() / BATCH;
            let known = acknowledged.get(&writer).copied().unwrap_or(0);
            assert!(rounds >= known, "kill {kill}: of {known} acknowledged appends to {own}, {rounds} are there");
            assert!(rounds <= known + 1, "one append of each writer was under way");
            let expected: Vec<_> = (0..rounds).flat_map(|round| batch(writer, round)).collect();
            assert_eq!(page.events.len() as u64, rounds * BATCH, "no append is there in part");
            for (at, (event, expected)) in page.events.iter().zip(&expected).enumerate() {
                assert_eq!(event.version.get(), at as u64 + 1);
                assert_eq!((event.id, &event.payload), (expected.id, &expected.payload));
            }
            present_unacknowledged += rounds - known;
            // The one under way is sent again, whatever became of it.
            let expected = ExpectedVersion::Exact((known * BATCH).into());
            let again = store.append(&own, expected, batch(writer, known)).await.unwrap();
            assert_eq!(again.version.get(), (known + 1) * BATCH);
            acknowledged.insert(writer, known + 1);
            let other = store.append(&own, ExpectedVersion::Any, batch(writer, known).split_off(1)).await;
            assert!(other.is_ok(), "a part in order has been sent before as well");
            let mixed = vec![batch(writer, known)[0].clone(), event(1)];
            let mixed = store.append(&own, ExpectedVersion::Any, mixed).await;
            assert!(matches!(mixed, Err(AppendError::EventIdStored { .. })));
        }
        let log = store.read_log(ReadLog::all()).await.unwrap();
        let ids: HashSet<_> = numbers(&log.events).into_iter().collect();
        assert_eq!(ids.len(), log.events.len(), "nothing is there twice");
        assert!(log.events.windows(2).all(|pair| pair[0].position < pair[1].position));
        assert_eq!(log.events.len() as u64, acknowledged.values().sum::<u64>() * BATCH);
    }
    let appends: u64 = acknowledged.values().sum();
    println!(
        "{kills} kills, {appends} appends; of {present_unacknowledged} the acknowledgement was lost, but not the append"
    );
}

//! The example as a whole: the real log if it is there, the sample, and everything that can be wrong with a log.

#[path = "../compact_check.rs"]
mod compact_check;

use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};

use es_core::store::{EventStore, ReadLog, ReadStream};
use es_core::{Position, ProjectionRunner, StreamId, Timestamp};
use es_memory_store::MemoryStore;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::funnel::{CountOffersSent, Funnel, GetOutcome, GetStep, OutcomeReached, Step, StepReached};
use crate::import::{ImportError, Imported, import};
use crate::loan::{Loan, LoanError, Outcome, Stage, WorkItem};
use crate::log::{Entry, LoanLog, LogError};
use crate::replay::replay;
use crate::sample::sample;

es_testkit::verify!(Loan);

#[test]
fn the_events_keep_their_meaning_in_the_compact_codec() {
    assert_eq!(compact_check::check::<crate::loan::LoanEvent>("loan"), 20);
}

/// The counts were made without this program; `README.md` says how.
#[tokio::test]
async fn the_real_log_keeps_the_rules_but_for_three_events() {
    let Some(path) = real_log() else { return };
    let (store, imported) = imported(LoanLog::open(&path).unwrap()).await;

    assert_eq!(imported.pace.events, 262_200 - 3);
    let refused: Vec<_> =
        imported.refused.iter().map(|(reason, refused)| (reason.clone(), refused.lines.len())).collect();
    let expected = [
        (LoanError::WrongStage { actual: Stage::PartlySubmitted }, 1),
        (LoanError::InProgress { item: WorkItem::CompleteApplication }, 1),
        (LoanError::InProgress { item: WorkItem::FollowUpIncompleteFile }, 1),
    ];
    assert_eq!(refused, expected);

    let funnel = funnel(&store).await;
    let steps = [
        // reached, euros, declined, cancelled, open
        (Step::Submitted, 13_087, 177_634_511, 5_719, 0, 1),
        (Step::Preaccepted, 7_367, 115_488_248, 1_085, 1_100, 69),
        (Step::Accepted, 5_113, 80_650_040, 29, 66, 3),
        (Step::OfferSent, 5_015, 79_005_899, 48, 1_482, 231),
        (Step::OfferSentBack, 3_254, 52_010_740, 754, 158, 96),
        (Step::Approved, 2_246, 35_290_338, 0, 0, 0),
    ];
    for (step, reached, euros, declined, cancelled, open) in steps {
        let expected = StepReached { reached, euros, declined, cancelled, open };
        assert_eq!(funnel.query(GetStep(step)), expected, "{step:?}");
    }
    assert_eq!(funnel.query(CountOffersSent), 7_030);
    let outcomes = [
        (Outcome::Granted, OutcomeReached { applications: 2_246, median_seconds: 1_247_545 }),
        (Outcome::Declined, OutcomeReached { applications: 7_635, median_seconds: 673 }),
        // One of the 2,807 in the log is the one that is refused.
        (Outcome::Cancelled, OutcomeReached { applications: 2_806, median_seconds: 1_455_851 }),
    ];
    for (outcome, expected) in outcomes {
        assert_eq!(funnel.query(GetOutcome(outcome)), expected, "{outcome:?}");
    }

    let replayed = replay(store.clone(), &imported).await.unwrap();
    assert_eq!(replayed.pace.events, 262_197);
    let folded: Vec<_> = replayed.outcomes.into_iter().collect();
    let expected = [
        (None, 400),
        (Some(Outcome::Granted), 2_246),
        (Some(Outcome::Declined), 7_635),
        (Some(Outcome::Cancelled), 2_806),
    ];
    assert_eq!(folded, expected);

    first_line_is_kept(&store).await;
}

/// The real log; says so if it is not there.
pub(crate) fn real_log() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/loans.ndjson.gz");
    if path.exists() {
        return Some(path);
    }
    // Written past the test harness, which shows what is printed only if a test fails.
    writeln!(io::stderr(), "skipped, there is no log at {}; `loans --help` tells where to get it", path.display())
        .unwrap();
    None
}

/// Time, actor and version of the first line, as `zcat loans.ndjson.gz | head -1` shows them.
async fn first_line_is_kept(store: &MemoryStore) {
    let page = store.read_log(ReadLog::after(Position::START).limit(1)).await.unwrap();
    let first = &page.events[0];
    assert_eq!((first.stream.as_str(), first.version.get()), ("loan-173688", 1));
    assert_eq!(first.recorded_at, "2011-10-01T00:38:44.546+02:00".parse::<Timestamp>().unwrap());
    assert_eq!(first.metadata.actor(), Some("112"));
}

#[tokio::test]
async fn the_sample_is_always_the_same_and_agrees_with_itself() {
    assert_eq!(sample(200), sample(200));
    let lines = sample(200).lines().count() as u64;
    let (store, imported) = imported(text(&sample(200))).await;
    let refused: u64 = imported.refused.values().map(|refused| refused.lines.len() as u64).sum();
    assert_eq!((imported.loans.len(), imported.pace.events + refused), (200, lines));
    assert!(imported.refused.keys().all(|reason| matches!(reason, LoanError::InProgress { .. })));

    let funnel = funnel(&store).await;
    let replayed = replay(store, &imported).await.unwrap();
    for outcome in [Outcome::Granted, Outcome::Declined, Outcome::Cancelled] {
        assert_eq!(funnel.query(GetOutcome(outcome)).applications, replayed.outcomes[&Some(outcome)]);
    }
}

const SUBMITTED: &str = r#"{"stream":"loan-1","version":1,"type":"ApplicationSubmitted","time":"2011-10-01T00:38:44.546+02:00","actor":"112","data":{"amount_requested":20000}}"#;
const PARTLY: &str = r#"{"stream":"loan-1","version":2,"type":"ApplicationPartlySubmitted","time":"2011-10-01T00:38:44.880+02:00","data":{}}"#;

#[tokio::test]
async fn a_refused_line_moves_the_versions_behind_it() {
    let lines = [
        SUBMITTED.to_owned(),
        PARTLY.to_owned(),
        PARTLY.replace("\"version\":2", "\"version\":3"),
        PARTLY.replace("\"version\":2", "\"version\":4").replace("PartlySubmitted", "Declined"),
    ];
    let (store, imported) = imported(text(&lines.join("\n"))).await;
    let refused = &imported.refused[&LoanError::WrongStage { actual: Stage::PartlySubmitted }];
    assert_eq!((refused.lines.as_slice(), imported.pace.events), (&[3][..], 3));
    let stream = StreamId::new("loan", 1).unwrap();
    let page = store.read_stream(&stream, ReadStream::all()).await.unwrap();
    assert_eq!((page.version.get(), page.events[2].name.as_str()), (3, "application-declined"));
}

#[test]
fn a_line_that_is_no_event_is_named() {
    let syntax = |line: &str| match second(line) {
        LogError::Syntax { line: 2, problem, .. } => problem,
        other => panic!("{other:?}"),
    };
    assert!(syntax("").contains("EOF"), "{}", syntax(""));
    assert!(syntax("{\"stream\":").contains("EOF"));
    assert!(syntax(&PARTLY.replace("ApplicationPartly", "Loan")).contains("unknown variant `LoanSubmitted`"));
    assert!(syntax(&PARTLY.replace("{}", "{\"note\":1}")).contains("unknown field `note`"));
    assert!(syntax(&SUBMITTED.replace("20000", "-1")).contains("invalid value"));
    assert!(syntax(&SUBMITTED.replace(",\"version\":1", "")).contains("missing field `version`"));
    let item = PARTLY.replace("ApplicationPartlySubmitted", "WorkItemStarted").replace("{}", "{\"item\":\"Rest\"}");
    assert!(syntax(&item).contains("unknown variant `Rest`"));

    let stream = PARTLY.replace("loan-1", "account-1");
    assert!(matches!(second(&stream), LogError::Stream { line: 2, stream } if stream == "account-1"));
    let time = PARTLY.replace("00:38:44.880", "25:00:00");
    assert!(matches!(second(&time), LogError::Time { line: 2, .. }));
    let earlier = PARTLY.replace("00:38:44.880", "00:38:44.545");
    assert!(matches!(second(&earlier), LogError::OutOfOrder { line: 2, .. }));
}

#[tokio::test]
async fn a_line_that_is_missing_or_comes_twice_is_named() {
    let twice = format!("{SUBMITTED}\n{PARTLY}\n{PARTLY}\n");
    let error = import(text(&twice), MemoryStore::new()).await.unwrap_err();
    assert_eq!(error.to_string(), "line 3: loan 1 has had 2 lines, but this one is called version 2");
    let missing = format!("{SUBMITTED}\n{}\n", PARTLY.replace("\"version\":2", "\"version\":3"));
    let error = import(text(&missing), MemoryStore::new()).await.unwrap_err();
    assert!(matches!(error, ImportError::Gap { line: 2, seen: 1, .. }));
}

#[test]
fn a_log_is_read_plain_and_compressed() {
    let lines = format!("{SUBMITTED}\n{PARTLY}");
    let compressed = gzip(&lines);
    let two_members = [gzip(&format!("{SUBMITTED}\n")), gzip(PARTLY)].concat();
    let expected = entries(text(&lines)).map(Result::unwrap).collect::<Vec<_>>();
    assert_eq!(expected.len(), 2);
    for (name, bytes) in [("log.ndjson", lines.as_bytes()), ("log.gz", &compressed), ("log", &two_members)] {
        let (_folder, path) = file(name, bytes);
        let read: Vec<_> = entries(LoanLog::open(&path).unwrap()).map(Result::unwrap).collect();
        assert_eq!(read, expected, "{name}");
    }
}

#[test]
fn a_file_that_is_missing_not_compressed_or_cut_off_is_named() {
    let (folder, path) = file("log.gz", b"plain");
    assert!(matches!(LoanLog::open(&path), Err(LogError::NotGzip { .. })));
    assert!(matches!(LoanLog::open(&folder.path().join("missing")), Err(LogError::Open { .. })));
    assert!(matches!(LoanLog::open(folder.path()), Err(LogError::Open { .. })));
    let whole = gzip(&format!("{SUBMITTED}\n{PARTLY}\n"));
    let (_folder, path) = file("cut.gz", &whole[..whole.len() - 10]);
    let last = entries(LoanLog::open(&path).unwrap()).last();
    assert!(matches!(last, Some(Err(LogError::Read { .. }))), "{last:?}");
}

async fn imported(log: LoanLog) -> (MemoryStore, Imported) {
    let store = MemoryStore::new();
    let imported = import(log, store.clone()).await.unwrap();
    (store, imported)
}

async fn funnel(store: &MemoryStore) -> ProjectionRunner<Funnel, MemoryStore> {
    let funnel = ProjectionRunner::new(store.clone(), Funnel::default());
    funnel.catch_up().await.unwrap();
    funnel
}

fn text(text: &str) -> LoanLog {
    LoanLog::read(Cursor::new(text.to_owned()))
}

/// The entries up to the first error.
fn entries(log: LoanLog) -> impl Iterator<Item = Result<Entry, LogError>> {
    let mut failed = false;
    log.take_while(move |entry| !std::mem::replace(&mut failed, entry.is_err()))
}

/// The error of a line that follows a good one.
fn second(line: &str) -> LogError {
    text(&format!("{SUBMITTED}\n{line}\n")).nth(1).unwrap().unwrap_err()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

//! Random appends, re-sent appends and reads, one after the other, against a list.

use es_core::store::{AppendError, ReadLog, ReadStream};
use es_core::{ExpectedVersion, Version};

use super::super::numbered::{numbers, v};
use super::super::subject::Subject;
use super::random::{Random, seed};

const HISTORIES: u64 = 12;
const STEPS: usize = 40;
const STREAMS: u64 = 3;

#[derive(Debug, Clone)]
enum Step {
    /// The numbers are few, so that many are sent again, whole, in part, or to another stream.
    Append {
        to: u64,
        expected: ExpectedVersion,
        batch: Vec<u64>,
    },
    ReadStream {
        of: u64,
        range: ReadStream,
    },
    ReadLog {
        category: u64,
        is_backward: bool,
        limit: usize,
    },
}

fn step(random: &mut Random) -> Step {
    let to = random.below(STREAMS);
    match random.below(10) {
        0..=5 => {
            let first = random.below(25);
            let mut batch: Vec<u64> = (first..first + random.below(4)).collect();
            if random.below(8) == 0 {
                batch.reverse();
            }
            let expected = match random.below(6) {
                0 | 1 => ExpectedVersion::Any,
                2 => ExpectedVersion::NoStream,
                3 => ExpectedVersion::StreamExists,
                _ => ExpectedVersion::Exact(v(random.below(8))),
            };
            Step::Append { to, expected, batch }
        }
        6 | 7 => {
            let range = ReadStream::after(v(random.below(8))).up_to(v(random.below(12))).limit(limit(random));
            Step::ReadStream { of: to, range: if random.below(2) == 0 { range } else { range.backward() } }
        }
        _ => Step::ReadLog { category: random.below(2), is_backward: random.below(2) == 0, limit: limit(random) },
    }
}

fn limit(random: &mut Random) -> usize {
    [0, 1, 2, 3, 5, usize::MAX][random.below(6) as usize]
}

/// What has been stored: the stream and the number of each event, in the order of the log.
struct Model {
    stored: Vec<(u64, u64)>,
    has_ids_across_streams: bool,
}

impl Model {
    fn stream(&self, of: u64) -> Vec<u64> {
        self.stored.iter().filter(|(stream, _)| *stream == of).map(|(_, number)| *number).collect()
    }

    /// Whether a number is stored, as far as the store can tell at an append to that stream.
    fn has(&self, to: u64, number: u64) -> bool {
        let is_seen =
            |(stream, stored): &(u64, u64)| *stored == number && (*stream == to || self.has_ids_across_streams);
        self.stored.iter().any(is_seen)
    }

    /// What an append must do, in words.
    fn append(&mut self, to: u64, expected: ExpectedVersion, batch: &[u64]) -> String {
        let stream = self.stream(to);
        let stored = batch.iter().filter(|number| self.has(to, **number)).count();
        if stored > 0 {
            let again = stream.windows(batch.len()).position(|window| window == batch);
            return again.map_or("id stored".to_owned(), |at| format!("version {}", at + batch.len()));
        }
        let actual = v(stream.len() as u64);
        if !expected.accepts(actual) {
            return format!("conflict at {actual}");
        }
        self.stored.extend(batch.iter().map(|number| (to, *number)));
        format!("version {}", stream.len() + batch.len())
    }
}

/// The category of a stream: 0 and 1 share one.
fn category(stream: u64) -> &'static str {
    if stream < 2 { "" } else { "other" }
}

/// Runs steps on streams that no other run uses, and says where the store and the list differ.
async fn run(on: &Subject, attempt: u64, steps: &[Step]) -> Result<(), String> {
    let stream = |number| on.stream_in(&format!("{}x{attempt}", category(number)), &number.to_string());
    let mut model = Model { stored: Vec::new(), has_ids_across_streams: on.has_ids_across_streams() };
    let floor = on.head().await;
    let id = |number: &u64| attempt * 1000 + number;
    for (at, step) in steps.iter().enumerate() {
        let (seen, meant) = match step {
            Step::Append { to, expected, batch } => {
                let meant = model.append(*to, *expected, batch);
                let result = on.store().append(&stream(*to), *expected, on.events(batch.iter().map(id))).await;
                let seen = match result {
                    Ok(appended) => format!("version {}", appended.version),
                    Err(AppendError::Conflict { actual, .. }) => format!("conflict at {actual}"),
                    Err(AppendError::EventIdStored { .. }) => "id stored".to_owned(),
                    Err(error) => format!("{error:?}"),
                };
                (seen, meant)
            }
            Step::ReadStream { of, range } => {
                let stored: Vec<_> = (1..).map(Version::new).zip(model.stream(*of)).collect();
                let within = stored.iter().filter(|(at, _)| *at > range.after && *at <= range.up_to);
                let mut meant: Vec<u64> = within.map(|(_, number)| id(number)).collect();
                if *range == range.clone().backward() {
                    meant.reverse();
                }
                meant.truncate(range.limit);
                match on.store().read_stream(&stream(*of), range.clone()).await {
                    Ok(page) => (part(&numbers(&page.events), &meant), format!("{meant:?}")),
                    Err(error) => (format!("{error:?}"), format!("{meant:?}")),
                }
            }
            Step::ReadLog { category: of, is_backward, limit } => {
                let of = ["", "other"][*of as usize];
                let within = model.stored.iter().filter(|(stream, _)| category(*stream) == of);
                let mut meant: Vec<u64> = within.map(|(_, number)| id(number)).collect();
                let range = ReadLog::after(floor).filter(on.filter(&[&format!("{of}x{attempt}")])).limit(*limit);
                let range = if *is_backward { range.backward() } else { range };
                if *is_backward {
                    meant.reverse();
                }
                meant.truncate(*limit);
                match on.store().read_log(range).await {
                    Ok(page) if page.is_end || page.events.len() == *limit => {
                        (format!("{:?}", numbers(&page.events)), format!("{meant:?}"))
                    }
                    Ok(page) => (part(&numbers(&page.events), &meant), format!("{meant:?}")),
                    Err(error) => (format!("{error:?}"), format!("{meant:?}")),
                }
            }
        };
        if seen != meant {
            return Err(format!("step {at}, {step:?}, gave {seen}, not {meant}"));
        }
    }
    let seen: Vec<u64> = on
        .log()
        .await
        .iter()
        .filter(|event| event.position > floor && on.is_own(event))
        .map(super::super::numbered::number)
        .collect();
    let meant: Vec<u64> = model.stored.iter().map(|(_, number)| id(number)).collect();
    if seen == meant { Ok(()) } else { Err(format!("the log is {seen:?}, not {meant:?}")) }
}

/// A page may end before its limit; then it is taken as whole if it is the beginning of what is meant.
fn part(seen: &[u64], meant: &[u64]) -> String {
    let is_part = meant.starts_with(seen) && (meant.is_empty() || !seen.is_empty());
    if is_part { format!("{meant:?}") } else { format!("{seen:?}") }
}

/// Leaves out one step after the other, as long as what is left still fails.
async fn shrunk(on: &Subject, attempt: &mut u64, mut steps: Vec<Step>) -> Vec<Step> {
    let mut at = 0;
    while at < steps.len() {
        let mut fewer = steps.clone();
        fewer.remove(at);
        *attempt += 1;
        if run(on, *attempt, &fewer).await.is_err() {
            steps = fewer;
        } else {
            at += 1;
        }
    }
    steps
}

pub(in super::super) async fn rule_03_random_histories_agree_with_a_list(on: &Subject) {
    let mut attempt = 0;
    for history in 0..HISTORIES {
        let seed = seed(on.salt().wrapping_add(history));
        let mut random = Random::new(seed);
        let steps: Vec<_> = (0..STEPS).map(|_| step(&mut random)).collect();
        attempt += 1;
        if let Err(difference) = run(on, attempt, &steps).await {
            let steps = shrunk(on, &mut attempt, steps).await;
            panic!(
                "a random history differs from a list (ES_CONFORMANCE_SEED={seed}): {difference}; enough is {steps:#?}"
            );
        }
    }
}

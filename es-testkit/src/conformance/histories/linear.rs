//! Whether what many did to one stream at once can have happened one after the other.
//!
//! Each call has a begin and an end. There must be an order of all calls in which a call that ended before another
//! began comes first, and in which each call has the outcome that it had: linearizability, by Herlihy and Wing (1990).
//! The search is that of Wing and Gong, "Testing and verifying concurrent objects" (1993), and remembers where it has
//! been, as Lowe, "Testing for linearizability" (2017), does.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use es_core::ExpectedVersion;
use es_core::store::{AppendError, ReadStream};

use super::super::executor::yield_now;
use super::super::numbered::{event, numbers, v};
use super::super::rules::{rule, same};
use super::super::subject::Subject;
use super::random::{Random, seed};

const CLIENTS: u64 = 4;
/// All calls of all clients are the bits of one number.
const CALLS: u64 = 12;
const ROUNDS: u64 = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    Appended { expected: ExpectedVersion, version: u64 },
    Conflict { expected: ExpectedVersion, actual: u64 },
    Read { version: u64 },
}

impl Done {
    /// The version after it, if it can have happened at `version`.
    fn after(self, version: u64) -> Option<u64> {
        let is_possible = match self {
            Self::Appended { expected, version: got } => expected.accepts(v(version)) && got == version + 1,
            Self::Conflict { expected, actual } => !expected.accepts(v(version)) && actual == version,
            Self::Read { version: seen } => seen == version,
        };
        let grown = u64::from(matches!(self, Self::Appended { .. }));
        is_possible.then_some(version + grown)
    }
}

#[derive(Debug, Clone, Copy)]
struct Call {
    begin: u64,
    end: u64,
    done: Done,
}

/// Whether the calls have an order, from version 0 on.
fn has_order(calls: &[Call]) -> bool {
    fn search(calls: &[Call], happened: u64, version: u64, been: &mut HashSet<(u64, u64)>) -> bool {
        if happened.count_ones() as usize == calls.len() {
            return true;
        }
        if !been.insert((happened, version)) {
            return false;
        }
        let open = || calls.iter().enumerate().filter(|(at, _)| happened & (1 << at) == 0);
        let first_end = open().map(|(_, call)| call.end).min().unwrap_or(u64::MAX);
        let mut next = open().filter(|(_, call)| call.begin < first_end);
        next.any(|(at, call)| {
            call.done.after(version).is_some_and(|version| search(calls, happened | (1 << at), version, been))
        })
    }
    search(calls, 0, 0, &mut HashSet::new())
}

pub(in super::super) async fn rule_03_appends_and_reads_of_one_stream_are_linearizable(on: &Subject) {
    for round in 0..ROUNDS {
        let seed = seed(on.salt().wrapping_add(round));
        let (stream, clock) = (on.stream(&format!("r{round}")), Arc::new(AtomicU64::new(0)));
        let calls = on
            .at_once(CLIENTS, |client| {
                let (store, salt, stream, clock) = (on.store().clone(), on.salt(), stream.clone(), Arc::clone(&clock));
                async move {
                    let (mut random, mut known, mut calls) = (Random::new(seed ^ client), 0, vec![]);
                    for call in 0..CALLS {
                        let number = (round * CLIENTS + client) * CALLS + call;
                        let expected = match random.below(4) {
                            0 => ExpectedVersion::Any,
                            1 => ExpectedVersion::NoStream,
                            _ => ExpectedVersion::Exact(v(known)),
                        };
                        let is_read = random.below(3) == 0;
                        let begin = clock.fetch_add(1, SeqCst);
                        let done = if is_read {
                            match store.read_stream(&stream, ReadStream::all()).await {
                                Ok(page) => Done::Read { version: page.version.get() },
                                Err(error) => panic!("a read ended as {error:?}"),
                            }
                        } else {
                            match store.append(&stream, expected, vec![event(salt, number)]).await {
                                Ok(appended) => Done::Appended { expected, version: appended.version.get() },
                                Err(AppendError::Conflict { actual, .. }) => {
                                    Done::Conflict { expected, actual: actual.get() }
                                }
                                Err(error) => panic!("an append ended as {error:?}"),
                            }
                        };
                        let end = clock.fetch_add(1, SeqCst);
                        known = match done {
                            Done::Appended { version, .. } | Done::Read { version } => version,
                            Done::Conflict { actual, .. } => actual,
                        };
                        calls.push(Call { begin, end, done });
                        if random.below(2) == 0 {
                            yield_now().await;
                        }
                    }
                    calls
                }
            })
            .await;
        let mut calls: Vec<Call> = calls.into_iter().flatten().collect();
        calls.sort_by_key(|call| call.begin);
        let appended = calls.iter().filter(|call| matches!(call.done, Done::Appended { .. })).count();
        same!(3, numbers(&on.whole(&stream).await).len(), appended, "the number of events, as many as succeeded,");
        rule!(3, has_order(&calls), "no order explains what many did (ES_CONFORMANCE_SEED={seed}): {calls:#?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(begin: u64, end: u64, done: Done) -> Call {
        Call { begin, end, done }
    }

    const ANY: ExpectedVersion = ExpectedVersion::Any;

    #[test]
    fn a_read_that_overlaps_an_append_may_see_it_or_not() {
        let append = call(0, 3, Done::Appended { expected: ANY, version: 1 });
        for version in [0, 1] {
            assert!(has_order(&[append, call(1, 2, Done::Read { version })]));
        }
        assert!(!has_order(&[append, call(1, 2, Done::Read { version: 2 })]));
    }

    #[test]
    fn a_read_after_an_append_sees_it() {
        let append = call(0, 1, Done::Appended { expected: ANY, version: 1 });
        assert!(has_order(&[append, call(2, 3, Done::Read { version: 1 })]));
        assert!(!has_order(&[append, call(2, 3, Done::Read { version: 0 })]));
    }

    #[test]
    fn two_appends_do_not_get_one_version_and_a_conflict_needs_a_reason() {
        let one = call(0, 3, Done::Appended { expected: ANY, version: 1 });
        assert!(!has_order(&[one, call(1, 2, Done::Appended { expected: ANY, version: 1 })]));
        let expected = ExpectedVersion::Exact(v(0));
        assert!(has_order(&[one, call(1, 2, Done::Conflict { expected, actual: 1 })]));
        assert!(!has_order(&[one, call(1, 2, Done::Conflict { expected, actual: 0 })]));
    }
}

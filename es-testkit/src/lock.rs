//! The schema lock: a file beside `Cargo.toml` that knows every shape in which events were ever stored, and a test that
//! fails when the code disagrees with it.

mod check;
mod file;
mod form;
mod process;
mod reading;
mod real;
mod sample;
mod state;
mod subject;
mod suggestion;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use es_core::Aggregate;
use es_core::process::ProcessManager;
use serde_json::Value;

pub use self::check::{Mode, Problem};
pub use self::file::{Lock, LockError};
pub use self::real::SampleError;
pub use self::subject::{LockedAggregate, LockedProcess, Subject};

/// Compares the events of an aggregate, or what a process manager keeps, with `events.lock.json` beside `Cargo.toml`,
/// which belongs into version control.
///
/// The file holds, for each stored name and version, the shape of the payload, a sample, and how the sample reads
/// today.
/// The shapes of older versions follow from the current struct and its upcasts, so the file proves the upcasts against
/// what was really stored.
///
/// - `ES_LOCK=update cargo test` adds what is new and accepts what old payloads survive, and overwrites nothing else.
/// - `ES_LOCK=overwrite cargo test` replaces what differs, for events that were never released.
///
/// A sample is made from its shape.
/// Where a value is validated or a case matters, give a real payload, and update:
/// `assert_locked!(Counter, samples = [("counter-increased", 1, json!({ "by": 40 }))])`.
///
/// Of an aggregate that takes snapshots, the file also holds what its fold makes of the samples, so that an `apply`
/// which makes another state of the same events is noticed before a snapshot of the former state is believed.
///
/// Of a process manager, it holds the events that it reacts to, its deadlines and the commands that it sends: its streams
/// keep all of them, and they are read again for as long as there is a process that had them.
/// A command has versions as an event has, `#[command(version = 2)]` and `#[upcast(1 => 2, ..)]`.
///
/// ```no_run
/// # use es_core::{Aggregate, Apply, Event};
/// # #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Event)]
/// # #[event(name = "counter-increased")]
/// # pub struct CounterIncreased { pub by: u32 }
/// # #[derive(Debug, Default, Aggregate)]
/// # #[aggregate(name = "counter", id = String, error = std::convert::Infallible, events(CounterIncreased), commands())]
/// # pub struct Counter { total: u32 }
/// # impl Apply<CounterIncreased> for Counter {
/// #     fn apply(&mut self, event: CounterIncreased) { self.total += event.by; }
/// # }
/// # /*
/// #[test]
/// # */
/// fn events_are_locked() {
///     es_testkit::assert_locked!(Counter);
/// }
/// # events_are_locked();
/// ```
#[macro_export]
macro_rules! assert_locked {
    ($subject:ty) => {
        $crate::assert_locked!($subject, samples = [])
    };
    ($subject:ty, samples = $samples:expr $(,)?) => {{
        #[allow(unused_imports)]
        use $crate::lock::{LockedAggregate as _, LockedProcess as _};
        (&$crate::lock::Subject::<$subject>::new()).assert_locked(::core::env!("CARGO_MANIFEST_DIR"), $samples)
    }};
}

/// What [`assert_locked!`](crate::assert_locked) does, with the folder of the lock file.
///
/// # Panics
/// If the events differ from the lock, or the file cannot be read or written.
#[track_caller]
pub fn assert_locked<A: Aggregate>(folder: impl AsRef<Path>) {
    assert_locked_with::<A>(folder, []);
}

/// What [`assert_locked!`](crate::assert_locked) does with real payloads: stored name, version and payload of each.
///
/// # Panics
/// If the events or their samples differ from the lock, or the file cannot be read or written.
#[track_caller]
pub fn assert_locked_with<'a, A: Aggregate>(
    folder: impl AsRef<Path>,
    samples: impl IntoIterator<Item = (&'a str, u32, Value)>,
) {
    if let Err(problems) = compare_with::<A>(folder.as_ref(), samples) {
        panic!("{problems}");
    }
}

/// Where the events differ from the lock in the folder, or why there is none.
pub(crate) fn compare<A: Aggregate>(folder: &Path) -> Result<(), String> {
    compare_with::<A>(folder, [])
}

/// What [`assert_locked!`](crate::assert_locked) does for a process manager.
///
/// # Panics
/// If what the processes keep differs from the lock, or the file cannot be read or written.
#[track_caller]
pub fn assert_process_locked<P: ProcessManager>(folder: impl AsRef<Path>) {
    assert_process_locked_with::<P>(folder, []);
}

/// What [`assert_locked!`](crate::assert_locked) does for a process manager with real payloads: name, version and payload
/// of each.
///
/// # Panics
/// If what the processes keep, or the samples, differ from the lock, or the file cannot be read or written.
#[track_caller]
pub fn assert_process_locked_with<'a, P: ProcessManager>(
    folder: impl AsRef<Path>,
    samples: impl IntoIterator<Item = (&'a str, u32, Value)>,
) {
    let title = format!("what the processes `{}` keep differs from events.lock.json", P::NAME);
    let compared = in_lock(folder.as_ref(), &title, |lock, mode| lock.check_process_with::<P>(mode, samples));
    if let Err(problems) = compared {
        panic!("{problems}");
    }
}

fn compare_with<'a, A: Aggregate>(
    folder: &Path,
    samples: impl IntoIterator<Item = (&'a str, u32, Value)>,
) -> Result<(), String> {
    let title = format!("the events of `{}` differ from events.lock.json", A::NAME);
    in_lock(folder, &title, |lock, mode| lock.check_with::<A>(mode, samples))
}

fn in_lock(folder: &Path, title: &str, check: impl FnOnce(&mut Lock, Mode) -> Vec<Problem>) -> Result<(), String> {
    let mode = match std::env::var("ES_LOCK").as_deref() {
        Err(_) | Ok("") => Mode::Compare,
        Ok("update") => Mode::Update,
        Ok("overwrite") => Mode::Overwrite,
        Ok(other) => return Err(format!("ES_LOCK is `{other}`; it can be `update` or `overwrite`")),
    };
    match Lock::with_file(&file_in(folder), mode, |lock| check(lock, mode)) {
        Err(error) => Err(crate::round_trip::causes(&error)),
        Ok(problems) if problems.is_empty() => Ok(()),
        Ok(problems) => Err(report(title, &problems)),
    }
}

/// The lock in the folder as it is; an empty one if there is none.
pub(crate) fn read(folder: &Path) -> Result<Lock, String> {
    Lock::with_file(&file_in(folder), Mode::Compare, |lock| lock.clone())
        .map_err(|error| crate::round_trip::causes(&error))
}

fn file_in(folder: &Path) -> PathBuf {
    folder.join("events.lock.json")
}

impl Lock {
    /// The sample of a version of an event.
    pub(crate) fn sample(&self, aggregate: &str, event: &str, version: u32) -> Option<&Value> {
        self.aggregates.get(aggregate)?.get(event)?.get(&version).map(|locked| &locked.sample)
    }
}

fn report(title: &str, problems: &[Problem]) -> String {
    let mut text = format!("{title}:\n");
    for (number, problem) in problems.iter().enumerate() {
        let _ = writeln!(text, "\n{}. {problem}", number + 1);
    }
    text
}

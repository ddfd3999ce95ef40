//! Aggregates whose state is not what their events make of it.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use es_core::{Aggregate, Apply, Command, Decision, Event, Handle};
use es_testkit::verify::Law;
use serde::{Deserialize, Serialize};

use crate::counter::{Count, Counted, NotPositive};
use crate::{broken, verify, without_chance};

/// Its fold looks at the world.
#[derive(Debug, Default, PartialEq, Aggregate)]
#[aggregate(name = "moody", id = String, error = NotPositive, events(Counted), commands(Count))]
struct Moody {
    mood: u64,
}

static MOOD: AtomicU64 = AtomicU64::new(0);

impl Apply<Counted> for Moody {
    fn apply(&mut self, _: Counted) {
        self.mood = MOOD.fetch_add(1, Relaxed);
    }
}

#[test]
fn a_fold_that_looks_at_the_world_is_found() {
    let broken = verify::<Moody>().check(Law::ReplayIsDeterministic).unwrap_err().to_string();
    let broken: Vec<_> = broken
        .lines()
        .map(|line| line.trim_end_matches(|c: char| c.is_ascii_digit() || c == ',' || c == ' '))
        .collect();
    let expected = r"
`moody` breaks the law that replay is deterministic:
two replays of the same events make different states (- expected, + actual):
  Moody {
-     mood:
+     mood:
  }
";
    assert!(broken.join("\n").starts_with(expected.trim_start()), "{broken:#?}");
    assert!(verify::<Moody>().check(Law::HandlingEqualsReloading).is_err());
}

/// Its snapshot forgets.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize, Aggregate)]
#[aggregate(name = "forgetful", id = String, error = NotPositive, events(Counted), commands(Count))]
struct Forgetful {
    total: u64,
    #[serde(skip)]
    last: Option<u8>,
}

impl Apply<Counted> for Forgetful {
    fn apply(&mut self, event: Counted) {
        self.total += u64::from(event.by);
        self.last = Some(event.by);
    }
}

#[test]
fn a_snapshot_that_forgets_is_found() {
    let expected = r"
`forgetful` breaks the law that a snapshot and the tail equal a full replay:
a snapshot after event 1 of 1, and the events after it, make another state than all events (- expected, + actual):
  Forgetful {
      total: 1,
-     last: Some(
-         1,
-     ),
+     last: None,
  }
The commands, shrunk to 1:
  1. Count { by: 1 } -> counted";
    let message = broken(&verify::<Forgetful>(), Law::SnapshotAndTailEqualReplay);
    assert_eq!(without_chance(&message), expected.trim_start());
}

/// Its snapshot is written and cannot be read.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize, Aggregate)]
#[aggregate(name = "unreadable", id = String, error = NotPositive, events(Counted), commands(Count))]
struct Unreadable {
    #[serde(rename(serialize = "sum"))]
    total: u64,
}

impl Apply<Counted> for Unreadable {
    fn apply(&mut self, event: Counted) {
        self.total += u64::from(event.by);
    }
}

#[test]
fn a_snapshot_that_cannot_be_read_is_found() {
    let expected = r#"
`unreadable` breaks the law that a snapshot and the tail equal a full replay:
the state cannot be read back: missing field `total` at line 1 column 9
{"sum":0}
That takes no command."#;
    let message = broken(&verify::<Unreadable>(), Law::SnapshotAndTailEqualReplay);
    assert_eq!(without_chance(&message), expected.trim_start());
}

/// It remembers what it should not.
#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "curious", id = String, error = NotPositive, events(Counted), commands(Refuse, Count))]
struct Curious {
    total: u64,
    seen: Mutex<u64>,
}

impl Apply<Counted> for Curious {
    fn apply(&mut self, event: Counted) {
        self.total += u64::from(event.by);
    }
}

/// Is refused.
#[derive(Debug, Clone, Deserialize, Command)]
struct Refuse {}

impl Handle<Refuse> for Curious {
    fn handle(&self, _: Refuse) -> Decision<Self> {
        *self.seen.lock().unwrap() += 1;
        Err(NotPositive)
    }
}

#[test]
fn a_refusal_that_changes_the_state_is_found() {
    let expected = r"
`curious` breaks the law that a refusal writes nothing:
`Refuse` was refused, and all the same its handler changed the state it was shown (- expected, + actual):
  Curious {
      total: 0,
      seen: Mutex {
-         data: 0,
+         data: 1,
          poisoned: false,
          ..
      },
  }
The commands, shrunk to 1:
  1. Refuse -> refused: nothing was counted";
    let message = verify::<Curious>().check(Law::RefusalWritesNothing).unwrap_err().to_string();
    assert_eq!(without_chance(&message), expected.trim_start());
}

/// Its event does not keep what it was made with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "noted")]
struct Noted {
    text: String,
    #[serde(skip)]
    length: usize,
}

#[derive(Debug, Clone, Deserialize, Command)]
#[command(emits = Noted { text, length: command.text.len() })]
struct Note {
    text: String,
}

#[derive(Debug, Default, PartialEq, Aggregate)]
#[aggregate(name = "notes", id = String, error = NotPositive, events(Noted), commands(Note))]
struct Notes {
    texts: Vec<String>,
    letters: usize,
}

impl Apply<Noted> for Notes {
    fn apply(&mut self, event: Noted) {
        self.texts.push(event.text);
        self.letters += event.length;
    }
}

#[test]
fn a_state_that_is_lost_with_the_process_is_found() {
    let expected = r#"
`notes` breaks the law that handling equals reloading:
the events that the handlers returned make another state than those that were stored (- expected, + actual):
  Notes {
      texts: [
          "a",
      ],
-     letters: 0,
+     letters: 1,
  }
The commands, shrunk to 1:
  1. Note { text: "a" } -> noted"#;
    let message = broken(&verify::<Notes>(), Law::HandlingEqualsReloading);
    assert_eq!(without_chance(&message), expected.trim_start());
}

/// Its fold fails where numbers end.
#[derive(Debug, Default, PartialEq, Aggregate)]
#[aggregate(name = "narrow", id = String, error = NotPositive, events(Counted), commands(Count))]
struct Narrow {
    total: u8,
}

impl Apply<Counted> for Narrow {
    fn apply(&mut self, event: Counted) {
        self.total = self.total.checked_add(event.by).expect("the total fits");
    }
}

#[test]
fn a_fold_that_panics_is_found_with_its_place() {
    let message = verify::<Narrow>().check(Law::ReplayIsDeterministic).unwrap_err().to_string();
    let line = message.lines().nth(1).unwrap();
    assert!(line.starts_with("panicked at ") && line.ends_with(": the total fits"), "{message}");
    assert!(line.contains("states.rs:"), "{message}");
    assert!(message.contains("\nThe commands, shrunk from "), "{message}");
    assert!(message.contains(" to 2:\n  1. Count { by: "), "{message}");
}

/// It handles and folds, but there is nothing to look at.
#[derive(Default, Aggregate)]
#[aggregate(name = "dark", id = String, error = NotPositive, events(Counted), commands(Count))]
struct Dark {
    total: u64,
}

impl Apply<Counted> for Dark {
    fn apply(&mut self, event: Counted) {
        self.total += u64::from(event.by);
    }
}

#[test]
fn a_law_that_cannot_be_tested_says_so() {
    let cannot = "skipped, because states of `Dark` cannot be compared; derive `PartialEq` for it";
    for law in [Law::ReplayIsDeterministic, Law::HandlingEqualsReloading] {
        assert_eq!(verify::<Dark>().check(law).unwrap(), cannot);
    }
    let cannot = "skipped, because `Dark` is not `Serialize` and `Deserialize`";
    assert_eq!(verify::<Dark>().check(Law::SnapshotAndTailEqualReplay).unwrap(), cannot);
    let none = "skipped, because `Dark` declares no `#[invariant(..)]`";
    assert_eq!(verify::<Dark>().check(Law::InvariantsHold).unwrap(), none);
    let nowhere = "skipped, because no folder of a lock was given";
    assert_eq!(verify::<Dark>().check(Law::EventsAreLocked).unwrap(), nowhere);
    assert_eq!(Dark::default().total, 0);
}

/// Two of its kind print in different orders.
#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "hashed", id = String, error = NotPositive, events(Counted), commands(Count))]
struct Hashed {
    seen: HashSet<u8>,
}

impl Apply<Counted> for Hashed {
    fn apply(&mut self, event: Counted) {
        self.seen.insert(event.by);
    }
}

#[test]
fn the_order_of_a_hash_set_is_no_difference() {
    let report = verify::<Hashed>().check(Law::ReplayIsDeterministic).unwrap();
    let means = "\n  states are compared by the lines of their `Debug` text in any order; `PartialEq` would be exact";
    assert!(report.ends_with(means), "{report}");
}

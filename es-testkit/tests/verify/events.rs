//! Events that do not come back as they were.

use std::num::ParseIntError;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use es_core::{Aggregate, Apply, Event};
use es_testkit::verify::{Law, Verify};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{broken, verify};

macro_rules! aggregate {
    ($name:literal, $aggregate:ident of $event:ident) => {
        #[derive(Debug, Default, PartialEq, Aggregate)]
        #[aggregate(name = $name, id = String, error = std::convert::Infallible, events($event), commands())]
        struct $aggregate;

        impl Apply<$event> for $aggregate {
            fn apply(&mut self, _: $event) {}
        }
    };
}

/// Written under one name, read under another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "moved", version = 2, alias = "walked")]
#[upcast(1 => 2, rename(place => to))]
struct Moved {
    #[serde(default, rename(serialize = "target"))]
    to: u8,
}
aggregate!("nomad", Nomad of Moved);

#[test]
fn an_event_that_is_not_read_as_it_is_written_is_found() {
    let expected = r#"
`nomad` breaks the law that every version of every event reads back:
event `walked` version 1: it reads as `moved`, which is stored as {"target":1}, and comes back changed (- expected, + actual):
  Moved(
      Moved {
-         to: 1,
+         to: 0,
      },
  )
The payload was {"place":1}"#;
    assert_eq!(broken(&verify::<Nomad>(), Law::EveryVersionReadsBack), expected.trim_start());
}

/// Its upcast fails where numbers end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "weighed", version = 2)]
#[upcast(1 => 2, change(grams: u32 => grams.checked_mul(1000).expect("milligrams fit")))]
struct Weighed {
    grams: u32,
}
aggregate!("scales", Scales of Weighed);

#[test]
fn an_upcast_that_panics_is_found() {
    let message = broken(&verify::<Scales>(), Law::EveryVersionReadsBack);
    assert!(message.contains("event `weighed` version 1: panicked at "), "{message}");
    assert!(message.contains(": milligrams fit\nThe payload was {\"grams\":4294968}"), "{message}");
}

static READ: AtomicU64 = AtomicU64::new(0);

/// Its upcast looks at the world.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "numbered", version = 2)]
#[upcast(1 => 2, add(number = READ.fetch_add(1, Relaxed)))]
struct Numbered {
    number: u64,
}
aggregate!("queue", Queue of Numbered);

#[test]
fn an_upcast_that_looks_at_the_world_is_found() {
    let message = broken(&verify::<Queue>(), Law::EveryVersionReadsBack);
    let begin = "`queue` breaks the law that every version of every event reads back:\n\
                 event `numbered` version 1: it is read differently the second time (- expected, + actual):";
    assert!(message.starts_with(begin), "{message}");
    assert!(message.ends_with("\nThe payload was {}"), "{message}");
}

/// Its upcast refuses what was never stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "credited", version = 2)]
#[upcast(1 => 2, change(credit: String => credit.parse().map_err(|_: ParseIntError| "no number")?))]
struct Credited {
    credit: u64,
}
aggregate!("customer", Customer of Credited);

/// Only `EUR` is one.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Currency(String);

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "EUR" { Ok(Self(text)) } else { Err(serde::de::Error::custom("no currency")) }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "paid")]
struct Paid {
    currency: Currency,
}
aggregate!("payment", Payment of Paid);

#[test]
fn what_a_type_refuses_is_told_and_its_texts_are_looked_for() {
    let report = verify::<Customer>().check(Law::EveryVersionReadsBack).unwrap();
    assert_eq!(report, "2 names and versions of events, 64 payloads each");
}

#[test]
fn an_event_that_was_never_read_needs_a_sample_in_the_lock() {
    let expected = r"
`payment` breaks the law that every version of every event reads back:
event `paid` version 1 was never read: the shape of `currency: `Currency`` is not known; derive `EventData` for the type
And there is no sample of it in events.lock.json";
    assert_eq!(broken(&verify::<Payment>(), Law::EveryVersionReadsBack), expected.trim_start());

    let folder = tempfile::tempdir().unwrap();
    let lock = r#"{"format": 1, "aggregates": {"payment": {"paid": {"1": {
        "shape": {"currency": {"$spelled": "Currency"}},
        "sample": {"currency": "EUR"},
        "reads_as": [{"event": "paid", "version": 1, "payload": {"currency": "EUR"}}]
    }}}}}"#;
    std::fs::write(folder.path().join("events.lock.json"), lock).unwrap();
    let verify: Verify<Payment> = verify().locked_in(folder.path());
    let report = verify.check(Law::EveryVersionReadsBack).unwrap();
    let only = "\n  `paid` version 1: only the sample of the lock was read, because the shape of `currency: `Currency`` \
                is not known; derive `EventData` for the type";
    assert!(report.ends_with(only), "{report}");
    assert_eq!(verify.check(Law::EventsAreLocked).unwrap(), "nothing has changed");
}

#[test]
fn an_event_that_is_not_locked_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let expected = r"
`customer` breaks the law that the events are locked:
the events of `customer` differ from events.lock.json:

1. event `credited` version 1 is not locked yet; add it with `ES_LOCK=update cargo test`.

2. event `credited` version 2 is not locked yet; add it with `ES_LOCK=update cargo test`.
";
    let verify = verify::<Customer>().locked_in(folder.path());
    assert_eq!(broken(&verify, Law::EventsAreLocked), expected.trim_start());
}

//! The kit for upcasters, passing and failing.

#![allow(missing_docs, reason = "the domain of a test")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use es_core::{Aggregate, Apply, Event, Events, Metadata, SplitInto, Timestamp, events};
use es_testkit::given_stored;
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "door-opened", version = 3, alias = "gate-opened")]
#[upcast(1 => 2, rename(who => by))]
#[upcast(2 => 3, add(at = recorded.recorded_at.as_micros(), via = recorded.metadata.actor().unwrap_or("?").to_owned()))]
pub struct DoorOpened {
    by: String,
    at: i64,
    via: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "door-opened-twice")]
pub struct DoorOpenedTwice {
    by: String,
}

impl SplitInto<DoorEvent> for DoorOpenedTwice {
    fn split(self) -> Events<DoorEvent> {
        let opened = DoorOpened { by: self.by, at: 0, via: String::new() };
        events![opened.clone(), opened]
    }
}

#[derive(Debug, Default, Aggregate)]
#[aggregate(
    name = "door", id = String, error = std::convert::Infallible,
    events(DoorOpened), split(DoorOpenedTwice), retired("door-painted"), commands(),
)]
pub struct Door {}

impl Apply<DoorOpened> for Door {
    fn apply(&mut self, _: DoorOpened) {}
}

fn opened(at: i64, via: &str) -> DoorOpened {
    DoorOpened { by: "Ada".into(), at, via: via.into() }
}

fn message(scenario: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(scenario)).expect_err("the scenario should fail");
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => (*panic.downcast::<&str>().unwrap()).to_owned(),
    }
}

#[test]
fn a_stored_event_reads_as_the_event_of_today() {
    let stored = || given_stored("gate-opened", 1, json!({"who": "Ada"})).recorded_at(Timestamp::from_micros(7));
    stored().reads_as(opened(7, "?"));
    stored().with_metadata(Metadata::new().with_actor("bell")).reads_as(opened(7, "bell"));
    stored().reads_as_events([DoorEvent::from(opened(7, "?"))]);
}

#[test]
fn split_and_retired_events_read_as_several_or_none() {
    let twice = [opened(0, "").into(), opened(0, "").into()];
    given_stored("door-opened-twice", 1, json!({"by": "Ada"})).reads_as_events::<DoorEvent>(twice);
    given_stored("door-painted", 4, json!(null)).reads_as_events::<DoorEvent>([]);
}

#[test]
fn another_reading_is_shown_as_a_difference() {
    let message = message(|| given_stored("door-opened", 2, json!({"by": "Eve"})).reads_as(opened(0, "?")));
    assert!(
        message.starts_with(r#"`door-opened` version 2 {"by":"Eve"} reads as something else than expected"#),
        "{message}"
    );
    assert!(message.contains("-     by: \"Ada\",\n") && message.contains("+     by: \"Eve\",\n"), "{message}");
}

#[test]
fn what_cannot_be_read_is_told_with_its_cause() {
    let unreadable = || given_stored("door-opened", 1, json!({"by": "Ada"}));
    unreadable().does_not_read_as::<DoorOpened>("missing field `who`");
    let told = message(|| unreadable().reads_as(opened(0, "?")));
    assert!(told.contains("cannot be read") && told.contains("missing field `who`"), "{told}");
    let told = message(|| unreadable().does_not_read_as::<DoorOpened>("future"));
    assert!(told.starts_with("expected an error with `future`, but it is: "), "{told}");
    let told = message(|| given_stored("door-opened", 2, json!({"by": "Ada"})).does_not_read_as::<DoorOpened>("x"));
    assert!(told.contains("reads as an event, but it should not"), "{told}");
}

#[test]
fn a_name_that_the_event_never_had_is_told() {
    let told = message(|| given_stored("door-closed", 3, json!({})).reads_as(opened(0, "?")));
    assert_eq!(told, "`door-closed` is not read as `door-opened`: it is neither its stored name nor an alias");
}

//! Invariants that do not hold.

use es_core::{Aggregate, Apply, Command, Event, events};
use es_core::{Decision, Handle};
use es_testkit::verify::Law;
use es_testkit::{given, given_nothing};
use serde::{Deserialize, Serialize};

use crate::{broken, verify, without_chance};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "door-unlocked")]
struct Unlocked {}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "door-opened", version = 2)]
#[upcast(1 => 2, add(width = 1))]
struct Opened {
    width: u8,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "door-locked")]
struct Locked {}

#[derive(Debug, Clone, Deserialize, Command)]
#[command(aggregate = Door, emits = Unlocked {})]
#[require(state.is_locked, "it is not locked".into())]
struct Unlock {
    #[allow(dead_code, reason = "a key may be anything")]
    key: String,
}

#[derive(Debug, Clone, Deserialize, Command)]
#[command(aggregate = Door, emits = Opened)]
#[require(!state.is_locked, "it is locked".into())]
#[require(command.width <= 90, "it is not that wide".into())]
struct Open {
    width: u8,
}

/// Looks whether the door is locked, and not whether it is open.
#[derive(Debug, Clone, Deserialize, Command)]
struct Lock {}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

impl From<&str> for Refused {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Aggregate)]
#[aggregate(name = "door", id = String, error = Refused, events(Unlocked, Opened, Locked), commands(Unlock, Open, Lock))]
#[invariant(state.width <= 90)]
#[invariant(!(state.is_locked && state.width > 0), "an open door is not locked")]
struct Door {
    is_locked: bool,
    width: u8,
}

impl Default for Door {
    fn default() -> Self {
        Self { is_locked: true, width: 0 }
    }
}

impl Apply<Unlocked> for Door {
    fn apply(&mut self, _: Unlocked) {
        self.is_locked = false;
    }
}

impl Apply<Opened> for Door {
    fn apply(&mut self, event: Opened) {
        self.width = event.width;
    }
}

impl Apply<Locked> for Door {
    fn apply(&mut self, _: Locked) {
        self.is_locked = true;
    }
}

impl Handle<Lock> for Door {
    fn handle(&self, _: Lock) -> Decision<Self> {
        if self.is_locked { Err("it is locked".into()) } else { Ok(events![Locked {}, Unlocked {}, Locked {}]) }
    }
}

#[test]
fn the_first_event_that_breaks_an_invariant_is_named_after_the_fewest_commands() {
    let expected = r#"
`door` breaks the law that the invariants hold:
event 3, `door-locked` in schema version 1, breaks the invariant `!(state.is_locked && state.width > 0)` (an open door is not locked):
Locked(
    Locked,
)
The state is then:
Door {
    is_locked: true,
    width: 1,
}
The commands, shrunk to 3:
  1. Unlock { key: "a" } -> door-unlocked
  2. Open { width: 1 } -> door-opened
  3. Lock -> door-locked, door-unlocked, door-locked"#;
    assert_eq!(without_chance(&broken(&verify::<Door>(), Law::InvariantsHold)), expected.trim_start());
}

#[test]
fn runs_are_the_same_every_time_and_tell_their_seed() {
    let messages: Vec<_> = (0..2).map(|_| verify::<Door>().check(Law::InvariantsHold).unwrap_err()).collect();
    assert_eq!(messages[0], messages[1]);
    assert!(messages[0].fault.ends_with("\n(64 cases of 1 to 12 commands, seed 1)"), "{}", messages[0]);
}

#[test]
fn a_scenario_finds_it_too() {
    let result = std::panic::catch_unwind(|| {
        given([DoorEvent::from(Unlocked {}), Opened { width: 2 }.into()]).when(Lock {}).then([Locked {}.into()])
    });
    let message = *result.unwrap_err().downcast::<String>().unwrap();
    let expected = "event 3, `door-locked` in schema version 1, breaks the invariant \
                    `!(state.is_locked && state.width > 0)` (an open door is not locked):\nLocked(\n    Locked,\n)";
    assert_eq!(message, expected);
    let _ = given_nothing::<Door>().when(Unlock { key: "a".into() }).then([Unlocked {}.into()]);
}

//! Commands that cannot be made, that get nowhere, and that others make.

use std::net::Ipv4Addr;

use es_core::{Aggregate, Apply, Command, Decision, Event, EventData, Handle, events};
use es_testkit::proptest::prelude::*;
use es_testkit::verify::Law;
use serde::{Deserialize, Serialize};

use crate::counter::{Count, Counted, NotPositive};
use crate::verify;

/// Not `Deserialize`.
#[derive(Debug, Clone, Command)]
#[command(emits = Counted { by: 1 })]
struct Step {}

/// Tells nothing of its shape.
#[derive(Debug, Clone, Deserialize)]
struct Size(u8);

#[derive(Debug, Clone, Deserialize, Command)]
#[command(emits = Counted { by: command.size.0 })]
struct Jump {
    size: Size,
}

#[derive(Debug, Default, PartialEq, Aggregate)]
#[aggregate(name = "walk", id = String, error = NotPositive, events(Counted), commands(Step, Jump, Count))]
struct Walk {
    total: u64,
}

impl Apply<Counted> for Walk {
    fn apply(&mut self, event: Counted) {
        self.total += u64::from(event.by);
    }
}

#[test]
fn all_commands_that_cannot_be_made_are_told_with_what_to_write() {
    let expected = r"
`walk` breaks the law that replay is deterministic:
commands of `Walk` cannot be made at random:
  `Step`: it cannot be read from JSON; derive `serde::Deserialize` for it
  `Jump`: the shape of `size: `Size`` is not known; derive `EventData` for the type
Or make them yourself: `verify!(Walk, commands = any_command())`, where `any_command` returns a proptest `Strategy` of the set of its commands.";
    let message = verify::<Walk>().check(Law::ReplayIsDeterministic).unwrap_err().to_string();
    assert_eq!(message, expected.trim_start());
}

#[test]
fn others_may_make_them() {
    let step = || WalkCommand::from(Step {});
    let jump = (0..3_u8).prop_map(|size| WalkCommand::from(Jump { size: Size(size) }));
    let report = verify::<Walk>().commands(prop_oneof![Just(()).prop_map(move |()| step()), jump]);
    let report = report.check(Law::ReplayIsDeterministic).unwrap();
    assert!(report.contains("\n  never accepted: `Count` (never tried)\n"), "{report}");
    assert!(!report.contains("never emitted"), "{report}");
}

/// Takes only what nobody guesses.
#[derive(Debug, Default, PartialEq, Aggregate)]
#[aggregate(name = "safe", id = String, error = NotPositive, events(Counted), commands(Dial))]
struct Safe;

#[derive(Debug, Clone, Deserialize, Command)]
struct Dial {
    code: String,
}

impl Apply<Counted> for Safe {
    fn apply(&mut self, _: Counted) {}
}

impl Handle<Dial> for Safe {
    fn handle(&self, command: Dial) -> Decision<Self> {
        if command.code == "0815-4711" { Ok(events![Counted { by: 1 }]) } else { Err(NotPositive) }
    }
}

#[test]
fn a_run_in_which_nothing_was_accepted_is_a_failure() {
    let message = verify::<Safe>().cases(2).length(3..=3).check(Law::HandlingEqualsReloading).unwrap_err().to_string();
    let expected = r"
`safe` breaks the law that handling equals reloading:
none of 6 commands was ever accepted, so nothing was tested. Refused were:
  `Dial`, 6 times, the last time: nothing was counted
Make commands that are accepted: `verify!(Safe, commands = any_command())`, where `any_command` returns a proptest `Strategy` of the set of its commands.
2 cases of 3 to 3 commands, seed 1";
    assert_eq!(message, expected.trim_start());
}

/// What ten steps lead to is reached.
#[derive(Debug, Default, PartialEq, Aggregate)]
#[aggregate(name = "stairs", id = String, error = NotPositive, events(Counted), commands(Climb))]
#[invariant(state.step < 8)]
struct Stairs {
    step: u8,
}

#[derive(Debug, Clone, PartialEq, Deserialize, EventData)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Foot {
    Left,
    Right { toes: Option<u8> },
    Both,
    None { of: Vec<(u8, String)> },
}

#[derive(Debug, Clone, Deserialize, Command)]
#[serde(rename_all = "camelCase")]
#[command(aggregate = Stairs, emits = Counted { by: command.from_step + 1 })]
#[require(command.from_step == state.step, NotPositive)]
#[require(command.on_foot == if state.step.is_multiple_of(2) { Foot::Left } else { Foot::Both }, NotPositive)]
struct Climb {
    from_step: u8,
    on_foot: Foot,
}

impl Apply<Counted> for Stairs {
    fn apply(&mut self, event: Counted) {
        self.step = event.by;
    }
}

#[test]
fn commands_are_looked_for_that_the_aggregate_accepts() {
    let fault = verify::<Stairs>().length(1..=60).check(Law::InvariantsHold).unwrap_err().fault;
    assert!(fault.contains("breaks the invariant `state.step < 8`:"), "{fault}");
    assert!(fault.contains(" to 8:\n  1. Climb { from_step: 0, on_foot: Left } -> counted"), "{fault}");
}

/// Texts that are no words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "invited")]
struct Invited {
    guest: Ipv4Addr,
}

#[derive(Debug, Clone, Deserialize, Command)]
#[command(aggregate = Party, emits = Invited)]
#[require(!state.guests.contains(&command.guest), NotPositive)]
struct Invite {
    guest: Ipv4Addr,
}

#[derive(Debug, Default, PartialEq, Aggregate)]
#[aggregate(name = "party", id = String, error = NotPositive, events(Invited), commands(Invite))]
struct Party {
    guests: Vec<Ipv4Addr>,
}

impl Apply<Invited> for Party {
    fn apply(&mut self, event: Invited) {
        self.guests.push(event.guest);
    }
}

#[test]
fn texts_are_tried_until_the_type_takes_them() {
    verify::<Party>().run();
}

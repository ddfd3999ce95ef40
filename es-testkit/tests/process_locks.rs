//! The lock of what processes keep: what was released as one module of this file meets the code of another.

use es_core::process::{Reaction, Rejected, Trigger};
use es_core::{Aggregate, Apply, Command, Event, ProcessManager, React};
use es_testkit::assert_locked;
use es_testkit::lock::{Lock, Mode};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A process with its event, its deadline and its command, as they were at some time.
macro_rules! at_a_time {
    (
        $module:ident:
        $(#[$event:meta])* { $($event_fields:tt)* }
        $(#[$deadline:meta])* { $($deadline_fields:tt)* }
        $(#[$command:meta])* $name:ident { $($command_fields:tt)* }
    ) => {
        mod $module {
            use super::*;

            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
            $(#[$event])*
            pub(super) struct Placed { $($event_fields)* }

            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
            $(#[$deadline])*
            pub(super) struct Overdue { $($deadline_fields)* }

            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Command)]
            $(#[$command])*
            pub(super) struct $name { $($command_fields)* }

            #[derive(Debug, Default, Aggregate)]
            #[aggregate(name = "order", id = String, error = std::convert::Infallible, events(Placed), commands($name))]
            pub(super) struct Order {}

            impl Apply<Placed> for Order {
                fn apply(&mut self, _: Placed) {}
            }

            impl es_core::Handle<$name> for Order {
                fn handle(&self, _: $name) -> es_core::Decision<Self> {
                    Ok(es_core::Events::none())
                }
            }

            #[derive(Debug, Default, ProcessManager)]
            #[process(
                name = "shipping", id = String, events(Placed(start, key = event.order.clone())),
                deadlines(Overdue), commands(Order($name)),
            )]
            pub(super) struct Shipping {}

            impl React<Placed> for Shipping {
                fn react(&self, _: &Placed, _: &Trigger) -> Reaction<Self> {
                    Reaction::none()
                }
            }

            impl React<Overdue> for Shipping {
                fn react(&self, _: &Overdue, _: &Trigger) -> Reaction<Self> {
                    Reaction::none()
                }
            }

            impl React<Rejected<$name>> for Shipping {
                fn react(&self, _: &Rejected<$name>, _: &Trigger) -> Reaction<Self> {
                    Reaction::none()
                }
            }
        }
    };
}

at_a_time!(released:
    #[event(name = "placed")] { order: String }
    #[event(name = "overdue")] { days: u32 }
    Send { weight: u32 }
);
at_a_time!(command_changed:
    #[event(name = "placed")] { order: String }
    #[event(name = "overdue")] { days: u32 }
    Send { grams: u32 }
);
at_a_time!(command_upcast:
    #[event(name = "placed")] { order: String }
    #[event(name = "overdue")] { days: u32 }
    #[command(version = 2)] #[upcast(1 => 2, rename(weight => grams))] Send { grams: u32 }
);
at_a_time!(command_upcast_wrongly:
    #[event(name = "placed")] { order: String }
    #[event(name = "overdue")] { days: u32 }
    #[command(version = 2)] #[upcast(1 => 2, rename(kilos => grams))] Send { grams: u32 }
);
at_a_time!(command_upcast_otherwise:
    #[event(name = "placed")] { order: String }
    #[event(name = "overdue")] { days: u32 }
    #[command(version = 2)] #[upcast(1 => 2, change(weight: u32 => grams = weight * 1000))] Send { grams: u32 }
);
at_a_time!(command_extended:
    #[event(name = "placed")] { order: String }
    #[event(name = "overdue")] { days: u32 }
    Send { weight: u32, note: Option<String> }
);
at_a_time!(command_renamed:
    #[event(name = "placed")] { order: String }
    #[event(name = "overdue")] { days: u32 }
    Ship { weight: u32 }
);
at_a_time!(command_renamed_with_alias:
    #[event(name = "placed")] { order: String }
    #[event(name = "overdue")] { days: u32 }
    #[command(alias = "Send")] Ship { weight: u32 }
);
at_a_time!(deadline_changed:
    #[event(name = "placed")] { order: String }
    #[event(name = "overdue")] { hours: u32 }
    Send { weight: u32 }
);
at_a_time!(event_changed:
    #[event(name = "placed")] { order: String, by: String }
    #[event(name = "overdue")] { days: u32 }
    Send { weight: u32 }
);

fn told<P: ProcessManager>(lock: &mut Lock, mode: Mode) -> Vec<String> {
    lock.check_process::<P>(mode).iter().map(ToString::to_string).collect()
}

fn locked() -> Lock {
    let mut lock = Lock::default();
    assert_eq!(told::<released::Shipping>(&mut lock, Mode::Update), [""; 0]);
    lock
}

#[test]
fn what_is_not_locked_is_told() {
    let told = told::<released::Shipping>(&mut Lock::default(), Mode::Compare);
    assert_eq!(
        told,
        [
            "event `placed` version 1 is not locked yet; add it with `ES_LOCK=update cargo test`.",
            "deadline `overdue` version 1 is not locked yet; add it with `ES_LOCK=update cargo test`.",
            "command `Send` version 1 is not locked yet; add it with `ES_LOCK=update cargo test`.",
        ]
    );
}

#[test]
fn what_is_locked_is_accepted() {
    assert_eq!(told::<released::Shipping>(&mut locked(), Mode::Compare), [""; 0]);
}

#[test]
fn a_command_that_changed_without_a_version_is_told() {
    let told = told::<command_changed::Shipping>(&mut locked(), Mode::Compare);
    assert_eq!(
        told,
        [
            "command `Send` changed without a new version; payloads stored as version 1 no longer read as they did:\n        \
          - weight: u32\n        \
          + grams: u32\n    \
          Write:\n        \
          #[command(.., version = 2)]\n        \
          #[upcast(1 => 2, rename(weight => grams))]\n    \
          If version 1 was never released: `ES_LOCK=overwrite cargo test`."
        ]
    );
}

#[test]
fn a_deadline_and_an_event_that_changed_without_a_version_are_told() {
    let deadline = told::<deadline_changed::Shipping>(&mut locked(), Mode::Compare);
    assert!(deadline[0].starts_with("deadline `overdue` changed without a new version"), "{deadline:?}");
    let event = told::<event_changed::Shipping>(&mut locked(), Mode::Compare);
    assert!(event[0].starts_with("event `placed` changed without a new version"), "{event:?}");
    assert_eq!((deadline.len(), event.len()), (1, 1));
}

#[test]
fn an_update_does_not_overwrite_what_differs() {
    let mut lock = locked();
    assert_eq!(told::<command_changed::Shipping>(&mut lock, Mode::Update).len(), 1);
    assert_eq!(lock, locked());
    assert_eq!(told::<command_changed::Shipping>(&mut lock, Mode::Overwrite), [""; 0]);
    assert_eq!(told::<command_changed::Shipping>(&mut lock, Mode::Compare), [""; 0]);
}

#[test]
fn a_new_version_of_a_command_is_proved_against_the_one_that_was_stored() {
    let mut lock = locked();
    assert_eq!(told::<command_upcast::Shipping>(&mut lock, Mode::Update), [""; 0]);
    assert_eq!(told::<command_upcast::Shipping>(&mut lock, Mode::Compare), [""; 0]);
    let back = told::<released::Shipping>(&mut lock, Mode::Compare);
    assert_eq!(back[0], "command `Send` was locked as version 2, but its version is now 1; a version never goes back.");
    let wrongly = told::<command_upcast_wrongly::Shipping>(&mut locked(), Mode::Update);
    assert!(wrongly[0].starts_with("command `Send`: the upcasts describe version 1 differently"), "{wrongly:?}");
}

#[test]
fn an_upcast_that_reads_old_commands_differently_is_told() {
    let mut lock = locked();
    told::<command_upcast::Shipping>(&mut lock, Mode::Update);
    let told = told::<command_upcast_otherwise::Shipping>(&mut lock, Mode::Compare);
    assert!(
        told[0].starts_with("command `Send`: the recorded version 1 payload reads differently now:\n        was [{"),
        "{told:?}"
    );
}

#[test]
fn what_may_be_missing_is_accepted_with_an_update() {
    let mut lock = locked();
    let news = told::<command_extended::Shipping>(&mut lock, Mode::Compare);
    assert!(news[0].starts_with("command `Send` version 1 takes more than before"), "{news:?}");
    assert_eq!(told::<command_extended::Shipping>(&mut lock, Mode::Update), [""; 0]);
    assert_eq!(told::<command_extended::Shipping>(&mut lock, Mode::Compare), [""; 0]);
}

#[test]
fn a_command_that_left_the_list_is_told() {
    let mut lock = locked();
    let lost = told::<command_renamed::Shipping>(&mut lock, Mode::Update);
    assert!(
        lost[0].starts_with(
            "`Send` is in the lock among the commands to order, so processes may keep it, but `shipping` no longer \
             reads it.\n    Renamed?  Add `alias = \"Send\"`"
        ),
        "{lost:?}"
    );
    assert_eq!(told::<command_renamed_with_alias::Shipping>(&mut lock, Mode::Update), [""; 0]);
    assert_eq!(told::<command_renamed::Shipping>(&mut lock, Mode::Overwrite), [""; 0]);
    assert_eq!(told::<command_renamed::Shipping>(&mut lock, Mode::Compare), [""; 0]);
}

#[test]
fn a_real_command_takes_the_place_of_a_sample() {
    let mut lock = locked();
    let mut with = |mode, weight: u32| {
        let samples = [("Send", 1, json!({ "weight": weight }))];
        let problems = lock.check_process_with::<released::Shipping>(mode, samples);
        problems.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(with(Mode::Compare, 40)[0].contains("another sample than the test gives"));
    assert_eq!(with(Mode::Update, 40), [""; 0]);
    assert_eq!(with(Mode::Compare, 40), [""; 0]);
    assert!(with(Mode::Update, 41)[0].starts_with("command `Send` version 1: the lock has a real sample already"));
}

#[test]
fn the_lock_survives_its_file() {
    let lock = locked();
    let text = lock.to_text();
    assert_eq!(Lock::from_text(&text, "events.lock.json".as_ref()).unwrap(), lock);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["format"], 3);
    assert_eq!(
        value["processes"]["shipping"]["commands to order"]["Send"]["1"],
        json!({
            "shape": { "weight": "u32" },
            "sample": { "weight": 1 },
            "reads_as": [{ "command": "Send", "version": 1, "payload": { "weight": 1 } }],
        })
    );
}

#[test]
fn the_processes_of_this_file_are_locked() {
    assert_locked!(command_upcast::Shipping);
    assert_locked!(command_upcast::Shipping, samples = [("Send", 1, json!({ "weight": 700 }))]);
}

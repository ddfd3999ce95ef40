//! Events, commands and an aggregate of another crate than the one that uses them.

use es_derive_hygiene::modules::{House, HouseEvent, doors, windows};
use kernel::{Aggregate, Apply, Command, Decision, EventSet, Handle, HandledBy, events};

/// A command of this crate for an aggregate of this crate that is built from events of another.
#[derive(Debug, Clone, Command)]
#[command(aggregate = Wall, crate = ::kernel, emits = windows::Opened { width: state.width + command.more })]
struct Widen {
    more: u8,
}

#[derive(Debug, Default, Aggregate)]
#[aggregate(
    name = "wall", id = String, error = std::convert::Infallible, crate = ::kernel,
    events(Door = doors::Opened, Window = windows::Opened), commands(windows::Open, Widen, Pass),
)]
struct Wall {
    width: u8,
}

impl Apply<doors::Opened> for Wall {
    fn apply(&mut self, _: doors::Opened) {}
}

impl Apply<windows::Opened> for Wall {
    fn apply(&mut self, event: windows::Opened) {
        self.width = event.width;
    }
}

#[derive(Debug, Clone, Command)]
#[command(crate = ::kernel)]
struct Pass;

impl Handle<Pass> for Wall {
    fn handle(&self, Pass: Pass) -> Decision<Self> {
        Ok(events![doors::Opened])
    }
}

#[test]
fn events_and_commands_of_another_crate_work() {
    let mut wall = Wall::default();
    for command in [WallCommand::from(windows::Open { width: 3 }), Widen { more: 2 }.into(), Pass.into()] {
        let Ok(happened) = command.handled_by(&wall);
        happened.into_iter().for_each(|event| wall.apply_event(event));
    }
    assert_eq!((wall.width, WallEvent::EVENTS.len()), (5, 2));
}

#[test]
fn an_aggregate_of_another_crate_works() {
    let mut house = House::default();
    let Ok(happened) = windows::Open { width: 1 }.handled_by(&house);
    assert_eq!(happened.as_slice(), [HouseEvent::from(windows::Opened { width: 1 })]);
    happened.into_iter().for_each(|event| house.apply_event(event));
}

//! No prelude, and every name that generated code might lean on means something else.

#![no_implicit_prelude]
#![allow(dead_code, reason = "the names are here to be in the way")]
#![allow(non_snake_case, reason = "a macro of the standard library could be shadowed by a module")]

use ::encoding::{Deserialize, Serialize};
use ::kernel::{
    Aggregate, Apply, AsyncWriteTo, Command, Decision, Handle, Project, ProjectRow, Projection, RecordedEvent, WriteTo,
    events,
};
use ::std::prelude::rust_2024::derive;

mod core {}
mod std {}
mod alloc {}
mod serde {}
mod serde_json {}
mod es_core {}
struct Result;
struct Option;
struct Some;
struct None;
struct Ok;
struct Err;
struct Vec;
struct Box;
struct Json;
struct Codec;
struct Events;
struct EventSet;
struct DecodeError;
trait From {}
trait Into {}
trait Default {}
trait Clone {}
trait Debug {}
trait PartialEq {}
trait Send {}
trait Sync {}
trait Iterator {}
type String = ();
type Text = ();

/// An event called as the trait, with keywords for fields and two older versions.
#[derive(
    ::std::fmt::Debug,
    ::std::clone::Clone,
    ::std::cmp::PartialEq,
    ::std::cmp::Eq,
    Serialize,
    Deserialize,
    ::kernel::Event,
)]
#[serde(crate = "::encoding")]
#[event(name = "shadowed-happened", version = 6, crate = ::kernel)]
#[upcast(1 => 2, from = ::core::primitive::u8)]
#[upcast(2 => 3, rename(fn => for), as = Older)]
#[upcast(3 => 4, add(r#match = "yes", r#move))]
#[upcast(4 => 5, unchanged)]
#[upcast(5 => 6, change(for: u8 => r#type = r#for))]
pub struct Happened {
    /// A keyword.
    pub r#type: u8,
    /// Another one.
    pub r#match: ::std::string::String,
    /// A third one.
    pub r#move: ::std::option::Option<u8>,
}

impl ::std::convert::From<::core::primitive::u8> for Older {
    fn from(r#fn: ::core::primitive::u8) -> Self {
        Self { r#fn }
    }
}

/// A unit.
#[derive(
    ::std::fmt::Debug,
    ::std::clone::Clone,
    ::std::cmp::PartialEq,
    ::std::cmp::Eq,
    Serialize,
    Deserialize,
    ::kernel::Event,
)]
#[serde(crate = "::encoding")]
#[event(name = "shadowed-stopped", crate = ::kernel)]
pub struct Event;

/// A declared command whose fields are called as locals of generated code.
#[derive(::std::fmt::Debug, ::std::clone::Clone, Command)]
#[command(aggregate = State, crate = ::kernel, emits = Happened { r#match: ::std::convert::From::from("no"), r#move: ::std::option::Option::None, .. })]
#[require(command.r#type > state.least, Refused)]
pub struct Happen {
    /// A keyword.
    pub r#type: u8,
}

/// A command that is decided by hand.
#[derive(::std::fmt::Debug, ::std::clone::Clone, Command)]
#[command(crate = ::kernel)]
pub struct Wish;

/// Why not.
#[derive(::std::fmt::Debug, ::std::cmp::PartialEq, ::std::cmp::Eq)]
pub struct Refused;

impl ::std::fmt::Display for Refused {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        f.write_str("refused")
    }
}

impl ::std::error::Error for Refused {}

/// The aggregate.
#[derive(::std::fmt::Debug, ::std::default::Default, Serialize, Deserialize, Aggregate)]
#[serde(crate = "::encoding")]
#[aggregate(name = "shadowed", id = u8, error = Refused, events(Happened, Event), commands(Happen, Wish),
            snapshot(every = 2, fold = 3), crate = ::kernel)]
#[invariant(state.least < 200, "no more than that")]
pub struct State {
    least: u8,
}

impl Apply<Happened> for State {
    fn apply(&mut self, happened: Happened) {
        self.least = happened.r#type;
    }
}

impl Apply<Event> for State {
    fn apply(&mut self, _: Event) {}
}

impl Handle<Wish> for State {
    fn handle(&self, _: Wish) -> Decision<Self> {
        ::std::result::Result::Ok(events![Event])
    }
}

/// A read model.
#[derive(::std::fmt::Debug, ::std::default::Default, Projection)]
#[projection(name = "shadowed", events(Happened, Event), crate = ::kernel)]
pub struct Seen {
    count: u8,
}

impl Project<Happened> for Seen {
    fn project(&mut self, _: Happened, _: &RecordedEvent) {
        self.count += 1;
    }
}

impl Project<Event> for Seen {
    fn project(&mut self, _: Event, _: &RecordedEvent) {
        self.count += 1;
    }
}

/// A row, with a keyword for an index.
#[derive(::std::fmt::Debug, ::std::default::Default, Serialize, Deserialize, Projection)]
#[serde(crate = "::encoding")]
#[projection(
    name = "shadowed-rows", version = 2, key = ::core::primitive::u8,
    events(Happened(keys = [event.r#type, 1]), Event(delete)),
    index(type), delete_when = row.r#type == 7, crate = ::kernel,
)]
pub struct Row {
    r#type: u8,
}

impl ProjectRow<Happened> for Row {
    fn project(&mut self, _: &u8, happened: Happened, _: &RecordedEvent) {
        self.r#type = happened.r#type;
    }
}

/// A read model that is somewhere else.
#[derive(::std::fmt::Debug, Projection)]
#[projection(name = "shadowed-target", into = Target<'_>, error = Refused, events(Happened), crate = ::kernel)]
pub struct Writes;

/// What is written into.
#[derive(::std::fmt::Debug)]
pub struct Target<'t>(&'t u8);

impl WriteTo<Target<'_>, Happened> for Writes {
    fn write(&self, _: &Target<'_>, _: Happened, _: &RecordedEvent) -> ::std::result::Result<(), Refused> {
        ::std::result::Result::Err(Refused)
    }
}

/// A read model that is somewhere else, and waited for.
#[derive(::std::fmt::Debug, Projection)]
#[projection(
    name = "shadowed-async-target", into = async Target<'_>, error = Refused, events(Happened), crate = ::kernel,
)]
pub struct WritesLater;

impl AsyncWriteTo<Target<'_>, Happened> for WritesLater {
    async fn write(&self, _: &Target<'_>, _: Happened, _: &RecordedEvent) -> ::std::result::Result<(), Refused> {
        ::std::result::Result::Err(Refused)
    }
}

#[cfg(test)]
mod tests {
    use super::{Happen, Happened, Refused, State, StateEvent, Wish};
    use ::kernel::{Event as _, EventSet, HandledBy};
    use ::std::prelude::rust_2024::*;
    use ::std::{assert_eq, vec};

    #[test]
    fn everything_means_what_it_should() {
        let happened = Happened { r#type: 3, r#match: "no".into(), r#move: None };
        let done = Happen { r#type: 3 }.handled_by(&State::default()).unwrap();
        assert_eq!(done.as_slice(), vec![StateEvent::from(happened)]);
        assert_eq!(Happen { r#type: 0 }.handled_by(&State::default()).unwrap_err(), Refused);
        assert_eq!(Wish.handled_by(&State::default()).unwrap().as_slice(), vec![StateEvent::from(super::Event)]);
        assert_eq!(StateEvent::EVENTS[0].fields[0].name, "type");
        assert_eq!(Happened::MODEL.hops[2].changes, [r#"add(r#match = "yes", r#move)"#]);
    }
}

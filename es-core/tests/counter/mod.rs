//! The domain of these tests: a counter with one rule.
#![allow(dead_code, reason = "each test uses its part")]

use es_core::{
    Aggregate, Answer, Apply, Command, Decision, Event, Handle, Project, Projection, Query, RecordedEvent, events,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "counter-started")]
pub(crate) struct Started {
    pub(crate) limit: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "counter-increased", version = 2)]
#[upcast(1 => 2, rename(n => by))]
pub(crate) struct Increased {
    pub(crate) by: u32,
}

/// An event that no codec can write.
#[derive(Debug, Clone, PartialEq, Deserialize, Event)]
#[event(name = "counter-jammed")]
pub(crate) struct Jammed {}

impl Serialize for Jammed {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("jammed"))
    }
}

#[derive(Debug, Clone, Command)]
#[command(create, emits = Started)]
pub(crate) struct Start {
    pub(crate) limit: u32,
}

#[derive(Debug, Clone, Command)]
pub(crate) struct Increase {
    pub(crate) by: u32,
}

#[derive(Debug, Clone, Command)]
#[command(emits = Jammed)]
pub(crate) struct Jam {}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("{total} is beyond the limit")]
pub(crate) struct BeyondLimit {
    pub(crate) total: u32,
}

#[derive(Debug, Default, Clone, PartialEq, Aggregate)]
#[aggregate(
    name = "counter", id = String, error = BeyondLimit,
    events(Started, Increased, Jammed), commands(Start, Increase, Jam),
)]
pub(crate) struct Counter {
    pub(crate) limit: Option<u32>,
    pub(crate) total: u32,
}

impl Apply<Started> for Counter {
    fn apply(&mut self, event: Started) {
        self.limit = Some(event.limit);
    }
}

impl Apply<Increased> for Counter {
    fn apply(&mut self, event: Increased) {
        self.total += event.by;
    }
}

impl Apply<Jammed> for Counter {
    fn apply(&mut self, _: Jammed) {}
}

/// An increase by several is as many events; an increase by nothing is none.
impl Handle<Increase> for Counter {
    fn handle(&self, command: Increase) -> Decision<Self> {
        let total = self.total + command.by;
        if self.limit.is_some_and(|limit| total > limit) {
            return Err(BeyondLimit { total });
        }
        match command.by {
            0 => Ok(events![]),
            by => Ok((0..by).map(|_| Increased { by: 1 }.into()).collect()),
        }
    }
}

/// The sum over all counters.
#[derive(Debug, Default, Clone, PartialEq, Projection)]
#[projection(name = "grand-total", events(Increased))]
pub(crate) struct GrandTotal {
    pub(crate) sum: u32,
    pub(crate) positions: Vec<u64>,
}

impl Project<Increased> for GrandTotal {
    fn project(&mut self, event: Increased, recorded: &RecordedEvent) {
        self.sum += event.by;
        self.positions.push(recorded.position.get());
    }
}

pub(crate) struct GetGrandTotal;

impl Query for GetGrandTotal {
    type Answer = u32;
}

impl Answer<GetGrandTotal> for GrandTotal {
    fn answer(&self, _: GetGrandTotal) -> u32 {
        self.sum
    }
}

//! The domain of these tests: a tally, and the same aggregate as other programs know it.

use es_core::{Aggregate, Apply, Command, Event, EventData};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "tally-moved")]
pub(crate) struct Moved {
    pub(crate) by: i64,
}

#[derive(Debug, Clone, Command)]
#[command(aggregate = Tally, emits = Moved)]
#[require(state.total + command.by >= 0, BelowZero)]
pub(crate) struct Move {
    pub(crate) by: i64,
}

#[derive(Debug, Clone, Command)]
#[command(create, aggregate = Tally, emits = Moved { by: 1 })]
pub(crate) struct Begin {}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("a tally does not go below zero")]
pub(crate) struct BelowZero;

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Aggregate)]
#[aggregate(
    name = "tally", id = String, error = BelowZero,
    events(Moved), commands(Move, Begin), snapshot(every = 5),
)]
pub(crate) struct Tally {
    pub(crate) total: i64,
    pub(crate) moves: u64,
}

impl Apply<Moved> for Tally {
    fn apply(&mut self, event: Moved) {
        self.total += event.by;
        self.moves += 1;
    }
}

/// The same stored events, folded by other programs.
macro_rules! other_program {
    ($module:ident: $every:literal, $fold:literal, { $($field:ident: $ty:ty),* }, |$state:ident, $event:ident| $apply:expr) => {
        pub(crate) mod $module {
            use super::*;

            #[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Aggregate)]
            #[aggregate(
                name = "tally", id = String, error = BelowZero, events(Moved), commands(),
                snapshot(every = $every, fold = $fold),
            )]
            pub(crate) struct Tally {
                $(pub(crate) $field: $ty,)*
            }

            impl Apply<Moved> for Tally {
                fn apply(&mut self, $event: Moved) {
                    let $state = self;
                    $apply
                }
            }
        }
    };
}

other_program!(with_largest: 5, 1, { total: i64, moves: u64, largest: Option<i64> }, |state, event| {
    state.total += event.by;
    state.moves += 1;
    state.largest = state.largest.max(Some(event.by));
});

other_program!(with_renamed_field: 5, 1, { sum: i64, moves: u64 }, |state, event| {
    state.sum += event.by;
    state.moves += 1;
});

other_program!(doubled: 5, 2, { total: i64, moves: u64 }, |state, event| {
    state.total += 2 * event.by;
    state.moves += 1;
});

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, EventData)]
pub(crate) struct Told {
    total: i64,
}

other_program!(nested: 5, 1, { told: Told }, |state, event| state.told.total += event.by);

pub(crate) mod renested {
    use super::*;

    #[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, EventData)]
    pub(crate) struct Told {
        total: i64,
        moves: Option<u64>,
    }

    other_program!(program: 5, 1, { told: Told }, |state, event| state.told.total += event.by);
}

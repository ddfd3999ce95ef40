//! What must hold of an aggregate whatever happens, with the words in which the source says it.

use std::fmt;

use crate::model::InvariantModel;

/// A condition that holds after every event; declared by `#[invariant(..)]` beside `#[aggregate(..)]`.
///
/// The rules of the commands are there to keep it; `es_testkit::verify!` tests whether they do.
/// Nothing checks it in production, where an event that has happened cannot be refused any more.
///
/// ```
/// # use es_core::{Aggregate, Apply, Event};
/// # #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Event)]
/// # #[event(name = "money-withdrawn")]
/// # pub struct MoneyWithdrawn { pub amount: i64 }
/// #[derive(Debug, Default, Aggregate)]
/// #[aggregate(name = "account", id = String, error = std::convert::Infallible,
///             events(MoneyWithdrawn), commands())]
/// #[invariant(state.balance >= 0, "nobody overdraws")]
/// pub struct Account { balance: i64 }
/// # impl Apply<MoneyWithdrawn> for Account {
/// #     fn apply(&mut self, event: MoneyWithdrawn) { self.balance -= event.amount; }
/// # }
///
/// let [invariant] = Account::INVARIANTS else { panic!("there is one") };
/// assert!(invariant.holds(&Account { balance: 0 }));
/// assert!(!invariant.holds(&Account { balance: -1 }));
/// assert_eq!(invariant.to_string(), "`state.balance >= 0` (nobody overdraws)");
/// assert_eq!(Account::MODEL.invariants[0].condition, "state.balance >= 0");
/// ```
pub struct Invariant<A> {
    /// The words of the source.
    pub model: InvariantModel,
    condition: fn(&A) -> bool,
}

impl<A> Invariant<A> {
    /// The condition that `model` tells in words.
    pub const fn new(model: InvariantModel, condition: fn(&A) -> bool) -> Self {
        Self { model, condition }
    }

    /// Whether it holds of this state.
    pub fn holds(&self, state: &A) -> bool {
        (self.condition)(state)
    }
}

impl<A> fmt::Display for Invariant<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.model.condition)?;
        match self.model.meaning {
            Some(meaning) => write!(f, " ({meaning})"),
            None => Ok(()),
        }
    }
}

impl<A> fmt::Debug for Invariant<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Invariant").field(&self.model).finish()
    }
}

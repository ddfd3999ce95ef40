//! Every derive, for a user who depends on `es` and serde alone: no path may lead to `es_core`.
//!
//! That this crate compiles is most of the test.

use std::convert::Infallible;

use es::{
    Aggregate, Apply, Command, Decision, Event, EventData, EventSet, Handle, Project, Projection, RecordedEvent, events,
};
use serde::{Deserialize, Serialize};

/// What an account is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, EventData)]
pub struct Currency {
    /// Three letters.
    pub code: String,
}

/// An event with a past.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 3)]
#[upcast(1 => 2, rename(amt => amount))]
#[upcast(2 => 3, add(currency = Currency { code: "EUR".into() }))]
pub struct MoneyDeposited {
    /// How much.
    pub amount: u64,
    /// Of what.
    pub currency: Currency,
}

/// An event whose past is a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Event)]
#[event(name = "account-closed", version = 2)]
#[upcast(1 => 2, from = ClosedV1)]
pub struct AccountClosed {
    /// Why.
    pub reason: String,
}

/// What was stored before.
#[derive(Debug, Serialize, Deserialize, EventData)]
pub struct ClosedV1(u8);

impl From<ClosedV1> for AccountClosed {
    fn from(old: ClosedV1) -> Self {
        Self { reason: old.0.to_string() }
    }
}

/// A declared command.
#[derive(Debug, Clone, Command)]
#[command(emits = MoneyDeposited { amount, currency: Currency { code: "EUR".into() } })]
pub struct Deposit {
    /// How much.
    pub amount: u64,
}

/// A command that is decided by hand.
#[derive(Debug, Clone, Command)]
pub struct Close;

/// The aggregate.
#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "account", id = String, error = Infallible,
            events(MoneyDeposited, AccountClosed), commands(Deposit, Close))]
pub struct Account {
    /// What is in it.
    pub balance: u64,
}

impl Apply<MoneyDeposited> for Account {
    fn apply(&mut self, event: MoneyDeposited) {
        self.balance += event.amount;
    }
}

impl Apply<AccountClosed> for Account {
    fn apply(&mut self, _: AccountClosed) {
        self.balance = 0;
    }
}

impl Handle<Close> for Account {
    fn handle(&self, _: Close) -> Decision<Self> {
        Ok(events![AccountClosed { reason: "asked for".into() }])
    }
}

/// A set by hand.
#[derive(Debug, Clone, PartialEq, EventSet)]
pub enum Facts {
    /// In.
    In(MoneyDeposited),
    /// Over.
    Over(AccountClosed),
}

/// A read model.
#[derive(Debug, Default, Projection)]
#[projection(name = "closed", events(AccountClosed))]
pub struct Closed {
    /// How many.
    pub count: u32,
}

impl Project<AccountClosed> for Closed {
    fn project(&mut self, _: AccountClosed, _: &RecordedEvent) {
        self.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use es::{ProjectionRunner, Repository};

    /// The store in memory waits for nothing, so a loop is a runtime.
    fn done<T>(future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return value;
            }
        }
    }

    #[test]
    fn everything_works_with_this_one_dependency() {
        let store = done(es::connect("memory:")).unwrap();
        let accounts = Repository::<Account, _>::new(store.clone());
        done(accounts.execute("ada", Deposit { amount: 5 })).unwrap();
        assert_eq!(done(accounts.load("ada")).unwrap().state().balance, 5);
        done(accounts.execute("ada", Close)).unwrap();
        let closed = ProjectionRunner::new(store, Closed::default());
        done(closed.catch_up()).unwrap();
        assert_eq!(<Account as es::Aggregate>::MODEL.name, "account");
        assert_eq!(<Facts as es::EventSet>::EVENTS.len(), 2);
    }
}

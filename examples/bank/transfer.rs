//! A transfer between two accounts: a process that takes the money from one, brings it to the other, gives it back if that
//! refuses it, and has patience with whoever has too little.
//!
//! Each account is consistent by itself; that money is never lost between them is the work of this process, also where it
//! is interrupted.

use std::time::Duration;

use es_core::process::{Reaction, Rejected, Trigger};
use es_core::{Event, ProcessManager, React, RecordedEvent};
use serde::{Deserialize, Serialize};

use crate::account::{Account, Deposit, MoneyDeposited, MoneyWithdrawn, Withdraw};
use crate::order::{CompleteTransfer, FailTransfer, Order, TransferOrdered};

/// How long the process waits for money before it tries again.
pub const PATIENCE: Duration = Duration::from_secs(3600);

/// How often it asks the sender for the money.
pub const TRIES: u32 = 3;

/// The sender had too little, and has had time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "patience-ended")]
pub struct PatienceEnded {}

/// The transfer of an order.
///
/// What follows from an order is in the same conversation, so the events of the accounts are found by its correlation id.
#[derive(Debug, Default, Clone, PartialEq, ProcessManager)]
#[process(
    name = "transfer", id = String,
    events(
        TransferOrdered(start, key = recorded.stream.id().to_owned()),
        MoneyWithdrawn(continue_or_ignore, key = conversation(recorded)),
        MoneyDeposited(continue_or_ignore, key = conversation(recorded)),
    ),
    deadlines(PatienceEnded),
    commands(Account(Withdraw, Deposit), Order(CompleteTransfer, FailTransfer)),
)]
pub struct Transfer {
    from: String,
    to: String,
    amount: u64,
    tries: u32,
    returned_because: Option<String>,
}

fn conversation(recorded: &RecordedEvent) -> Option<String> {
    recorded.metadata.correlation_id().map(ToString::to_string)
}

impl Transfer {
    fn deposit(&self) -> Deposit {
        Deposit { amount: self.amount, currency: "EUR".into() }
    }

    fn failed(trigger: &Trigger, because: impl Into<String>) -> Reaction<Self> {
        Reaction::new().send::<Order>(trigger.process.id(), FailTransfer { because: because.into() }).end()
    }
}

impl React<TransferOrdered> for Transfer {
    fn apply(&mut self, event: &TransferOrdered, _: &Trigger) {
        let TransferOrdered { from, to, amount } = event.clone();
        *self = Self { from, to, amount, ..Self::default() };
    }

    fn react(&self, _: &TransferOrdered, _: &Trigger) -> Reaction<Self> {
        Reaction::new().send::<Account>(&self.from, Withdraw { amount: self.amount })
    }
}

impl React<Rejected<Withdraw>> for Transfer {
    fn apply(&mut self, _: &Rejected<Withdraw>, _: &Trigger) {
        self.tries += 1;
    }

    fn react(&self, rejected: &Rejected<Withdraw>, trigger: &Trigger) -> Reaction<Self> {
        if self.tries < TRIES {
            return Reaction::new().schedule(PatienceEnded {}, trigger.after(PATIENCE));
        }
        Self::failed(trigger, rejected.reason.clone())
    }
}

impl React<PatienceEnded> for Transfer {
    fn react(&self, _: &PatienceEnded, _: &Trigger) -> Reaction<Self> {
        Reaction::new().send::<Account>(&self.from, Withdraw { amount: self.amount })
    }
}

impl React<MoneyWithdrawn> for Transfer {
    fn react(&self, _: &MoneyWithdrawn, _: &Trigger) -> Reaction<Self> {
        Reaction::new().send::<Account>(&self.to, self.deposit())
    }
}

impl React<Rejected<Deposit>> for Transfer {
    fn apply(&mut self, rejected: &Rejected<Deposit>, _: &Trigger) {
        self.returned_because.get_or_insert_with(|| rejected.reason.clone());
    }

    fn react(&self, rejected: &Rejected<Deposit>, trigger: &Trigger) -> Reaction<Self> {
        if trigger.stream.id() == self.from {
            // Neither takes it: somebody has to look at it.
            return Self::failed(trigger, format!("the money could not be returned: {}", rejected.reason));
        }
        Reaction::new().send::<Account>(&self.from, self.deposit())
    }
}

impl React<MoneyDeposited> for Transfer {
    fn react(&self, _: &MoneyDeposited, trigger: &Trigger) -> Reaction<Self> {
        match &self.returned_because {
            Some(because) => Self::failed(trigger, because),
            None => Reaction::new().send::<Order>(trigger.process.id(), CompleteTransfer {}).end(),
        }
    }
}

impl React<Rejected<CompleteTransfer>> for Transfer {
    fn react(&self, _: &Rejected<CompleteTransfer>, _: &Trigger) -> Reaction<Self> {
        // Somebody has ended the order by hand; the money has moved all the same.
        Reaction::none()
    }
}

impl React<Rejected<FailTransfer>> for Transfer {
    fn react(&self, _: &Rejected<FailTransfer>, _: &Trigger) -> Reaction<Self> {
        Reaction::none()
    }
}

#[cfg(test)]
mod tests {
    use es_core::Metadata;
    use es_testkit::{Answered, assert_locked, given_process};

    use super::*;
    use crate::account::AccountError;

    fn ordered() -> Answered<Transfer> {
        given_process()
            .with_metadata(Metadata::new().with_correlation_id("rent"))
            .when("order-rent", TransferOrdered { from: "ada".into(), to: "bob".into(), amount: 40 })
    }

    fn deposit() -> Deposit {
        Deposit { amount: 40, currency: "EUR".into() }
    }

    fn deposited() -> MoneyDeposited {
        MoneyDeposited { amount: 40, currency: "EUR".into() }
    }

    #[test]
    fn what_a_transfer_keeps_is_locked() {
        assert_locked!(Transfer);
    }

    #[test]
    fn money_moves() {
        ordered()
            .then_sends::<Account>("ada", Withdraw { amount: 40 })
            .then_nothing_else()
            .when("account-ada", MoneyWithdrawn { amount: 40 })
            .then_sends::<Account>("bob", deposit())
            .then_nothing_else()
            .when("account-bob", deposited())
            .then_sends::<Order>("rent", CompleteTransfer {})
            .then_ends()
            .then_nothing_else();
    }

    #[test]
    fn refused_money_comes_back() {
        ordered()
            .when("account-ada", MoneyWithdrawn { amount: 40 })
            .when_rejected::<Account>("bob", deposit(), AccountError::NotOpen)
            .then_sends::<Account>("ada", deposit())
            .then_nothing_else()
            .when("account-ada", deposited())
            .then_sends::<Order>("rent", FailTransfer { because: "the account is not open".into() })
            .then_ends();
    }

    #[test]
    fn money_that_nobody_takes_is_not_forgotten() {
        ordered()
            .when("account-ada", MoneyWithdrawn { amount: 40 })
            .when_rejected::<Account>("bob", deposit(), AccountError::NotOpen)
            .when_rejected::<Account>("ada", deposit(), AccountError::NotOpen)
            .then_sends::<Order>(
                "rent",
                FailTransfer { because: "the money could not be returned: the account is not open".into() },
            )
            .then_ends();
    }

    #[test]
    fn what_is_not_there_is_waited_for_and_then_does_not_move() {
        let too_little = || AccountError::InsufficientFunds { balance: 10, amount: 40 };
        let mut asked = ordered();
        for _ in 1..TRIES {
            asked = asked
                .when_rejected::<Account>("ada", Withdraw { amount: 40 }, too_little())
                .then_schedules(PatienceEnded {}, PATIENCE)
                .then_nothing_else()
                .when_deadline(PatienceEnded {})
                .then_sends::<Account>("ada", Withdraw { amount: 40 })
                .then_nothing_else();
        }
        asked
            .when_rejected::<Account>("ada", Withdraw { amount: 40 }, too_little())
            .then_sends::<Order>("rent", FailTransfer { because: too_little().to_string() })
            .then_ends();
    }
}

//! Accounts, requests to move money between them, and the process that does it.

use std::time::Duration;

use es_core::process::{Rejected, Trigger};
use es_core::{Aggregate, Apply, Command, Decision, Event, Handle, ProcessManager, React, events, process};
use serde::{Deserialize, Serialize};

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-deposited")]
pub(crate) struct MoneyDeposited {
    pub amount: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-withdrawn")]
pub(crate) struct MoneyWithdrawn {
    pub amount: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-blocked")]
pub(crate) struct AccountBlocked {}

#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = Account, emits = MoneyDeposited)]
#[require(!state.is_blocked, AccountError::Blocked)]
pub(crate) struct Deposit {
    pub amount: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize, Command)]
pub(crate) struct Withdraw {
    pub amount: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(emits = AccountBlocked)]
pub(crate) struct Block {}

#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum AccountError {
    #[error("the account is blocked")]
    Blocked,
    #[error("balance {balance} does not cover {amount}")]
    InsufficientFunds { balance: u64, amount: u64 },
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Aggregate)]
#[aggregate(
    name = "account", id = String, error = AccountError,
    events(MoneyDeposited, MoneyWithdrawn, AccountBlocked), commands(Deposit, Withdraw, Block),
)]
pub(crate) struct Account {
    pub balance: u64,
    pub is_blocked: bool,
}

impl Apply<MoneyDeposited> for Account {
    fn apply(&mut self, event: MoneyDeposited) {
        self.balance += event.amount;
    }
}

impl Apply<MoneyWithdrawn> for Account {
    fn apply(&mut self, event: MoneyWithdrawn) {
        self.balance -= event.amount;
    }
}

impl Apply<AccountBlocked> for Account {
    fn apply(&mut self, _: AccountBlocked) {
        self.is_blocked = true;
    }
}

impl Handle<Withdraw> for Account {
    fn handle(&self, command: Withdraw) -> Decision<Self> {
        if self.balance < command.amount {
            return Err(AccountError::InsufficientFunds { balance: self.balance, amount: command.amount });
        }
        Ok(events![MoneyWithdrawn { amount: command.amount }])
    }
}

/// Version 1 called the amount `sum`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "transfer-requested", version = 2)]
#[upcast(1 => 2, rename(sum => amount))]
pub(crate) struct TransferRequested {
    pub from: String,
    pub to: String,
    pub amount: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "transfer-ended")]
pub(crate) struct TransferEnded {
    pub how: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(create, emits = TransferRequested)]
pub(crate) struct RequestTransfer {
    pub from: String,
    pub to: String,
    pub amount: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(emits = TransferEnded)]
pub(crate) struct EndTransfer {
    pub how: String,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Aggregate)]
#[aggregate(
    name = "request", id = String, error = std::convert::Infallible,
    events(TransferRequested, TransferEnded), commands(RequestTransfer, EndTransfer),
)]
pub(crate) struct Request {
    pub ended: Vec<String>,
}

impl Apply<TransferRequested> for Request {
    fn apply(&mut self, _: TransferRequested) {}
}

impl Apply<TransferEnded> for Request {
    fn apply(&mut self, event: TransferEnded) {
        self.ended.push(event.how);
    }
}

/// The sender has not paid in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "patience-lost")]
pub(crate) struct PatienceLost {
    pub for_whom: String,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, ProcessManager)]
#[process(
    name = "transfer", id = String,
    events(
        TransferRequested(start, key = recorded.stream.id().to_owned()),
        MoneyWithdrawn(continue_or_ignore, key = recorded.metadata.correlation_id().map(ToString::to_string)),
        MoneyDeposited(continue_or_ignore, key = recorded.metadata.correlation_id().map(ToString::to_string)),
        TransferEnded(continue_or_fail, end, key = recorded.stream.id().to_owned()),
    ),
    deadlines(PatienceLost),
    commands(Account(Withdraw, Deposit), Request(EndTransfer)),
)]
pub(crate) struct Transfer {
    pub from: String,
    pub to: String,
    pub amount: u64,
    pub request: String,
    pub is_returned: bool,
}

type Reaction = process::Reaction<Transfer>;

impl Transfer {
    fn ended(&self, how: &str) -> Reaction {
        Reaction::new().send::<Request>(&self.request, EndTransfer { how: how.into() })
    }
}

impl React<TransferRequested> for Transfer {
    fn apply(&mut self, event: &TransferRequested, trigger: &Trigger) {
        let TransferRequested { from, to, amount } = event.clone();
        *self = Self { from, to, amount, request: trigger.process.id().to_owned(), is_returned: false };
    }

    fn react(&self, _: &TransferRequested, trigger: &Trigger) -> Reaction {
        Reaction::new()
            .send::<Account>(&self.from, Withdraw { amount: self.amount })
            .schedule(PatienceLost { for_whom: self.from.clone() }, trigger.after(PATIENCE))
    }
}

impl React<MoneyWithdrawn> for Transfer {
    fn react(&self, _: &MoneyWithdrawn, _: &Trigger) -> Reaction {
        Reaction::new().cancel::<PatienceLost>().send::<Account>(&self.to, Deposit { amount: self.amount })
    }
}

impl React<MoneyDeposited> for Transfer {
    fn react(&self, _: &MoneyDeposited, _: &Trigger) -> Reaction {
        self.ended(if self.is_returned { "returned" } else { "completed" })
    }
}

impl React<TransferEnded> for Transfer {
    fn react(&self, _: &TransferEnded, _: &Trigger) -> Reaction {
        Reaction::none()
    }
}

impl React<PatienceLost> for Transfer {
    fn react(&self, deadline: &PatienceLost, _: &Trigger) -> Reaction {
        self.ended(&format!("no patience with {}", deadline.for_whom))
    }
}

impl React<Rejected<Withdraw>> for Transfer {
    fn react(&self, rejected: &Rejected<Withdraw>, _: &Trigger) -> Reaction {
        // Somebody may pay in, so there is patience.
        if rejected.reason.contains("balance 0 ") {
            Reaction::none()
        } else {
            self.ended(&rejected.reason).cancel_all()
        }
    }
}

impl React<Rejected<Deposit>> for Transfer {
    fn apply(&mut self, _: &Rejected<Deposit>, _: &Trigger) {
        self.is_returned = true;
    }

    fn react(&self, _: &Rejected<Deposit>, trigger: &Trigger) -> Reaction {
        if trigger.stream.id() == self.from {
            return self.ended("lost");
        }
        Reaction::new().send::<Account>(&self.from, Deposit { amount: self.amount })
    }
}

impl React<Rejected<EndTransfer>> for Transfer {
    fn react(&self, _: &Rejected<EndTransfer>, _: &Trigger) -> Reaction {
        Reaction::none()
    }
}

//! The domain of the scenarios: an account and its balances.

use std::collections::BTreeMap;

use es_core::{
    Aggregate, Answer, Apply, Command, Decision, Event, Handle, Project, Projection, Query, RecordedEvent, events,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
pub(crate) struct AccountOpened {
    pub(crate) owner: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 2)]
#[upcast(1 => 2, rename(amt => amount))]
pub(crate) struct MoneyDeposited {
    pub(crate) amount: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-withdrawn")]
pub(crate) struct MoneyWithdrawn {
    pub(crate) amount: u64,
}

#[derive(Debug, Default, Clone, PartialEq, Aggregate)]
#[aggregate(
    name = "account", id = String, error = AccountError,
    events(AccountOpened, MoneyDeposited, MoneyWithdrawn),
    commands(OpenAccount, Deposit, Withdraw, Replace),
)]
pub(crate) struct Account {
    pub(crate) owner: Option<String>,
    pub(crate) balance: u64,
}

#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum AccountError {
    #[error("an account needs an owner")]
    NoOwner,
    #[error("balance {balance} does not cover {amount}")]
    InsufficientFunds { balance: u64, amount: u64 },
}

impl Apply<AccountOpened> for Account {
    fn apply(&mut self, event: AccountOpened) {
        self.owner = Some(event.owner);
    }
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

/// Its second rule always holds, because what creates is decided on the initial state.
#[derive(Debug, Clone, Command)]
#[command(aggregate = Account, create, emits = AccountOpened)]
#[require(!command.owner.is_empty(), AccountError::NoOwner)]
#[require(state.balance == 0, AccountError::InsufficientFunds { balance: state.balance, amount: 0 })]
pub(crate) struct OpenAccount {
    pub(crate) owner: String,
}

/// Does nothing if the amount is 0.
#[derive(Debug, Clone, Command)]
pub(crate) struct Deposit {
    pub(crate) amount: u64,
}

impl Handle<Deposit> for Account {
    fn handle(&self, command: Deposit) -> Decision<Self> {
        Ok(if command.amount == 0 { events![] } else { events![MoneyDeposited { amount: command.amount }] })
    }
}

#[derive(Debug, Clone, Command)]
#[command(aggregate = Account, emits = MoneyWithdrawn)]
#[require(
    command.amount <= state.balance,
    AccountError::InsufficientFunds { balance: state.balance, amount: command.amount }
)]
pub(crate) struct Withdraw {
    pub(crate) amount: u64,
}

/// Empties the account and puts another amount in.
#[derive(Debug, Clone, Command)]
#[command(aggregate = Account)]
pub(crate) struct Replace {
    pub(crate) amount: u64,
}

impl Handle<Replace> for Account {
    fn handle(&self, command: Replace) -> Decision<Self> {
        Ok(events![MoneyWithdrawn { amount: self.balance }, MoneyDeposited { amount: command.amount }])
    }
}

pub(crate) fn opened() -> AccountEvent {
    AccountOpened { owner: "Ada".into() }.into()
}

pub(crate) fn deposited(amount: u64) -> AccountEvent {
    MoneyDeposited { amount }.into()
}

pub(crate) fn withdrawn(amount: u64) -> AccountEvent {
    MoneyWithdrawn { amount }.into()
}

#[derive(Debug, Default, PartialEq, Projection)]
#[projection(name = "balances", events(MoneyDeposited, MoneyWithdrawn))]
pub(crate) struct Balances {
    pub(crate) by_account: BTreeMap<String, u64>,
}

impl Project<MoneyDeposited> for Balances {
    fn project(&mut self, event: MoneyDeposited, recorded: &RecordedEvent) {
        *self.by_account.entry(recorded.stream.id().into()).or_default() += event.amount;
    }
}

impl Project<MoneyWithdrawn> for Balances {
    fn project(&mut self, event: MoneyWithdrawn, recorded: &RecordedEvent) {
        *self.by_account.entry(recorded.stream.id().into()).or_default() -= event.amount;
    }
}

pub(crate) struct GetBalance {
    pub(crate) account: &'static str,
}

impl Query for GetBalance {
    type Answer = Option<u64>;
}

impl Answer<GetBalance> for Balances {
    fn answer(&self, query: GetBalance) -> Option<u64> {
        self.by_account.get(query.account).copied()
    }
}

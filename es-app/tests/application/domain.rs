//! A small bank for the tests: accounts, transfers with patience, rows in two versions, and a query.

use std::time::Duration;

use es_core::process::{Reaction, Rejected, Trigger};
use es_core::{
    Aggregate, AnswerFrom, Apply, Command, Event, ProcessManager, Project, ProjectRow, Projection, Query, QueryError,
    React, RecordedEvent, Rows,
};
use serde::{Deserialize, Serialize};

pub(crate) const SOON: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
pub(crate) struct AccountOpened {
    pub(crate) owner: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-deposited")]
pub(crate) struct MoneyDeposited {
    pub(crate) amount: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(create, emits = AccountOpened)]
pub(crate) struct OpenAccount {
    pub(crate) owner: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(emits = MoneyDeposited)]
#[require(command.amount != 0, NoAmount)]
pub(crate) struct Deposit {
    pub(crate) amount: i64,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NoAmount;

impl std::fmt::Display for NoAmount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("there is no amount")
    }
}

impl std::error::Error for NoAmount {}

#[derive(Debug, Default, Clone, PartialEq, Aggregate)]
#[aggregate(
    name = "account", id = String, error = NoAmount,
    events(AccountOpened, MoneyDeposited), commands(OpenAccount, Deposit),
)]
pub(crate) struct Account {
    pub(crate) balance: i64,
}

impl Apply<AccountOpened> for Account {
    fn apply(&mut self, _: AccountOpened) {}
}

impl Apply<MoneyDeposited> for Account {
    fn apply(&mut self, event: MoneyDeposited) {
        self.balance += event.amount;
    }
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Projection)]
#[projection(name = "balances", key = String, events(AccountOpened, MoneyDeposited), delete_when = row.cents == 13)]
pub(crate) struct Balance {
    pub(crate) cents: i64,
}

impl ProjectRow<AccountOpened> for Balance {
    fn project(&mut self, _: &String, _: AccountOpened, _: &RecordedEvent) {}
}

impl ProjectRow<MoneyDeposited> for Balance {
    fn project(&mut self, _: &String, event: MoneyDeposited, _: &RecordedEvent) {
        self.cents += event.amount;
    }
}

/// The second version: how often, beside how much.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Projection)]
#[projection(name = "balances", version = 2, key = String, events(MoneyDeposited))]
pub(crate) struct BalanceWithCount {
    pub(crate) cents: i64,
    pub(crate) deposits: u32,
}

impl ProjectRow<MoneyDeposited> for BalanceWithCount {
    fn project(&mut self, _: &String, event: MoneyDeposited, _: &RecordedEvent) {
        self.cents += event.amount;
        self.deposits += 1;
    }
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Projection)]
#[projection(name = "owners", key = String, events(AccountOpened))]
pub(crate) struct Owner {
    pub(crate) owner: String,
}

impl ProjectRow<AccountOpened> for Owner {
    fn project(&mut self, _: &String, event: AccountOpened, _: &RecordedEvent) {
        self.owner = event.owner;
    }
}

#[derive(Debug, Default, Projection)]
#[projection(name = "total", events(MoneyDeposited))]
pub(crate) struct Total {
    pub(crate) cents: i64,
}

impl Project<MoneyDeposited> for Total {
    fn project(&mut self, event: MoneyDeposited, _: &RecordedEvent) {
        self.cents += event.amount;
    }
}

#[derive(Debug, Clone)]
pub(crate) struct GetBalance {
    pub(crate) account: String,
}

impl Query for GetBalance {
    type Answer = Option<i64>;
}

impl AnswerFrom<GetBalance> for Balance {
    async fn answer_from(rows: &Rows<'_, Self>, query: GetBalance) -> Result<Option<i64>, QueryError> {
        Ok(rows.get(&query.account).await?.map(|row| row.cents))
    }
}

/// A day after it was opened, an account gets its bonus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "bonus-due")]
pub(crate) struct BonusDue {}

pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);

#[derive(Debug, Default, ProcessManager)]
#[process(
    name = "bonus", id = String,
    events(AccountOpened(start, key = recorded.stream.id().to_owned())),
    deadlines(BonusDue),
    commands(Account(Deposit)),
)]
pub(crate) struct Bonus {}

impl React<AccountOpened> for Bonus {
    fn react(&self, _: &AccountOpened, trigger: &Trigger) -> Reaction<Self> {
        Reaction::new().schedule(BonusDue {}, trigger.after(DAY))
    }
}

impl React<BonusDue> for Bonus {
    fn react(&self, _: &BonusDue, trigger: &Trigger) -> Reaction<Self> {
        Reaction::new().send::<Account>(trigger.process.id(), Deposit { amount: 7 }).end()
    }
}

impl React<Rejected<Deposit>> for Bonus {
    fn react(&self, _: &Rejected<Deposit>, _: &Trigger) -> Reaction<Self> {
        Reaction::none()
    }
}

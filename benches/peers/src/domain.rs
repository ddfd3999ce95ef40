//! A bank account: four events, four commands, one fold. Everybody uses these structs, so everybody has the same fields.

use es_core::{
    Aggregate, Apply, Command, Decision, Event, EventData, Handle, Project, Projection, RecordedEvent, events,
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
pub struct AccountOpened {
    pub owner: String,
    pub iban: String,
    pub branch: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 3)]
#[upcast(1 => 2, rename(amt => amount))]
#[upcast(2 => 3, add(currency = "EUR"))]
pub struct MoneyDeposited {
    pub amount: u64,
    pub currency: String,
    pub reference: String,
    pub counterparty: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-withdrawn")]
pub struct MoneyWithdrawn {
    pub amount: u64,
    pub currency: String,
    pub reference: String,
    pub counterparty: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-closed")]
pub struct AccountClosed {
    pub reason: String,
    pub closed_by: String,
}

/// The first shape of a deposit, for those who upcast by hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MoneyDepositedV1 {
    pub amt: u64,
    pub reference: String,
    pub counterparty: String,
}

/// The second shape of a deposit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MoneyDepositedV2 {
    pub amount: u64,
    pub reference: String,
    pub counterparty: String,
}

impl From<MoneyDepositedV1> for MoneyDepositedV2 {
    fn from(old: MoneyDepositedV1) -> Self {
        Self { amount: old.amt, reference: old.reference, counterparty: old.counterparty }
    }
}

impl From<MoneyDepositedV2> for MoneyDeposited {
    fn from(old: MoneyDepositedV2) -> Self {
        let MoneyDepositedV2 { amount, reference, counterparty } = old;
        Self { amount, currency: "EUR".to_owned(), reference, counterparty }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    #[error("the amount must be positive")]
    NotPositive,
    #[error("the balance {balance} does not cover {amount}")]
    InsufficientFunds { balance: u64, amount: u64 },
    #[error("the account is not open")]
    NotOpen,
    #[error("the account is already open")]
    AlreadyOpen,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Command)]
#[command(create, emits = AccountOpened)]
pub struct OpenAccount {
    pub owner: String,
    pub iban: String,
    pub branch: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Command)]
#[command(emits = MoneyDeposited)]
#[require(command.amount > 0, AccountError::NotPositive)]
pub struct Deposit {
    pub amount: u64,
    pub currency: String,
    pub reference: String,
    pub counterparty: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Command)]
pub struct Withdraw {
    pub amount: u64,
    pub currency: String,
    pub reference: String,
    pub counterparty: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Command)]
#[command(emits = AccountClosed)]
pub struct CloseAccount {
    pub reason: String,
    pub closed_by: String,
}

#[derive(
    Debug, Default, Clone, PartialEq, Serialize, Deserialize, EventData, Aggregate, bitcode::Encode, bitcode::Decode,
)]
#[aggregate(
    name = "account", id = String, error = AccountError,
    events(AccountOpened, MoneyDeposited, MoneyWithdrawn, AccountClosed),
    commands(OpenAccount, Deposit, Withdraw, CloseAccount),
    snapshot(every = 200),
)]
pub struct Account {
    pub owner: String,
    pub balance: u64,
    pub last_reference: String,
    pub is_closed: bool,
}

impl Apply<AccountOpened> for Account {
    fn apply(&mut self, event: AccountOpened) {
        self.owner = event.owner;
    }
}

impl Apply<MoneyDeposited> for Account {
    fn apply(&mut self, event: MoneyDeposited) {
        self.balance += event.amount;
        self.last_reference = event.reference;
    }
}

impl Apply<MoneyWithdrawn> for Account {
    fn apply(&mut self, event: MoneyWithdrawn) {
        self.balance -= event.amount;
        self.last_reference = event.reference;
    }
}

impl Apply<AccountClosed> for Account {
    fn apply(&mut self, _: AccountClosed) {
        self.is_closed = true;
    }
}

/// The rule of a withdrawal, the same for everybody.
pub fn withdrawn(account: &Account, command: Withdraw) -> Result<MoneyWithdrawn, AccountError> {
    let Withdraw { amount, currency, reference, counterparty } = command;
    if amount == 0 {
        return Err(AccountError::NotPositive);
    }
    if account.balance < amount {
        return Err(AccountError::InsufficientFunds { balance: account.balance, amount });
    }
    Ok(MoneyWithdrawn { amount, currency, reference, counterparty })
}

/// The rule of a deposit, for those who do not derive it.
pub fn deposited(command: Deposit) -> Result<MoneyDeposited, AccountError> {
    let Deposit { amount, currency, reference, counterparty } = command;
    if amount == 0 {
        return Err(AccountError::NotPositive);
    }
    Ok(MoneyDeposited { amount, currency, reference, counterparty })
}

impl Handle<Withdraw> for Account {
    fn handle(&self, command: Withdraw) -> Decision<Self> {
        Ok(events![withdrawn(self, command)?])
    }
}

/// The balances of all accounts.
#[derive(Debug, Default, Projection)]
#[projection(name = "balances", events(MoneyDeposited, MoneyWithdrawn))]
pub struct Balances(pub HashMap<String, u64>);

impl Balances {
    pub fn add(&mut self, account: &str, amount: u64) {
        match self.0.get_mut(account) {
            Some(balance) => *balance += amount,
            None => {
                self.0.insert(account.to_owned(), amount);
            }
        }
    }

    pub fn subtract(&mut self, account: &str, amount: u64) {
        if let Some(balance) = self.0.get_mut(account) {
            *balance -= amount;
        }
    }

    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }
}

impl Project<MoneyDeposited> for Balances {
    fn project(&mut self, event: MoneyDeposited, recorded: &RecordedEvent) {
        self.add(recorded.stream.id(), event.amount);
    }
}

impl Project<MoneyWithdrawn> for Balances {
    fn project(&mut self, event: MoneyWithdrawn, recorded: &RecordedEvent) {
        self.subtract(recorded.stream.id(), event.amount);
    }
}

/// The events as one enum, the way most peers want them: serde writes `{"Deposited":{..}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Fact {
    Opened(AccountOpened),
    Deposited(MoneyDeposited),
    Withdrawn(MoneyWithdrawn),
    Closed(AccountClosed),
}

impl From<AccountEvent> for Fact {
    fn from(event: AccountEvent) -> Self {
        match event {
            AccountEvent::AccountOpened(event) => Self::Opened(event),
            AccountEvent::MoneyDeposited(event) => Self::Deposited(event),
            AccountEvent::MoneyWithdrawn(event) => Self::Withdrawn(event),
            AccountEvent::AccountClosed(event) => Self::Closed(event),
        }
    }
}

/// What a command of a peer can be.
#[derive(Debug, Clone)]
pub enum Order {
    Open(OpenAccount),
    Deposit(Deposit),
    Withdraw(Withdraw),
}

impl Account {
    pub fn take_in(&mut self, fact: Fact) {
        match fact {
            Fact::Opened(event) => self.apply(event),
            Fact::Deposited(event) => self.apply(event),
            Fact::Withdrawn(event) => self.apply(event),
            Fact::Closed(event) => self.apply(event),
        }
    }

    /// As [`take_in`](Self::take_in), for those who hand events out by reference.
    pub fn take_in_ref(&mut self, fact: &Fact) {
        match fact {
            Fact::Opened(event) => self.owner.clone_from(&event.owner),
            Fact::Deposited(event) => {
                self.balance += event.amount;
                self.last_reference.clone_from(&event.reference);
            }
            Fact::Withdrawn(event) => {
                self.balance -= event.amount;
                self.last_reference.clone_from(&event.reference);
            }
            Fact::Closed(_) => self.is_closed = true,
        }
    }

    pub fn decide(&self, order: Order) -> Result<Fact, AccountError> {
        match order {
            Order::Open(OpenAccount { owner, iban, branch }) => Ok(Fact::Opened(AccountOpened { owner, iban, branch })),
            Order::Deposit(command) => deposited(command).map(Fact::Deposited),
            Order::Withdraw(command) => withdrawn(self, command).map(Fact::Withdrawn),
        }
    }
}

impl Balances {
    pub fn take_in(&mut self, account: &str, fact: &Fact) {
        match fact {
            Fact::Deposited(event) => self.add(account, event.amount),
            Fact::Withdrawn(event) => self.subtract(account, event.amount),
            Fact::Opened(_) | Fact::Closed(_) => {}
        }
    }
}

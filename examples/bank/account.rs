//! The account: events, state and fold, commands and rules, on one page.

use es_core::{Aggregate, Apply, Command, Decision, Event, Handle, events};
use serde::{Deserialize, Serialize};

/// Somebody became a customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
pub struct AccountOpened {
    pub owner: String,
}

/// Money came in.
///
/// Version 1 was `{"amt": 100}`, version 2 `{"amount": 100}`; both were euros.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 3)]
#[upcast(1 => 2, rename(amt => amount))]
#[upcast(2 => 3, add(currency = "EUR"))]
pub struct MoneyDeposited {
    pub amount: u64,
    pub currency: String,
}

/// Money went out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-withdrawn")]
pub struct MoneyWithdrawn {
    pub amount: u64,
}

/// The customer left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-closed")]
pub struct AccountClosed {}

/// An account in euros.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Aggregate)]
#[aggregate(
    name = "account", id = String, error = AccountError,
    events(AccountOpened, MoneyDeposited, MoneyWithdrawn, AccountClosed),
    commands(OpenAccount, Deposit, Withdraw, CloseAccount),
    snapshot(every = 100),
)]
#[invariant(state.balance == 0 || state.is_open(), "money lies on open accounts only")]
#[invariant(!state.is_closed || state.owner.is_some(), "only what was opened is closed")]
pub struct Account {
    pub owner: Option<String>,
    pub balance: u64,
    pub is_closed: bool,
}

impl Account {
    fn is_open(&self) -> bool {
        self.owner.is_some() && !self.is_closed
    }
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

impl Apply<AccountClosed> for Account {
    fn apply(&mut self, _: AccountClosed) {
        self.is_closed = true;
    }
}

/// Opens an account; refused if it exists.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(create, emits = AccountOpened)]
#[require(!command.owner.trim().is_empty(), AccountError::NoOwner)]
pub struct OpenAccount {
    pub owner: String,
}

/// Puts money in.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = Account, emits = MoneyDeposited)]
#[require(state.is_open(), AccountError::NotOpen)]
#[require(command.amount > 0, AccountError::NotPositive)]
#[require(command.currency == "EUR", AccountError::OtherCurrency { code: command.currency.clone() })]
#[require(command.amount <= u64::MAX - state.balance, AccountError::TooMuch { balance: state.balance })]
pub struct Deposit {
    pub amount: u64,
    pub currency: String,
}

/// Takes money out; decided by hand below, after the rules.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = Account)]
#[require(state.is_open(), AccountError::NotOpen)]
#[require(command.amount > 0, AccountError::NotPositive)]
pub struct Withdraw {
    pub amount: u64,
}

/// Ends the account.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = Account, emits = AccountClosed)]
#[require(state.is_open(), AccountError::NotOpen)]
#[require(state.balance == 0, AccountError::NotEmpty { balance: state.balance })]
pub struct CloseAccount {}

impl Handle<Withdraw> for Account {
    fn handle(&self, command: Withdraw) -> Decision<Self> {
        if self.balance < command.amount {
            return Err(AccountError::InsufficientFunds { balance: self.balance, amount: command.amount });
        }
        Ok(events![MoneyWithdrawn { amount: command.amount }])
    }
}

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum AccountError {
    #[error("an account needs an owner")]
    NoOwner,
    #[error("the account is not open")]
    NotOpen,
    #[error("the amount must be positive")]
    NotPositive,
    #[error("accounts are in EUR, not in {code}")]
    OtherCurrency { code: String },
    #[error("the account cannot hold so much more than {balance}")]
    TooMuch { balance: u64 },
    #[error("balance {balance} does not cover {amount}")]
    InsufficientFunds { balance: u64, amount: u64 },
    #[error("there are still {balance} on the account")]
    NotEmpty { balance: u64 },
}

#[cfg(test)]
mod tests {
    use super::*;
    use es_testkit::{given, given_nothing, verify};

    verify!(Account);

    fn opened() -> AccountEvent {
        AccountOpened { owner: "Ada".into() }.into()
    }

    fn deposited(amount: u64) -> AccountEvent {
        MoneyDeposited { amount, currency: "EUR".into() }.into()
    }

    #[test]
    fn an_account_is_opened_once() {
        let open = OpenAccount { owner: "Ada".into() };
        given_nothing::<Account>().when(open.clone()).then([opened()]);
        given([opened()]).when(open).then_already_exists();
    }

    #[test]
    fn a_deposit_adds_up() {
        given([opened(), deposited(20)])
            .when(Deposit { amount: 30, currency: "EUR".into() })
            .then([deposited(30)])
            .then_state(Account { owner: Some("Ada".into()), balance: 50, is_closed: false });
    }

    #[test]
    fn nobody_overdraws() {
        given([opened(), deposited(20)])
            .when(Withdraw { amount: 30 })
            .then_error(AccountError::InsufficientFunds { balance: 20, amount: 30 });
    }

    #[test]
    fn a_balance_does_not_overflow() {
        given([opened(), deposited(u64::MAX - 1)])
            .when(Deposit { amount: 2, currency: "EUR".into() })
            .then_error(AccountError::TooMuch { balance: u64::MAX - 1 });
    }

    #[test]
    fn a_closed_account_takes_no_money() {
        given([opened(), AccountClosed {}.into()])
            .when(Deposit { amount: 30, currency: "EUR".into() })
            .then_error(AccountError::NotOpen);
    }

    #[test]
    fn only_an_empty_account_is_closed() {
        given([opened(), deposited(20)]).when(CloseAccount {}).then_error(AccountError::NotEmpty { balance: 20 });
        given([opened()]).when(CloseAccount {}).then([AccountClosed {}.into()]);
    }
}

//! A bank account, as one writes it with the derives.

use es_core::{Aggregate, Apply, Event};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Money {
    cents: i64,
    currency: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
pub(crate) struct AccountOpened {
    owner: String,
    branch: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 3)]
#[upcast(1 => 2, rename(amt => amount), add(currency = "EUR"))]
#[upcast(2 => 3, remove(amount: i64, currency: String), add(money = Money { cents: amount, currency }))]
pub(crate) struct MoneyDeposited {
    money: Money,
    reference: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-withdrawn", version = 2)]
#[upcast(1 => 2, from = MoneyWithdrawnV1)]
pub(crate) struct MoneyWithdrawn {
    money: Money,
    reference: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct MoneyWithdrawnV1 {
    amount: i64,
    currency: String,
    reference: String,
}

impl From<MoneyWithdrawnV1> for MoneyWithdrawn {
    fn from(old: MoneyWithdrawnV1) -> Self {
        Self { money: Money { cents: old.amount, currency: old.currency }, reference: old.reference }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "limit-set", version = 2)]
#[upcast(1 => 2, with = limit_with_currency)]
pub(crate) struct LimitSet {
    limit: Money,
    approved_by: String,
}

fn limit_with_currency(mut old: Value) -> Result<Value, &'static str> {
    let fields = old.as_object_mut().ok_or("no object")?;
    let cents = fields.remove("limit").ok_or("no limit")?;
    let currency = fields.remove("currency").ok_or("no currency")?;
    fields.insert("limit".to_owned(), json!({ "cents": cents, "currency": currency }));
    Ok(old)
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-closed", alias = "account-dissolved")]
pub(crate) struct AccountClosed {
    reason: String,
    by: String,
    fee_cents: i64,
}

#[derive(Debug, Default, Aggregate)]
#[aggregate(
    name = "account", id = String, error = std::convert::Infallible, commands(),
    events(AccountOpened, MoneyDeposited, MoneyWithdrawn, LimitSet, AccountClosed),
)]
pub(crate) struct Account {
    owner: String,
    branch: String,
    balance: i64,
    currency: String,
    last_deposit: String,
    last_withdrawal: String,
    limit: i64,
    closed: Option<(String, String)>,
}

impl Apply<AccountOpened> for Account {
    fn apply(&mut self, event: AccountOpened) {
        self.owner = event.owner;
        self.branch = event.branch;
        self.closed = None;
    }
}

impl Apply<MoneyDeposited> for Account {
    fn apply(&mut self, event: MoneyDeposited) {
        self.balance += event.money.cents;
        self.currency = event.money.currency;
        self.last_deposit = event.reference;
    }
}

impl Apply<MoneyWithdrawn> for Account {
    fn apply(&mut self, event: MoneyWithdrawn) {
        self.balance -= event.money.cents;
        self.last_withdrawal = event.reference;
    }
}

impl Apply<LimitSet> for Account {
    fn apply(&mut self, event: LimitSet) {
        self.limit = event.limit.cents;
    }
}

impl Apply<AccountClosed> for Account {
    fn apply(&mut self, event: AccountClosed) {
        self.balance -= event.fee_cents;
        self.closed = Some((event.reason, event.by));
    }
}

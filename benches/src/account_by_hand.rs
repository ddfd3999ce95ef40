//! The same bank account, as one writes it for speed and without a framework: one `match` on the stored name and
//! version, each payload decoded straight into its own struct, errors one pointer wide.

use es_core::RecordedEvent;
use serde::Deserialize;
use serde_json::from_slice;

#[derive(Debug, Deserialize)]
pub(crate) struct Money {
    cents: i64,
    currency: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AccountOpened {
    owner: String,
    branch: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct MoneyDeposited {
    money: Money,
    reference: String,
}

#[derive(Debug, Deserialize)]
struct MoneyDepositedV2 {
    amount: i64,
    currency: String,
    reference: String,
}

#[derive(Debug, Deserialize)]
struct MoneyDepositedV1 {
    amt: i64,
    reference: String,
}

impl From<MoneyDepositedV2> for MoneyDeposited {
    fn from(old: MoneyDepositedV2) -> Self {
        Self { money: Money { cents: old.amount, currency: old.currency }, reference: old.reference }
    }
}

impl From<MoneyDepositedV1> for MoneyDepositedV2 {
    fn from(old: MoneyDepositedV1) -> Self {
        Self { amount: old.amt, currency: "EUR".to_owned(), reference: old.reference }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct MoneyWithdrawn {
    money: Money,
    reference: String,
}

#[derive(Debug, Deserialize)]
struct MoneyWithdrawnV1 {
    amount: i64,
    currency: String,
    reference: String,
}

impl From<MoneyWithdrawnV1> for MoneyWithdrawn {
    fn from(old: MoneyWithdrawnV1) -> Self {
        Self { money: Money { cents: old.amount, currency: old.currency }, reference: old.reference }
    }
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "the account does not ask who approved the limit, but the payload holds it")]
pub(crate) struct LimitSet {
    limit: Money,
    approved_by: String,
}

#[derive(Debug, Deserialize)]
struct LimitSetV1 {
    limit: i64,
    currency: String,
    approved_by: String,
}

impl From<LimitSetV1> for LimitSet {
    fn from(old: LimitSetV1) -> Self {
        Self { limit: Money { cents: old.limit, currency: old.currency }, approved_by: old.approved_by }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct AccountClosed {
    reason: String,
    by: String,
    fee_cents: i64,
}

#[derive(Debug)]
pub(crate) enum AccountEvent {
    Opened(AccountOpened),
    Deposited(MoneyDeposited),
    Withdrawn(MoneyWithdrawn),
    LimitSet(LimitSet),
    Closed(AccountClosed),
}

#[derive(Debug)]
#[allow(dead_code, reason = "the cause is only for `Debug`")]
pub(crate) enum ReadError {
    Unknown,
    Payload(serde_json::Error),
}

impl From<serde_json::Error> for ReadError {
    fn from(cause: serde_json::Error) -> Self {
        Self::Payload(cause)
    }
}

impl AccountEvent {
    pub(crate) fn decode(event: &RecordedEvent) -> Result<Self, ReadError> {
        let payload = &event.payload[..];
        Ok(match (event.name.as_str(), event.schema_version) {
            ("account-opened", 1) => Self::Opened(from_slice(payload)?),
            ("money-deposited", 3) => Self::Deposited(from_slice(payload)?),
            ("money-deposited", 2) => Self::Deposited(from_slice::<MoneyDepositedV2>(payload)?.into()),
            ("money-deposited", 1) => {
                Self::Deposited(MoneyDepositedV2::from(from_slice::<MoneyDepositedV1>(payload)?).into())
            }
            ("money-withdrawn", 2) => Self::Withdrawn(from_slice(payload)?),
            ("money-withdrawn", 1) => Self::Withdrawn(from_slice::<MoneyWithdrawnV1>(payload)?.into()),
            ("limit-set", 2) => Self::LimitSet(from_slice(payload)?),
            ("limit-set", 1) => Self::LimitSet(from_slice::<LimitSetV1>(payload)?.into()),
            ("account-closed" | "account-dissolved", 1) => Self::Closed(from_slice(payload)?),
            _ => return Err(ReadError::Unknown),
        })
    }
}

#[derive(Debug, Default)]
#[allow(dead_code, reason = "read by `Debug`")]
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

impl Account {
    /// From the bytes to the fields, without the enum.
    pub(crate) fn replay(&mut self, event: &RecordedEvent) -> Result<(), ReadError> {
        let payload = &event.payload[..];
        match (event.name.as_str(), event.schema_version) {
            ("account-opened", 1) => self.opened(from_slice(payload)?),
            ("money-deposited", 3) => self.deposited(from_slice(payload)?),
            ("money-deposited", 2) => self.deposited(from_slice::<MoneyDepositedV2>(payload)?.into()),
            ("money-deposited", 1) => {
                self.deposited(MoneyDepositedV2::from(from_slice::<MoneyDepositedV1>(payload)?).into());
            }
            ("money-withdrawn", 2) => self.withdrawn(from_slice(payload)?),
            ("money-withdrawn", 1) => self.withdrawn(from_slice::<MoneyWithdrawnV1>(payload)?.into()),
            ("limit-set", 2) => self.limit_set(&from_slice(payload)?),
            ("limit-set", 1) => self.limit_set(&from_slice::<LimitSetV1>(payload)?.into()),
            ("account-closed" | "account-dissolved", 1) => self.closed(from_slice(payload)?),
            _ => return Err(ReadError::Unknown),
        }
        Ok(())
    }

    /// As `replay`, for a reader that goes from version 1 to the current one in one step.
    pub(crate) fn replay_v1_directly(&mut self, event: &RecordedEvent) -> Result<(), ReadError> {
        match (event.name.as_str(), event.schema_version) {
            ("account-opened", 1) => self.opened(from_slice(&event.payload)?),
            ("money-deposited", 1) => {
                let old: MoneyDepositedV1 = from_slice(&event.payload)?;
                let money = Money { cents: old.amt, currency: "EUR".to_owned() };
                self.deposited(MoneyDeposited { money, reference: old.reference });
            }
            _ => return Err(ReadError::Unknown),
        }
        Ok(())
    }

    pub(crate) fn apply(&mut self, event: AccountEvent) {
        match event {
            AccountEvent::Opened(event) => self.opened(event),
            AccountEvent::Deposited(event) => self.deposited(event),
            AccountEvent::Withdrawn(event) => self.withdrawn(event),
            AccountEvent::LimitSet(event) => self.limit_set(&event),
            AccountEvent::Closed(event) => self.closed(event),
        }
    }

    fn opened(&mut self, event: AccountOpened) {
        self.owner = event.owner;
        self.branch = event.branch;
        self.closed = None;
    }

    fn deposited(&mut self, event: MoneyDeposited) {
        self.balance += event.money.cents;
        self.currency = event.money.currency;
        self.last_deposit = event.reference;
    }

    fn withdrawn(&mut self, event: MoneyWithdrawn) {
        self.balance -= event.money.cents;
        self.last_withdrawal = event.reference;
    }

    fn limit_set(&mut self, event: &LimitSet) {
        self.limit = event.limit.cents;
    }

    fn closed(&mut self, event: AccountClosed) {
        self.balance -= event.fee_cents;
        self.closed = Some((event.reason, event.by));
    }
}

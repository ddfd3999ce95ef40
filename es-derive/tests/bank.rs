//! What the derives write for a small bank: enums, dispatch, decoding of every version, declared handlers, the model.

#![allow(missing_docs, reason = "the domain of a test")]

use es_core::{
    Aggregate, Apply, Codec, Command, Decision, DecodeReason, Event, EventId, EventName, EventSet, Handle, HandledBy,
    Json, Metadata, Position, RecordedEvent, StreamId, Timestamp, Version, events,
};
use serde::{Deserialize, Serialize};

/// An account was opened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
pub struct AccountOpened {
    /// Whose it is.
    pub owner: String,
}

/// Money came in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 3)]
#[upcast(1 => 2, rename(amt => amount))]
#[upcast(2 => 3, add(currency = "EUR", note))]
pub struct MoneyDeposited {
    pub amount: u64,
    pub currency: String,
    pub note: Option<String>,
}

/// Version 1 held the amount as text.
#[derive(Debug, Deserialize)]
pub struct WithdrawnV1 {
    amount: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-withdrawn", version = 2)]
#[upcast(1 => 2, from = WithdrawnV1)]
pub struct MoneyWithdrawn {
    pub amount: u64,
}

impl From<WithdrawnV1> for MoneyWithdrawn {
    fn from(old: WithdrawnV1) -> Self {
        Self { amount: old.amount.parse().unwrap_or(0) }
    }
}

#[derive(Debug, Clone, Command)]
#[command(create, emits = AccountOpened)]
pub struct OpenAccount {
    pub owner: String,
}

/// Puts money in.
#[derive(Debug, Clone, Command)]
#[command(emits = MoneyDeposited { note: None, .. })]
#[require(command.amount > 0, AccountError::NotPositive)]
#[require(command.currency.len() == 3, AccountError::NoCurrency { code: command.currency.clone() })]
pub struct Deposit {
    pub amount: u64,
    pub currency: String,
}

#[derive(Debug, Clone, Command)]
#[command(aggregate = Account, emits = MoneyWithdrawn { amount: state.balance })]
#[require(state.balance > 0, AccountError::Empty)]
pub struct WithdrawAll;

#[derive(Debug, Clone, Command)]
#[require(command.amount > 0, AccountError::NotPositive)]
pub struct Withdraw {
    pub amount: u64,
}

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum AccountError {
    #[error("the amount must be positive")]
    NotPositive,
    #[error("`{code}` is no currency")]
    NoCurrency { code: String },
    #[error("the account is empty")]
    Empty,
    #[error("balance {balance} does not cover {amount}")]
    InsufficientFunds { balance: u64, amount: u64 },
}

/// An account.
///
/// Holds money.
#[derive(Debug, Default, Clone, PartialEq, Aggregate)]
#[aggregate(
    name = "account", id = String, error = AccountError,
    events(AccountOpened, MoneyDeposited, MoneyWithdrawn),
    commands(OpenAccount, Deposit, Withdraw, WithdrawAll),
)]
pub struct Account {
    owner: Option<String>,
    balance: u64,
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

impl Handle<Withdraw> for Account {
    fn handle(&self, command: Withdraw) -> Decision<Self> {
        if self.balance < command.amount {
            return Err(AccountError::InsufficientFunds { balance: self.balance, amount: command.amount });
        }
        Ok(events![MoneyWithdrawn { amount: command.amount }])
    }
}

fn stored(name: &str, schema_version: u32, payload: &str) -> RecordedEvent {
    RecordedEvent {
        stream: StreamId::new("account", "ada").unwrap(),
        version: Version::new(7),
        position: Position::new(70),
        id: EventId::new(uuid::Uuid::from_u128(1)),
        name: EventName::new(name).unwrap(),
        schema_version,
        recorded_at: Timestamp::UNIX_EPOCH,
        metadata: Metadata::new(),
        payload: payload.as_bytes().to_vec().into(),
    }
}

fn read(name: &str, schema_version: u32, payload: &str) -> AccountEvent {
    let read = AccountEvent::decode(&Json, &stored(name, schema_version, payload)).unwrap();
    assert_eq!(read.len(), 1);
    read.into_iter().next().unwrap()
}

fn deposited(amount: u64, currency: &str) -> MoneyDeposited {
    MoneyDeposited { amount, currency: currency.to_owned(), note: None }
}

#[test]
fn every_version_reads_as_the_current_one() {
    assert_eq!(read("money-deposited", 1, r#"{"amt":5}"#), deposited(5, "EUR").into());
    assert_eq!(read("money-deposited", 2, r#"{"amount":5}"#), deposited(5, "EUR").into());
    let current = r#"{"amount":5,"currency":"USD","note":null}"#;
    assert_eq!(read("money-deposited", 3, current), deposited(5, "USD").into());
    assert_eq!(read("money-withdrawn", 1, r#"{"amount":"12"}"#), MoneyWithdrawn { amount: 12 }.into());
}

#[test]
fn replay_and_apply_agree() {
    let log = [
        stored("account-opened", 1, r#"{"owner":"Ada"}"#),
        stored("money-deposited", 1, r#"{"amt":5}"#),
        stored("money-withdrawn", 1, r#"{"amount":"2"}"#),
    ];
    let (mut replayed, mut applied) = (Account::default(), Account::default());
    for event in &log {
        replayed.replay(&Json, event).unwrap();
        for event in AccountEvent::decode(&Json, event).unwrap() {
            applied.apply_event(event);
        }
    }
    assert_eq!(replayed, Account { owner: Some("Ada".into()), balance: 3 });
    assert_eq!(applied, replayed);
}

#[test]
fn what_is_written_has_the_current_name_and_version() {
    let event: AccountEvent = deposited(5, "EUR").into();
    assert_eq!((event.name().as_str(), event.schema_version()), ("money-deposited", 3));
    assert_eq!(event.encode(&Json).unwrap(), Json.encode(&deposited(5, "EUR")).unwrap());
}

#[test]
fn what_cannot_be_read_is_named() {
    let error = |name, version, payload| AccountEvent::decode(&Json, &stored(name, version, payload)).unwrap_err();

    let unknown = error("money-lost", 1, "{}");
    assert!(matches!(unknown.reason(), DecodeReason::UnknownEvent) && unknown.is_unknown());
    assert_eq!(
        unknown.to_string(),
        "event 7 of stream `account-ada` cannot be read: no event is known by the stored name `money-lost`"
    );
    let future = error("money-deposited", 4, "{}");
    assert!(matches!(future.reason(), DecodeReason::FutureVersion { current: 3 }) && future.is_unknown());
    assert_eq!(
        future.to_string(),
        "event 7 of stream `account-ada` cannot be read: `money-deposited` was stored as version 4, \
         but this code knows versions up to 3"
    );
    let broken = error("money-deposited", 1, r#"{"amount":5}"#);
    assert!(matches!(broken.reason(), DecodeReason::Payload(_)) && !broken.is_unknown());
    let cause = std::error::Error::source(&broken).unwrap().to_string();
    assert!(cause.starts_with("missing field `amt`"), "{cause}");
    let not_an_object = error("money-deposited", 1, "3");
    let cause = std::error::Error::source(&not_an_object).unwrap().to_string();
    assert!(cause.contains("expected version 1 of `money-deposited`"), "{cause}");
    assert_eq!((broken.version(), broken.position(), broken.schema_version()), (Version::new(7), Position::new(70), 1));
}

#[test]
fn a_declared_command_carries_its_fields_over() {
    let opened = OpenAccount { owner: "Ada".into() }.handled_by(&Account::default()).unwrap();
    assert_eq!(opened.as_slice(), [AccountOpened { owner: "Ada".into() }.into()]);
    let done = Deposit { amount: 5, currency: "EUR".into() }.handled_by(&Account::default()).unwrap();
    assert_eq!(done.as_slice(), [deposited(5, "EUR").into()]);
}

#[test]
fn the_first_rule_that_does_not_hold_refuses_the_command() {
    let refused = |amount, currency: &str| {
        Deposit { amount, currency: currency.into() }.handled_by(&Account::default()).unwrap_err()
    };
    assert_eq!(refused(0, "euro"), AccountError::NotPositive);
    assert_eq!(refused(1, "euro"), AccountError::NoCurrency { code: "euro".into() });
}

#[test]
fn rules_and_values_see_the_state_of_a_named_aggregate() {
    let rich = Account { owner: None, balance: 9 };
    assert_eq!(WithdrawAll.handled_by(&rich).unwrap().as_slice(), [MoneyWithdrawn { amount: 9 }.into()]);
    assert_eq!(WithdrawAll.handled_by(&Account::default()).unwrap_err(), AccountError::Empty);
}

#[test]
fn rules_come_before_a_hand_written_handler() {
    let account = Account { owner: None, balance: 9 };
    assert_eq!(Withdraw { amount: 0 }.handled_by(&account).unwrap_err(), AccountError::NotPositive);
    assert_eq!(
        Withdraw { amount: 10 }.handled_by(&account).unwrap_err(),
        AccountError::InsufficientFunds { balance: 9, amount: 10 }
    );
}

#[test]
fn the_command_enum_dispatches() {
    let open: AccountCommand = OpenAccount { owner: "Ada".into() }.into();
    let withdraw: AccountCommand = Withdraw { amount: 10 }.into();
    assert!(open.creates() && !withdraw.creates());
    assert!(withdraw.handled_by(&Account::default()).is_err());
    assert_eq!(open.handled_by(&Account::default()).unwrap().len(), 1);
}

#[test]
fn the_model_tells_what_was_declared() {
    const MODEL: es_core::model::AggregateModel = Account::MODEL;
    assert_eq!((MODEL.name, MODEL.type_name, MODEL.doc), ("account", "Account", "An account.\n\nHolds money."));
    let deposited = MODEL.events[1];
    assert_eq!((deposited.name, deposited.type_name, deposited.version), ("money-deposited", "MoneyDeposited", 3));
    assert_eq!(deposited.doc, "Money came in.");
    assert_eq!(deposited.hops[0].changes, ["rename(amt => amount)"]);
    assert_eq!(deposited.hops[1].changes, [r#"add(currency = "EUR", note)"#]);
    assert_eq!(MODEL.events[0].fields[0].doc, "Whose it is.");
    assert_eq!((deposited.fields[2].name, deposited.fields[2].ty), ("note", "Option<String>"));
    let [open, deposit, withdraw, _] = MODEL.commands else { panic!("{:?}", MODEL.commands) };
    assert!(open.creates && !deposit.creates);
    assert_eq!(
        (deposit.type_name, deposit.doc, deposit.emits),
        ("Deposit", "Puts money in.", &["money-deposited"][..])
    );
    assert_eq!(deposit.rules[0].condition, "command.amount > 0");
    assert_eq!(deposit.rules[1].error, "AccountError::NoCurrency { code: command.currency.clone() }");
    assert_eq!((withdraw.rules.len(), withdraw.emits.len()), (1, 0));
}

//! Every way in which an event can change, and a stream that mixes all of its past.

#![allow(missing_docs, reason = "the domain of a test")]
#![allow(clippy::needless_pass_by_value, reason = "hops take what was stored by value")]

use std::num::ParseIntError;

use es_core::{
    Aggregate, Apply, DecodeError, DecodeReason, Event, EventId, EventName, EventSet, Events, Json, Metadata, Position,
    Project, Projected, Projection, RecordedEvent, SplitInto, StreamId, Timestamp, Version, events,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Money {
    pub cents: i64,
    pub currency: String,
}

/// Every operation by field: 1 `{"amt","by"}` as text, 2 renamed, 3 with a currency, 4 with a nested type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 6)]
#[upcast(1 => 2, rename(amt => amount), remove(by))]
#[upcast(2 => 3, change(amount: String => amount.trim().parse()?), add(currency = "EUR"))]
#[upcast(3 => 4, remove(amount: i64, currency: String), add(money = Money { cents: amount * 100, currency }))]
#[upcast(4 => 5, add(tags, actor = recorded.metadata.actor().unwrap_or("nobody").to_owned()))]
#[upcast(5 => 6, change(note: Option<String> => note.unwrap_or_default()))]
pub struct Deposited {
    pub money: Money,
    pub tags: Vec<String>,
    pub actor: String,
    pub note: String,
}

#[derive(Debug, Deserialize)]
pub struct WithdrawnV1 {
    amount: String,
}

#[derive(Debug, Deserialize)]
pub struct WithdrawnV2 {
    amount: i64,
}

impl TryFrom<WithdrawnV1> for WithdrawnV2 {
    type Error = ParseIntError;

    fn try_from(old: WithdrawnV1) -> Result<Self, ParseIntError> {
        Ok(Self { amount: old.amount.parse()? })
    }
}

/// Typed hops, and a name that it had before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-withdrawn", version = 3, alias = "money-taken", alias = "money-removed")]
#[upcast(1 => 2, try_from = WithdrawnV1)]
#[upcast(2 => 3, from = WithdrawnV2, with = dated)]
pub struct Withdrawn {
    pub amount: i64,
    pub at: i64,
}

fn dated(old: WithdrawnV2, recorded: &RecordedEvent) -> Withdrawn {
    Withdrawn { amount: old.amount, at: recorded.recorded_at.as_micros() }
}

/// A hop on JSON below one by field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "limit-set", version = 4)]
#[upcast(1 => 2, with = unwrapped)]
#[upcast(2 => 3, with = halved)]
#[upcast(3 => 4, add(reason = "unknown"))]
pub struct LimitSet {
    pub limit: i64,
    pub reason: String,
}

fn unwrapped(mut old: Value) -> Result<Value, String> {
    Ok(old.get_mut("data").ok_or("no data")?.take())
}

fn halved(mut old: Value, recorded: &RecordedEvent) -> Result<Value, std::fmt::Error> {
    assert_eq!(recorded.name, "limit-set");
    old["limit"] = json!(old["limit"].as_i64().ok_or(std::fmt::Error)? / 2);
    Ok(old)
}

/// Versions 1 and 2 never reached production.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-closed", version = 4, oldest = 3)]
#[upcast(3 => 4, add(reason = "unknown"))]
pub struct Closed {
    pub reason: String,
}

/// Is read as two events; its own past included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "paid-with-fee", version = 2, alias = "paid")]
#[upcast(1 => 2, add(fee = 1))]
pub struct PaidWithFee {
    pub amount: i64,
    pub fee: i64,
}

impl SplitInto<AccountEvent> for PaidWithFee {
    fn split(self) -> Events<AccountEvent> {
        let part = |amount| Withdrawn { amount, at: 0 };
        if self.fee == 0 { events![part(self.amount)] } else { events![part(self.amount), part(self.fee)] }
    }
}

/// A field with another name and another type, a version that only means something else, and a typed hop at the bottom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "interest-paid", version = 5)]
#[upcast(1 => 2, try_from = InterestV1)]
#[upcast(2 => 3, change(#[serde(rename = "Cents")] cents: String => amount = cents.parse()?), as = InterestV2)]
#[upcast(3 => 4, unchanged)]
#[upcast(4 => 5, remove(rate: String), add(percent = rate.len(), rates = vec![rate]))]
pub struct InterestPaid {
    pub rates: Vec<String>,
    pub amount: i64,
    pub percent: usize,
}

#[derive(Deserialize)]
struct InterestV1(i64, String);

impl TryFrom<InterestV1> for InterestV2 {
    type Error = String;

    fn try_from(InterestV1(cents, rate): InterestV1) -> Result<Self, String> {
        if rate.is_empty() { Err("no rate".to_owned()) } else { Ok(Self { cents: cents.to_string(), rate }) }
    }
}

/// A tuple struct has no fields to speak of, but its meaning can change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "rate-set", version = 3)]
#[upcast(1 => 2, from = i64, with = RateSet)]
#[upcast(2 => 3, unchanged)]
pub struct RateSet(i64);

#[derive(Debug, Default, Clone, PartialEq, Aggregate)]
#[aggregate(
    name = "account", id = String, error = std::convert::Infallible, commands(),
    events(Deposited, Withdrawn, LimitSet, Closed, InterestPaid, RateSet), split(PaidWithFee), retired("statement-printed"),
)]
pub struct Account {
    seen: Vec<String>,
}

macro_rules! seen {
    ($($event:ty),+) => {$(
        impl Apply<$event> for Account {
            fn apply(&mut self, event: $event) {
                self.seen.push(format!("{event:?}"));
            }
        }
    )+};
}
seen!(Deposited, Withdrawn, LimitSet, Closed, InterestPaid, RateSet);

#[derive(Debug, Default, Projection)]
#[projection(name = "withdrawals", events(Withdrawn), split(PaidWithFee = AccountEvent(Withdrawn)))]
pub struct Withdrawals {
    total: i64,
}

impl Project<Withdrawn> for Withdrawals {
    fn project(&mut self, event: Withdrawn, _: &RecordedEvent) {
        self.total += event.amount;
    }
}

fn stored(name: &str, schema_version: u32, payload: &Value) -> RecordedEvent {
    RecordedEvent {
        stream: StreamId::new("account", "ada").unwrap(),
        version: Version::new(1),
        position: Position::new(1),
        id: EventId::new(uuid::Uuid::from_u128(1)),
        name: EventName::new(name).unwrap(),
        schema_version,
        recorded_at: Timestamp::from_micros(77),
        metadata: Metadata::new().with_actor("ada"),
        payload: payload.to_string().into(),
    }
}

fn read(name: &str, schema_version: u32, payload: &Value) -> Result<Events<AccountEvent>, DecodeError> {
    AccountEvent::decode(&Json, &stored(name, schema_version, payload))
}

fn deposited(cents: i64, currency: &str, actor: &str, note: &str) -> AccountEvent {
    let money = Money { cents, currency: currency.to_owned() };
    Deposited { money, tags: Vec::new(), actor: actor.to_owned(), note: note.to_owned() }.into()
}

fn withdrawn(amount: i64, at: i64) -> AccountEvent {
    Withdrawn { amount, at }.into()
}

/// Name, version, payload, and what it reads as today.
fn history() -> Vec<(&'static str, u32, Value, Vec<AccountEvent>)> {
    let money = json!({"cents": 5, "currency": "USD"});
    let limit = |limit, reason: &str| vec![LimitSet { limit, reason: reason.to_owned() }.into()];
    let closed = |reason: &str| vec![Closed { reason: reason.to_owned() }.into()];
    let interest = |amount| {
        let event = InterestPaid { rates: vec!["2 %".to_owned()], amount, percent: 3 };
        vec![event.into()]
    };
    vec![
        ("interest-paid", 1, json!([7, "2 %"]), interest(7)),
        ("interest-paid", 2, json!({"Cents": "8", "rate": "2 %"}), interest(8)),
        ("interest-paid", 3, json!({"amount": 9, "rate": "2 %"}), interest(9)),
        ("interest-paid", 4, json!({"amount": 10, "rate": "2 %"}), interest(10)),
        ("interest-paid", 5, json!({"amount": 11, "rates": ["2 %"], "percent": 3}), interest(11)),
        ("rate-set", 1, json!(1), vec![RateSet(1).into()]),
        ("rate-set", 2, json!(2), vec![RateSet(2).into()]),
        ("rate-set", 3, json!(3), vec![RateSet(3).into()]),
        ("money-deposited", 1, json!({"amt": " 7", "by": [1], "note": null}), vec![deposited(700, "EUR", "ada", "")]),
        ("money-deposited", 1, json!({"amt": "7", "note": "x"}), vec![deposited(700, "EUR", "ada", "x")]),
        ("money-deposited", 2, json!({"amount": "8", "note": "x"}), vec![deposited(800, "EUR", "ada", "x")]),
        ("money-deposited", 3, json!({"amount": 9, "currency": "CHF"}), vec![deposited(900, "CHF", "ada", "")]),
        ("money-deposited", 4, json!({"money": money, "note": "x"}), vec![deposited(5, "USD", "ada", "x")]),
        (
            "money-deposited",
            5,
            json!({"money": money, "tags": [], "actor": "bob"}),
            vec![deposited(5, "USD", "bob", "")],
        ),
        (
            "money-deposited",
            6,
            json!({"money": money, "tags": [], "actor": "bob", "note": "x"}),
            vec![deposited(5, "USD", "bob", "x")],
        ),
        ("money-withdrawn", 1, json!({"amount": "12"}), vec![withdrawn(12, 77)]),
        ("money-taken", 2, json!({"amount": 12}), vec![withdrawn(12, 77)]),
        ("money-removed", 3, json!({"amount": 12, "at": 5}), vec![withdrawn(12, 5)]),
        ("limit-set", 1, json!({"data": {"limit": 10}}), limit(5, "unknown")),
        ("limit-set", 2, json!({"limit": 10}), limit(5, "unknown")),
        ("limit-set", 3, json!({"limit": 10}), limit(10, "unknown")),
        ("limit-set", 4, json!({"limit": 10, "reason": "x"}), limit(10, "x")),
        ("account-closed", 3, json!({}), closed("unknown")),
        ("account-closed", 4, json!({"reason": "x"}), closed("x")),
        ("paid-with-fee", 1, json!({"amount": 20}), vec![withdrawn(20, 0), withdrawn(1, 0)]),
        ("paid", 2, json!({"amount": 20, "fee": 0}), vec![withdrawn(20, 0)]),
        ("statement-printed", 9, json!("anything"), vec![]),
    ]
}

#[test]
fn every_stored_shape_reads_as_the_events_of_today() {
    for (name, version, payload, expected) in history() {
        let read = read(name, version, &payload).unwrap_or_else(|error| panic!("{error}: {:?}", error.reason()));
        assert_eq!(read.as_slice(), expected, "{name} version {version}");
    }
}

#[test]
fn replay_sees_what_decode_sees() {
    let (mut replayed, mut expected) = (Account::default(), Account::default());
    for (name, version, payload, events) in history() {
        replayed.replay(&Json, &stored(name, version, &payload)).unwrap();
        for event in events {
            expected.apply_event(event);
        }
    }
    assert_eq!(replayed, expected);
}

#[test]
fn a_projection_sees_what_decode_sees() {
    let mut withdrawals = Withdrawals::default();
    let mut applied = 0;
    for (name, version, payload, _) in history() {
        let projected = withdrawals.project_event(&Json, &stored(name, version, &payload)).unwrap();
        applied += u32::from(projected == Projected::Applied);
    }
    assert_eq!((withdrawals.total, applied), (3 * 12 + 21 + 20, 5));
}

#[test]
fn what_is_written_is_of_today() {
    for (_, _, _, events) in history() {
        for event in events {
            let model = AccountEvent::EVENTS.iter().find(|model| event.name() == model.name).unwrap();
            assert_eq!(event.schema_version(), model.version);
        }
    }
}

#[test]
fn a_hop_that_fails_says_so_and_why() {
    let failed = |name, version, payload| {
        let error = read(name, version, &payload).unwrap_err();
        let DecodeReason::Upcast(cause) = error.reason() else { panic!("{:?}", error.reason()) };
        (error.to_string(), cause.to_string())
    };
    let place = "event 1 of stream `account-ada` cannot be read: ";
    let (error, cause) = failed("money-deposited", 2, json!({"amount": "many", "note": null}));
    assert_eq!(error, format!("{place}the upcast of `money-deposited` from version 2 failed"));
    assert_eq!(cause, "invalid digit found in string");
    assert_eq!(failed("money-withdrawn", 1, json!({"amount": "x"})).1, "invalid digit found in string");
    assert_eq!(failed("limit-set", 1, json!({})).1, "no data");
    assert_eq!(failed("limit-set", 2, json!({"limit": "x"})).1, std::fmt::Error.to_string());
}

#[test]
fn versions_that_are_not_read_are_named() {
    for version in [0, 1, 2] {
        let error = read("account-closed", version, &json!({})).unwrap_err();
        assert!(matches!(error.reason(), DecodeReason::UnsupportedVersion { oldest: 3 }), "{error}");
        assert!(!error.is_unknown());
    }
    let error = read("account-closed", 2, &json!({})).unwrap_err();
    assert!(error.to_string().ends_with("was stored as version 2, but this code reads versions from 3 on"), "{error}");
    assert!(matches!(read("paid", 3, &json!({})).unwrap_err().reason(), DecodeReason::FutureVersion { current: 2 }));
}

#[test]
fn the_model_knows_the_past() {
    let model = Account::MODEL;
    assert_eq!(model.events[1].aliases, ["money-taken", "money-removed"]);
    assert_eq!((model.events[3].oldest, model.events[3].hops[0].from), (3, 3));
    assert_eq!((model.split[0].name, model.split[0].aliases), ("paid-with-fee", &["paid"][..]));
    assert_eq!(model.retired, ["statement-printed"]);
    assert_eq!(model.events[0].hops[2].changes[0], "remove(amount: i64, currency: String)");
    assert_eq!(Withdrawals::MODEL.split[0].name, "paid-with-fee");
    let changes: Vec<_> = InterestPaid::MODEL.hops.iter().map(|hop| hop.changes).collect();
    assert_eq!(
        changes[1..3],
        [&["change(#[serde(rename = \"Cents\")] cents: String => amount = cents.parse()?)"][..], &["unchanged"]]
    );
    let shapes: Vec<_> = (1..=5).filter_map(InterestPaid::shape).map(|shape| shape.to_string()).collect();
    assert_eq!(
        shapes,
        [
            "`InterestV1`",
            "{Cents: string, rate: string}",
            "{amount: i64, rate: string}",
            "{amount: i64, rate: string}",
            "{rates: [string], amount: i64, percent: usize}",
        ]
    );
    let shapes: Vec<_> = (1..=3).filter_map(RateSet::shape).map(|shape| shape.to_string()).collect();
    assert_eq!(shapes, ["i64", "i64", "i64"]);
}

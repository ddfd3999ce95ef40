//! What is written is read back, in every version, and tells the same JSON as the codec `Json`.

use std::collections::BTreeMap;

use es_compact::{Compact, CompactError, NotCompact, to_json};
use es_core::shape::Shape;
use es_core::{
    Aggregate, Apply, Codec, Command, DecodeReason, Event, EventData, EventId, EventName, EventSet, ExpectedVersion,
    Json, LoadError, Metadata, NewEvent, Position, Project, Projection, ProjectionRunner, RecordedEvent, Repository,
    StreamId, Timestamp, store::EventStore,
};
use es_memory_store::MemoryStore;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventData)]
#[serde(rename_all = "camelCase")]
enum Channel {
    Branch,
    Card { last_digits: String, limit: Option<u32> },
    Transfer(String, i16),
    App(Box<Device>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventData)]
struct Device {
    name: String,
    parent: Option<Box<Device>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventData)]
#[serde(tag = "kind", content = "of")]
enum Rate {
    Fixed(f64),
    Floating(f32),
}

/// One field of each kind that serde knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "everything-happened")]
struct EverythingHappened {
    yes: bool,
    small: u8,
    large: u64,
    huge: u128,
    negative: i64,
    lowest: i128,
    #[serde(rename = "ratio")]
    part: f32,
    letter: char,
    text: String,
    long_text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    nothing: Option<String>,
    null: Option<u8>,
    list: Vec<(u16, Channel)>,
    map: BTreeMap<u32, Vec<Rate>>,
    unit: (),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 3)]
#[upcast(1 => 2, rename(amt => amount), change(reference: u32 => format!("invoice {reference}")))]
#[upcast(2 => 3, add(currency = "EUR"), remove(teller: String), add(note = Some(teller)))]
struct MoneyDeposited {
    amount: u64,
    currency: String,
    reference: String,
    note: Option<String>,
}

/// What the program wrote when version 1 was current; the order of fields was another.
#[derive(Serialize, Event, Deserialize)]
#[event(name = "money-deposited")]
struct MoneyDepositedV1 {
    teller: String,
    reference: u32,
    amt: u64,
}

#[derive(Serialize)]
struct MoneyDepositedV2 {
    reference: String,
    teller: String,
    amount: u64,
}

#[derive(Debug, Clone, Command)]
#[command(aggregate = Account, emits = MoneyDeposited { amount, currency: "EUR".into(), reference: "cash".into(), note: None })]
struct Deposit {
    amount: u64,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, EventData, Aggregate)]
#[aggregate(
    name = "account", id = String, error = std::convert::Infallible,
    events(MoneyDeposited, EverythingHappened), commands(Deposit), snapshot(every = 2),
)]
struct Account {
    balance: u64,
    notes: Vec<String>,
}

impl Apply<MoneyDeposited> for Account {
    fn apply(&mut self, event: MoneyDeposited) {
        self.balance += event.amount;
        self.notes.extend(event.note);
    }
}

impl Apply<EverythingHappened> for Account {
    fn apply(&mut self, _: EverythingHappened) {}
}

#[derive(Debug, Default, Projection)]
#[projection(name = "total", events(MoneyDeposited))]
struct Total(u64);

impl Project<MoneyDeposited> for Total {
    fn project(&mut self, event: MoneyDeposited, _: &RecordedEvent) {
        self.0 += event.amount;
    }
}

fn compact() -> Compact {
    Compact::of::<AccountEvent>().unwrap()
}

fn everything() -> EverythingHappened {
    let phone = Device { name: "phone".into(), parent: None };
    let device = Device { name: "watch".into(), parent: Some(Box::new(phone)) };
    EverythingHappened {
        yes: true,
        small: 127,
        large: u64::MAX,
        huge: 1 << 100,
        negative: i64::MIN,
        lowest: -3,
        part: 0.1,
        letter: 'ß',
        text: "Zoë".into(),
        long_text: "x".repeat(1_000),
        nothing: None,
        null: None,
        list: vec![
            (1, Channel::Branch),
            (2, Channel::Card { last_digits: "1234".into(), limit: Some(128) }),
            (3, Channel::Transfer("AT61".into(), -300)),
            (4, Channel::App(Box::new(device))),
        ],
        map: BTreeMap::from([(1, vec![Rate::Fixed(1.5)]), (300, vec![Rate::Floating(0.25)])]),
        unit: (),
    }
}

fn recorded(name: &'static str, schema_version: u32, payload: Vec<u8>) -> RecordedEvent {
    new_event(1, name, schema_version, payload).record(
        StreamId::new("account", "ada").unwrap(),
        1.into(),
        Position::new(1),
    )
}

fn new_event(number: u128, name: &'static str, schema_version: u32, payload: Vec<u8>) -> NewEvent {
    NewEvent {
        id: EventId::new(format!("{number:032x}").parse::<EventId>().unwrap().as_uuid().to_owned()),
        name: EventName::from_static(name),
        schema_version,
        recorded_at: Timestamp::UNIX_EPOCH,
        metadata: Metadata::new(),
        payload: payload.into(),
    }
}

fn history() -> [NewEvent; 3] {
    let first = MoneyDepositedV1 { teller: "Grace".into(), reference: 17, amt: 5 };
    let second = MoneyDepositedV2 { reference: "invoice 18".into(), teller: "Emmy".into(), amount: 6 };
    let third = MoneyDeposited { amount: 7, currency: "EUR".into(), reference: "cash".into(), note: None };
    [
        new_event(1, "money-deposited", 1, compact().encode(&first).unwrap()),
        new_event(2, "money-deposited", 2, compact().encode(&second).unwrap()),
        new_event(3, "money-deposited", 3, compact().encode(&third).unwrap()),
    ]
}

#[test]
fn every_kind_of_value_is_read_back() {
    let bytes = compact().encode(&everything()).unwrap();
    assert_eq!(compact().decode::<EverythingHappened>(&bytes).unwrap(), everything());
}

#[test]
fn tools_see_the_json_that_the_other_codec_would_have_stored() {
    let shape = EverythingHappened::shape(1).unwrap();
    let exact = EverythingHappened { huge: 7, ..everything() };
    let told = to_json(&compact().encode(&exact).unwrap(), &shape).unwrap();
    let json: serde_json::Value = Json.decode(&Json.encode(&exact).unwrap()).unwrap();
    assert_eq!(told, json);
    let rounded = to_json(&compact().encode(&everything()).unwrap(), &shape).unwrap_err();
    assert!(rounded.to_string().contains("cannot hold exactly"), "{rounded}");
    for event in history() {
        let shape = AccountEvent::shape("money-deposited", event.schema_version).unwrap();
        let told = to_json(&event.payload, &shape).unwrap();
        assert_eq!(told["amt"].as_u64().or(told["amount"].as_u64()), Some(4 + u64::from(event.schema_version)));
        assert_eq!(told["teller"].is_string(), event.schema_version < 3);
    }
}

#[test]
fn it_takes_at_most_65_hundredths_of_the_bytes_of_json() {
    let event = MoneyDeposited {
        amount: 12_345,
        currency: "EUR".into(),
        reference: "invoice 2026-000123".into(),
        note: Some("AT61 1904 3002 3457 3201".into()),
    };
    let (json, bytes) = (Json.encode(&event).unwrap().len(), compact().encode(&event).unwrap().len());
    assert!(bytes * 100 <= json * 65, "{bytes} of {json}");
}

#[tokio::test]
async fn old_versions_read_the_same_on_every_path() {
    let store = MemoryStore::new();
    let stream = StreamId::new("account", "ada").unwrap();
    store.append(&stream, ExpectedVersion::NoStream, history().into()).await.unwrap();
    let expected = Account { balance: 18, notes: vec!["Grace".into(), "Emmy".into()] };

    let accounts = Repository::<Account, _, _>::with_codec(store.clone(), compact());
    assert_eq!(*accounts.load("ada").await.unwrap().state(), expected);
    let total = ProjectionRunner::with_codec(store.clone(), compact(), Total::default(), Position::START);
    total.catch_up().await.unwrap();
    assert_eq!(total.read(|total, _| total.0), 18);

    let kept = Repository::<Account, _, _>::with_codec(store.clone(), compact()).with_snapshots().with_cache(10);
    kept.execute("ada", Deposit { amount: 1 }).await.unwrap();
    kept.execute("ada", Deposit { amount: 1 }).await.unwrap();
    let from_snapshot = Repository::<Account, _, _>::with_codec(store, compact()).with_snapshots();
    for repository in [kept, from_snapshot, accounts] {
        let loaded = repository.load("ada").await.unwrap();
        assert_eq!((loaded.state().balance, loaded.version().get()), (20, 5));
    }
}

#[tokio::test]
async fn json_in_the_log_is_an_error_with_its_place() {
    let store = MemoryStore::new();
    let stream = StreamId::new("account", "ada").unwrap();
    let json = new_event(1, "money-deposited", 3, br#"{"amount":1}"#.to_vec());
    store.append(&stream, ExpectedVersion::NoStream, vec![json]).await.unwrap();
    let accounts = Repository::<Account, _, _>::with_codec(store, compact());
    let LoadError::Decode(error) = accounts.load("ada").await.unwrap_err() else { panic!("another error") };
    assert!(matches!(error.reason(), DecodeReason::Payload(_)), "{error}");
    assert!(error.to_string().contains("account-ada"), "{error}");
}

#[test]
fn every_truncated_or_changed_payload_is_an_error_or_a_value_but_no_panic() {
    let bytes = compact().encode(&everything()).unwrap();
    for end in 0..bytes.len() {
        assert!(compact().decode::<EverythingHappened>(&bytes[..end]).is_err(), "the first {end} bytes");
        assert!(to_json(&bytes[..end], &EverythingHappened::shape(1).unwrap()).is_err(), "the first {end} bytes");
    }
    for at in 0..bytes.len() {
        for byte in [0x00, 0x7f, 0x80, 0x83, 0x8b, 0x8d, 0x8e, 0x90, 0xa5, 0xe3, 0xff] {
            let mut changed = bytes.clone();
            changed[at] = byte;
            let _ = compact().decode::<EverythingHappened>(&changed);
            let _ = to_json(&changed, &EverythingHappened::shape(1).unwrap());
        }
    }
    let deep = vec![0x8b; 1_000_000];
    let error = to_json(&deep, &Shape::scalar("any")).unwrap_err();
    assert_eq!(error.to_string(), CompactError::TooDeep.to_string());
    assert!(compact().decode::<serde::de::IgnoredAny>(&deep).is_err());
}

#[test]
fn what_was_stored_as_json_is_read_once_its_value_is_encoded() {
    // JSON has no keys but texts.
    let exact = EverythingHappened { huge: 7, map: BTreeMap::new(), ..everything() };
    let value: serde_json::Value = Json.decode(&Json.encode(&exact).unwrap()).unwrap();
    let bytes = compact().encode(&value).unwrap();
    let read: EverythingHappened = compact().decode(&bytes).unwrap();
    // 0.1 goes through 64 bits on its way.
    assert_eq!(read, exact);
}

#[test]
fn a_field_that_the_type_does_not_have_is_passed_by() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Part {
        text: String,
    }
    let bytes = compact().encode(&everything()).unwrap();
    assert_eq!(compact().decode::<Part>(&bytes).unwrap(), Part { text: "Zoë".into() });
}

#[test]
fn what_could_not_be_read_back_is_refused_before_it_is_written() {
    #[derive(Debug, Serialize, Deserialize, EventData)]
    #[serde(tag = "type")]
    enum Told {
        A { amount: u8 },
    }
    #[derive(Debug, Serialize, Deserialize, Event)]
    #[event(name = "told")]
    struct Happened {
        told: Vec<Told>,
    }
    #[derive(Debug, EventSet)]
    enum Set {
        Happened(Happened),
    }
    let refused = Compact::of::<Set>().unwrap_err();
    assert_eq!(refused, NotCompact::NamesWanted { event: "told", version: 1, path: "told".into() });
    let bytes = compact().encode(&Happened { told: vec![Told::A { amount: 1 }] }).unwrap();
    let error = compact().decode::<Happened>(&bytes).unwrap_err();
    assert_eq!(error.to_string(), CompactError::NamesWanted.to_string());
}

#[test]
fn an_adjacently_tagged_enum_with_fields_is_refused_before_it_is_written() {
    #[derive(Debug, Serialize, Deserialize, EventData)]
    #[serde(tag = "type", content = "of")]
    enum Told {
        A { amount: u8 },
    }
    #[derive(Debug, Serialize, Deserialize, Event)]
    #[event(name = "told")]
    struct Happened {
        told: Told,
    }
    #[derive(Debug, EventSet)]
    enum Set {
        Happened(Happened),
    }
    let refused = Compact::of::<Set>().unwrap_err();
    assert_eq!(refused, NotCompact::NamesWanted { event: "told", version: 1, path: "told".into() });
}

#[test]
fn raw_json_is_refused_before_it_is_written() {
    #[derive(Debug, Serialize, Deserialize, Event)]
    #[event(name = "raw", version = 2)]
    #[upcast(1 => 2, with = hop)]
    struct Raw {
        a: u8,
    }
    fn hop(value: serde_json::Value) -> Result<serde_json::Value, String> {
        if value.is_null() { Err("nothing".to_owned()) } else { Ok(value) }
    }
    #[derive(Debug, EventSet)]
    enum Set {
        Raw(Raw),
    }
    let refused = Compact::of::<Set>().unwrap_err();
    let ty = "any".to_owned();
    assert_eq!(refused, NotCompact::UnknownShape { event: "raw", version: 1, path: String::new(), ty });
    let bytes = compact().encode(&Raw { a: 1 }).unwrap();
    let error = Raw::decode(&compact(), &recorded("raw", 1, bytes)).unwrap_err();
    assert!(matches!(error.reason(), DecodeReason::Payload(_)), "{error}");
}

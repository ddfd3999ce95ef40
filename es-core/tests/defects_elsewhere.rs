//! What goes wrong with the versions of events in other frameworks, each with the test that it cannot happen here.
//!
//! | the defect | the test |
//! |---|---|
//! | New events are stamped as old ones, so the upcaster changes them, too. | [`new_events_are_stored_as_the_current_version`] |
//! | Commands, subscriptions or rebuilds read past the upcasters, because each path has its own list of them. | `one_decode_path.rs` |
//! | An upcaster that was forgotten swaps two fields without an error. | [`fields_that_swap_their_places_are_noticed`], [`fields_that_swap_their_meanings_are_noticed`] |
//! | Payloads are read by position, so another order of fields is another value. | [`the_order_of_fields_in_the_source_is_of_no_importance`] |
//! | A chain with a gap, or with a typo in the name of an event or an upcaster, compiles. | [`mistakes_that_compile_elsewhere_do_not_compile_here`] |
//! | Two events with one stored name compile, and the first reads the payloads of the second. | [`mistakes_that_compile_elsewhere_do_not_compile_here`] |
//! | An event in the list that does not exist is dropped; an event that no code applies is passed over. | [`mistakes_that_compile_elsewhere_do_not_compile_here`] |
//! | A stored version that cannot be understood is read as if it were the current one. | [`a_version_that_is_not_known_is_an_error`] |
//! | An event that cannot be read is left out of replays and projections. | [`what_cannot_be_read_stops_a_load_and_a_projection`], `one_decode_path.rs` |
//! | A retired event is not counted, and every later command on its stream conflicts. | [`commands_go_on_after_a_retired_event`] |
//! | A model that does not read the last event of a stream can never write to it. | [`commands_go_on_after_a_retired_event`] |
//! | The stored name comes from the identifier, or from two places that need not agree. | [`the_stored_name_is_not_that_of_the_type`] |
//! | A fingerprint sees the words of the direct fields, and not that a nested type has changed. | [`a_change_in_a_nested_type_is_noticed`] |
//! | One changed event means a new version of all events. | [`each_event_has_a_version_of_its_own`] |
//! | An upcast makes exactly one event of one. | [`one_stored_event_is_several_of_today`] |
//! | A failed upcast tells neither the event nor its place, or nothing at all. | [`a_failed_upcast_says_where`] |
//!
//! Snapshots of another shape are the business of the repository's own tests.

use std::path::Path;

use es_core::store::EventStore;
use es_core::{
    Aggregate, Apply, Command, Event, EventData, EventId, EventName, Events, ExpectedVersion, LoadError, Metadata,
    NewEvent, Project, Projection, ProjectionError, ProjectionRunner, RecordedEvent, Repository, SplitInto, StreamId,
    Timestamp, Version, events,
};
use es_memory_store::MemoryStore;
use es_testkit::given_stored;
use es_testkit::lock::{Lock, Mode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-moved", version = 2)]
#[upcast(1 => 2, change(amount: u64 => amount * 100))]
struct MoneyMoved {
    amount: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "note-written")]
struct NoteWritten {
    text: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "paid-with-fee")]
struct PaidWithFee {
    amount: u64,
    fee: u64,
}

impl SplitInto<AccountEvent> for PaidWithFee {
    fn split(self) -> Events<AccountEvent> {
        events![MoneyMoved { amount: self.amount }, MoneyMoved { amount: self.fee }]
    }
}

#[derive(Debug, Clone, Command)]
#[command(aggregate = Account, emits = MoneyMoved { amount })]
struct Move {
    amount: u64,
}

#[derive(Debug, Default, Clone, PartialEq, Aggregate)]
#[aggregate(
    name = "account", id = String, error = std::convert::Infallible, commands(Move),
    events(MoneyMoved, NoteWritten), split(PaidWithFee), retired("statement-printed"),
)]
struct Account {
    moved: u64,
}

impl Apply<MoneyMoved> for Account {
    fn apply(&mut self, event: MoneyMoved) {
        self.moved += event.amount;
    }
}

impl Apply<NoteWritten> for Account {
    fn apply(&mut self, _: NoteWritten) {}
}

#[derive(Debug, Default, Projection)]
#[projection(name = "total", events(MoneyMoved))]
struct Total(u64);

impl Project<MoneyMoved> for Total {
    fn project(&mut self, event: MoneyMoved, _: &RecordedEvent) {
        self.0 += event.amount;
    }
}

async fn holding(stored: &[(&str, u32, Value)]) -> MemoryStore {
    let store = MemoryStore::new();
    let new = stored.iter().zip(1..).map(|((name, schema_version, payload), id)| NewEvent {
        id: EventId::new(uuid::Uuid::from_u128(id)),
        name: EventName::new(name).unwrap(),
        schema_version: *schema_version,
        recorded_at: Timestamp::UNIX_EPOCH,
        metadata: Metadata::new(),
        payload: payload.to_string().into(),
    });
    let stream = StreamId::new("account", "ada").unwrap();
    store.append(&stream, ExpectedVersion::NoStream, new.collect()).await.unwrap();
    store
}

#[tokio::test]
async fn new_events_are_stored_as_the_current_version() {
    let accounts = Repository::<Account, _>::new(holding(&[("money-moved", 1, json!({ "amount": 7 }))]).await);
    accounts.execute("ada", Move { amount: 5 }).await.unwrap();
    assert_eq!(accounts.load("ada").await.unwrap().state(), &Account { moved: 705 }, "only the old one is multiplied");
}

#[tokio::test]
async fn commands_go_on_after_a_retired_event() {
    let moved = ("money-moved", 2, json!({ "amount": 7 }));
    let accounts =
        Repository::<Account, _>::new(holding(&[moved, ("statement-printed", 3, json!({ "pages": 2 }))]).await);
    let done = accounts.execute("ada", Move { amount: 5 }).await.unwrap();
    assert_eq!(done.version, Version::new(3), "the retired event is counted");
    assert_eq!(accounts.load("ada").await.unwrap().state(), &Account { moved: 12 });
}

#[tokio::test]
async fn what_cannot_be_read_stops_a_load_and_a_projection() {
    let stored = [("money-moved", 2, json!({ "amount": 7 })), ("money-moved", 2, json!({ "amount": "many" }))];
    for unreadable in [stored[1].clone(), ("money-mvoed", 2, json!({ "amount": 7 }))] {
        let store = holding(&[stored[0].clone(), unreadable.clone()]).await;
        let Err(LoadError::Decode(error)) = Repository::<Account, _>::new(store.clone()).load("ada").await else {
            panic!("{unreadable:?} was loaded")
        };
        assert!(error.to_string().starts_with("event 2 of stream `account-ada` cannot be read"), "{error}");
        if unreadable.0 == MoneyMoved::NAME {
            let total = ProjectionRunner::new(store, Total::default());
            assert!(matches!(total.catch_up().await, Err(ProjectionError::Decode(_))));
        }
    }
}

#[test]
fn a_version_that_is_not_known_is_an_error() {
    let amount = json!({ "amount": 7 });
    given_stored("money-moved", 0, amount.clone()).does_not_read_as::<MoneyMoved>("version 0");
    given_stored("money-moved", 3, amount).does_not_read_as::<MoneyMoved>("this code knows versions up to 2");
}

#[test]
fn a_failed_upcast_says_where() {
    #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    #[event(name = "limit-set", version = 2)]
    #[upcast(1 => 2, change(limit: String => limit.parse()?))]
    struct LimitSet {
        limit: u64,
    }

    given_stored("limit-set", 1, json!({ "limit": "x" })).does_not_read_as::<LimitSet>(
        "event 1 of stream `stored-1` cannot be read: the upcast of `limit-set` from version 1 failed: invalid digit",
    );
}

#[test]
fn each_event_has_a_version_of_its_own() {
    assert_eq!((MoneyMoved::VERSION, NoteWritten::VERSION), (2, 1));
    given_stored("note-written", 1, json!({ "text": "x" })).reads_as(NoteWritten { text: "x".into() });
}

#[test]
fn one_stored_event_is_several_of_today() {
    given_stored("paid-with-fee", 1, json!({ "amount": 20, "fee": 1 }))
        .reads_as_events::<AccountEvent>([MoneyMoved { amount: 20 }.into(), MoneyMoved { amount: 1 }.into()]);
}

#[test]
fn the_stored_name_is_not_that_of_the_type() {
    /// Another type, and names of serde's.
    #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    #[event(name = "note-written")]
    #[serde(rename = "SomethingElse")]
    struct RemarkMade {
        text: String,
    }

    given_stored("note-written", 1, json!({ "text": "x" })).reads_as(RemarkMade { text: "x".into() });
    let payload = RemarkMade { text: "x".into() }.encode(&es_core::Json).unwrap();
    assert_eq!(payload, br#"{"text":"x"}"#, "the payload says no name that could differ");
}

/// One event with its aggregate, as it was at some time.
macro_rules! at_a_time {
    ($module:ident: $(#[$event:meta])* { $($fields:tt)* } $($more:item)*) => {
        mod $module {
            #[allow(unused_imports)]
            use super::*;

            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
            #[event(name = "entry-booked")]
            $(#[$event])*
            pub(super) struct Booked { $($fields)* }

            #[derive(Debug, Default, Aggregate)]
            #[aggregate(name = "ledger", id = String, error = std::convert::Infallible, events(Booked), commands())]
            pub(super) struct Ledger {}

            impl Apply<Booked> for Ledger {
                fn apply(&mut self, _: Booked) {}
            }

            $($more)*
        }
    };
}
at_a_time!(released: { pub(super) debit: String, pub(super) credit: String });
at_a_time!(other_order: { pub(super) credit: String, pub(super) debit: String });
at_a_time!(in_a_tuple: #[serde(from = "(String, u64)", into = "(String, u64)")] { who: String, amount: u64 }
    impl From<(String, u64)> for Booked {
        fn from((who, amount): (String, u64)) -> Self {
            Self { who, amount }
        }
    }
    impl From<Booked> for (String, u64) {
        fn from(booked: Booked) -> Self {
            (booked.who, booked.amount)
        }
    }
);
at_a_time!(in_another_tuple: #[serde(from = "(u64, String)", into = "(u64, String)")] { who: String, amount: u64 }
    impl From<(u64, String)> for Booked {
        fn from((amount, who): (u64, String)) -> Self {
            Self { who, amount }
        }
    }
    impl From<Booked> for (u64, String) {
        fn from(booked: Booked) -> Self {
            (booked.amount, booked.who)
        }
    }
);
at_a_time!(swapped: #[serde(rename_all = "camelCase")] {
    #[serde(rename = "credit")] debit: String, #[serde(rename = "debit", alias = "balance")] credit: u64
});
at_a_time!(nested: { page: Page }
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventData)]
    pub(super) struct Page { number: u32 }
);
at_a_time!(nested_differently: { page: Page }
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventData)]
    pub(super) struct Page { number: String }
);

/// What the lock says about the code of today, when the other was released.
fn problems<Released: Aggregate, Today: Aggregate>() -> Vec<String> {
    let mut lock = Lock::default();
    assert_eq!(lock.check::<Released>(Mode::Update), []);
    lock.check::<Today>(Mode::Compare).iter().map(ToString::to_string).collect()
}

#[test]
fn the_order_of_fields_in_the_source_is_of_no_importance() {
    assert_eq!(problems::<released::Ledger, other_order::Ledger>(), [""; 0]);
    given_stored("entry-booked", 1, json!({ "debit": "a", "credit": "b" }))
        .reads_as(other_order::Booked { debit: "a".into(), credit: "b".into() });
}

#[test]
fn fields_that_swap_their_places_are_noticed() {
    let told = problems::<in_a_tuple::Ledger, in_another_tuple::Ledger>();
    assert!(told.len() == 1 && told[0].contains("- (string, u64)\n        + (u64, string)"), "{told:?}");
}

#[test]
fn fields_that_swap_their_meanings_are_noticed() {
    let told = problems::<released::Ledger, swapped::Ledger>();
    assert!(told.len() == 1 && told[0].contains("changed without a new version"), "{told:?}");
}

#[test]
fn a_change_in_a_nested_type_is_noticed() {
    let told = problems::<nested::Ledger, nested_differently::Ledger>();
    assert!(told.len() == 1 && told[0].contains("- page.number: u32\n        + page.number: string"), "{told:?}");
}

#[test]
fn mistakes_that_compile_elsewhere_do_not_compile_here() {
    let expected = [
        ("upcast/gap", "events stored as version 2 cannot be brought to version 4"),
        ("upcast/no_hop_at_all", "cannot be brought to version"),
        ("upcast/function_does_not_exist", "cannot find value `convert`"),
        ("upcast/typed_without_from", "the upcast from"),
        ("upcast/hop_is_never_taken", "this hop is never taken"),
        ("aggregate/stored_name_used_twice", "the stored name `account-opened` is used by both"),
        ("aggregate/alias_used_twice", "is used by both"),
        ("projection/stored_name_used_twice", "is used by both"),
        ("event_set/stored_name_used_twice", "is used by both"),
        ("aggregate/unknown_event", "cannot find type `AccountClosed`"),
        ("aggregate/missing_apply", "does not say how event `AccountClosed` changes it"),
        ("projection/missing_project", "Project<"),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../es-derive/tests/ui");
    for (test, message) in expected {
        let file = folder.join(test).with_extension("stderr");
        let told = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert!(told.contains(message), "{test}: {told}");
    }
}

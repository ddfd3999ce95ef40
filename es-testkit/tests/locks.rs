//! The schema lock: what was released as one module of this file meets the code of another.

use std::collections::BTreeMap;

use es_core::{Aggregate, Apply, Event, EventData};
use es_testkit::assert_locked;
use es_testkit::lock::{Lock, LockError, Mode};
use serde::{Deserialize, Serialize};

/// One event with its aggregate, as it was at some time.
macro_rules! at_a_time {
    ($module:ident: $(#[$event:meta])* { $($fields:tt)* } $(aggregate($($list:tt)*))? $(; $($more:item)+)?) => {
        mod $module {
            #[allow(unused_imports)]
            use super::*;

            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
            $(#[$event])*
            pub(super) struct Moved { $($fields)* }

            #[derive(Debug, Default, Aggregate)]
            #[aggregate(name = "customer", id = String, error = std::convert::Infallible, events(Moved), commands() $(, $($list)*)?)]
            pub(super) struct Customer {}

            impl Apply<Moved> for Customer {
                fn apply(&mut self, _: Moved) {}
            }

            $($($more)+)?
        }
    };
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventData)]
pub(crate) struct Street {
    name: String,
    number: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventData)]
pub(crate) struct Leg {
    to: Option<Street>,
    from: Street,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventData)]
pub(crate) enum Means {
    Train,
    Boat(Leg),
}

at_a_time!(released: #[event(name = "customer-moved")] { street: String, city: String });
at_a_time!(renamed_in_place: #[event(name = "customer-moved")] { road: String, city: String });
at_a_time!(retyped_in_place: #[event(name = "customer-moved")] { street: Street, city: String });
at_a_time!(optional_added: #[event(name = "customer-moved")] { street: String, city: String, zip: Option<String>, #[serde(default)] tags: Vec<u8> });
at_a_time!(upcast: #[event(name = "customer-moved", version = 2)] #[upcast(1 => 2, rename(street => road))] { road: String, city: String });
at_a_time!(upcast_wrongly: #[event(name = "customer-moved", version = 2)] #[upcast(1 => 2, rename(strasse => road))] { road: String, city: String });
at_a_time!(country_added: #[event(name = "customer-moved", version = 2)] #[upcast(1 => 2, add(country = "DE"))] { street: String, city: String, country: String });
at_a_time!(other_country_added: #[event(name = "customer-moved", version = 2)] #[upcast(1 => 2, add(country = "FR"))] { street: String, city: String, country: String });
at_a_time!(new_name: #[event(name = "customer-relocated")] { street: String, city: String });
at_a_time!(new_name_with_alias: #[event(name = "customer-relocated", alias = "customer-moved")] { street: String, city: String });
at_a_time!(retired: #[event(name = "customer-greeted")] { } aggregate(retired("customer-moved")));
at_a_time!(oldest: #[event(name = "customer-moved", version = 2, oldest = 2)] { road: String, city: String });
at_a_time!(optional_added_to_version_2: #[event(name = "customer-moved", version = 2)] #[upcast(1 => 2, rename(street => road))] { road: String, city: String, zip: Option<String> });
at_a_time!(with_default: #[event(name = "customer-moved")] { city: String, #[serde(default = "germany")] country: String };
    fn germany() -> String { "DE".to_owned() }
);
at_a_time!(with_another_default: #[event(name = "customer-moved")] { city: String, #[serde(default = "france")] country: String };
    fn france() -> String { "FR".to_owned() }
);
at_a_time!(with_another_default_and_more: #[event(name = "customer-moved")] { city: String, #[serde(default = "france")] country: String, zip: Option<String> };
    fn france() -> String { "FR".to_owned() }
);
at_a_time!(counted: #[event(name = "customer-moved")] { times: u32 });
at_a_time!(counted_further: #[event(name = "customer-moved")] { times: u64 });
at_a_time!(counted_less: #[event(name = "customer-moved")] { times: u16 });
at_a_time!(first_that_fits: #[event(name = "customer-moved")] { zip: Zip };
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventData)]
    #[serde(untagged)]
    pub(super) enum Zip { Text(String), Number(u32), Digit(u8) }
);
at_a_time!(other_that_fits: #[event(name = "customer-moved")] { zip: Zip };
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventData)]
    #[serde(untagged)]
    pub(super) enum Zip { Text(String), Digit(u8), Number(u32) }
);
at_a_time!(flattened: #[event(name = "customer-moved")] {
        #[serde(flatten)] means: Means, #[serde(flatten)] how: Option<How>, #[serde(flatten)] rest: BTreeMap<String, serde_json::Value>
    };
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventData)]
    #[serde(tag = "how")]
    pub(super) enum How { Fast { speed: u8 } }
);
at_a_time!(first_locked_when_ignored: #[event(name = "customer-moved", version = 2)] #[upcast(1 => 2, remove(city))] { street: String });
at_a_time!(ignored: #[event(name = "customer-moved", version = 2)] #[upcast(1 => 2, remove(city))] { street: String });
at_a_time!(kinds: #[event(name = "customer-moved")] { kind: Kind };
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventData)]
    pub(super) enum Kind { Small { b: u8, a: u8 }, Large, Big(Street) }
);
at_a_time!(nested: #[event(name = "customer-moved")] { street: Street });
at_a_time!(nested_changed: #[event(name = "customer-moved")] { street: changed::Street };
    pub(super) mod changed {
        use super::super::*;
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventData)]
        pub(crate) struct Street { name: String, number: String }
    }
);
at_a_time!(in_legs: #[event(name = "customer-moved")] { legs: Vec<Leg>, means: Option<Means>, by_day: BTreeMap<String, Leg> });
at_a_time!(in_legs_again: #[event(name = "customer-moved", version = 2)] #[upcast(1 => 2, remove(by_day))] { legs: Vec<Leg>, means: Option<Means> });
at_a_time!(in_legs_renamed: #[event(name = "customer-moved")] { legs: Vec<Leg>, means: Option<Means>, by_date: BTreeMap<String, Leg> });
at_a_time!(validated: #[event(name = "customer-moved")] { zip: Zip };
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventData)]
    #[serde(try_from = "String", into = "String")]
    pub(super) struct Zip(String);
    impl TryFrom<String> for Zip {
        type Error = String;
        fn try_from(zip: String) -> Result<Self, String> {
            if zip.len() == 5 { Ok(Self(zip)) } else { Err(format!("`{zip}` is no zip")) }
        }
    }
    impl From<Zip> for String {
        fn from(zip: Zip) -> Self { zip.0 }
    }
);

/// A lock that was updated by the code of that time, and read from its file again.
fn locked<A: Aggregate>() -> Lock {
    let mut lock = Lock::default();
    assert_eq!(lock.check::<A>(Mode::Update), [], "the first update");
    let mut lock = Lock::from_text(&lock.to_text(), "events.lock.json".as_ref()).unwrap();
    assert_eq!(lock.check::<A>(Mode::Compare), [], "nothing has changed");
    lock
}

fn told<A: Aggregate>(lock: &mut Lock, mode: Mode) -> Vec<String> {
    lock.check::<A>(mode).iter().map(ToString::to_string).collect()
}

/// The one problem that an update does not solve, because it would overwrite something.
fn problem<Before: Aggregate, Now: Aggregate>() -> String {
    let mut lock = locked::<Before>();
    let compared = told::<Now>(&mut lock.clone(), Mode::Compare);
    let left = told::<Now>(&mut lock, Mode::Update);
    assert_eq!(left.len(), 1, "{left:#?}");
    assert!(compared.contains(&left[0]), "{compared:#?}");
    left[0].clone()
}

#[test]
fn what_is_not_locked_yet_is_added_by_an_update() {
    let mut lock = Lock::default();
    assert_eq!(
        told::<released::Customer>(&mut lock, Mode::Compare),
        ["event `customer-moved` version 1 is not locked yet; add it with `ES_LOCK=update cargo test`."]
    );
    assert_eq!(lock, Lock::default());
    let mut lock = locked::<released::Customer>();
    assert_eq!(
        told::<upcast::Customer>(&mut lock, Mode::Compare),
        [
            "event `customer-moved`: the recorded version 1 payload reads as `customer-moved` version 2 now, and not as \
             `customer-moved` version 1; accept it with `ES_LOCK=update cargo test`.",
            "event `customer-moved` version 2 is not locked yet; add it with `ES_LOCK=update cargo test`."
        ]
    );
    assert_eq!(told::<upcast::Customer>(&mut lock, Mode::Update), [""; 0]);
    assert_eq!(told::<upcast::Customer>(&mut lock, Mode::Compare), [""; 0]);
}

#[test]
fn a_changed_event_without_a_new_version_is_told_with_the_upcast_to_write() {
    assert_eq!(
        problem::<released::Customer, renamed_in_place::Customer>(),
        r#"event `customer-moved` changed without a new version; payloads stored as version 1 no longer read as they did:
        - street: string
        + road: string
    Write:
        #[event(name = "customer-moved", version = 2)]
        #[upcast(1 => 2, rename(street => road))]
    If version 1 was never released: `ES_LOCK=overwrite cargo test`."#
    );
    let retyped = problem::<released::Customer, retyped_in_place::Customer>();
    assert!(
        retyped.contains("        - street: string\n        + street.name: string\n        + street.number: u32\n"),
        "{retyped}"
    );
    assert!(retyped.contains("#[upcast(1 => 2, change(street: String => ..))]"), "{retyped}");
}

#[test]
fn a_changed_nested_type_is_noticed() {
    let told = problem::<nested::Customer, nested_changed::Customer>();
    assert!(told.contains("        - street.number: u32\n        + street.number: string\n"), "{told}");
}

#[test]
fn the_order_of_fields_and_variants_does_not_matter() {
    let lock = locked::<kinds::Customer>();
    let mut read_back = Lock::from_text(&lock.to_text(), "x".as_ref()).unwrap();
    assert_eq!(told::<kinds::Customer>(&mut read_back, Mode::Compare), [""; 0]);
}

#[test]
fn what_is_nested_stands_in_any_order() {
    locked::<in_legs::Customer>();
    let lock = locked::<in_legs_again::Customer>();
    assert_eq!(lock.only_generated::<in_legs_again::Customer>(), [("customer-moved".to_owned(), 1)]);
    let told = problem::<in_legs::Customer, in_legs_renamed::Customer>();
    assert!(told.contains("#[upcast(1 => 2, rename(by_day => by_date))]"), "{told}");
}

#[test]
fn a_new_version_with_its_upcast_is_no_problem() {
    let mut lock = locked::<released::Customer>();
    assert_eq!(told::<upcast::Customer>(&mut lock, Mode::Update), [""; 0]);
    let mut lock = locked::<released::Customer>();
    assert_eq!(told::<ignored::Customer>(&mut lock, Mode::Update), [""; 0], "an ignored field may have been anything");
}

#[test]
fn upcasts_that_do_not_lead_from_what_was_stored_are_told() {
    assert_eq!(
        problem::<released::Customer, upcast_wrongly::Customer>(),
        "event `customer-moved`: the upcasts describe version 1 differently from what was stored:\n        \
         - street: string\n        + strasse: string\n    \
         Correct the chain from `#[upcast(1 => 2, ..)]` on; where a nested type has changed, keep its old form: \
         `change(field: OldType => ..)`."
    );
}

#[test]
fn a_changed_value_of_an_upcast_is_told() {
    let told = problem::<country_added::Customer, other_country_added::Customer>();
    assert!(
        told.starts_with("event `customer-moved`: the recorded version 1 payload reads differently now:\n"),
        "{told}"
    );
    assert!(
        told.contains(
            r#"was [{"event":"customer-moved","payload":{"city":"text","country":"DE","street":"text"},"version":2}]"#
        ),
        "{told}"
    );
    assert!(
        told.contains(
            r#"is  [{"event":"customer-moved","payload":{"city":"text","country":"FR","street":"text"},"version":2}]"#
        ),
        "{told}"
    );
}

#[test]
fn an_optional_field_is_accepted_by_an_update() {
    let mut lock = locked::<released::Customer>();
    assert_eq!(
        told::<optional_added::Customer>(&mut lock, Mode::Compare),
        ["event `customer-moved` version 1 takes more than before, and old payloads still read:\n        \
          + tags?: [u8]\n        + zip?: string?\n    Accept with `ES_LOCK=update cargo test`."]
    );
    assert_eq!(told::<optional_added::Customer>(&mut lock, Mode::Update), [""; 0]);
    assert_eq!(told::<optional_added::Customer>(&mut lock, Mode::Compare), [""; 0]);
    let taken_back = told::<released::Customer>(&mut lock, Mode::Update);
    assert!(taken_back[0].contains("changed without a new version"), "{taken_back:?}");
}

#[test]
fn an_optional_field_may_come_in_a_later_version() {
    let mut lock = locked::<upcast::Customer>();
    let before = lock.to_text();
    let compared = told::<optional_added_to_version_2::Customer>(&mut lock, Mode::Compare);
    assert!(compared[0].contains("version 1 payload reads with more fields now"), "{compared:#?}");
    assert!(compared[1].contains("version 2 takes more than before"), "{compared:#?}");
    assert_eq!(told::<optional_added_to_version_2::Customer>(&mut lock, Mode::Update), [""; 0]);
    assert_eq!(told::<optional_added_to_version_2::Customer>(&mut lock, Mode::Compare), [""; 0]);
    let shape_of_1 =
        |text: &str| text.split(r#""2": {"#).next().unwrap().split(r#""shape""#).nth(1).unwrap().to_owned();
    assert_eq!(shape_of_1(&before), shape_of_1(&lock.to_text()), "what was stored as version 1 is remembered");
}

#[test]
fn a_changed_default_is_told() {
    let told_now = problem::<with_default::Customer, with_another_default::Customer>();
    assert_eq!(
        told_now,
        "event `customer-moved`: a version 1 payload without the fields that may be missing reads differently now:\n        \
         was [{\"event\":\"customer-moved\",\"payload\":{\"city\":\"text\",\"country\":\"DE\"},\"version\":1}]\n        \
         is  [{\"event\":\"customer-moved\",\"payload\":{\"city\":\"text\",\"country\":\"FR\"},\"version\":1}]\n    \
         A default is how old payloads are read, so it stays as it is; give new events another value where they are \
         made.\n    If there are no such payloads: `ES_LOCK=overwrite cargo test`."
    );
    assert_eq!(
        problem::<with_default::Customer, with_another_default_and_more::Customer>().lines().next(),
        told_now.lines().next()
    );
    let mut lock = locked::<with_default::Customer>();
    assert_eq!(told::<with_another_default::Customer>(&mut lock, Mode::Overwrite), [""; 0]);
    assert_eq!(told::<with_another_default::Customer>(&mut lock, Mode::Compare), [""; 0]);
}

#[test]
fn a_lock_that_does_not_know_defaults_yet_learns_them() {
    let mut value: serde_json::Value = serde_json::from_str(&locked::<with_default::Customer>().to_text()).unwrap();
    let entry = &mut value["aggregates"]["customer"]["customer-moved"]["1"];
    assert!(entry.as_object_mut().unwrap().remove("sparse").is_some());
    let mut lock = Lock::from_text(&value.to_string(), "x".as_ref()).unwrap();
    assert!(told::<with_default::Customer>(&mut lock, Mode::Compare)[0].contains("it is not locked yet how"));
    assert_eq!(told::<with_default::Customer>(&mut lock, Mode::Update), [""; 0]);
    assert_eq!(lock, locked::<with_default::Customer>());
}

#[test]
fn a_wider_integer_is_accepted_by_an_update_and_a_narrower_one_is_not() {
    let mut lock = locked::<counted::Customer>();
    let compared = told::<counted_further::Customer>(&mut lock, Mode::Compare);
    assert!(
        compared[0].contains(
            "takes more than before, and old payloads still read:\n        - times: u32\n        + times: u64"
        ),
        "{compared:?}"
    );
    assert_eq!(told::<counted_further::Customer>(&mut lock, Mode::Update), [""; 0]);
    assert_eq!(told::<counted_further::Customer>(&mut lock, Mode::Compare), [""; 0]);
    assert!(problem::<counted::Customer, counted_less::Customer>().contains("changed without a new version"));
}

#[test]
fn the_order_of_untagged_variants_matters() {
    let mut read_back = Lock::from_text(&locked::<first_that_fits::Customer>().to_text(), "x".as_ref()).unwrap();
    assert_eq!(told::<first_that_fits::Customer>(&mut read_back, Mode::Compare), [""; 0]);
    let told = problem::<first_that_fits::Customer, other_that_fits::Customer>();
    assert!(told.contains("- zip: Text string | Number u32 | Digit u8, untagged"), "{told}");
}

#[test]
fn what_is_flattened_gets_a_sample_that_reads() {
    let text = locked::<flattened::Customer>().to_text();
    let lock: serde_json::Value = serde_json::from_str(&text).unwrap();
    let entry = &lock["aggregates"]["customer"]["customer-moved"]["1"];
    let boat = serde_json::json!({ "from": { "name": "text", "number": 1 }, "to": { "name": "text", "number": 1 } });
    assert_eq!(entry["sample"], serde_json::json!({ "Boat": boat, "how": "Fast", "speed": 1, "text": null }));
}

#[test]
fn a_version_with_a_field_of_no_use_gets_a_sample() {
    let text = locked::<first_locked_when_ignored::Customer>().to_text();
    assert!(text.contains(r#""city": "ignored""#), "{text}");
}

#[test]
fn a_real_payload_takes_the_place_of_a_sample() {
    let real = || [("customer-moved", 1, serde_json::json!({ "zip": "10115" }))];
    let with = |lock: &mut Lock, mode| -> Vec<String> {
        lock.check_with::<validated::Customer>(mode, real()).iter().map(ToString::to_string).collect()
    };
    let mut lock = Lock::default();
    assert_eq!(with(&mut lock, Mode::Update), [""; 0], "no sample is asked for that is given");
    assert_eq!(with(&mut lock, Mode::Compare), [""; 0]);
    assert_eq!(
        lock.set_sample::<validated::Customer>("customer-moved", 1, serde_json::json!({ "zip": "80331" })),
        Ok(())
    );
    assert!(with(&mut lock, Mode::Compare)[0].contains("another sample than the test gives"));
    assert!(with(&mut lock, Mode::Update)[0].contains("has a real sample already:\n        {\"zip\":\"80331\"}"));
    assert_eq!(with(&mut lock, Mode::Overwrite), [""; 0]);
    assert!(lock.to_text().contains("10115"));
    let refused = |lock: &mut Lock, event, version, payload| {
        lock.set_sample::<validated::Customer>(event, version, payload).unwrap_err().to_string()
    };
    let before = lock.clone();
    assert_eq!(
        refused(&mut lock, "customer-moved", 2, serde_json::json!({})),
        "version 2 of `customer-moved` is not in the lock; update it first"
    );
    assert!(refused(&mut lock, "customer-left", 1, serde_json::json!({})).contains("is not in the lock"));
    let unreadable = refused(&mut lock, "customer-moved", 1, serde_json::json!({ "zip": "1" }));
    assert!(unreadable.contains("cannot be read") && unreadable.contains("`1` is no zip"), "{unreadable}");
    assert_eq!(lock, before);
}

#[test]
fn overwriting_forgets_versions_that_are_not_read() {
    let mut lock = locked::<upcast::Customer>();
    assert_eq!(told::<oldest::Customer>(&mut lock, Mode::Overwrite), [""; 0]);
    assert_eq!(told::<oldest::Customer>(&mut lock, Mode::Compare), [""; 0], "version 1 is gone");
    let mut lock = locked::<upcast::Customer>();
    assert_eq!(told::<released::Customer>(&mut lock, Mode::Overwrite), [""; 0]);
    assert_eq!(told::<released::Customer>(&mut lock, Mode::Compare), [""; 0], "version 2 is gone");
}

#[test]
fn a_real_payload_is_kept_when_an_optional_field_comes() {
    let text = locked::<released::Customer>().to_text().replace(r#""city": "text""#, r#""city": "Bern""#);
    let mut lock = Lock::from_text(&text, "events.lock.json".as_ref()).unwrap();
    assert_eq!(told::<optional_added::Customer>(&mut lock, Mode::Update), [""; 0]);
    assert_eq!(told::<optional_added::Customer>(&mut lock, Mode::Compare), [""; 0]);
    assert!(lock.to_text().contains("Bern"), "{}", lock.to_text());
}

#[test]
fn an_event_that_is_gone_is_told_unless_it_has_an_alias_or_is_retired() {
    let lost = problem::<released::Customer, new_name::Customer>();
    assert_eq!(
        lost,
        "event `customer-moved` is in the lock, so it may be in stores, but `customer` no longer reads it.\n    \
         Renamed?  Add `alias = \"customer-moved\"` to the event that it is now.\n    \
         Split?    List it in `split(..)`.\n    \
         Unwanted? List it in `retired(\"customer-moved\")`."
    );
    for accepted in [
        told::<new_name_with_alias::Customer>(&mut locked::<released::Customer>(), Mode::Update),
        told::<retired::Customer>(&mut locked::<released::Customer>(), Mode::Update),
    ] {
        assert_eq!(accepted, [""; 0]);
    }
}

#[test]
fn a_version_that_is_locked_is_neither_forgotten_nor_taken_back() {
    let told = problem::<released::Customer, oldest::Customer>();
    assert_eq!(
        told,
        "event `customer-moved` version 1 is in the lock, so it may be in stores, but `oldest = 2` does not read it."
    );
    let told = problem::<upcast::Customer, released::Customer>();
    assert_eq!(
        told,
        "event `customer-moved` was locked as version 2, but its version is now 1; a version never goes back."
    );
}

#[test]
fn overwriting_is_a_word_of_its_own() {
    let mut lock = locked::<released::Customer>();
    assert_eq!(told::<renamed_in_place::Customer>(&mut lock, Mode::Overwrite), [""; 0]);
    assert_eq!(told::<renamed_in_place::Customer>(&mut lock, Mode::Compare), [""; 0]);
    assert_eq!(told::<new_name::Customer>(&mut lock, Mode::Overwrite), [""; 0]);
    assert!(!lock.to_text().contains("customer-moved"));
}

#[test]
fn a_sample_that_cannot_be_guessed_is_asked_for_once() {
    let mut lock = Lock::default();
    let told_first = told::<validated::Customer>(&mut lock, Mode::Update);
    assert!(
        told_first[0].contains("the sample cannot be read") && told_first[0].contains("`text` is no zip"),
        "{told_first:?}"
    );
    let text = lock.to_text().replace(r#""zip": "text""#, r#""zip": "10115""#);
    let text = text.replacen(
        r#""sample": {
          "zip": "string""#,
        "",
        1,
    );
    let text =
        text.replace("\"shape\": {\n            \"zip\": \"10115\"", "\"shape\": {\n            \"zip\": \"string\"");
    let mut lock = Lock::from_text(&text, "events.lock.json".as_ref()).unwrap();
    assert_eq!(told::<validated::Customer>(&mut lock, Mode::Update), [""; 0], "{text}");
    assert_eq!(told::<validated::Customer>(&mut lock, Mode::Compare), [""; 0]);
    assert!(lock.to_text().contains("10115"));
}

#[test]
fn a_lock_comes_back_from_its_file_and_says_what_is_wrong_with_it() {
    let lock = locked::<country_added::Customer>();
    assert_eq!(Lock::from_text(&lock.to_text(), "x".as_ref()).unwrap().to_text(), lock.to_text());
    let error = |text: &str| Lock::from_text(text, "x".as_ref()).unwrap_err();
    assert!(matches!(error("{"), LockError::Json { .. }));
    assert_eq!(error(r#"{"format": 4}"#).to_string(), "x has format 4, this es-testkit reads formats up to 3");
    let damaged = lock.to_text().replace(r#""city": "string""#, r#""city": 7"#);
    assert_eq!(error(&damaged).to_string(), "x: the entry of `customer`, `customer-moved`, version 1 is damaged");
}

#[test]
fn every_field_stands_on_a_line_of_its_own() {
    let text = locked::<released::Customer>().to_text();
    let expected = r#"{
  "aggregates": {
    "customer": {
      "customer-moved": {
        "1": {
          "reads_as": [
            {
              "event": "customer-moved",
              "payload": {
                "city": "text",
                "street": "text"
              },
              "version": 1
            }
          ],
          "sample": {
            "city": "text",
            "street": "text"
          },
          "shape": {
            "city": "string",
            "street": "string"
          }
        }
      }
    }
  },
  "format": 1
}
"#;
    assert_eq!(text, expected);
}

#[test]
fn the_events_of_this_file_are_locked() {
    assert_locked!(upcast::Customer);
    let real = serde_json::json!({ "street": "Unter den Linden 77", "city": "Berlin" });
    assert_locked!(upcast::Customer, samples = [("customer-moved", 1, real)]);
}

#[test]
fn a_lock_file_is_written_and_read() {
    let folder = std::env::temp_dir().join(format!("es-testkit-lock-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("events.lock.json");
    let with = |mode| Lock::with_file(&path, mode, |lock| told::<released::Customer>(lock, mode)).unwrap();
    assert_eq!(with(Mode::Compare).len(), 1);
    assert!(!path.exists(), "comparing writes nothing");
    assert_eq!(with(Mode::Update), [""; 0]);
    assert_eq!(with(Mode::Compare), [""; 0]);
    let message = std::panic::catch_unwind(|| es_testkit::lock::assert_locked::<renamed_in_place::Customer>(&folder));
    let message = *message.unwrap_err().downcast::<String>().unwrap();
    assert!(
        message
            .starts_with("the events of `customer` differ from events.lock.json:\n\n1. event `customer-moved` changed"),
        "{message}"
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

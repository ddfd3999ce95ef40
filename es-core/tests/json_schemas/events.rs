//! The schemas of every version of an aggregate's events.

use std::collections::{BTreeMap, BTreeSet};

use es_core::catalogue::Catalogue;
use es_testkit::lock::{Lock, Mode};
use serde_json::Value;

use super::agreement::{fits, spoiled};
use super::stored::{self, Order};

fn schema_of(event: &str, version: u32) -> Value {
    let schemas = Catalogue::new("").aggregate::<Order>().to_json_schemas("https://example.org/events");
    let found = schemas.into_iter().find(|schema| (schema.event, schema.version) == (event, version));
    found.unwrap_or_else(|| panic!("no schema of {event} version {version}")).schema
}

#[test]
fn every_version_that_is_read_has_a_schema_that_its_payloads_fit() {
    let schemas = Catalogue::new("").aggregate::<Order>().to_json_schemas("urn:shop");
    let versions: Vec<_> = schemas.iter().map(|schema| (schema.aggregate, schema.event, schema.version)).collect();
    let mut payloads = BTreeMap::<_, Vec<Value>>::new();
    for (event, version, payload) in stored::payloads() {
        payloads.entry(("order", event, version)).or_default().push(payload);
    }
    assert_eq!(BTreeSet::from_iter(versions), payloads.keys().copied().collect());
    assert!(schemas.iter().all(|schema| (schema.event == "order-placed") == (schema.aliases == ["order-made"])));
    for (key @ (_, event, version), payloads) in payloads {
        let schema = schema_of(event, version);
        for payload in payloads {
            stored::read(event, version, &payload).unwrap_or_else(|error| panic!("{key:?} {payload}: {error}"));
            assert!(fits(&schema, &payload), "{key:?} {payload} does not fit {schema:#}");
        }
    }
}

#[test]
fn what_cannot_be_read_does_not_fit_the_schema_of_its_version() {
    // A hop on JSON has no shape that a payload could be held against.
    let payloads =
        stored::payloads().into_iter().filter(|(event, version, _)| (*event, *version) != ("order-noted", 1));
    for (event, version, payload) in payloads {
        let schema = schema_of(event, version);
        let mut refused = 0;
        for spoiled in spoiled(&payload).iter().filter(|spoiled| stored::read(event, version, spoiled).is_err()) {
            assert!(!fits(&schema, spoiled), "{event} {version} {spoiled} fits {schema:#}, but is not read");
            refused += 1;
        }
        assert!(refused > 4, "only {refused} payloads of {event} {version} were refused");
    }
}

#[test]
fn the_samples_of_the_lock_fit() {
    let mut lock = Lock::default();
    // Where a hop is on JSON, the lock asks for a real payload.
    assert_eq!(lock.check::<Order>(Mode::Update).len(), 1);
    let lock: Value = serde_json::from_str(&lock.to_text()).unwrap();
    let mut checked = 0;
    for (event, versions) in lock["aggregates"]["order"].as_object().unwrap() {
        for (version, entry) in versions.as_object().unwrap() {
            let schema = schema_of(event, version.parse().unwrap());
            assert!(fits(&schema, &entry["sample"]), "{entry} does not fit {schema:#}");
            checked += 1;
        }
    }
    assert_eq!(checked, 9);
}

#[test]
fn a_schema_says_of_what_it_is() {
    let schema = schema_of("order-placed", 4);
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["$id"], "https://example.org/events/order/order-placed/4");
    assert_eq!(schema["title"], "order-placed, version 4");
    assert_eq!(schema["description"], "Somebody bought something.");
    assert_eq!(schema["properties"]["lineItems"]["description"], "What, and how many of it.");
    assert_eq!(schema["properties"]["cust"]["description"], "Who.");
    assert_eq!(schema.get("deprecated"), None);
    assert_eq!(schema_of("order-placed", 3)["deprecated"], true);
    assert_eq!(schema_of("order-moved", 1)["deprecated"], true);
}

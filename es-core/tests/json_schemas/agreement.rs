//! Whether a schema and serde agree about a payload, and about every way to spoil it.

use boon::{Compiler, Schemas};
use es_core::EventData;
use es_core::catalogue::json_schema;
use es_core::shape::Shape;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Whether the payload fits; that the schema is one is checked as well.
pub(crate) fn fits(schema: &Value, payload: &Value) -> bool {
    let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
    let place = "https://example.org/schema";
    compiler.add_resource(place, schema.clone()).unwrap();
    let index = compiler.compile(place, &mut schemas).unwrap_or_else(|error| panic!("{error:#}: {schema:#}"));
    schemas.validate(payload, index).is_ok()
}

/// A payload with one mistake, for every mistake that fits on one of its parts.
pub(crate) fn spoiled(payload: &Value) -> Vec<Value> {
    let others =
        [json!(null), json!(true), json!("text"), json!(-1), json!(300), json!(1.5), json!([7]), json!({"q": 1})];
    let mut spoiled: Vec<_> = others.into_iter().filter(|other| other != payload).collect();
    match payload {
        Value::Object(fields) => {
            for (name, value) in fields {
                let without = |mut fields: serde_json::Map<_, _>| {
                    fields.remove(name);
                    Value::Object(fields)
                };
                spoiled.push(without(fields.clone()));
                let put = |name: &str, value: Value| {
                    let mut fields = fields.clone();
                    fields.insert(name.to_owned(), value);
                    Value::Object(fields)
                };
                spoiled.push(put("another", json!(1)));
                spoiled.push(without(put(&format!("{name}x"), value.clone()).as_object().unwrap().clone()));
                spoiled.extend(self::spoiled(value).into_iter().map(|value| put(name, value)));
            }
        }
        Value::Array(values) => {
            spoiled.push(values.iter().skip(1).cloned().collect());
            spoiled.push(values.iter().cloned().chain([json!(1)]).collect());
            for (at, value) in values.iter().enumerate() {
                let put = |value| {
                    let mut values = values.clone();
                    values[at] = value;
                    Value::Array(values)
                };
                spoiled.extend(self::spoiled(value).into_iter().map(put));
            }
        }
        _ => {}
    }
    spoiled
}

/// Whether serde has read what stands there, but for fields that are missing or not known.
///
/// It also reads what it never writes: a struct from a list, `{"Name": null}` for `"Name"`.
fn is_as_written(read: &Value, written: &Value) -> bool {
    match (read, written) {
        (Value::Object(read), Value::Object(written)) => {
            read.iter().all(|(name, read)| written.get(name).is_none_or(|written| is_as_written(read, written)))
        }
        (Value::Array(read), Value::Array(written)) => {
            read.len() == written.len() && read.iter().zip(written).all(|(read, written)| is_as_written(read, written))
        }
        _ => read == written,
    }
}

/// Every payload fits, and of what is spoiled exactly that which serde reads.
pub(crate) fn agree<T: EventData + Serialize + DeserializeOwned>(values: &[T]) {
    let schema = json_schema(&Shape::of::<T>());
    let mut refused = 0;
    for value in values {
        let payload = serde_json::to_value(value).unwrap();
        assert!(fits(&schema, &payload), "{payload} does not fit {schema:#}");
        for spoiled in spoiled(&payload) {
            match serde_json::from_value::<T>(spoiled.clone()) {
                Ok(read) if is_as_written(&spoiled, &serde_json::to_value(&read).unwrap()) => {
                    assert!(fits(&schema, &spoiled), "{spoiled} is read, but does not fit {schema:#}");
                }
                Ok(_) => {}
                Err(error) => {
                    assert!(!fits(&schema, &spoiled), "{spoiled} fits {schema:#}, but is not read: {error}");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 4, "only {refused} payloads were refused by {schema:#}");
}

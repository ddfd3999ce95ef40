//! A payload for a shape: the same one every time.

use es_core::shape::{Choice, Record, Shape, Tagging};
use serde_json::{Map, Value, json};

/// A payload of this shape; `None` if part of it cannot be guessed.
pub(super) fn sample(shape: &Shape) -> Option<Value> {
    match shape {
        Shape::Scalar(name) => scalar(name),
        Shape::Optional(shape) => Some(sample(shape).unwrap_or(Value::Null)),
        Shape::List(shape) => Some(Value::Array(sample(shape).into_iter().collect())),
        Shape::Tuple(shapes) => shapes.iter().map(sample).collect::<Option<Vec<_>>>().map(Value::Array),
        Shape::Map(keys, values) => {
            let key = match sample(keys)? {
                Value::String(key) => key,
                other => other.to_string(),
            };
            Some(Value::Object(sample(values).map(|value| (key, value)).into_iter().collect()))
        }
        Shape::Record(record) => record_sample(record).map(Value::Object),
        Shape::Choice(choice) => choice_sample(choice),
        _ => None,
    }
}

fn scalar(name: &str) -> Option<Value> {
    match name {
        "bool" => Some(json!(true)),
        "string" => Some(json!("text")),
        "char" => Some(json!("c")),
        "f32" | "f64" => Some(json!(1.5)),
        "null" | "any" => Some(Value::Null),
        _ if name.starts_with(['u', 'i']) => Some(json!(1)),
        _ => None,
    }
}

fn record_sample(record: &Record) -> Option<Map<String, Value>> {
    record.fields.iter().map(|field| Some((field.name.clone(), sample(&field.shape)?))).collect()
}

/// The first variant by name that can be guessed; a lock that was read from a file knows no other order.
fn choice_sample(Choice { variants, tagging }: &Choice) -> Option<Value> {
    let mut variants: Vec<_> = variants.iter().collect();
    variants.sort_by(|(one, _), (other, _)| one.cmp(other));
    variants.into_iter().find_map(|(name, shape)| {
        let held = match shape {
            Some(shape) => Some(sample(shape)?),
            None => None,
        };
        Some(match tagging {
            Tagging::External => held.map_or_else(|| json!(name), |held| json!({ name: held })),
            Tagging::Internal { tag } => {
                let mut map = held.and_then(|held| held.as_object().cloned()).unwrap_or_default();
                map.insert(tag.clone(), json!(name));
                Value::Object(map)
            }
            Tagging::Adjacent { tag, content } => match held {
                Some(held) => json!({ tag: name, content: held }),
                None => json!({ tag: name }),
            },
            _ => held.unwrap_or(Value::Null),
        })
    })
}

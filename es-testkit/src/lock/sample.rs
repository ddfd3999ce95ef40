//! A payload for a shape: the same one every time.

use es_core::shape::{Choice, Record, Shape, Tagging};
use serde_json::{Map, Value, json};

/// How the derives begin the name of a flattened field whose own fields are not known one by one.
const FLATTENED: &str = "..";

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
        "uuid" => Some(json!("0197f0e0-0000-7000-8000-000000000001")),
        "timestamp" => Some(json!("2026-01-01T00:00:00Z")),
        "f32" | "f64" => Some(json!(1.5)),
        "null" | "any" => Some(Value::Null),
        "ignored" => Some(json!("ignored")),
        _ if name.starts_with(['u', 'i']) => Some(json!(1)),
        _ => None,
    }
}

fn record_sample(record: &Record) -> Option<Map<String, Value>> {
    let mut made = Map::new();
    for field in &record.fields {
        let is_flattened = field.name.starts_with(FLATTENED);
        match sample(&field.shape) {
            Some(Value::Object(fields)) if is_flattened => made.extend(fields),
            _ if is_flattened && field.may_be_missing => {}
            Some(_) | None if is_flattened => return None,
            made_field => {
                made.insert(field.name.clone(), made_field?);
            }
        }
    }
    Some(made)
}

/// The first variant by name that can be guessed; a lock that was read from a file knows no other order, except where
/// it matters.
fn choice_sample(Choice { variants, tagging, .. }: &Choice) -> Option<Value> {
    let mut variants: Vec<_> = variants.iter().collect();
    if *tagging != Tagging::Untagged {
        variants.sort_by(|(one, _), (other, _)| one.cmp(other));
    }
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

/// The payload without the fields that may be missing; `None` if it has none of them.
pub(super) fn sparse(shape: &Shape, payload: &Value) -> Option<Value> {
    let left = without_optional(shape, payload);
    (left != *payload).then_some(left)
}

fn without_optional(shape: &Shape, payload: &Value) -> Value {
    match (shape, payload) {
        (Shape::Optional(shape), value) if !value.is_null() => without_optional(shape, value),
        (Shape::List(shape), Value::Array(values)) => {
            values.iter().map(|value| without_optional(shape, value)).collect()
        }
        (Shape::Tuple(shapes), Value::Array(values)) if shapes.len() == values.len() => {
            shapes.iter().zip(values).map(|(shape, value)| without_optional(shape, value)).collect()
        }
        (Shape::Map(_, shape), Value::Object(values)) => {
            Value::Object(values.iter().map(|(key, value)| (key.clone(), without_optional(shape, value))).collect())
        }
        (Shape::Record(record), Value::Object(fields)) => record_without_optional(record, fields),
        (Shape::Choice(choice), value) => choice_without_optional(choice, value),
        (_, value) => value.clone(),
    }
}

fn record_without_optional(record: &Record, fields: &Map<String, Value>) -> Value {
    let left = fields.iter().filter_map(|(name, value)| {
        let alias = record.aliases.iter().find(|(alias, _)| alias == name);
        let field = record.field(name).or_else(|| record.field(&alias?.1));
        match field {
            Some(field) if field.may_be_missing => None,
            Some(field) => Some((name.clone(), without_optional(&field.shape, value))),
            None => Some((name.clone(), value.clone())),
        }
    });
    Value::Object(left.collect())
}

fn choice_without_optional(choice: &Choice, payload: &Value) -> Value {
    let held = |name: &str| {
        let variant = choice.variants.iter().find(|(variant, _)| variant == name);
        variant.and_then(|(_, shape)| shape.as_ref())
    };
    let Value::Object(fields) = payload else { return payload.clone() };
    let told = |tag: &str| fields.get(tag).and_then(Value::as_str).and_then(held);
    let within = |key: &str, shape: &Shape| {
        let mut fields = fields.clone();
        if let Some(value) = fields.get_mut(key) {
            *value = without_optional(shape, value);
        }
        Value::Object(fields)
    };
    match &choice.tagging {
        Tagging::External => {
            let mut names = fields.keys();
            match names.next().and_then(|name| Some((name, held(name)?))) {
                Some((name, shape)) => within(name, shape),
                None => payload.clone(),
            }
        }
        Tagging::Internal { tag } => {
            told(tag).map_or_else(|| payload.clone(), |shape| without_optional(shape, payload))
        }
        Tagging::Adjacent { tag, content } => told(tag).map_or_else(|| payload.clone(), |shape| within(content, shape)),
        _ => payload.clone(),
    }
}

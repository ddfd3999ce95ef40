//! The JSON Schema of a shape.

use serde_json::{Map, Value, json};

use super::object::Object;
use crate::shape::{Choice, Record, Shape, Tagging};

/// The dialect of every schema here.
pub(super) const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The JSON Schema, in the dialect of 2020-12, of what `codec::Json` writes for a shape.
///
/// Everything that is written fits its schema.
/// The reverse is not quite true: a schema also takes `1.0` for an integer, as JSON Schema does, any integer for a
/// `u128`, and any value where the shape ends: at a type that tells no shape, and at one that contains itself.
/// A `$comment` says so at those places.
/// Reading is more patient in other ways: serde also takes `#[serde(alias = "..")]`, and positions for names.
///
/// ```
/// use es_core::catalogue::json_schema;
/// use es_core::shape::Shape;
///
/// let schema = json_schema(&Shape::of::<Option<u8>>());
/// assert_eq!(schema["type"], serde_json::json!(["integer", "null"]));
/// assert_eq!(schema["maximum"], 255);
/// ```
pub fn json_schema(shape: &Shape) -> Value {
    with_dialect(of_shape(shape))
}

pub(super) fn with_dialect(mut schema: Value) -> Value {
    schema["$schema"] = json!(DIALECT);
    schema
}

/// The schema of a part; always an object.
pub(super) fn of_shape(shape: &Shape) -> Value {
    match shape {
        Shape::Scalar(name) => scalar(name),
        Shape::Optional(shape) => nullable(of_shape(shape)),
        Shape::List(shape) => json!({ "type": "array", "items": of_shape(shape) }),
        Shape::Tuple(shapes) => tuple(shapes),
        Shape::Map(keys, values) => map(keys, values),
        Shape::Record(record) => of_record(record),
        Shape::Choice(choice) => of_choice(choice, Surroundings::Alone),
        Shape::Recursive(name) => anything(&format!("`{name}` again, which contains itself")),
        Shape::Spelled(name) => anything(&format!("`{name}`, which does not tell its shape")),
    }
}

fn of_record(record: &Record) -> Value {
    let mut object = Object::default();
    object.add_record(record);
    object.into_schema()
}

fn scalar(name: &str) -> Value {
    if let Some(integer) = name.strip_suffix(" but 0") {
        let mut schema = scalar(integer);
        if schema["minimum"] == 0 {
            schema["minimum"] = json!(1);
        } else {
            schema["not"] = json!({ "const": 0 });
        }
        return schema;
    }
    let (minimum, maximum) = match name {
        "bool" => return json!({ "type": "boolean" }),
        "string" => return json!({ "type": "string" }),
        "char" => return json!({ "type": "string", "minLength": 1, "maxLength": 1 }),
        "uuid" => return json!({ "type": "string", "format": "uuid" }),
        "timestamp" => return json!({ "type": "string", "format": "date-time" }),
        "null" => return json!({ "type": "null" }),
        "f32" | "f64" => return json!({ "type": "number" }),
        "any" | "ignored" => return json!({}),
        "u8" => (json!(u8::MIN), json!(u8::MAX)),
        "u16" => (json!(u16::MIN), json!(u16::MAX)),
        "u32" => (json!(u32::MIN), json!(u32::MAX)),
        // A machine of the future may store more, but nobody reads it today.
        "u64" | "usize" => (json!(u64::MIN), json!(u64::MAX)),
        "i8" => (json!(i8::MIN), json!(i8::MAX)),
        "i16" => (json!(i16::MIN), json!(i16::MAX)),
        "i32" => (json!(i32::MIN), json!(i32::MAX)),
        "i64" | "isize" => (json!(i64::MIN), json!(i64::MAX)),
        // The limits of 128 bits are beyond what most programs read as a number.
        "u128" => return json!({ "type": "integer", "minimum": 0 }),
        "i128" => return json!({ "type": "integer" }),
        other => return anything(&format!("`{other}`")),
    };
    json!({ "type": "integer", "minimum": minimum, "maximum": maximum })
}

/// Takes everything, and says what is meant.
pub(super) fn anything(comment: &str) -> Value {
    json!({ "$comment": comment })
}

fn nullable(mut schema: Value) -> Value {
    let takes_anything = schema.as_object().is_some_and(|schema| schema.keys().all(|key| key == "$comment"));
    if takes_anything {
        return schema;
    }
    match &schema["type"] {
        // All other words that stand beside a type are about values of that type.
        Value::String(ty) if ty != "null" && schema.get("enum").is_none() => {
            schema["type"] = json!([ty, "null"]);
            schema
        }
        Value::String(ty) if ty == "null" => schema,
        Value::Array(_) => schema,
        _ => json!({ "anyOf": [schema, { "type": "null" }] }),
    }
}

fn tuple(shapes: &[Shape]) -> Value {
    let count = shapes.len();
    match shapes {
        [] => json!({ "type": "array", "maxItems": 0 }),
        // As arrays are: `[u8; 32]` is not told 32 times.
        [first, others @ ..] if !others.is_empty() && others.iter().all(|other| other == first) => {
            json!({ "type": "array", "items": of_shape(first), "minItems": count, "maxItems": count })
        }
        _ => {
            let items: Vec<_> = shapes.iter().map(of_shape).collect();
            json!({ "type": "array", "prefixItems": items, "items": false, "minItems": count })
        }
    }
}

fn map(keys: &Shape, values: &Shape) -> Value {
    let mut schema = json!({ "type": "object", "additionalProperties": of_shape(values) });
    if let Some(names) = key(keys) {
        schema["propertyNames"] = names;
    }
    schema
}

/// What a key must look like: in JSON every key is a string.
fn key(shape: &Shape) -> Option<Value> {
    match shape {
        Shape::Scalar(name) => match name.as_str() {
            "bool" => Some(json!({ "enum": ["true", "false"] })),
            "char" => Some(scalar("char")),
            "uuid" | "timestamp" => Some(scalar(name)),
            name if name.starts_with('u') => Some(json!({ "pattern": "^(0|[1-9][0-9]*)$" })),
            name if name.starts_with('i') && name != "ignored" => Some(json!({ "pattern": "^(0|-?[1-9][0-9]*)$" })),
            _ => None,
        },
        Shape::Choice(Choice { variants, tagging: Tagging::External, .. }) => {
            let is_name = variants.iter().all(|(_, held)| held.is_none());
            is_name.then(|| json!({ "enum": variants.iter().map(|(name, _)| name).collect::<Vec<_>>() }))
        }
        _ => None,
    }
}

/// Where a choice stands.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Surroundings {
    /// It is a value.
    Alone,
    /// Its fields stand among those of others.
    Flattened,
}

pub(super) fn of_choice(Choice { variants, tagging, .. }: &Choice, surroundings: Surroundings) -> Value {
    let (names, others): (Vec<_>, Vec<_>) = match (tagging, surroundings) {
        (Tagging::External, Surroundings::Alone) => variants.iter().partition(|(_, held)| held.is_none()),
        _ => (Vec::new(), variants.iter().collect()),
    };
    let mut schemas = Vec::new();
    if !names.is_empty() {
        let names: Vec<_> = names.into_iter().map(|(name, _)| name).collect();
        schemas.push(json!({ "type": "string", "enum": names }));
    }
    schemas.extend(others.into_iter().map(|(name, held)| variant(name, held.as_ref(), tagging, surroundings)));
    if schemas.len() == 1 {
        return schemas.remove(0);
    }
    // Of untagged variants the first that fits is read, and others may fit as well.
    let keyword = if *tagging == Tagging::Untagged { "anyOf" } else { "oneOf" };
    Value::Object(Map::from_iter([(keyword.to_owned(), Value::Array(schemas))]))
}

fn variant(name: &str, held: Option<&Shape>, tagging: &Tagging, surroundings: Surroundings) -> Value {
    let mut object = Object::default();
    let constant = json!({ "const": name });
    match tagging {
        Tagging::External => {
            object.add(name, held.map_or_else(|| json!({ "type": "null" }), of_shape));
            if surroundings == Surroundings::Alone {
                object.deny_others();
            }
        }
        Tagging::Internal { tag } => {
            object.add(tag, constant);
            match held {
                // serde reads a unit from an object only if that is empty, but for the tag.
                Some(held) if *held == Shape::scalar("null") => object.deny_others(),
                Some(held) => object.flatten(held, false),
                None => {}
            }
        }
        Tagging::Adjacent { tag, content } => {
            object.add(tag, constant);
            if let Some(held) = held {
                object.add(content, of_shape(held));
            }
        }
        Tagging::Untagged => return held.map_or_else(|| json!({ "type": "null" }), of_shape),
    }
    object.into_schema()
}

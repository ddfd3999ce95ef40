//! Shapes as text that is kept in a file: JSON, with one field of a record on a line.
//!
//! A record is an object, a field that may be missing ends in `?`; a list is an array of one; a scalar is a string, and
//! ends in `?` if it may be null.
//! Everything else is an object with keys that begin with `$`; untagged variants are an array, because their order
//! matters.

use serde_json::{Map, Value, json};

use super::{Choice, Record, RecordField, Shape, Tagging};

/// Why a text is no shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is no shape")]
pub struct ShapeError {
    /// The part that is not understood.
    pub found: String,
}

impl Shape {
    /// The shape as JSON.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Scalar(name) => json!(name),
            Self::Optional(shape) => match &**shape {
                Self::Scalar(name) => json!(format!("{name}?")),
                other => json!({ "$optional": other.to_json() }),
            },
            Self::List(shape) => json!([shape.to_json()]),
            Self::Tuple(shapes) => json!({ "$tuple": shapes.iter().map(Self::to_json).collect::<Vec<_>>() }),
            Self::Map(keys, values) => json!({ "$map": values.to_json(), "$keys": keys.to_json() }),
            Self::Record(record) => record.to_json(),
            Self::Choice(choice) => choice.to_json(),
            Self::Recursive(name) => json!({ "$again": name }),
            Self::Spelled(name) => json!({ "$spelled": name }),
        }
    }

    /// The shape that [`to_json`](Self::to_json) has written.
    ///
    /// # Errors
    /// The part that is not understood.
    pub fn from_json(value: &Value) -> Result<Self, ShapeError> {
        let refused = || ShapeError { found: value.to_string() };
        match value {
            Value::String(name) => Ok(match name.strip_suffix('?') {
                Some(name) => Self::Optional(Box::new(Self::scalar(name))),
                None => Self::scalar(name),
            }),
            Value::Array(shapes) => match &shapes[..] {
                [shape] => Ok(Self::List(Box::new(Self::from_json(shape)?))),
                _ => Err(refused()),
            },
            Value::Object(map) => Self::from_object(map, &refused),
            _ => Err(refused()),
        }
    }

    fn from_object(map: &Map<String, Value>, refused: &dyn Fn() -> ShapeError) -> Result<Self, ShapeError> {
        let boxed = |value| Self::from_json(value).map(Box::new);
        if let Some(shape) = map.get("$optional") {
            return Ok(Self::Optional(boxed(shape)?));
        }
        if let Some(shapes) = map.get("$tuple") {
            let shapes = shapes.as_array().ok_or_else(refused)?.iter().map(Self::from_json);
            return Ok(Self::Tuple(shapes.collect::<Result<_, _>>()?));
        }
        if let Some(values) = map.get("$map") {
            return Ok(Self::Map(boxed(map.get("$keys").ok_or_else(refused)?)?, boxed(values)?));
        }
        if let Some(name) = map.get("$again") {
            return Ok(Self::Recursive(name.as_str().ok_or_else(refused)?.to_owned()));
        }
        if let Some(name) = map.get("$spelled") {
            return Ok(Self::Spelled(name.as_str().ok_or_else(refused)?.to_owned()));
        }
        if let Some(variants) = map.get("$one_of") {
            return Choice::from_json(variants, map, refused).map(Self::Choice);
        }
        Record::from_json(map, refused).map(Self::Record)
    }
}

impl Record {
    fn to_json(&self) -> Value {
        let mut map = Map::new();
        for RecordField { name, may_be_missing, shape } in &self.fields {
            map.insert(format!("{name}{}", if *may_be_missing { "?" } else { "" }), shape.to_json());
        }
        if self.denies_unknown {
            map.insert("$others".to_owned(), json!("denied"));
        }
        put_aliases(&self.aliases, &mut map);
        Value::Object(map)
    }

    fn from_json(map: &Map<String, Value>, refused: &dyn Fn() -> ShapeError) -> Result<Self, ShapeError> {
        let fields = map.iter().filter(|(name, _)| *name != "$others" && *name != "$aliases").map(|(name, shape)| {
            let may_be_missing = name.ends_with('?');
            let name = name.strip_suffix('?').unwrap_or(name).to_owned();
            Ok(RecordField { name, may_be_missing, shape: Shape::from_json(shape)? })
        });
        let (fields, aliases) = (fields.collect::<Result<_, _>>()?, aliases(map, refused)?);
        Ok(Self { fields, aliases, denies_unknown: map.contains_key("$others") })
    }
}

impl Choice {
    fn to_json(&self) -> Value {
        let variants = self.variants.iter();
        let variants = variants.map(|(name, shape)| (name.clone(), shape.as_ref().map_or(Value::Null, Shape::to_json)));
        let variants = if self.tagging == Tagging::Untagged {
            Value::Array(variants.map(|(name, shape)| json!({ name: shape })).collect())
        } else {
            Value::Object(variants.collect())
        };
        let mut map = Map::from_iter([("$one_of".to_owned(), variants)]);
        put_aliases(&self.aliases, &mut map);
        match &self.tagging {
            Tagging::External => {}
            Tagging::Internal { tag } => {
                map.insert("$tag".to_owned(), json!(tag));
            }
            Tagging::Adjacent { tag, content } => {
                map.insert("$tag".to_owned(), json!(tag));
                map.insert("$content".to_owned(), json!(content));
            }
            Tagging::Untagged => {
                map.insert("$untagged".to_owned(), json!(true));
            }
        }
        Value::Object(map)
    }

    fn from_json(
        variants: &Value,
        map: &Map<String, Value>,
        refused: &dyn Fn() -> ShapeError,
    ) -> Result<Self, ShapeError> {
        let variants: Vec<_> = match variants {
            Value::Object(variants) => variants.iter().collect(),
            Value::Array(variants) => variants.iter().filter_map(Value::as_object).flatten().collect(),
            _ => return Err(refused()),
        };
        let variants = variants.into_iter().map(|(name, shape)| {
            let shape = if shape.is_null() { None } else { Some(Shape::from_json(shape)?) };
            Ok((name.clone(), shape))
        });
        let text = |key| map.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
        let tagging = match (text("$tag"), text("$content")) {
            (Some(tag), Some(content)) => Tagging::Adjacent { tag, content },
            (Some(tag), None) => Tagging::Internal { tag },
            (None, _) if map.contains_key("$untagged") => Tagging::Untagged,
            (None, _) => Tagging::External,
        };
        Ok(Self { variants: variants.collect::<Result<_, _>>()?, aliases: aliases(map, refused)?, tagging })
    }
}

fn put_aliases(aliases: &[(String, String)], map: &mut Map<String, Value>) {
    if !aliases.is_empty() {
        let aliases = aliases.iter().map(|(alias, of)| (alias.clone(), json!(of)));
        map.insert("$aliases".to_owned(), Value::Object(aliases.collect()));
    }
}

fn aliases(map: &Map<String, Value>, refused: &dyn Fn() -> ShapeError) -> Result<Vec<(String, String)>, ShapeError> {
    let Some(aliases) = map.get("$aliases") else { return Ok(Vec::new()) };
    let aliases = aliases.as_object().ok_or_else(refused)?.iter();
    aliases.map(|(alias, of)| Ok((alias.clone(), of.as_str().ok_or_else(refused)?.to_owned()))).collect()
}

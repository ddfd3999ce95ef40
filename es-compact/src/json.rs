//! Stored bytes as JSON, for tools that know the shape and not the type.

use std::collections::HashMap;

use es_core::shape::{Choice, Shape, Tagging};
use serde::de::{self, Visitor};
use serde_json::{Map, Number, Value};

use crate::error::CompactError;
use crate::read::Reader;
use crate::{name, tag};

/// Why stored bytes cannot be told as JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ToJsonError {
    /// The bytes are none that this codec has written.
    #[error(transparent)]
    Payload(#[from] CompactError),
    /// The shape has no field or variant with that number.
    #[error("the shape knows no name for number {number:#06x}")]
    UnknownName {
        /// The number.
        number: u16,
    },
    /// The shape has several names with that number, and it is not clear which is meant.
    #[error("`{first}` and `{second}` have the same number {number:#06x}")]
    Ambiguous {
        /// The number.
        number: u16,
        /// One of them.
        first: String,
        /// Another.
        second: String,
    },
    /// A key of a map is neither text nor a number, and JSON has no other.
    #[error("a key of a map is no text")]
    Key,
}

/// The payload as the JSON that the codec [`Json`](es_core::Json) would have stored.
///
/// `shape` is that of the stored version, as [`EventSet::shape`](es_core::EventSet::shape) or
/// [`Event::shape`](es_core::Event::shape) tells it.
/// The order of fields is that in which they were written.
///
/// # Errors
/// See [`ToJsonError`].
pub fn to_json(payload: &[u8], shape: &Shape) -> Result<Value, ToJsonError> {
    let mut names = HashMap::new();
    collect(shape, &mut names);
    let mut reader = Reader::new(payload);
    let value = Telling { names, reader: &mut reader }.value(Some(shape))?;
    reader.end()?;
    Ok(value)
}

/// Every name of fields and variants, by number.
fn collect(shape: &Shape, names: &mut HashMap<u16, Vec<String>>) {
    each_name(shape, &mut |text| {
        let known = names.entry(name::number(text)).or_default();
        if !known.iter().any(|known| known == text) {
            known.push(text.to_owned());
        }
    });
}

fn each_name(shape: &Shape, seen: &mut impl FnMut(&str)) {
    match shape {
        Shape::Optional(shape) | Shape::List(shape) => each_name(shape, seen),
        Shape::Tuple(shapes) => shapes.iter().for_each(|shape| each_name(shape, seen)),
        Shape::Map(keys, values) => {
            each_name(keys, seen);
            each_name(values, seen);
        }
        Shape::Record(record) => {
            for field in &record.fields {
                seen(&field.name);
                each_name(&field.shape, seen);
            }
        }
        Shape::Choice(choice) => {
            if let Tagging::Adjacent { tag, content } = &choice.tagging {
                seen(tag);
                seen(content);
            }
            for (variant, shape) in &choice.variants {
                seen(variant);
                if let Some(shape) = shape {
                    each_name(shape, seen);
                }
            }
        }
        _ => {}
    }
}

struct Telling<'r, 'de> {
    names: HashMap<u16, Vec<String>>,
    reader: &'r mut Reader<'de>,
}

impl Telling<'_, '_> {
    /// The name that stands here, or, inside a type that holds itself, the only one that it can be.
    fn name(&self, number: u16, here: Option<&str>) -> Result<String, ToJsonError> {
        if let Some(here) = here {
            return Ok(here.to_owned());
        }
        match self.names.get(&number).map(Vec::as_slice) {
            None | Some([]) => Err(ToJsonError::UnknownName { number }),
            Some([name]) => Ok(name.clone()),
            Some([first, second, ..]) => {
                Err(ToJsonError::Ambiguous { number, first: first.clone(), second: second.clone() })
            }
        }
    }

    fn value(&mut self, shape: Option<&Shape>) -> Result<Value, ToJsonError> {
        let shape = match shape {
            Some(Shape::Optional(shape)) => Some(&**shape),
            shape => shape,
        };
        self.reader.deeper()?;
        let tag = self.reader.byte()?;
        let value = match tag {
            tag::LIST => self.list(shape)?,
            tag::MAP => self.map(shape)?,
            tag::FIELDS | tag::FEW_FIELDS..=0xef => self.fields(tag, shape)?,
            tag::VARIANT | tag::HOLDING => self.variant(tag, shape)?,
            _ => self.reader.scalar(tag, Told)?,
        };
        self.reader.shallower();
        Ok(value)
    }

    fn list(&mut self, shape: Option<&Shape>) -> Result<Value, ToJsonError> {
        let mut values = Vec::new();
        while self.reader.peek()? != tag::END {
            let shape = match shape {
                Some(Shape::List(shape)) => Some(&**shape),
                Some(Shape::Tuple(shapes)) => shapes.get(values.len()),
                _ => None,
            };
            values.push(self.value(shape)?);
        }
        self.reader.byte()?;
        Ok(Value::Array(values))
    }

    fn map(&mut self, shape: Option<&Shape>) -> Result<Value, ToJsonError> {
        let mut map = Map::new();
        while self.reader.peek()? != tag::END {
            let key = match self.value(None)? {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                Value::Bool(value) => value.to_string(),
                _ => return Err(ToJsonError::Key),
            };
            let shape = match shape {
                Some(Shape::Map(_, shape)) => Some(&**shape),
                // A record with flattened fields is a map.
                Some(Shape::Record(record)) => record.field(&key).map(|field| &field.shape),
                _ => None,
            };
            map.insert(key, self.value(shape)?);
        }
        self.reader.byte()?;
        Ok(Value::Object(map))
    }

    fn fields(&mut self, tag: u8, shape: Option<&Shape>) -> Result<Value, ToJsonError> {
        let mut map = Map::new();
        for _ in 0..self.reader.count(tag)? {
            let number = self.reader.number()?;
            let field = match shape {
                Some(Shape::Record(record)) => record.fields.iter().find(|field| name::number(&field.name) == number),
                _ => None,
            };
            let name = self.name(number, field.map(|field| field.name.as_str()))?;
            let value = self.value(field.map(|field| &field.shape))?;
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }

    fn variant(&mut self, tag: u8, shape: Option<&Shape>) -> Result<Value, ToJsonError> {
        let number = self.reader.number()?;
        let variant = match shape {
            Some(Shape::Choice(Choice { variants, .. })) => {
                variants.iter().find(|(variant, _)| name::number(variant) == number)
            }
            _ => None,
        };
        let name = self.name(number, variant.map(|(name, _)| name.as_str()))?;
        if tag == tag::VARIANT {
            return Ok(Value::String(name));
        }
        let value = self.value(variant.and_then(|(_, shape)| shape.as_ref()))?;
        Ok(Value::Object(Map::from_iter([(name, value)])))
    }
}

/// A scalar as JSON.
struct Told;

impl Visitor<'_> for Told {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a scalar")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Value, E> {
        let number = Number::from_u128(value).ok_or_else(|| E::custom("a number that JSON cannot hold exactly"))?;
        Ok(number.into())
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Value, E> {
        let number = Number::from_i128(value).ok_or_else(|| E::custom("a number that JSON cannot hold exactly"))?;
        Ok(number.into())
    }

    fn visit_f32<E: de::Error>(self, value: f32) -> Result<Value, E> {
        // As serde_json writes it: the shortest text that is this number, not that of the same number in more bits.
        let text = serde_json::to_string(&value).map_err(E::custom)?;
        serde_json::from_str(&text).map_err(E::custom)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Value, E> {
        Ok(bytes.into())
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

//! Random JSON of a shape: small values and values at the limits more often than others, texts from a small pool, so
//! that ids meet again.

use es_core::shape::{Choice, Record, RecordField, Shape, Tagging};
use proptest::num::i128::BinarySearch;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::{NewTree, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use super::one_of::OneOf;
use super::words::Words;

/// What texts look like, because a shape does not tell a UUID from a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Texts {
    Words,
    Uuids,
    Dates,
    Times,
    Addresses,
    Numbers,
}

impl Texts {
    /// In the order in which they are tried.
    pub(super) const ALL: [Self; 6] =
        [Self::Words, Self::Uuids, Self::Dates, Self::Times, Self::Addresses, Self::Numbers];

    fn pool(self) -> &'static [&'static str] {
        match self {
            Self::Words => &["a", "b", "c", "ada", "bob", " ", ""],
            Self::Uuids => &[
                "018f4d3c-0000-7000-8000-000000000001",
                "018f4d3c-0000-7000-8000-000000000002",
                "00000000-0000-0000-0000-000000000000",
            ],
            Self::Dates => &["2026-01-01", "2026-01-02", "2024-02-29", "1970-01-01"],
            Self::Times => &["2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", "1970-01-01T00:00:00Z"],
            Self::Addresses => &["127.0.0.1", "10.0.0.1"],
            Self::Numbers => &["1", "0", "2", "10", "100"],
        }
    }
}

/// Payloads of a shape.
///
/// # Errors
/// The parts that have to be there and whose shape is not known: `holder.country: CountryCode`.
pub(super) fn payloads(shape: &Shape, words: &Words, texts: Texts) -> Result<BoxedStrategy<Value>, Vec<String>> {
    let mut making = Making { words, texts, unknown: Vec::new() };
    match making.any("", shape) {
        Some(strategy) => Ok(strategy),
        None => Err(making.unknown),
    }
}

struct Making<'a> {
    words: &'a Words,
    texts: Texts,
    unknown: Vec<String>,
}

/// A field that may be missing.
type Field = BoxedStrategy<Option<Value>>;

impl Making<'_> {
    fn any(&mut self, path: &str, shape: &Shape) -> Option<BoxedStrategy<Value>> {
        match shape {
            Shape::Scalar(name) => self.scalar(name).or_else(|| self.give_up(path, shape)),
            Shape::Optional(shape) => Some(self.or_nothing(path, shape, Value::Null)),
            Shape::List(shape) => {
                let known = self.unknown.len();
                let Some(item) = self.any(path, shape) else {
                    self.unknown.truncate(known);
                    return Some(Just(json!([])).boxed());
                };
                Some(prop::collection::vec(item, 0..=4).prop_map(Value::Array).boxed())
            }
            Shape::Tuple(shapes) => {
                let items = shapes.iter().enumerate().map(|(at, shape)| self.any(&below(path, &at.to_string()), shape));
                let items: Vec<_> = items.collect::<Option<_>>()?;
                Some(items.prop_map(Value::Array).boxed())
            }
            Shape::Map(keys, values) => Some(self.map(path, keys, values)),
            Shape::Record(record) => self.record(path, record),
            Shape::Choice(choice) => self.choice(path, choice),
            _ => self.give_up(path, shape),
        }
    }

    fn give_up(&mut self, path: &str, shape: &Shape) -> Option<BoxedStrategy<Value>> {
        self.unknown.push(if path.is_empty() { shape.to_string() } else { format!("{path}: {shape}") });
        None
    }

    /// `nothing` now and then, and always if what else could be there is not known.
    fn or_nothing(&mut self, path: &str, shape: &Shape, nothing: Value) -> BoxedStrategy<Value> {
        let known = self.unknown.len();
        if let Some(some) = self.any(path, shape) {
            return OneOf::weighted(vec![(1, Just(nothing).boxed()), (3, some)]).boxed();
        }
        self.unknown.truncate(known);
        Just(nothing).boxed()
    }

    fn map(&mut self, path: &str, keys: &Shape, values: &Shape) -> BoxedStrategy<Value> {
        let known = self.unknown.len();
        let (Some(key), Some(value)) = (self.any(path, keys), self.any(path, values)) else {
            self.unknown.truncate(known);
            return Just(json!({})).boxed();
        };
        let entry = |(key, value)| match key {
            Value::String(key) => (key, value),
            other => (other.to_string(), value),
        };
        let map = prop::collection::vec((key, value), 0..=3);
        map.prop_map(move |entries| Value::Object(entries.into_iter().map(entry).collect())).boxed()
    }

    fn record(&mut self, path: &str, record: &Record) -> Option<BoxedStrategy<Value>> {
        let names: Vec<_> = record.fields.iter().map(|field| field.name.clone()).collect();
        // Every field is looked at, so that all that is unknown is told at once.
        let fields: Vec<_> = record.fields.iter().map(|field| self.field(path, field)).collect();
        let fields: Vec<_> = fields.into_iter().collect::<Option<_>>()?;
        let assembled = move |values: Vec<Option<Value>>| {
            let mut map = Map::new();
            for (name, value) in names.iter().zip(values) {
                match value {
                    // What is flattened stands beside the other fields.
                    Some(Value::Object(held)) if name.starts_with("..") => map.extend(held),
                    Some(value) if !name.starts_with("..") => {
                        map.insert(name.clone(), value);
                    }
                    _ => {}
                }
            }
            Value::Object(map)
        };
        Some(fields.prop_map(assembled).boxed())
    }

    fn field(&mut self, path: &str, field: &RecordField) -> Option<Field> {
        let (known, path) = (self.unknown.len(), below(path, &field.name));
        match self.any(&path, &field.shape) {
            Some(value) if field.may_be_missing => Some(prop::option::weighted(0.75, value).boxed()),
            Some(value) => Some(value.prop_map(Some).boxed()),
            None if field.may_be_missing => {
                self.unknown.truncate(known);
                Some(Just(None).boxed())
            }
            None => None,
        }
    }

    /// Any of the variants that are known.
    fn choice(&mut self, path: &str, Choice { variants, tagging, .. }: &Choice) -> Option<BoxedStrategy<Value>> {
        let known = self.unknown.len();
        let mut strategies = Vec::new();
        for (name, shape) in variants {
            let held = match shape {
                None => Just(None).boxed(),
                Some(shape) => match self.any(&below(path, name), shape) {
                    Some(held) => held.prop_map(Some).boxed(),
                    None => continue,
                },
            };
            let (name, tagging) = (name.clone(), tagging.clone());
            strategies.push(held.prop_map(move |held| variant(&name, held, &tagging)).boxed());
        }
        if strategies.is_empty() {
            return None;
        }
        self.unknown.truncate(known);
        Some(OneOf::new(strategies).boxed())
    }

    fn scalar(&self, name: &str) -> Option<BoxedStrategy<Value>> {
        let (name, least) = match name.strip_suffix(" but 0") {
            Some(name) => (name, 1),
            None => (name, 0),
        };
        Some(match name {
            "bool" => any::<bool>().prop_map(Value::from).boxed(),
            "string" => self.text(),
            "char" => any::<char>().prop_map(|c| json!(c)).boxed(),
            "null" | "ignored" => Just(Value::Null).boxed(),
            "any" => prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), (0..9).prop_map(Value::from)]
                .boxed(),
            // Eighths are the same in JSON and in binary.
            "f32" | "f64" => prop_oneof![
                3 => (0..=80_i32).prop_map(|eighths| json!(f64::from(eighths) / 8.0)),
                1 => any::<i16>().prop_map(|eighths| json!(f64::from(eighths) / 8.0)),
            ]
            .boxed(),
            "u8" => self.integer(least, u8::MAX.into()),
            "u16" => self.integer(least, u16::MAX.into()),
            "u32" => self.integer(least, u32::MAX.into()),
            // JSON numbers end there.
            "u64" | "u128" | "usize" => self.integer(least, u64::MAX.into()),
            "i8" => self.integer(i8::MIN.into(), i8::MAX.into()),
            "i16" => self.integer(i16::MIN.into(), i16::MAX.into()),
            "i32" => self.integer(i32::MIN.into(), i32::MAX.into()),
            "i64" if least == 1 => self.integer(1, i64::MAX.into()),
            "i64" | "i128" | "isize" => self.integer(i64::MIN.into(), i64::MAX.into()),
            _ => return None,
        })
    }

    fn integer(&self, min: i128, max: i128) -> BoxedStrategy<Value> {
        let limits = vec![max, max - 1, min, min + 1, max / 2];
        let words: Vec<_> = self.words.numbers.iter().copied().filter(|number| (min..=max).contains(number)).collect();
        let signed = move |negative: bool, number: i128| if negative && min < 0 { -number } else { number };
        let small = (any::<bool>(), 0..=10_i128).prop_map(move |(negative, number)| signed(negative, number));
        let medium = (any::<bool>(), 0..=1000_i128).prop_map(move |(negative, number)| signed(negative, number));
        let any = any::<u64>().prop_map(move |number| min + i128::from(number) % (max - min + 1));
        let mut strategies =
            vec![(8, small.boxed()), (4, medium.boxed()), (1, select(limits).boxed()), (1, any.boxed())];
        if !words.is_empty() {
            strategies.push((2, select(words).boxed()));
        }
        let number = Number(OneOf::weighted(strategies)).prop_map(move |number| {
            let number = number.clamp(min, max);
            i64::try_from(number).map_or_else(|_| json!(u64::try_from(number).unwrap_or(u64::MAX)), Value::from)
        });
        number.boxed()
    }

    fn text(&self) -> BoxedStrategy<Value> {
        let pool = select(self.texts.pool()).prop_map(ToOwned::to_owned).boxed();
        if self.texts != Texts::Words {
            return pool.prop_map(Value::from).boxed();
        }
        let any =
            prop::collection::vec(any::<char>(), 0..8).prop_map(|letters| letters.into_iter().collect::<String>());
        let mut strategies = vec![(8, pool), (1, any.boxed())];
        if !self.words.texts.is_empty() {
            strategies.push((6, select(self.words.texts.clone()).boxed()));
        }
        OneOf::weighted(strategies).prop_map(Value::from).boxed()
    }
}

/// Numbers that shrink to 0, wherever they come from.
#[derive(Debug)]
struct Number(OneOf<i128>);

impl Strategy for Number {
    type Tree = BinarySearch;
    type Value = i128;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        Ok(BinarySearch::new(self.0.new_tree(runner)?.current()))
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn variant(name: &str, held: Option<Value>, tagging: &Tagging) -> Value {
    match tagging {
        Tagging::External => held.map_or_else(|| json!(name), |held| json!({ name: held })),
        Tagging::Internal { tag } => {
            let mut map = match held {
                Some(Value::Object(map)) => map,
                _ => Map::new(),
            };
            map.insert(tag.clone(), json!(name));
            Value::Object(map)
        }
        Tagging::Adjacent { tag, content } => match held {
            Some(held) => json!({ tag: name, content: held }),
            None => json!({ tag: name }),
        },
        _ => held.unwrap_or(Value::Null),
    }
}

//! The shape of a value on the wire: what serde writes and reads for a type, without the Rust names of types.
//!
//! Shapes are made when tests, documentation or tools ask for them; no payload is read or written through them.

#[cfg(feature = "json")]
mod json;
mod probe;
mod standard;

use std::any::type_name;
use std::fmt;

#[cfg(feature = "json")]
pub use self::json::ShapeError;
#[doc(hidden)]
pub use self::probe::{Probe, SpelledShape, flattened};

/// What a value looks like when it is stored.
///
/// ```
/// use es_core::EventData;
/// use es_core::shape::Shape;
///
/// /// An amount of money.
/// #[derive(serde::Serialize, serde::Deserialize, EventData)]
/// #[serde(rename_all = "camelCase")]
/// pub struct Money {
///     pub minor_units: i64,
///     pub currency: Option<String>,
/// }
///
/// assert_eq!(Shape::of::<Money>().to_string(), "{minorUnits: i64, currency?: string?}");
/// assert_eq!(Shape::of::<Vec<(u8, Money)>>().to_string(), "[(u8, {minorUnits: i64, currency?: string?})]");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// A scalar, by its name: `bool`, `u64`, `f64`, `string`, `null`, `any`, ….
    Scalar(String),
    /// The value or null.
    Optional(Box<Shape>),
    /// Any number of values.
    List(Box<Shape>),
    /// Values in a fixed order.
    Tuple(Vec<Shape>),
    /// Values by keys.
    Map(Box<Shape>, Box<Shape>),
    /// Fields by names.
    Record(Record),
    /// One of several variants.
    Choice(Choice),
    /// A type that contains itself, by its name.
    Recursive(String),
    /// A type that does not tell its shape, as it is spelled in the source.
    Spelled(String),
}

/// Fields by names, in the order of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The fields.
    pub fields: Vec<RecordField>,
    /// Whether other fields are refused when it is read.
    pub denies_unknown: bool,
}

/// A field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordField {
    /// The stored name.
    pub name: String,
    /// Whether it may be missing when it is read.
    pub may_be_missing: bool,
    /// Its shape.
    pub shape: Shape,
}

/// One of several variants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The stored names of the variants with what they hold; `None` for those that hold nothing.
    pub variants: Vec<(String, Option<Shape>)>,
    /// How the variant is told.
    pub tagging: Tagging,
}

/// How a stored value tells which variant it is; the words are serde's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tagging {
    /// `{"Variant": ..}`, or `"Variant"` if it holds nothing.
    External,
    /// A field beside the others.
    Internal {
        /// The name of the field.
        tag: String,
    },
    /// One field for the variant, another for what it holds.
    Adjacent {
        /// The name of the field for the variant.
        tag: String,
        /// The name of the field for what it holds.
        content: String,
    },
    /// Not at all: the first variant that fits.
    Untagged,
}

/// A type that tells its shape.
///
/// Derive it for the types that your events are made of, so that a change in one of them is noticed.
/// serde's attributes are understood.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not tell its shape",
    note = "write `#[derive(EventData)]` on `{Self}`"
)]
pub trait EventData {
    /// The shape, inside of `outer` types.
    fn shape(outer: &mut Outer) -> Shape;
}

impl Shape {
    /// The shape of a type.
    pub fn of<T: EventData + ?Sized>() -> Self {
        T::shape(&mut Outer::default())
    }

    /// A scalar by its name.
    pub fn scalar(name: &str) -> Self {
        Self::Scalar(name.to_owned())
    }

    /// Every part that is no record itself, with the path to it: `money.cents` and `i64`.
    ///
    /// Two shapes are compared line by line.
    pub fn lines(&self) -> Vec<(String, String)> {
        let mut lines = Vec::new();
        self.push_lines("", &mut lines);
        lines
    }

    fn push_lines(&self, path: &str, lines: &mut Vec<(String, String)>) {
        let Self::Record(record) = self else {
            lines.push((path.to_owned(), self.to_string()));
            return;
        };
        for RecordField { name, may_be_missing, shape } in &record.fields {
            let separator = if path.is_empty() { "" } else { "." };
            let optional = if *may_be_missing { "?" } else { "" };
            shape.push_lines(&format!("{path}{separator}{name}{optional}"), lines);
        }
        if record.denies_unknown || record.fields.is_empty() {
            let text = if record.denies_unknown { "denies other fields" } else { "{}" };
            lines.push((path.to_owned(), text.to_owned()));
        }
    }

    /// Whether everything that was stored in the `old` shape still reads in this one, and nothing of it is lost.
    ///
    /// Fields that may be missing and variants may have come; everything else must be the same.
    pub fn reads(&self, old: &Self) -> bool {
        match (self, old) {
            (Self::Record(new), Self::Record(old)) => new.reads(old),
            (Self::Choice(new), Self::Choice(old)) => new.reads(old),
            (Self::Optional(new), Self::Optional(old)) | (Self::List(new), Self::List(old)) => new.reads(old),
            (Self::Optional(new), old) => new.reads(old),
            (Self::Map(new_key, new), Self::Map(old_key, old)) => new_key == old_key && new.reads(old),
            (Self::Tuple(new), Self::Tuple(old)) => {
                new.len() == old.len() && new.iter().zip(old).all(|(new, old)| new.reads(old))
            }
            _ => self == old,
        }
    }
}

impl Record {
    /// The field of that stored name.
    pub fn field(&self, name: &str) -> Option<&RecordField> {
        self.fields.iter().find(|field| field.name == name)
    }

    fn reads(&self, old: &Self) -> bool {
        let kept = old.fields.iter().all(|old| {
            let still = |new: &RecordField| (new.may_be_missing || !old.may_be_missing) && new.shape.reads(&old.shape);
            self.field(&old.name).is_some_and(still)
        });
        let came = self.fields.iter().filter(|new| old.field(&new.name).is_none());
        kept && came.into_iter().all(|new| new.may_be_missing)
    }
}

impl Choice {
    fn reads(&self, old: &Self) -> bool {
        let still = |(name, old): &(String, Option<Shape>)| {
            let new = self.variants.iter().find(|(new, _)| new == name);
            new.is_some_and(|(_, new)| match (new, old) {
                (Some(new), Some(old)) => new.reads(old),
                (new, old) => new.is_none() && old.is_none(),
            })
        };
        self.tagging == old.tagging && old.variants.iter().all(still)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scalar(name) => f.write_str(name),
            Self::Optional(shape) => write!(f, "{shape}?"),
            Self::List(shape) => write!(f, "[{shape}]"),
            Self::Tuple(shapes) => {
                let shapes: Vec<_> = shapes.iter().map(ToString::to_string).collect();
                write!(f, "({})", shapes.join(", "))
            }
            Self::Map(keys, values) => write!(f, "{{{keys} => {values}}}"),
            Self::Record(record) => {
                let field = |RecordField { name, may_be_missing, shape }: &RecordField| {
                    format!("{name}{}: {shape}", if *may_be_missing { "?" } else { "" })
                };
                let mut fields: Vec<_> = record.fields.iter().map(field).collect();
                fields.extend(record.denies_unknown.then(|| "no others".to_owned()));
                write!(f, "{{{}}}", fields.join(", "))
            }
            Self::Choice(Choice { variants, tagging }) => {
                let variant = |(name, shape): &(String, Option<Shape>)| match shape {
                    Some(shape) => format!("{name} {shape}"),
                    None => name.clone(),
                };
                let variants: Vec<_> = variants.iter().map(variant).collect();
                write!(f, "{}{tagging}", variants.join(" | "))
            }
            Self::Recursive(name) => write!(f, "{name} again"),
            Self::Spelled(name) => write!(f, "`{name}`"),
        }
    }
}

impl fmt::Display for Tagging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::External => Ok(()),
            Self::Internal { tag } => write!(f, ", told by `{tag}`"),
            Self::Adjacent { tag, content } => write!(f, ", told by `{tag}`, held in `{content}`"),
            Self::Untagged => f.write_str(", untagged"),
        }
    }
}

/// The types that a shape is being made for, outermost first; tells a type that contains itself.
#[derive(Debug, Default)]
pub struct Outer(Vec<&'static str>);

impl Outer {
    /// The shape of `T`, made by `shape` unless `T` is already being made.
    pub fn enter<T: ?Sized>(&mut self, shape: impl FnOnce(&mut Self) -> Shape) -> Shape {
        let name = type_name::<T>();
        if self.0.contains(&name) {
            // Only the last word: the path of a type is not on the wire.
            let short = name.split('<').next().unwrap_or(name).rsplit("::").next().unwrap_or(name);
            return Shape::Recursive(short.to_owned());
        }
        self.0.push(name);
        let made = shape(self);
        self.0.pop();
        made
    }
}

//! The shape of a value on the wire: what serde writes and reads for a type, without the Rust names of types.
//!
//! Shapes are made when tests, documentation or tools ask for them; no payload is read or written through them.

#[cfg(feature = "json")]
mod json;
mod probe;
mod reading;
mod standard;

use std::any::type_name;
use std::fmt;

#[cfg(feature = "json")]
pub use self::json::ShapeError;
#[doc(hidden)]
pub use self::probe::{Presence, Probe, SpelledShape, record};

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
    /// A scalar, by its name: `bool`, `u64`, `f64`, `string`, `timestamp`, `uuid`, `null`, `any`, ….
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
    /// Other names under which a field is read, each with the name of the field.
    pub aliases: Vec<(String, String)>,
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
    /// Other names under which a variant is read, each with the name of the variant.
    pub aliases: Vec<(String, String)>,
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

    /// The same shape with fields and variants in the order of their names, where that does not matter on the wire.
    ///
    /// It matters for untagged variants: the first that fits is read.
    #[must_use]
    pub fn sorted(&self) -> Self {
        let sorted = |shape: &Self| Box::new(shape.sorted());
        match self {
            Self::Optional(shape) => Self::Optional(sorted(shape)),
            Self::List(shape) => Self::List(sorted(shape)),
            Self::Tuple(shapes) => Self::Tuple(shapes.iter().map(Self::sorted).collect()),
            Self::Map(keys, values) => Self::Map(sorted(keys), sorted(values)),
            Self::Record(record) => {
                let field = |field: &RecordField| RecordField { shape: field.shape.sorted(), ..field.clone() };
                let mut fields: Vec<_> = record.fields.iter().map(field).collect();
                fields.sort_by(|left, right| left.name.cmp(&right.name));
                Self::Record(Record { fields, aliases: in_order(&record.aliases), ..record.clone() })
            }
            Self::Choice(choice) => {
                let held = |(name, shape): &(String, Option<Self>)| (name.clone(), shape.as_ref().map(Self::sorted));
                let mut variants: Vec<_> = choice.variants.iter().map(held).collect();
                if choice.tagging != Tagging::Untagged {
                    variants.sort_by(|left, right| left.0.cmp(&right.0));
                }
                Self::Choice(Choice { variants, aliases: in_order(&choice.aliases), ..choice.clone() })
            }
            other => other.clone(),
        }
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
        for (alias, name) in &record.aliases {
            let separator = if path.is_empty() { "" } else { "." };
            lines.push((format!("{path}{separator}{alias}"), format!("another name of `{name}`")));
        }
        if record.denies_unknown || record.fields.is_empty() {
            let text = if record.denies_unknown { "denies other fields" } else { "{}" };
            lines.push((path.to_owned(), text.to_owned()));
        }
    }
}

impl Record {
    /// The field of that stored name.
    pub fn field(&self, name: &str) -> Option<&RecordField> {
        self.fields.iter().find(|field| field.name == name)
    }
}

fn in_order(aliases: &[(String, String)]) -> Vec<(String, String)> {
    let mut aliases = aliases.to_vec();
    aliases.sort();
    aliases
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
                    let name = with_aliases(name, &record.aliases);
                    format!("{name}{}: {shape}", if *may_be_missing { "?" } else { "" })
                };
                let mut fields: Vec<_> = record.fields.iter().map(field).collect();
                fields.extend(record.denies_unknown.then(|| "no others".to_owned()));
                write!(f, "{{{}}}", fields.join(", "))
            }
            Self::Choice(Choice { variants, aliases, tagging }) => {
                let variant = |(name, shape): &(String, Option<Shape>)| match shape {
                    Some(shape) => format!("{} {shape}", with_aliases(name, aliases)),
                    None => with_aliases(name, aliases),
                };
                let variants: Vec<_> = variants.iter().map(variant).collect();
                write!(f, "{}{tagging}", variants.join(" | "))
            }
            Self::Recursive(name) => write!(f, "{name} again"),
            Self::Spelled(name) => write!(f, "`{name}`"),
        }
    }
}

/// `amount` or `amount/amt`.
fn with_aliases(name: &str, aliases: &[(String, String)]) -> String {
    let others = aliases.iter().filter(|(_, of)| of == name).map(|(alias, _)| alias.as_str());
    std::iter::once(name).chain(others).collect::<Vec<_>>().join("/")
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
    /// The shape of `T` is being made, and nothing around it.
    pub fn of<T: ?Sized>() -> Self {
        Self(vec![type_name::<T>()])
    }

    /// No shape is being made yet.
    pub fn of_nothing() -> Self {
        Self::default()
    }

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

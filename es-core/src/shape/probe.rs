//! How generated code finds the shape of a field: asked of its type if that tells one, otherwise as it is spelled.

use std::marker::PhantomData;

use super::{EventData, Outer, Record, RecordField, Shape};

/// Has a method of its own for types that tell their shape, and one of a trait for all others; the compiler prefers
/// the first.
#[derive(Debug)]
pub struct Probe<T: ?Sized>(PhantomData<T>);

impl<T: ?Sized> Probe<T> {
    /// For any type.
    #[allow(clippy::new_without_default, reason = "only generated code makes one")]
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: EventData + ?Sized> Probe<T> {
    /// The shape that the type tells.
    pub fn shape(&self, outer: &mut Outer, _spelled: &str) -> Shape {
        T::shape(outer)
    }
}

/// The shape of a type that tells none.
pub trait SpelledShape {
    /// The type as it is spelled in the source.
    fn shape(&self, outer: &mut Outer, spelled: &str) -> Shape;
}

impl<T: ?Sized> SpelledShape for Probe<T> {
    fn shape(&self, _: &mut Outer, spelled: &str) -> Shape {
        Shape::Spelled(spelled.to_owned())
    }
}

/// Whether a field is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It has to be.
    Required,
    /// It may be missing if its type is optional, as serde reads options.
    ByType,
    /// It may be missing.
    Optional,
    /// Its own fields stand in its place.
    Flattened,
}

/// The shape of named fields, which the derives write as data: that takes the compiler least.
pub fn record(
    fields: Vec<(&'static str, Presence, Shape)>,
    aliases: Vec<(String, String)>,
    denies_unknown: bool,
) -> Shape {
    let mut record = Record { fields: Vec::with_capacity(fields.len()), aliases, denies_unknown };
    for (name, presence, shape) in fields {
        let may_be_missing = match presence {
            Presence::Required => false,
            Presence::ByType => matches!(shape, Shape::Optional(_)),
            Presence::Optional => true,
            Presence::Flattened => {
                record.fields.extend(flattened(name, shape));
                continue;
            }
        };
        record.fields.push(RecordField { name: name.to_owned(), may_be_missing, shape });
    }
    Shape::Record(record)
}

/// The fields of a flattened field, or the field itself if what it holds is no record.
///
/// An enum has to be there; a map may be empty, and of other types nothing is known.
fn flattened(name: &str, shape: Shape) -> Vec<RecordField> {
    match shape {
        Shape::Record(record) => record.fields,
        Shape::Optional(inner) => {
            let mut fields = flattened(name, *inner);
            for field in &mut fields {
                field.may_be_missing = true;
            }
            fields
        }
        shape => {
            let may_be_missing = !matches!(shape, Shape::Choice(_));
            vec![RecordField { name: format!("..{name}"), may_be_missing, shape }]
        }
    }
}

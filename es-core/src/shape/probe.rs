//! How generated code finds the shape of a field: asked of its type if that tells one, otherwise as it is spelled.

use std::marker::PhantomData;

use super::{EventData, Outer, RecordField, Shape};

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

/// The fields of a flattened field, or the field itself if what it holds is no record.
///
/// An enum has to be there; a map may be empty, and of other types nothing is known.
pub fn flattened(name: &str, shape: Shape) -> Vec<RecordField> {
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

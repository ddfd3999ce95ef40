//! The fields of a payload: their shapes, and what the doc comments say about them.

use crate::model::{EventModel, FieldModel};
use crate::shape::{Record, Shape};

/// A field of a payload, or a place in it.
pub(super) struct Field<'a> {
    /// The stored name, or the number of the place.
    pub(super) name: String,
    pub(super) may_be_missing: bool,
    pub(super) shape: &'a Shape,
    /// The doc comment; empty if there is none, or if it is not certain which it is.
    pub(super) doc: &'static str,
}

/// The fields of an event's current version; none if the payload is a single value.
pub(super) fn of<'a>(model: &EventModel, shape: &'a Shape) -> Vec<Field<'a>> {
    match shape {
        Shape::Record(record) => {
            let fields = record.fields.iter().zip(docs(model.fields, record));
            let field = |(field, doc): (&'a crate::shape::RecordField, _)| Field {
                name: field.name.clone(),
                may_be_missing: field.may_be_missing,
                shape: &field.shape,
                doc,
            };
            fields.map(field).collect()
        }
        Shape::Tuple(shapes) => {
            let is_whole = shapes.len() == model.fields.len();
            let doc = |at: usize| if is_whole { model.fields[at].doc } else { "" };
            let field = |(at, shape)| Field { name: format!("{at}"), may_be_missing: false, shape, doc: doc(at) };
            shapes.iter().enumerate().map(field).collect()
        }
        _ => Vec::new(),
    }
}

/// The doc comment of each field of the record; those of flattened records are not known.
fn docs(models: &[FieldModel], record: &Record) -> Vec<&'static str> {
    let doc = |stored: &str| models.iter().find(|model| model.stored == Some(stored)).map_or("", |model| model.doc);
    record.fields.iter().map(|field| doc(&field.name)).collect()
}

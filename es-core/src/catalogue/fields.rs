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

/// The doc comment of each field of the record.
///
/// The model knows Rust names and the record stored ones, so they are brought together by all that serde makes of a
/// name; one that was chosen freely is known by its neighbours.
fn docs(models: &[FieldModel], record: &Record) -> Vec<&'static str> {
    let named = |name: &str| models.iter().position(|model| folded(model.name) == folded(name));
    let known: Vec<Option<usize>> = record.fields.iter().map(|field| named(&field.name)).collect();
    let between = |at: usize| {
        let before = known[..at].iter().rposition(Option::is_some);
        let after = known[at..].iter().position(Option::is_some).map(|after| at + after);
        let is_alone = before.map_or(0, |before| before + 1) == at && after.unwrap_or(known.len()) == at + 1;
        let first = before.and_then(|before| known[before]).map_or(0, |model| model + 1);
        let end = after.and_then(|after| known[after]).unwrap_or(models.len());
        (is_alone && first + 1 == end).then_some(first)
    };
    let model = |at: usize| known[at].or_else(|| between(at));
    (0..known.len()).map(|at| model(at).map_or("", |model| models[model].doc)).collect()
}

/// What `rename_all` leaves of a name.
fn folded(name: &str) -> String {
    name.chars().filter(|letter| !matches!(letter, '_' | '-')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::RecordField;

    fn docs_of(models: &[(&'static str, &'static str)], stored: &[&str]) -> Vec<&'static str> {
        let model = |(name, doc): &(&'static str, &'static str)| FieldModel { name, ty: "u8", doc };
        let field =
            |name: &&str| RecordField { name: (*name).to_owned(), may_be_missing: false, shape: Shape::scalar("u8") };
        let models: Vec<_> = models.iter().map(model).collect();
        docs(
            &models,
            &Record { fields: stored.iter().map(field).collect(), aliases: Vec::new(), denies_unknown: false },
        )
    }

    #[test]
    fn a_doc_comment_follows_its_field_through_every_rename_rule() {
        let models = [("minor_units", "How much."), ("currency", "Of what.")];
        for stored in [
            ["minor_units", "currency"],
            ["minorUnits", "currency"],
            ["MinorUnits", "Currency"],
            ["MINOR-UNITS", "CURRENCY"],
            ["minor-units", "currency"],
        ] {
            assert_eq!(docs_of(&models, &stored), ["How much.", "Of what."], "{stored:?}");
        }
    }

    #[test]
    fn a_field_with_a_name_of_its_own_is_known_by_its_neighbours() {
        let models = [("a", "A."), ("b", "B."), ("c", "C.")];
        assert_eq!(docs_of(&models, &["a", "x", "c"]), ["A.", "B.", "C."]);
        assert_eq!(docs_of(&models, &["x", "b", "y"]), ["A.", "B.", "C."]);
    }

    #[test]
    fn a_doc_comment_that_might_be_of_another_field_is_left_out() {
        let models = [("a", "A."), ("skipped", "S."), ("b", "B."), ("c", "C.")];
        assert_eq!(docs_of(&models, &["a", "x", "c"]), ["A.", "", "C."]);
        assert_eq!(docs_of(&models[..1], &["x", "y"]), ["", ""]);
    }
}

//! What differs between two shapes, and the upcast that would say so.

use std::fmt::Write as _;

use es_core::shape::{Record, RecordField, Shape};

/// The lines that only one of the two has, old ones first.
pub(super) fn difference(old: &Shape, new: &Shape) -> String {
    let (old, new) = (old.sorted().lines(), new.sorted().lines());
    let mut text = String::new();
    for (sign, lines, others) in [('-', &old, &new), ('+', &new, &old)] {
        for line in lines.iter().filter(|line| !others.contains(line)) {
            let (path, shape) = line;
            let separator = if path.is_empty() { "" } else { ": " };
            let _ = writeln!(text, "        {sign} {path}{separator}{shape}");
        }
    }
    text
}

/// The changes of an `#[upcast]` from `old` to `new`, as far as shapes tell them.
pub(super) fn upcast(old: &Shape, new: &Shape) -> String {
    let (Shape::Record(old), Shape::Record(new)) = (old.sorted(), new.sorted()) else {
        return "from = Old".to_owned();
    };
    let mut gone: Vec<&RecordField> = missing(&old, &new);
    let mut changes = Vec::new();
    for came in missing(&new, &old) {
        let same = |gone: &&RecordField| gone.shape == came.shape;
        match gone.iter().position(same) {
            Some(at) => changes.push(format!("rename({} => {})", gone.remove(at).name, came.name)),
            None if came.may_be_missing || matches!(came.shape, Shape::List(_) | Shape::Map(..)) => {
                changes.push(format!("add({})", came.name));
            }
            None => changes.push(format!("add({} = ..)", came.name)),
        }
    }
    changes.extend(gone.iter().map(|gone| format!("remove({}: {})", gone.name, rust_type(&gone.shape))));
    for field in &new.fields {
        let Some(before) = old.field(&field.name) else { continue };
        if before.shape != field.shape {
            changes.push(format!("change({}: {} => ..)", field.name, rust_type(&before.shape)));
        }
    }
    if changes.is_empty() { "..".to_owned() } else { changes.join(", ") }
}

fn missing<'a>(of: &'a Record, from: &Record) -> Vec<&'a RecordField> {
    of.fields.iter().filter(|field| from.field(&field.name).is_none()).collect()
}

/// A type that is stored in that shape.
fn rust_type(shape: &Shape) -> String {
    match shape {
        Shape::Scalar(name) if name == "string" => "String".to_owned(),
        Shape::Scalar(name) if name == "uuid" => "Uuid".to_owned(),
        Shape::Scalar(name) if name == "timestamp" => "Timestamp".to_owned(),
        Shape::Scalar(name) if name == "null" => "()".to_owned(),
        Shape::Scalar(name) if name == "any" => "serde_json::Value".to_owned(),
        Shape::Scalar(name) => name.clone(),
        Shape::Optional(shape) => format!("Option<{}>", rust_type(shape)),
        Shape::List(shape) => format!("Vec<{}>", rust_type(shape)),
        _ => "OldType".to_owned(),
    }
}

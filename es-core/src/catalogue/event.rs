//! The section about an event: what is stored today, and all that was stored before.

use super::fields::{self, Field};
use super::outline::Outline;
use super::text::{cell, code, code_cell, table};
use super::{Catalogue, Described, doc_comment};
use crate::model::EventModel;
use crate::shape::Shape;

/// An event of the aggregate.
pub(super) fn section(
    catalogue: &Catalogue,
    outline: &Outline<'_>,
    described: &Described,
    event: &EventModel,
) -> Vec<String> {
    let mut blocks = described.event(event);
    let emitting = described.model.commands.iter().filter(|command| command.emits.contains(&event.name));
    let emitting: Vec<_> = emitting.map(|command| outline.command(described, command)).collect();
    blocks.push(uses(&emitting, &reading(catalogue, outline, event)));
    blocks
}

/// An event that is read as others.
pub(super) fn split_section(
    catalogue: &Catalogue,
    outline: &Outline<'_>,
    described: &Described,
    event: &EventModel,
) -> Vec<String> {
    let mut blocks = described.event(event);
    let split = format!("impl SplitInto<{}> for {}", described.event_set, event.type_name);
    let note = format!("It is not written any more; what is stored is read as other events, by {}.", code(&split));
    blocks.insert(2, note);
    blocks.push(uses(&[], &reading(catalogue, outline, event)));
    blocks
}

fn reading(catalogue: &Catalogue, outline: &Outline<'_>, event: &EventModel) -> Vec<String> {
    let projections = catalogue.projections.iter();
    let reading =
        projections.filter(|projection| projection.events.iter().chain(projection.split).any(|it| it == event));
    let processes = catalogue.processes.iter().filter(|process| process.model.events.contains(event));
    let processes = processes.map(|process| outline.process(process));
    reading.map(|projection| outline.projection(projection)).chain(processes).collect()
}

fn uses(emitting: &[String], reading: &[String]) -> String {
    let emitted = (!emitting.is_empty()).then(|| format!("Emitted by {}.", emitting.join(", ")));
    let read = (!reading.is_empty()).then(|| format!("Read by {}.", reading.join(", ")));
    emitted.into_iter().chain(read).collect::<Vec<_>>().join(" ")
}

impl Described {
    fn event(&self, event: &EventModel) -> Vec<String> {
        told(event, |version| (self.shape)(event.name, version))
    }
}

/// The event itself: its names, its fields, and what it was before.
pub(super) fn told(event: &EventModel, shape: impl Fn(u32) -> Option<Shape>) -> Vec<String> {
    let mut blocks = vec![doc_comment::embedded(event.doc), names(event)];
    if let Some(shape) = shape(event.version) {
        blocks.extend(payload(event, &shape));
    }
    blocks.push(older_versions(event, shape));
    blocks
}

fn older_versions(event: &EventModel, shape: impl Fn(u32) -> Option<Shape>) -> String {
    let rows = (event.oldest..event.version).map(|version| {
        let shape = shape(version).map_or_else(String::new, |shape| code_cell(&shape.to_string()));
        let hop = event.hops.iter().find(|hop| hop.from == version);
        let changes: Vec<_> = hop.into_iter().flat_map(|hop| hop.changes).map(|change| code_cell(change)).collect();
        [version.to_string(), shape, changes.join(", ")]
    });
    let rows: Vec<_> = rows.collect();
    let mut blocks = Vec::new();
    if !rows.is_empty() {
        blocks.push(table(["Older version", "Shape", "Changes to the next version"], &rows));
    }
    if event.oldest > 1 {
        blocks.push(format!("Versions before {} are not read.", event.oldest));
    }
    blocks.join("\n\n")
}

fn names(event: &EventModel) -> String {
    let today = format!("Version {} of the event is the struct {}.", event.version, code(event.type_name));
    let aliases: Vec<_> = event.aliases.iter().map(|alias| code(alias)).collect();
    if aliases.is_empty() { today } else { format!("{today} Before, it was stored as {}.", aliases.join(", ")) }
}

/// The fields of the current version.
fn payload(event: &EventModel, shape: &Shape) -> Vec<String> {
    let fields = fields::of(event, shape);
    if fields.is_empty() {
        let is_empty = matches!(shape, Shape::Record(_)) || *shape == Shape::scalar("null");
        let text = if is_empty {
            "It has no fields.".to_owned()
        } else {
            format!("It is a value: {}.", code(&shape.to_string()))
        };
        let doc = if let [field] = event.fields { doc_comment::embedded(field.doc) } else { String::new() };
        return vec![text, doc];
    }
    let row = |Field { name, may_be_missing, shape, doc }: &Field<'_>| {
        let missing = if *may_be_missing { "yes" } else { "" };
        let (meaning, _) = doc_comment::first_paragraph(doc);
        [code_cell(name), code_cell(&shape.to_string()), missing.to_owned(), cell(&meaning)]
    };
    let rows: Vec<_> = fields.iter().map(row).collect();
    let mut blocks = vec![table(["Field", "Shape", "May be missing", "Meaning"], &rows)];
    blocks.extend(long_docs(fields.iter().map(|field| (field.name.as_str(), field.doc))));
    if matches!(shape, Shape::Record(record) if record.denies_unknown) {
        blocks.push("Other fields are refused.".to_owned());
    }
    blocks
}

/// The doc comments of fields for which a cell has no room.
pub(super) fn long_docs<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Option<String> {
    let long = fields.filter(|(_, doc)| doc_comment::first_paragraph(doc).1);
    let item = |(name, doc): (&str, &str)| {
        let doc = doc_comment::embedded(doc);
        // What is indented belongs to the item.
        let lines = doc.lines().map(|line| if line.is_empty() { String::new() } else { format!("  {line}") });
        format!("- {}: {}", code(name), lines.collect::<Vec<_>>().join("\n").trim_start())
    };
    let items: Vec<_> = long.map(item).collect();
    (!items.is_empty()).then(|| items.join("\n"))
}

//! The document: one section after the other.

use super::outline::{Outline, Part, Section};
use super::text::{cell, code, code_cell, table};
use super::{Catalogue, Described, command, doc_comment, event, picture, process};
use crate::model::ProjectionModel;

/// As `Shape` displays itself.
const NOTATION: &str = "\
- `u64`, `string`: a value of that type
- `string?`: the same, or null
- `[u64]`: any number of them
- `(u64, string)`: one after the other
- `{string => u64}`: values by keys
- `{name: string, note?: string}`: fields, of which `note` may be missing
- `Cash | Card {number: string}`: one of several";

pub(super) fn markdown(catalogue: &Catalogue) -> String {
    let outline = Outline::of(catalogue);
    let mut blocks = Vec::new();
    for Section { level, heading, part, .. } in &outline.0 {
        blocks.push(format!("{} {heading}", "#".repeat(*level)));
        blocks.extend(body(catalogue, &outline, *part));
    }
    blocks.retain(|block| !block.is_empty());
    blocks.join("\n\n") + "\n"
}

fn body(catalogue: &Catalogue, outline: &Outline<'_>, part: Part<'_>) -> Vec<String> {
    match part {
        Part::Title => vec![catalogue.introduction.trim().to_owned()],
        Part::Contents => vec![contents(catalogue, outline)],
        Part::Aggregate(described) => aggregate(described),
        Part::Group => Vec::new(),
        Part::Event(described, event) => event::section(catalogue, outline, described, event),
        Part::Split(described, event) => event::split_section(catalogue, outline, described, event),
        Part::Retired(described) => vec![retired(described)],
        Part::Command(described, command) => command::section(catalogue, outline, described, command),
        Part::Projections => vec![picture::of_projections(&catalogue.projections)],
        Part::Projection(model) => projection(outline, model),
        Part::Process(described) => process::section(outline, described),
        Part::Deadline(described, deadline) => process::deadline(described, deadline),
        Part::Notation => vec![NOTATION.to_owned()],
    }
}

fn contents(catalogue: &Catalogue, outline: &Outline<'_>) -> String {
    let mut lines = Vec::new();
    for described in &catalogue.aggregates {
        lines.push(format!("- {}", outline.aggregate(described)));
        let events: Vec<_> = described.stored().map(|event| outline.event_named(described, event.name)).collect();
        lines.push(format!("  - Events: {}", events.join(", ")));
        let commands: Vec<_> =
            described.model.commands.iter().map(|command| outline.command(described, command)).collect();
        if !commands.is_empty() {
            lines.push(format!("  - Commands: {}", commands.join(", ")));
        }
    }
    if !catalogue.projections.is_empty() {
        let projections: Vec<_> = catalogue.projections.iter().map(|model| outline.projection(model)).collect();
        lines.push(format!("- Projections: {}", projections.join(", ")));
    }
    if !catalogue.processes.is_empty() {
        let processes: Vec<_> = catalogue.processes.iter().map(|process| outline.process(process)).collect();
        lines.push(format!("- Processes: {}", processes.join(", ")));
    }
    lines.join("\n")
}

fn aggregate(described: &Described) -> Vec<String> {
    let model = &described.model;
    let mut blocks = vec![
        doc_comment::embedded(model.doc),
        format!("An aggregate, whose streams are called {} and an id.", code(&format!("{}-", model.name))),
        picture::of_commands(described),
    ];
    let invariants = model
        .invariants
        .iter()
        .map(|invariant| [code_cell(invariant.condition), cell(invariant.meaning.unwrap_or_default())]);
    let invariants: Vec<_> = invariants.collect();
    if !invariants.is_empty() {
        blocks.push(table(["What holds after every event", "Meaning"], &invariants));
    }
    blocks
}

fn retired(described: &Described) -> String {
    let names: Vec<_> = described.model.retired.iter().map(|name| code(name)).collect();
    format!("Stored, but never read any more: {}.", names.join(", "))
}

fn projection(outline: &Outline<'_>, model: &ProjectionModel) -> Vec<String> {
    let events: Vec<_> = model.events.iter().chain(model.split).map(|event| outline.event(event)).collect();
    vec![
        doc_comment::embedded(model.doc),
        format!("A projection, whose checkpoint is kept as {}.", code(&model.checkpoint_name())),
        format!("Built from {}.", events.join(", ")),
    ]
}

//! The section about a command: what it needs, when it is refused, and what it leads to.

use super::event::long_docs;
use super::outline::Outline;
use super::text::{cell, code, code_cell, table};
use super::{Catalogue, Described, doc_comment};
use crate::model::CommandModel;

pub(super) fn section(
    catalogue: &Catalogue,
    outline: &Outline<'_>,
    described: &Described,
    command: &CommandModel,
) -> Vec<String> {
    let mut blocks = vec![doc_comment::embedded(command.doc)];
    if command.creates {
        let aggregate = code(described.model.type_name);
        blocks.push(format!("It is only accepted where there is no {aggregate} yet."));
    }
    let fields = command.fields.iter().map(|field| {
        let (meaning, _) = doc_comment::first_paragraph(field.doc);
        [code_cell(field.name), code_cell(field.ty), cell(&meaning)]
    });
    let fields: Vec<_> = fields.collect();
    if !fields.is_empty() {
        blocks.push(table(["Field", "Rust type", "Meaning"], &fields));
        blocks.extend(long_docs(command.fields.iter().map(|field| (field.name, field.doc))));
    }
    let rules = (1..).zip(command.rules);
    let rules =
        rules.map(|(number, rule): (u32, _)| [number.to_string(), code_cell(rule.condition), code_cell(rule.error)]);
    let rules: Vec<_> = rules.collect();
    if !rules.is_empty() {
        blocks.push(table(["Rule", "What must hold", "Error if it does not"], &rules));
    }
    let emits: Vec<_> = command.emits.iter().map(|name| outline.event_named(described, name)).collect();
    blocks.push(if emits.is_empty() {
        let handler = format!("impl Handle<{}> for {}", command.type_name, described.model.type_name);
        format!("What it emits is decided by hand, in {}.", code(&handler))
    } else {
        format!("It emits {}.", emits.join(", "))
    });
    let senders = catalogue.processes.iter();
    let senders = senders.filter(|process| process.model.commands.contains(&(described.model.name, *command)));
    let senders: Vec<_> = senders.map(|process| outline.process(process)).collect();
    if !senders.is_empty() {
        blocks.push(format!("It is sent by {}.", senders.join(", ")));
        blocks.extend(kept(command));
    }
    blocks
}

/// How a process keeps the command.
fn kept(command: &CommandModel) -> Vec<String> {
    let CommandModel { name, aliases, version, oldest, hops, .. } = *command;
    let today = format!("A process keeps it as {}, version {version}.", code(name));
    let aliases: Vec<_> = aliases.iter().map(|alias| code(alias)).collect();
    let told =
        if aliases.is_empty() { today } else { format!("{today} Before, it was kept as {}.", aliases.join(", ")) };
    let rows = (oldest..version).map(|version| {
        let hop = hops.iter().find(|hop| hop.from == version);
        let changes: Vec<_> = hop.into_iter().flat_map(|hop| hop.changes).map(|change| code_cell(change)).collect();
        [version.to_string(), changes.join(", ")]
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        vec![told]
    } else {
        vec![told, table(["Older version", "Changes to the next version"], &rows)]
    }
}

//! The sections about a process manager: what reaches it, what it sends, and how long it waits.

use super::outline::Outline;
use super::text::{cell, code, code_cell, table};
use super::{DescribedProcess, doc_comment, event, picture};
use crate::model::EventModel;
use crate::process::StoredKind;

pub(super) fn section(outline: &Outline<'_>, described: &DescribedProcess) -> Vec<String> {
    let model = &described.model;
    let mut blocks = vec![
        doc_comment::embedded(model.doc),
        format!("A process, whose streams are called {} and an id.", code(&format!("{}-", model.name))),
        picture::of_process(model),
    ];
    let events = model.events.iter().zip(model.roles).zip(model.ends).zip(model.keys);
    let events = events.map(|(((event, role), ends), key)| {
        [cell(&outline.event(event)), meaning(role, *ends).to_owned(), code_cell(key)]
    });
    blocks.push(table(["Event", "What it is to the process", "Which process"], &events.collect::<Vec<_>>()));
    if !model.deadlines.is_empty() {
        let deadlines: Vec<_> = model.deadlines.iter().map(|deadline| outline.deadline(described, deadline)).collect();
        blocks.push(format!("Its deadlines: {}.", deadlines.join(", ")));
    }
    if !model.commands.is_empty() {
        let commands = model.commands.iter().map(|(aggregate, command)| {
            [cell(&outline.command_of(aggregate, command)), cell(&outline.aggregate_named(aggregate))]
        });
        blocks.push(table(["Command that it sends", "To"], &commands.collect::<Vec<_>>()));
        blocks.push("A command that is refused comes back to it, with the reason.".to_owned());
    }
    blocks
}

fn meaning(role: &str, ends: bool) -> &'static str {
    match (role, ends) {
        ("start", false) => "begins it",
        ("start", true) => "begins it, and ends it at once",
        ("start_or_continue", false) => "begins it, or goes on with it",
        ("start_or_continue", true) => "begins it or goes on with it, and ends it",
        ("continue_or_fail", false) => "goes on with it; an error if there is none",
        ("continue_or_fail", true) => "ends it; an error if there is none",
        (_, false) => "goes on with it, if there is one",
        (_, true) => "ends it, if there is one",
    }
}

pub(super) fn deadline(described: &DescribedProcess, deadline: &EventModel) -> Vec<String> {
    let mut stored = described.stored.iter();
    let form = stored.find(|form| form.kind == StoredKind::Deadline && form.name == deadline.name);
    event::told(deadline, |version| form.and_then(|form| (form.shape)(version)))
}

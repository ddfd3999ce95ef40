//! Pictures of what leads to what, as Mermaid draws them.

use super::Described;
use crate::model::{EventModel, ProcessModel, ProjectionModel};

/// From the commands of an aggregate to its events.
pub(super) fn of_commands(described: &Described) -> String {
    let model = &described.model;
    if model.commands.is_empty() {
        return String::new();
    }
    let mut lines = Vec::new();
    for (number, command) in (1..).zip(model.commands) {
        let name = label(command.type_name);
        let is_by_hand = command.emits.is_empty();
        let node = if is_by_hand { format!("{{{{{name}}}}}") } else { format!("[{name}]") };
        lines.push(format!("c{number}{node}"));
    }
    lines.extend(events(model.events));
    for (number, command) in (1..).zip(model.commands) {
        let arrow = if command.creates { "-->|creates|" } else { "-->" };
        let emitted = (1..).zip(model.events).filter(|(_, event)| command.emits.contains(&event.name));
        lines.extend(emitted.map(|(event, _): (u32, _)| format!("c{number} {arrow} e{event}")));
    }
    let mut picture = drawn(&lines);
    if model.commands.iter().any(|command| command.emits.is_empty()) {
        picture += "\n\nA hexagon is a command that is decided by hand; what it emits is not declared.";
    }
    picture
}

/// From events to the projections that are built from them.
pub(super) fn of_projections(projections: &[ProjectionModel]) -> String {
    let mut known: Vec<EventModel> = Vec::new();
    let mut arrows = Vec::new();
    for (number, projection) in (1..).zip(projections) {
        for event in projection.events.iter().chain(projection.split) {
            let at = known.iter().position(|known| known == event).unwrap_or_else(|| {
                known.push(*event);
                known.len() - 1
            });
            arrows.push(format!("e{} --> p{number}", at + 1));
        }
    }
    let mut lines: Vec<_> = events(&known).collect();
    let nodes = (1..).zip(projections);
    lines.extend(nodes.map(|(number, model): (u32, _)| format!("p{number}[({})]", label(model.type_name))));
    lines.extend(arrows);
    drawn(&lines)
}

/// From events to a process, and from there to the commands that it sends and the deadlines that come back.
pub(super) fn of_process(model: &ProcessModel) -> String {
    let mut lines: Vec<_> = events(model.events).collect();
    lines.push(format!("p[[{}]]", label(model.type_name)));
    let deadlines = (1..).zip(model.deadlines);
    lines.extend(deadlines.map(|(number, deadline): (u32, _)| format!("d{number}[/{}/]", label(deadline.name))));
    let commands = (1..).zip(model.commands);
    lines.extend(commands.map(|(number, (_, command)): (u32, _)| format!("c{number}[{}]", label(command.type_name))));
    for (number, (role, ends)) in (1..).zip(model.roles.iter().zip(model.ends)) {
        let number: u32 = number;
        let is_start = role.starts_with("start");
        let words = match (is_start, ends) {
            (true, true) => "|begins, ends|",
            (true, false) => "|begins|",
            (false, true) => "|ends|",
            (false, false) => "",
        };
        lines.push(format!("e{number} -->{words} p"));
    }
    for number in 1..=model.deadlines.len() {
        lines.push(format!("p -.->|sets| d{number}"));
        lines.push(format!("d{number} -.-> p"));
    }
    for (number, (aggregate, _)) in (1..).zip(model.commands) {
        let number: u32 = number;
        lines.push(format!("p -->|{}| c{number}", label(&format!("to {aggregate}"))));
    }
    drawn(&lines)
}

fn events(models: &[EventModel]) -> impl Iterator<Item = String> {
    (1..).zip(models).map(|(number, event): (u32, _)| format!("e{number}([{}])", label(event.name)))
}

fn drawn(lines: &[String]) -> String {
    format!("```mermaid\nflowchart LR\n    {}\n```", lines.join("\n    "))
}

/// A text in quotes; a letter that Mermaid could take for something else, by its number.
fn label(text: &str) -> String {
    let letter = |letter: char| {
        if letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_' | '.' | ':' | '/') {
            letter.to_string()
        } else {
            format!("#{};", u32::from(letter))
        }
    };
    format!("\"{}\"", text.chars().map(letter).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn a_label_is_only_text() {
        assert_eq!(label("money-deposited"), "\"money-deposited\"");
        assert_eq!(label("\"<b>`x`#1"), "\"#34;#60;b#62;#96;x#96;#35;1\"");
    }
}

//! What a run of a law has met: which commands were accepted, which refused and why, and which events happened.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use es_core::{Aggregate, EventName};

#[derive(Debug, Default)]
pub(super) struct Tally {
    accepted: BTreeMap<&'static str, u64>,
    refused: BTreeMap<&'static str, Refused>,
    emitted: HashSet<EventName>,
}

#[derive(Debug, Default)]
struct Refused {
    count: u64,
    last: String,
}

impl Tally {
    pub(super) fn accept(&mut self, command: &'static str, events: impl Iterator<Item = EventName>) {
        *self.accepted.entry(command).or_default() += 1;
        self.emitted.extend(events);
    }

    pub(super) fn refuse(&mut self, command: &'static str, reason: String) {
        let refused = self.refused.entry(command).or_default();
        refused.count += 1;
        refused.last = reason;
    }

    /// "12 commands accepted, 30 refused", and what was never met.
    ///
    /// # Errors
    /// No command was ever accepted, so nothing was tested.
    pub(super) fn report<A: Aggregate>(&self) -> Result<String, String> {
        let accepted: u64 = self.accepted.values().sum();
        let refused: u64 = self.refused.values().map(|refused| refused.count).sum();
        if accepted == 0 {
            let mut text =
                format!("none of {refused} commands was ever accepted, so nothing was tested. Refused were:");
            for (command, Refused { count, last }) in &self.refused {
                let _ = write!(text, "\n  `{command}`, {count} times, the last time: {last}");
            }
            let aggregate = A::MODEL.type_name;
            let _ = write!(
                text,
                "\nMake commands that are accepted: `verify!({aggregate}, commands = any_command())`, where \
                 `any_command` returns a proptest `Strategy` of the set of its commands."
            );
            return Err(text);
        }
        let mut text = format!("{accepted} commands accepted, {refused} refused");
        let commands = A::MODEL.commands.iter().filter(|command| !self.accepted.contains_key(command.type_name));
        let commands: Vec<_> = commands.map(|command| self.never_accepted(command.type_name)).collect();
        if !commands.is_empty() {
            let _ = write!(text, "\n  never accepted: {}", commands.join(", "));
        }
        let is_emitted = |name: &str| self.emitted.iter().any(|emitted| emitted.as_str() == name);
        let events = A::MODEL.events.iter().filter(|event| !is_emitted(event.name));
        let events: Vec<_> = events.map(|event| format!("`{}`", event.name)).collect();
        if !events.is_empty() {
            let _ = write!(text, "\n  never emitted: {}", events.join(", "));
        }
        Ok(text)
    }

    fn never_accepted(&self, command: &str) -> String {
        match self.refused.get(command) {
            Some(Refused { last, .. }) => format!("`{command}` (the last time: {last})"),
            None => format!("`{command}` (never tried)"),
        }
    }
}

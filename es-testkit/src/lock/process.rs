//! The comparison of what the streams of a process keep with what the lock knows of it.
//!
//! A process may live for months, and whenever it is folded, all that it keeps is read again.

use std::collections::BTreeMap;

use es_core::process::{ProcessManager, StoredForm, StoredKind};
use serde_json::Value;

use super::check::{Mode, Problem};
use super::file::{Events, Lock};
use super::form::Form;
use super::real;

/// What the processes of one type keep: `events`, `deadlines`, `commands to account`.
pub(super) type Sections = BTreeMap<String, Events>;

impl Lock {
    /// Compares what the processes `P` keep with the lock, and writes into it what `mode` allows.
    pub fn check_process<P: ProcessManager>(&mut self, mode: Mode) -> Vec<Problem> {
        let sections = self.processes.entry(P::NAME.to_owned()).or_default();
        let mut problems = Vec::new();
        for stored in P::STORED {
            let entries = sections.entry(section(stored.kind)).or_default();
            problems.extend(Form::of_process::<P>(stored).check_in(entries, mode));
        }
        for (section, entries) in sections.iter_mut() {
            problems.extend(lost::<P>(section, entries, mode));
            entries.retain(|_, versions| !versions.is_empty());
        }
        sections.retain(|_, entries| !entries.is_empty());
        self.processes.retain(|_, sections| !sections.is_empty());
        problems
    }

    /// [`check_process`](Self::check_process), where some samples are given: name, version and payload of each.
    ///
    /// An update puts them in the place of samples that were made from shapes; one that is real, too, is overwritten
    /// only by [`Mode::Overwrite`].
    pub fn check_process_with<'a, P: ProcessManager>(
        &mut self,
        mode: Mode,
        samples: impl IntoIterator<Item = (&'a str, u32, Value)>,
    ) -> Vec<Problem> {
        if mode != Mode::Compare {
            // Before the samples are there, it may complain of those that it could not make.
            self.check_process::<P>(mode);
        }
        let mut problems = Vec::new();
        for (name, version, payload) in samples {
            let stored = P::STORED.iter().find(|stored| stored.name == name || stored.aliases.contains(&name));
            let form = stored.map(Form::of_process::<P>);
            let sections = self.processes.get_mut(P::NAME);
            let entries = sections.zip(stored).and_then(|(sections, stored)| sections.get_mut(&section(stored.kind)));
            problems.extend(real::put(form.as_ref(), entries, mode, (name, version, payload)));
        }
        let mut all = self.check_process::<P>(mode);
        all.extend(problems);
        all
    }
}

fn section(kind: StoredKind) -> String {
    match kind {
        StoredKind::Deadline => "deadlines".to_owned(),
        StoredKind::Command { aggregate } => format!("commands to {aggregate}"),
        _ => "events".to_owned(),
    }
}

/// What is locked, but what the process does not read.
fn lost<P: ProcessManager>(of: &str, entries: &mut Events, mode: Mode) -> Vec<Problem> {
    let is_read = |name: &str| {
        let mut forms = P::STORED.iter().filter(|stored: &&StoredForm| section(stored.kind) == of);
        forms.any(|stored| Form::of_process::<P>(stored).has(name))
    };
    let lost: Vec<_> = entries.keys().filter(|name| !is_read(name)).cloned().collect();
    if mode == Mode::Overwrite {
        for name in &lost {
            entries.remove(name);
        }
        return Vec::new();
    }
    let problem = |name: String| {
        Problem(format!(
            "`{name}` is in the lock among the {of}, so processes may keep it, but `{}` no longer reads it.\n    \
             Renamed?  Add `alias = \"{name}\"` to what it is now.\n    \
             Unwanted? Leave it in the list, with a `React` that does nothing, for as long as there is a process that \
             had it; it is read whenever such a process is.",
            P::NAME
        ))
    };
    lost.into_iter().map(problem).collect()
}

//! Whether the parts fit together: everything that can be told without a store.

use std::collections::{HashMap, HashSet};

use es_core::model::EventModel;
use es_core::store::EventFilter;
use es_core::{EventName, StreamId};
use es_runner::OnFailure;

use crate::application::RunOptions;
use crate::parts::Parts;
use crate::problem::Problem;

impl Parts {
    /// All that does not fit.
    pub(crate) fn problems(&self, run: &RunOptions, has_leases: bool, has_failures: bool) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.names_are_unique(&mut problems);
        self.shapes_agree(&mut problems);
        if self.every_event_is_handled {
            self.events_are_handled(&mut problems);
        }
        self.queries_are_answered(&mut problems);
        self.commands_have_targets(&mut problems);
        self.processors_can_run(run, has_failures, &mut problems);
        if run.has_many_nodes && !has_leases {
            problems.push(Problem::NoLeases);
        }
        for lock in &self.locks {
            crate::lock::compare(lock, self.aggregates.iter().map(|part| part.model), &mut problems);
        }
        problems
    }

    fn names_are_unique(&self, problems: &mut Vec<Problem>) {
        let mut names = HashSet::new();
        for name in self.names() {
            if !names.insert(name) {
                problems.push(Problem::DuplicateName { name: name.clone() });
            }
        }
        let mut types = HashMap::new();
        for part in &self.aggregates {
            if let Some(first) = types.insert(part.model.name, part.ty) {
                problems.push(Problem::DuplicateAggregate { name: part.model.name, first, second: part.ty });
            }
        }
        // Streams of a process are of the category of its name.
        for part in self.processors.iter().filter(|part| !part.sends.is_empty()) {
            if types.contains_key(part.name.as_str()) {
                problems.push(Problem::ProcessIsAggregate { name: part.name.clone() });
            }
        }
    }

    fn shapes_agree(&self, problems: &mut Vec<Problem>) {
        let mut claims: HashMap<&str, (String, &EventModel)> = HashMap::new();
        let mut told = HashSet::new();
        for (owner, event) in self.events() {
            for name in names(event) {
                match claims.get(name) {
                    None => drop(claims.insert(name, (owner.clone(), event))),
                    Some((first, claimed)) if !is_same(claimed, event) && told.insert(name) => {
                        let (first, second) = (first.clone(), owner.clone());
                        problems.push(Problem::TwoShapes { event: name, first, second });
                    }
                    Some(_) => {}
                }
            }
        }
    }

    fn events_are_handled(&self, problems: &mut Vec<Problem>) {
        for part in &self.aggregates {
            let aggregate = part.model.name;
            for event in part.model.events {
                if !self.filters().any(|filter| selects(filter, aggregate, event.name)) {
                    problems.push(Problem::Unhandled { event: event.name, aggregate });
                }
            }
        }
    }

    fn queries_are_answered(&self, problems: &mut Vec<Problem>) {
        let mut answered = HashSet::new();
        for part in &self.answers {
            let (id, query) = part.query;
            if !answered.insert(id) {
                problems.push(Problem::DuplicateAnswer { query });
            }
            if let Some((id, by)) = part.by
                && !self.parts_of_queries().any(|known| known == id)
            {
                problems.push(Problem::AnsweredByStranger { query, by });
            }
        }
        for (id, query) in &self.asked {
            if !answered.contains(id) {
                problems.push(Problem::Unanswered { query });
            }
        }
    }

    fn parts_of_queries(&self) -> impl Iterator<Item = std::any::TypeId> {
        self.read_models.keys().copied().chain(self.in_memory.iter().copied())
    }

    fn commands_have_targets(&self, problems: &mut Vec<Problem>) {
        for part in &self.processors {
            for (aggregate, command) in &part.sends {
                if !self.aggregates.iter().any(|known| known.model.name == *aggregate) {
                    problems.push(Problem::StrangeTarget { process: part.name.clone(), command, aggregate });
                }
            }
        }
    }

    fn processors_can_run(&self, run: &RunOptions, has_failures: bool, problems: &mut Vec<Problem>) {
        let mut followed = HashSet::new();
        for part in self.processors.iter().filter(|part| part.is_driven) {
            let on_failure = part.options.as_ref().unwrap_or(&run.options).what_on_failure();
            if matches!(on_failure, OnFailure::Park(_)) && !has_failures {
                problems.push(Problem::NowhereToPark { name: part.name.clone() });
            }
            let Some(old) = &part.follows else { continue };
            let is_there = self.processors.iter().any(|other| other.is_driven && other.name == *old);
            if *old == part.name || !is_there || !followed.insert(old) {
                problems.push(Problem::NothingToFollow { name: part.name.clone(), old: old.clone() });
            }
        }
    }
}

fn names(event: &EventModel) -> impl Iterator<Item = &'static str> {
    std::iter::once(event.name).chain(event.aliases.iter().copied())
}

/// Whether what one stores the other reads as the same: docs and Rust types aside, which are not stored.
fn is_same(one: &EventModel, other: &EventModel) -> bool {
    let fields = |event: &EventModel| event.fields.iter().map(|field| (field.stored, field.ty)).collect::<Vec<_>>();
    (one.name, one.version, fields(one)) == (other.name, other.version, fields(other))
}

/// Whether a filter selects an event in some stream of a category.
fn selects(filter: &EventFilter, category: &str, name: &'static str) -> bool {
    let stream = StreamId::new(category, "any");
    stream.is_ok_and(|stream| filter.selects(&stream, &EventName::from_static(name)))
}

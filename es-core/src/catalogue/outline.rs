//! The sections of a document in their order, and the links to them.

use std::collections::BTreeMap;

use super::text::{code, plain};
use super::{Catalogue, Described, DescribedProcess};
use crate::model::{CommandModel, EventModel, ProjectionModel};

/// A document of at most as many events, commands, projections and processes needs no table of contents.
const FEW: usize = 5;

/// The sections, in order.
pub(super) struct Outline<'a>(pub(super) Vec<Section<'a>>);

/// A heading, and what stands below it up to the next one.
pub(super) struct Section<'a> {
    pub(super) level: usize,
    /// In Markdown.
    pub(super) heading: String,
    /// What a link to it ends in.
    slug: String,
    pub(super) part: Part<'a>,
}

/// What a section is about.
#[derive(Clone, Copy)]
pub(super) enum Part<'a> {
    Title,
    Contents,
    Aggregate(&'a Described),
    /// The heading of what follows.
    Group,
    Event(&'a Described, &'static EventModel),
    /// An event that is read as others.
    Split(&'a Described, &'static EventModel),
    Retired(&'a Described),
    Command(&'a Described, &'static CommandModel),
    Projections,
    Projection(&'a ProjectionModel),
    Process(&'a DescribedProcess),
    Deadline(&'a DescribedProcess, &'static EventModel),
    Notation,
}

impl<'a> Outline<'a> {
    pub(super) fn of(catalogue: &'a Catalogue) -> Self {
        let mut building = Building::default();
        building.add(1, plain(&catalogue.title), &catalogue.title, Part::Title);
        if catalogue.size() > FEW {
            building.add(2, "Contents".to_owned(), "Contents", Part::Contents);
        }
        for described in &catalogue.aggregates {
            building.aggregate(described);
        }
        if !catalogue.projections.is_empty() {
            building.add(2, "Projections".to_owned(), "Projections", Part::Projections);
        }
        for projection in &catalogue.projections {
            building.code(3, projection.type_name, Part::Projection(projection));
        }
        if !catalogue.processes.is_empty() {
            building.add(2, "Processes".to_owned(), "Processes", Part::Group);
        }
        for process in &catalogue.processes {
            building.code(3, process.model.type_name, Part::Process(process));
            for deadline in process.model.deadlines {
                building.code(4, deadline.name, Part::Deadline(process, deadline));
            }
        }
        if !catalogue.aggregates.is_empty() || catalogue.processes.iter().any(|it| !it.model.deadlines.is_empty()) {
            building.add(2, "How to read a shape".to_owned(), "How to read a shape", Part::Notation);
        }
        Self(building.sections)
    }

    /// A link to the event, or its stored name if it has no section.
    pub(super) fn event(&self, event: &EventModel) -> String {
        self.link(event.name, |part| match part {
            Part::Event(_, known) | Part::Split(_, known) => *known == event,
            _ => false,
        })
    }

    /// A link to the event of the aggregate that has this stored name.
    pub(super) fn event_named(&self, of: &Described, name: &str) -> String {
        self.link(name, |part| match part {
            Part::Event(described, known) | Part::Split(described, known) => {
                described.model.name == of.model.name && known.name == name
            }
            _ => false,
        })
    }

    pub(super) fn command(&self, of: &Described, command: &CommandModel) -> String {
        self.command_of(of.model.name, command)
    }

    pub(super) fn projection(&self, projection: &ProjectionModel) -> String {
        self.link(projection.type_name, |part| matches!(part, Part::Projection(known) if *known == projection))
    }

    pub(super) fn process(&self, process: &DescribedProcess) -> String {
        let is_it = |part: &Part<'_>| matches!(part, Part::Process(known) if known.model.name == process.model.name);
        self.link(process.model.type_name, is_it)
    }

    pub(super) fn deadline(&self, of: &DescribedProcess, deadline: &EventModel) -> String {
        self.link(deadline.name, |part| match part {
            Part::Deadline(process, known) => process.model.name == of.model.name && *known == deadline,
            _ => false,
        })
    }

    /// A link to a command, or the name of its type if it has no section.
    pub(super) fn command_of(&self, aggregate: &str, command: &CommandModel) -> String {
        self.link(command.type_name, |part| match part {
            Part::Command(described, known) => described.model.name == aggregate && *known == command,
            _ => false,
        })
    }

    /// A link to the aggregate with this stored name, or that name if it has no section.
    pub(super) fn aggregate_named(&self, name: &str) -> String {
        let mut parts = self.0.iter().map(|section| section.part);
        let found = parts.find_map(|part| match part {
            Part::Aggregate(known) if known.model.name == name => Some(known),
            _ => None,
        });
        found.map_or_else(|| code(name), |known| self.aggregate(known))
    }

    pub(super) fn aggregate(&self, of: &Described) -> String {
        let is_it = |part: &Part<'_>| matches!(part, Part::Aggregate(known) if known.model.name == of.model.name);
        self.link(of.model.type_name, is_it)
    }

    fn link(&self, text: &str, is_target: impl Fn(&Part<'a>) -> bool) -> String {
        match self.0.iter().find(|section| is_target(&section.part)) {
            Some(section) => format!("[{}](#{})", code(text), section.slug),
            None => code(text),
        }
    }
}

impl Catalogue {
    fn size(&self) -> usize {
        let of_aggregate = |described: &Described| described.stored().count() + described.model.commands.len();
        let of_process = |process: &DescribedProcess| 1 + process.model.deadlines.len();
        let processes = self.processes.iter().map(of_process).sum::<usize>();
        self.aggregates.iter().map(of_aggregate).sum::<usize>() + self.projections.len() + processes
    }
}

/// Sections that get their slugs in order, because the second of a name has another one.
#[derive(Default)]
struct Building<'a> {
    sections: Vec<Section<'a>>,
    /// How often each slug was wanted.
    slugs: BTreeMap<String, usize>,
}

impl<'a> Building<'a> {
    fn aggregate(&mut self, described: &'a Described) {
        let model = &described.model;
        self.code(2, model.type_name, Part::Aggregate(described));
        self.add(3, "Events".to_owned(), "Events", Part::Group);
        for event in model.events {
            self.code(4, event.name, Part::Event(described, event));
        }
        if !model.split.is_empty() {
            self.add(3, "Events read as others".to_owned(), "Events read as others", Part::Group);
        }
        for event in model.split {
            self.code(4, event.name, Part::Split(described, event));
        }
        if !model.retired.is_empty() {
            self.add(3, "Retired names".to_owned(), "Retired names", Part::Retired(described));
        }
        if !model.commands.is_empty() {
            self.add(3, "Commands".to_owned(), "Commands", Part::Group);
        }
        for command in model.commands {
            self.code(4, command.type_name, Part::Command(described, command));
        }
    }

    fn code(&mut self, level: usize, text: &str, part: Part<'a>) {
        self.add(level, code(text), text, part);
    }

    fn add(&mut self, level: usize, heading: String, text: &str, part: Part<'a>) {
        let slug = slug(text);
        let count = self.slugs.entry(slug.clone()).or_default();
        let slug = if *count == 0 { slug } else { format!("{slug}-{count}") };
        *count += 1;
        self.sections.push(Section { level, heading, slug, part });
    }
}

/// What Git web pages make of a heading, so that links can end in it.
fn slug(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_' | ' '));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn a_slug_is_what_the_pages_make_of_a_heading() {
        assert_eq!(slug("Events read as others"), "events-read-as-others");
        assert_eq!(slug("Bank.Account/Opened_v1 (Ü)"), "bankaccountopened_v1-ü");
    }
}

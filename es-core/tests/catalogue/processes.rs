//! A process in the catalogue: what reaches it, what it sends, and how that is drawn.

use std::convert::Infallible;

use es_core::catalogue::Catalogue;
use es_core::process::{Reaction, Rejected, Trigger};
use es_core::{Aggregate, Apply, Command, Event, ProcessManager, React};
use serde::{Deserialize, Serialize};

use crate::page::Page;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "lent")]
pub(crate) struct Lent {
    to: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "returned|\"late\"")]
pub(crate) struct Returned {}

#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(emits = Lent, version = 2, alias = "LendOut")]
#[upcast(1 => 2, rename(who => to))]
pub(crate) struct Lend {
    to: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(emits = Returned)]
pub(crate) struct Fetch {}

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "book", id = String, error = Infallible, events(Lent, Returned), commands(Lend, Fetch))]
pub(crate) struct Book;

impl Apply<Lent> for Book {
    fn apply(&mut self, _: Lent) {}
}

impl Apply<Returned> for Book {
    fn apply(&mut self, _: Returned) {}
}

/// Nobody came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "overdue", version = 2)]
#[upcast(1 => 2, rename(days => nights))]
pub(crate) struct Overdue {
    /// How many.
    nights: u32,
}

/// From the hand to the shelf.
#[derive(Debug, Default, ProcessManager)]
#[process(
    name = "loan", id = String,
    events(
        Lent(start_or_continue, key = event.to.clone()),
        Returned(continue_or_fail, end, key = recorded.stream.id().to_owned()),
    ),
    deadlines(Overdue), commands(Book(Fetch, Lend)),
)]
pub(crate) struct Loan;

impl React<Lent> for Loan {
    fn react(&self, _: &Lent, _: &Trigger) -> Reaction<Self> {
        Reaction::none()
    }
}

impl React<Returned> for Loan {
    fn react(&self, _: &Returned, _: &Trigger) -> Reaction<Self> {
        Reaction::none()
    }
}

impl React<Overdue> for Loan {
    fn react(&self, _: &Overdue, _: &Trigger) -> Reaction<Self> {
        Reaction::none()
    }
}

impl React<Rejected<Fetch>> for Loan {
    fn react(&self, _: &Rejected<Fetch>, _: &Trigger) -> Reaction<Self> {
        Reaction::none()
    }
}

impl React<Rejected<Lend>> for Loan {
    fn react(&self, _: &Rejected<Lend>, _: &Trigger) -> Reaction<Self> {
        Reaction::none()
    }
}

fn library() -> Page {
    Page::read(&Catalogue::new("Library").aggregate::<Book>().process::<Loan>().to_markdown())
}

#[test]
fn a_process_and_its_deadlines_have_sections_and_links_to_them() {
    let page = library();
    let headings: Vec<_> = page.headings.iter().map(|(level, text)| format!("{level} {text}")).collect();
    let end = headings.iter().position(|heading| heading == "2 Processes").unwrap();
    assert_eq!(headings[end..], ["2 Processes", "3 Loan", "4 overdue", "2 How to read a shape"]);
    let slugs = page.slugs();
    for (text, target) in &page.links {
        let at = slugs.iter().position(|slug| target.strip_prefix('#') == Some(slug));
        let at = at.unwrap_or_else(|| panic!("{text} leads to {target}, but there are {slugs:?}"));
        assert_eq!(*text, page.headings[at].1);
    }
    assert!(page.links.iter().any(|(text, _)| text == "Loan") && page.links.iter().any(|(text, _)| text == "overdue"));
}

#[test]
fn what_reaches_a_process_and_what_it_sends_is_told() {
    let page = library();
    assert_eq!(
        page.table(["Event", "What it is to the process", "Which process"]),
        [
            ["lent", "begins it, or goes on with it", "event.to.clone()"],
            ["returned|\"late\"", "ends it; an error if there is none", "recorded.stream.id().to_owned()"],
        ]
    );
    assert_eq!(page.table(["Command that it sends", "To"]), [["Fetch", "Book"], ["Lend", "Book"]]);
    assert_eq!(page.table(["Older version", "Shape", "Changes to the next version"]).len(), 1);
    assert_eq!(page.table(["Older version", "Changes to the next version"]), [["1", "rename(who => to)"]]);
    assert!(page.text.contains("A process keeps it as `Lend`, version 2. Before, it was kept as `LendOut`."));
    assert!(page.text.contains("It is sent by [`Loan`](#loan)."), "{}", page.text);
}

#[test]
fn a_process_is_drawn_from_its_events_to_its_commands() {
    let page = library();
    let drawn: Vec<_> = page.code.iter().filter(|(kind, _)| kind == "mermaid").map(|(_, text)| text.as_str()).collect();
    assert_eq!(
        drawn[1],
        "\
flowchart LR
    e1([\"lent\"])
    e2([\"returned#124;#34;late#34;\"])
    p[[\"Loan\"]]
    d1[/\"overdue\"/]
    c1[\"Fetch\"]
    c2[\"Lend\"]
    e1 -->|begins| p
    e2 -->|ends| p
    p -.->|sets| d1
    d1 -.-> p
    p -->|\"to book\"| c1
    p -->|\"to book\"| c2
"
    );
}

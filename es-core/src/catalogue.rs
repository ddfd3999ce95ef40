//! A domain told to people and to programs of others: as Markdown with pictures, and as JSON Schema.
//!
//! Everything is read from the models and the shapes, so nothing here can be forgotten or out of date; the same code
//! gives the same text.
//! It knows no store and reads no payload.

mod command;
mod doc_comment;
mod document;
mod event;
mod event_schema;
mod fields;
mod object;
mod outline;
mod picture;
mod process;
mod schema;
mod text;

use crate::aggregate::Aggregate;
use crate::event_set::EventSet;
use crate::model::{AggregateModel, EventModel, ProcessModel, ProjectionModel};
use crate::process::{ProcessManager, StoredForm};
use crate::projection::Projection;
use crate::shape::Shape;

pub use self::event_schema::EventSchema;
pub use self::schema::json_schema;

/// The aggregates, projections and processes that are told together: a bounded context, or as much of it as fits on a page.
///
/// ```
/// # use es_core::{Aggregate, Apply, Command, Event, Project, Projection, RecordedEvent};
/// # use serde::{Deserialize, Serialize};
/// use es_core::catalogue::Catalogue;
///
/// /// Somebody counted on.
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
/// #[event(name = "counter-increased", version = 2)]
/// #[upcast(1 => 2, rename(n => by))]
/// pub struct CounterIncreased {
///     /// How far.
///     pub by: u32,
/// }
/// # #[derive(Debug, Clone, Command)]
/// # #[command(emits = CounterIncreased)]
/// # pub struct Increase { pub by: u32 }
/// # #[derive(Debug, Default, Aggregate)]
/// # #[aggregate(name = "counter", id = String, error = std::convert::Infallible,
/// #             events(CounterIncreased), commands(Increase))]
/// # pub struct Counter { total: u32 }
/// # impl Apply<CounterIncreased> for Counter {
/// #     fn apply(&mut self, event: CounterIncreased) { self.total += event.by; }
/// # }
/// # #[derive(Debug, Default, Projection)]
/// # #[projection(name = "grand-total", events(CounterIncreased))]
/// # pub struct GrandTotal { sum: u64 }
/// # impl Project<CounterIncreased> for GrandTotal {
/// #     fn project(&mut self, event: CounterIncreased, _: &RecordedEvent) { self.sum += u64::from(event.by); }
/// # }
///
/// let catalogue = Catalogue::new("Counting").aggregate::<Counter>().projection::<GrandTotal>();
/// let markdown = catalogue.to_markdown();
/// assert!(markdown.contains("| `by` | `u32` | How far. |"));
/// assert!(markdown.contains("| 1 | `{n: u32}` | `rename(n => by)` |"));
///
/// let schemas = catalogue.to_json_schemas("https://example.org/events/");
/// assert_eq!(schemas.len(), 2);
/// assert_eq!(schemas[1].schema["$id"], "https://example.org/events/counter/counter-increased/2");
/// assert_eq!(schemas[1].schema["properties"]["by"]["description"], "How far.");
/// ```
#[derive(Debug, Clone)]
pub struct Catalogue {
    title: String,
    introduction: String,
    aggregates: Vec<Described>,
    projections: Vec<ProjectionModel>,
    processes: Vec<DescribedProcess>,
}

/// A process manager, and what its model does not know.
#[derive(Debug, Clone, Copy)]
struct DescribedProcess {
    model: ProcessModel,
    stored: &'static [StoredForm],
}

/// An aggregate, and what its model does not know.
#[derive(Debug, Clone, Copy)]
struct Described {
    model: AggregateModel,
    shape: fn(&str, u32) -> Option<Shape>,
    /// The Rust type of its event set, without a path.
    event_set: &'static str,
}

impl Catalogue {
    /// A catalogue with this title, of nothing yet.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            introduction: String::new(),
            aggregates: Vec::new(),
            projections: Vec::new(),
            processes: Vec::new(),
        }
    }

    /// Puts Markdown of yours below the title.
    #[must_use]
    pub fn introduction(mut self, markdown: impl Into<String>) -> Self {
        self.introduction = markdown.into();
        self
    }

    /// Adds an aggregate, after those that are there.
    #[must_use]
    pub fn aggregate<A: Aggregate>(mut self) -> Self {
        let path = std::any::type_name::<A::Event>();
        let event_set = path.split('<').next().unwrap_or(path).rsplit("::").next().unwrap_or(path);
        self.aggregates.push(Described { model: A::MODEL, shape: A::Event::shape, event_set });
        self
    }

    /// Adds a projection, after those that are there; it need not be about the aggregates of this catalogue.
    #[must_use]
    pub fn projection<P: Projection>(mut self) -> Self {
        self.projections.push(P::MODEL);
        self
    }

    /// Adds a process manager, after those that are there.
    #[must_use]
    pub fn process<P: ProcessManager>(mut self) -> Self {
        self.processes.push(DescribedProcess { model: P::MODEL, stored: P::STORED });
        self
    }

    /// One document about all of it, as GitHub and its like show it: tables, links within, and pictures by Mermaid.
    ///
    /// Of each event it tells the stored names, the doc comment, the fields as they are stored, and each older version
    /// with the hop to the next; of each command the fields, the rules and what it emits; of each projection the
    /// events; of each process which events begin it, go on with it and end it, its deadlines, and the commands that it
    /// sends.
    /// Doc comments are taken as the Markdown that they are; links to Rust items become plain text.
    pub fn to_markdown(&self) -> String {
        document::markdown(self)
    }

    /// The JSON Schema of every version of every event that is read, oldest first, to be published or put into files.
    ///
    /// `base` begins every `$id`: `https://example.org/events` leads to
    /// `https://example.org/events/account/money-deposited/3`, and `urn:example` to
    /// `urn:example:account:money-deposited:3`.
    ///
    /// A schema takes what serde writes; see [`json_schema`] for what it cannot tell.
    pub fn to_json_schemas(&self, base: &str) -> Vec<EventSchema> {
        self.aggregates.iter().flat_map(|described| described.json_schemas(base)).collect()
    }
}

impl Described {
    /// The events, and then those that are read as others.
    fn stored(&self) -> impl Iterator<Item = &'static EventModel> + use<> {
        self.model.events.iter().chain(self.model.split)
    }
}

/// The document about one aggregate: [`Catalogue::to_markdown`] for those who have one.
///
/// ```
/// use es_core::Aggregate;
///
/// fn write<A: Aggregate>() -> std::io::Result<()> {
///     std::fs::write("EVENTS.md", es_core::catalogue::markdown::<A>())
/// }
/// ```
pub fn markdown<A: Aggregate>() -> String {
    Catalogue::new(A::MODEL.type_name).aggregate::<A>().to_markdown()
}

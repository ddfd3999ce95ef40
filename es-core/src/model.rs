//! What the derives know about a domain, as constant data for documentation, diagrams, locks and tools.
//!
//! Everything is `'static` and can be read in `const` contexts; order is the order of the source.

use std::borrow::Cow;

/// An aggregate: `Account::MODEL`.
///
/// ```
/// use es_core::Aggregate;
///
/// fn rules<A: Aggregate>() -> Vec<&'static str> {
///     A::MODEL.commands.iter().flat_map(|command| command.rules).map(|rule| rule.condition).collect()
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AggregateModel {
    /// The stored name: the category of its streams.
    pub name: &'static str,
    /// The name of the Rust type.
    pub type_name: &'static str,
    /// The doc comment.
    pub doc: &'static str,
    /// Its events.
    pub events: &'static [EventModel],
    /// Events that are stored, but read as others.
    pub split: &'static [EventModel],
    /// The stored names of events that mean nothing any more.
    pub retired: &'static [&'static str],
    /// Its commands.
    pub commands: &'static [CommandModel],
    /// What must hold of it after every event.
    pub invariants: &'static [InvariantModel],
}

/// An event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventModel {
    /// The stored name.
    pub name: &'static str,
    /// The stored names that it had before.
    pub aliases: &'static [&'static str],
    /// The name of the Rust type.
    pub type_name: &'static str,
    /// The current version of its shape.
    pub version: u32,
    /// The oldest version that is read.
    pub oldest: u32,
    /// The doc comment.
    pub doc: &'static str,
    /// The fields of the current version.
    pub fields: &'static [FieldModel],
    /// The hops from each older version to the next, oldest first.
    pub hops: &'static [HopModel],
}

/// A field of an event or a command; fields of tuple structs are named `0`, `1`, ….
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldModel {
    /// The Rust name, without `r#`.
    pub name: &'static str,
    /// The stored name, after serde's renames; `None` if the field is not stored, or not as one: it is skipped, or its
    /// own fields are flattened into those of the event.
    pub stored: Option<&'static str>,
    /// The Rust type as written.
    pub ty: &'static str,
    /// The doc comment.
    pub doc: &'static str,
}

/// The way from one version of an event, or of a command, to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HopModel {
    /// The older version; the hop leads to the next one.
    pub from: u32,
    /// What changed, as written: `rename(amt => amount)`.
    pub changes: &'static [&'static str],
}

/// A command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandModel {
    /// The name under which a process keeps it; that of the Rust type, unless something else is said.
    pub name: &'static str,
    /// The names under which it was kept before.
    pub aliases: &'static [&'static str],
    /// The current version of its shape.
    pub version: u32,
    /// The oldest version that is read.
    pub oldest: u32,
    /// The hops from each older version to the next, oldest first.
    pub hops: &'static [HopModel],
    /// The name of the Rust type.
    pub type_name: &'static str,
    /// The doc comment.
    pub doc: &'static str,
    /// The fields.
    pub fields: &'static [FieldModel],
    /// Whether it is only accepted by an aggregate that does not exist yet.
    pub creates: bool,
    /// The declared rules, in the order in which they are checked.
    pub rules: &'static [RuleModel],
    /// The stored names of the events that the declared handler emits; empty if the handler is written by hand.
    pub emits: &'static [&'static str],
}

/// A declared rule of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleModel {
    /// What must hold, as written: `command.amount > 0`.
    pub condition: &'static str,
    /// The error if it does not, as written.
    pub error: &'static str,
}

/// What must hold of an aggregate after every event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvariantModel {
    /// What must hold, as written: `state.balance >= 0`.
    pub condition: &'static str,
    /// What that means, if it was said.
    pub meaning: Option<&'static str>,
}

/// A projection: `Balances::MODEL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProjectionModel {
    /// The stored name.
    pub name: &'static str,
    /// The version; the first one is 1.
    pub version: u32,
    /// The type of the key of its rows, as written; `None` for one read model of the whole log.
    pub key: Option<&'static str>,
    /// The indexes that its rows stand in.
    pub indexes: &'static [&'static str],
    /// The name of the Rust type.
    pub type_name: &'static str,
    /// The doc comment.
    pub doc: &'static str,
    /// The events that it is built from.
    pub events: &'static [EventModel],
    /// Events that are stored, but read as some of these.
    pub split: &'static [EventModel],
}

impl ProjectionModel {
    /// The name of its checkpoint, and of its rows in a store: `balances`, or `balances@2` for version 2.
    ///
    /// So a new version catches up beside the one that is in use.
    pub fn checkpoint_name(&self) -> Cow<'static, str> {
        match self.version {
            1 => self.name.into(),
            version => format!("{}@{version}", self.name).into(),
        }
    }
}

/// What the derive knows of a process manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessModel {
    /// The stored name.
    pub name: &'static str,
    /// The name of the Rust type.
    pub type_name: &'static str,
    /// The doc comment.
    pub doc: &'static str,
    /// The events that it reacts to.
    pub events: &'static [EventModel],
    /// What each of them is to it, in the same order: `start`, `continue_or_ignore`, ...
    pub roles: &'static [&'static str],
    /// Which process each of them belongs to, in the same order and as written: `recorded.stream.id().to_owned()`.
    pub keys: &'static [&'static str],
    /// Whether the process is over once it has reacted to it, in the same order.
    pub ends: &'static [bool],
    /// Its deadlines.
    pub deadlines: &'static [EventModel],
    /// The commands that it sends, each with the stored name of the aggregate.
    pub commands: &'static [(&'static str, CommandModel)],
}

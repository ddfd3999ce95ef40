//! The derives of es-core.
//!
//! Use them through `es_core` or `es`, which document the traits that they implement.
//! Generated code names nothing but `::es_core::__private` (or the crate that `crate = path` names) and `::core`.
//!
//! Each derive is here twice, since generated code cannot see which crate its user depends on: those called `Facade..` are
//! what `es` re-exports under the plain names, and their code names `::es::__private`.

mod aggregate;
mod attr;
#[cfg(test)]
mod broken_syntax;
mod command;
mod data;
mod diagnostics;
mod docs;
mod entries;
mod event;
mod event_set;
mod input;
mod process;
mod projection;
mod stored_name;
mod text;
mod value;
mod verify;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

use self::value::Home;

/// Derives `es_core::Event`: a fact with a stored name, and every shape that was ever stored under it.
///
/// ```text
/// #[event(name = "money-deposited", version = 4, oldest = 1, alias = "old-name", crate = path)]
/// #[upcast(1 => 2, with = function)]
/// #[upcast(2 => 3, try_from = MoneyDepositedV2)]
/// #[upcast(3 => 4, rename(amt => amount), add(currency = "EUR"), as = MoneyDepositedV3)]
/// ```
///
/// `name` is needed; `version` is 1 unless said otherwise.
/// An `alias` is a stored name that the event had before, `oldest` the oldest version that is still stored.
/// Each older version needs one `#[upcast]` to the next.
///
/// By field:
///
/// - `add(field)`, `add(field = value)`: the field is new; it gets its `Default`, or the value;
/// - `rename(old => new)`: the field had another name;
/// - `remove(field: Type)`: there was a field; `remove(field)` if its value is of no use;
/// - `change(field: OldType => value)`: the field had another type;
/// - `change(old: OldType => new = value)`: the field had another name and another type;
/// - `as = Name`: the struct of the older version has this name, so that a typed hop may lead to it; it is private to the
///   module of the event.
///
/// Values may use the fields of the older version by name, the stored event as `recorded: &RecordedEvent`, and `?`.
/// They are made in the order in which they are written, and each moves what it uses.
/// A field splits or merges by `remove` and `add`.
/// A struct with the fields of each older version is generated from the current one and read directly, so an old event
/// costs one decode and the moves of its fields.
///
/// By type, where the change cannot be said by field:
///
/// - `from = Old`, `try_from = Old`: the older version is a type of yours, converted by `From` or `TryFrom`;
/// - either `, with = function`: converted by `fn(Old) -> New` or `fn(Old, &RecordedEvent) -> New`, with a `Result` for
///   `try_from`;
/// - `with = function` alone: from one `serde_json::Value` to the next, as a last resort.
///
/// `unchanged` alone: the shape is the same, and only what it means is not.
#[proc_macro_derive(Event, attributes(event, upcast))]
pub fn event(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    event::derive(&input, Home::Core).into()
}

/// Derives `es_core::shape::EventData` for a type that events are made of: it tells its shape on the wire, so that a
/// change of it is noticed.
///
/// serde's attributes are understood: `rename`, `rename_all`, `alias`, `default`, `skip`, `flatten`, `transparent`, `tag`,
/// `content`, `untagged`, `from`, `try_from`, `deny_unknown_fields`; what `with` stores is told by its path.
///
/// ```text
/// #[event_data(crate = path)]
/// ```
#[proc_macro_derive(EventData, attributes(event_data))]
pub fn event_data(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    data::derive(&input, Home::Core).into()
}

/// Derives `es_core::EventSet` for an enum with one variant for each event: `enum Events { Opened(Opened), .. }`.
///
/// For those who want to write the enum themselves; name it in `#[aggregate(event = Events, ..)]`.
///
/// ```text
/// #[event_set(split(Relocated), retired("customer-poked"), crate = path)]
/// ```
#[proc_macro_derive(EventSet, attributes(event_set))]
pub fn event_set(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    event_set::derive(&input, Home::Core).into()
}

/// Derives `es_core::Command`: a wish, its rules, and, if it says what it emits, its handler.
///
/// ```text
/// #[command(create, emits = AccountOpened, aggregate = Account, crate = path)]
/// #[require(command.amount > 0, AccountError::NotPositive)]
/// ```
///
/// - `emits = Event`: every field of the command goes to the field of the same name;
/// - `emits = Event { a, b: value, .. }`: `a` is carried over, `b` gets the value, `..` carries all other fields;
/// - `create`: only for an aggregate that does not exist yet;
/// - `#[require(condition, error)]`: checked in order; the first that does not hold refuses the command;
/// - `aggregate = Account`: conditions, errors and values, which see the command as `command: &Self`, then also see the
///   aggregate as `state: &Account`.
///
/// Without `emits`, the aggregate decides in its `impl Handle<..>`, after the rules.
///
/// A process that sends the command keeps it, so it has versions as an event has:
///
/// ```text
/// #[command(name = "Deposit", alias = "OldName", version = 2, oldest = 1)]
/// #[upcast(1 => 2, add(currency = "EUR"))]
/// ```
///
/// It is kept under the name of its type, unless `name` says another; `alias` is one that it had before.
#[proc_macro_derive(Command, attributes(command, require, upcast))]
pub fn command(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    command::derive(&input, Home::Core).into()
}

/// Derives `es_core::Aggregate`: the enums of its events and commands, the dispatch of both, and the model.
///
/// ```text
/// #[aggregate(
///     name = "account", id = String, error = AccountError,
///     events(AccountOpened, Closed = other::AccountClosed),
///     split(PaidWithFee), retired("statement-printed"),
///     commands(OpenAccount, Deposit),
///     event_enum = AccountEvent, event_derive(Debug, Clone, PartialEq),
///     command_enum = AccountCommand, command_derive(Debug, Clone),
///     crate = path,
/// )]
/// ```
///
/// - `#[invariant(condition)]`, `#[invariant(condition, "what it means")]`: what must hold after every event of the
///   aggregate, which the condition sees as `state: &Self`; tests look whether it does.
///
/// Name, id, error, events and commands are needed; the enums show what they are unless said otherwise.
/// An event in `split(..)` is read as others, which its `SplitInto` says; a name in `retired(..)` is passed over.
/// `event = path` in place of `events(..)` names an enum of yours with `#[derive(EventSet)]`.
/// `Variant = path::Type` in a list names the variant.
#[proc_macro_derive(Aggregate, attributes(aggregate, invariant))]
pub fn aggregate(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    aggregate::derive(&input, Home::Core).into()
}

/// Derives `es_core::Projection`: finds, decodes and hands on the events that a read model is built from.
///
/// ```text
/// #[projection(
///     name = "balances", events(AccountOpened, MoneyWithdrawn),
///     split(PaidWithFee = AccountEvent(MoneyWithdrawn)), crate = path,
/// )]
/// ```
///
/// `split` names a stored event, the set that its `SplitInto` makes, and which of those events the projection takes.
#[proc_macro_derive(Projection, attributes(projection))]
pub fn projection(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    projection::derive(&input, Home::Core).into()
}

/// Derives `es_core::ProcessManager`: finds the process that an event belongs to, hands it events, deadlines and refused
/// commands, and sends what it answers.
///
/// ```text
/// #[process(
///     name = "shipping", id = String,
///     events(
///         OrderPlaced(start, key = event.order.clone()),
///         OrderPaid(continue_or_fail, key = event.order.clone()),
///         ParcelDelivered(continue_or_ignore, end, key = recorded.metadata.correlation_id().map(ToString::to_string)),
///     ),
///     deadlines(PaymentOverdue),
///     commands(Parcel(SendParcel), Order(CancelOrder)),
///     crate = path,
/// )]
/// ```
///
/// - An event is one of: `start` (there must be no such process yet), `start_or_continue`, `continue_or_ignore` (without
///   a running process it means nothing), `continue_or_fail` (without one it is an error). `end` ends the process once it
///   has reacted.
/// - `key` is the id of the process, or an `Option` of it where not every event has one; it sees the event as `event`, by
///   reference, and the stored event as `recorded: &RecordedEvent`.
/// - A deadline is an event of the process itself, with `#[derive(Event)]`.
/// - Commands are listed under the aggregate that they go to; each needs `Serialize` and `Deserialize`.
///
/// There is to be an `impl React<..>` for each event, each deadline, and `Rejected<..>` of each command.
#[proc_macro_derive(ProcessManager, attributes(process))]
pub fn process_manager(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    process::derive(&input, Home::Core).into()
}

/// [`Event`](macro@Event) for those who depend on `es` alone.
#[proc_macro_derive(FacadeEvent, attributes(event, upcast))]
pub fn facade_event(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    event::derive(&input, Home::Facade).into()
}

/// [`EventData`](macro@EventData) for those who depend on `es` alone.
#[proc_macro_derive(FacadeEventData, attributes(event_data))]
pub fn facade_event_data(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    data::derive(&input, Home::Facade).into()
}

/// [`EventSet`](macro@EventSet) for those who depend on `es` alone.
#[proc_macro_derive(FacadeEventSet, attributes(event_set))]
pub fn facade_event_set(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    event_set::derive(&input, Home::Facade).into()
}

/// [`Command`](macro@Command) for those who depend on `es` alone.
#[proc_macro_derive(FacadeCommand, attributes(command, require, upcast))]
pub fn facade_command(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    command::derive(&input, Home::Facade).into()
}

/// [`Aggregate`](macro@Aggregate) for those who depend on `es` alone.
#[proc_macro_derive(FacadeAggregate, attributes(aggregate))]
pub fn facade_aggregate(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    aggregate::derive(&input, Home::Facade).into()
}

/// [`ProcessManager`](macro@ProcessManager) for those who depend on `es` alone.
#[proc_macro_derive(FacadeProcessManager, attributes(process))]
pub fn facade_process_manager(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    process::derive(&input, Home::Facade).into()
}

/// [`Projection`](macro@Projection) for those who depend on `es` alone.
#[proc_macro_derive(FacadeProjection, attributes(projection))]
pub fn facade_projection(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    projection::derive(&input, Home::Facade).into()
}

/// Writes the tests of `es_testkit::verify!`, which documents them.
#[doc(hidden)]
#[proc_macro]
pub fn verify(input: TokenStream) -> TokenStream {
    verify::expand(input.into()).into()
}

//! What generated code calls; no part of the public interface, and free to change in every release.

pub use serde;

use crate::decode_error::DecodeReason;

pub use async_trait::async_trait;

pub use crate::aggregate::{
    Abilities, Aggregate, AggregateEvent, Apply, ApplyTo, CommandAbilities, CommandProbe, Invariant, ReadJson,
    StateAbilities, StateProbe, UnableCommand, UnableState,
};
pub use crate::codec::{Codec, CodecError};
pub use crate::command::{Command, Decision, Handle, HandledBy};
pub use crate::decode_error::DecodeError;
pub use crate::envelope::RecordedEvent;
pub use crate::event::{Event, SplitInto, UpcastFrom};
pub use crate::event_set::{EventSet, Events, Includes};
pub use crate::index_value::{IndexValue, Indexed, NotIndexable};
pub use crate::model::{
    AggregateModel, CommandModel, EventModel, FieldModel, HopModel, InvariantModel, ProcessModel, ProjectionModel,
    RuleModel,
};
pub use crate::name::EventName;
#[cfg(feature = "json")]
pub use crate::process::{
    CommandVisitor, Correlation, Input, KeyOf, ProcessManager, React, Reaction, Rejected, Role, ScheduledBy, SentBy,
    Step, StoredForm, Trigger,
};
pub use crate::projection::{
    AsyncProjectionInto, AsyncWriteTo, KeyedProjection, Project, ProjectRow, Projected, Projection, ProjectionInto,
    RowChange, RowError, RowKey, WriteError, WriteTo,
};
pub use crate::shape::{Choice, EventData, Outer, Presence, Probe, Shape, SpelledShape, Tagging, record};
pub use crate::snapshotted::{Snapshotted, StateModel};

#[cfg(feature = "json")]
pub use crate::hop::json_hop;
pub use crate::hop::{HopError, TextField, TryUpcastFrom, hop, try_hop};
#[cfg(feature = "json")]
pub use serde_json::Value;

/// What an expression for keys may give: the key, or a reference to it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a key of this projection, which is `{K}`",
    label = "expected `{K}`",
    note = "`keys` takes a list, or anything to iterate over, of `{K}` or `&{K}`"
)]
pub trait AsKey<K> {
    /// The key.
    fn as_key(&self) -> K;
}

impl<K: RowKey> AsKey<K> for K {
    fn as_key(&self) -> K {
        self.clone()
    }
}

impl<K: RowKey> AsKey<K> for &K {
    fn as_key(&self) -> K {
        (*self).clone()
    }
}

/// One of the keys in `keys = [..]`.
pub fn key<P: KeyedProjection, T: AsKey<P::Key> + ?Sized>(key: &T) -> P::Key {
    key.as_key()
}

/// The keys in `keys = ..`.
pub fn keys<P: KeyedProjection, I: IntoIterator<Item: AsKey<P::Key>>>(keys: I) -> Vec<P::Key> {
    keys.into_iter().map(|key| key.as_key()).collect()
}

/// Each key once: a row sees an event once.
pub fn distinct<P: KeyedProjection>(keys: Vec<P::Key>) -> Vec<P::Key> {
    if keys.len() < 2 {
        return keys;
    }
    let mut seen = std::collections::HashSet::new();
    keys.into_iter().filter(|key| seen.insert(key.to_text())).collect()
}

/// The key that is the id in the stream of an event.
///
/// # Errors
/// It is none.
pub fn key_of_stream<P: KeyedProjection>(event: &RecordedEvent) -> Result<P::Key, RowError> {
    RowKey::from_text(event.stream.id()).map_err(|cause| RowError::StreamIsNoKey {
        stream: event.stream.clone(),
        version: event.version,
        key_type: P::MODEL.key.unwrap_or_default(),
        cause,
    })
}

/// The texts of keys.
pub fn key_texts<P: KeyedProjection>(keys: &[P::Key]) -> Vec<Text> {
    keys.iter().map(RowKey::to_text).collect()
}

/// What an event does to the row with this key.
pub fn project_row<P: ProjectRow<E>, E: Event>(key: P::Key, event: E, recorded: &RecordedEvent) -> RowChange<'_, P> {
    RowChange::project(key, event, recorded)
}

/// The event once more, for the next of its rows.
pub fn again<E: ForEachKey>(event: &E) -> E {
    event.clone()
}

/// An event that can be about several rows.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is about several rows, each of which takes a copy of it",
    label = "`Clone` is not derived for `{Self}`",
    note = "write `#[derive(Clone)]` on `{Self}`"
)]
pub trait ForEachKey: Clone {}

impl<E: Clone> ForEachKey for E {}

/// The list type.
pub type List<T> = Vec<T>;

/// Adds the value of a field to those of the indexes.
///
/// # Errors
/// The value does not fit, with the name of the index.
pub fn index_value<T: Indexed + ?Sized>(
    values: &mut Vec<(&'static str, IndexValue)>,
    index: &'static str,
    value: &T,
) -> Result<(), (&'static str, NotIndexable)> {
    values.extend(value.index_value().map_err(|error| (index, error))?.map(|value| (index, value)));
    Ok(())
}

/// The string type, whatever `String` means where the derive is used.
pub type Text = String;

/// The payload type.
pub type Bytes = Vec<u8>;

/// What can be written to a store.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written to a store",
    label = "`serde::Serialize` is not derived for `{Self}`",
    note = "write `#[derive(serde::Serialize)]` on `{Self}`"
)]
pub trait Written: serde::Serialize {}

impl<T: serde::Serialize> Written for T {}

/// What can be read from a store.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a store",
    label = "`serde::Deserialize` is not derived for `{Self}`",
    note = "write `#[derive(serde::Deserialize)]` on `{Self}`"
)]
pub trait Read: serde::de::DeserializeOwned {}

impl<T: serde::de::DeserializeOwned> Read for T {}

/// A command that an aggregate can list; written by `#[derive(Command)]`.
///
/// Everything that the aggregate wants of the command comes from here, so that a mistake shows once.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a command of `{A}`",
    label = "`Command` is not derived for it, or for another aggregate only",
    note = "write `#[derive(Command)]` on `{Self}`; if it says `#[command(aggregate = ..)]`, that must be `{A}`"
)]
pub trait Listed<A: Aggregate>: Command + Sized {
    /// Everything the derive knows.
    const COMMAND: CommandModel = Self::MODEL;

    /// What it can do as one of the commands `C`, `read` being how it is read.
    fn abilities<C>(read: Option<ReadJson<C>>) -> CommandAbilities<C> {
        CommandAbilities { model: Self::MODEL, shape: Self::shape, read }
    }

    /// Whether it is only accepted by an aggregate that does not exist yet.
    #[inline]
    fn is_creating(&self) -> bool {
        Self::MODEL.creates
    }

    /// The events that it leads to, or why it is refused.
    ///
    /// # Errors
    /// The broken rule.
    fn decided_by(self, state: &A) -> Decision<A>;
}

/// Says that the aggregate refuses commands with `E`; written by `#[derive(Aggregate)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not refuse commands with `{E}`",
    label = "a `#[require(..)]` of this command gives `{E}`, which is not the `error` of `{Self}`",
    note = "give the error of `{Self}` in `#[require(..)]`, or write `error = {E}` in `#[aggregate(..)]`"
)]
pub trait RefusesWith<E>: Aggregate<Error = E> {}

/// A text that is owned.
pub fn text(text: &str) -> Text {
    text.to_owned()
}

/// A list that can grow.
pub fn list<T, const N: usize>(items: [T; N]) -> Vec<T> {
    items.into()
}

/// Decodes the payload of `event` as `T`.
///
/// # Errors
/// The payload does not fit.
#[inline]
pub fn payload<C: Codec, T: Read>(codec: &C, event: &RecordedEvent) -> Result<T, DecodeError> {
    match codec.decode(&event.payload) {
        Ok(value) => Ok(value),
        Err(cause) => Err(DecodeError::new(event, DecodeReason::Payload(cause))),
    }
}

/// Calls `function`, and keeps it out of the code around it.
///
/// The old versions of an event are read here, so that the code that reads the current one is the same whether there are
/// others or not: without this, five of them cost each event of the current version ten instructions.
///
/// # Errors
/// That of the function.
#[inline(never)]
pub fn aside<T>(function: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    function()
}

/// Decodes the payload of `event` as a shape that the derive has reconstructed.
///
/// # Errors
/// The payload does not fit.
#[inline]
pub fn old_payload<C: Codec, T: Read>(codec: &C, event: &RecordedEvent) -> Result<T, DecodeError> {
    const {
        assert!(
            C::SELF_DESCRIBING,
            "upcasts by field need a codec whose payloads name their fields; use `#[upcast(.., from = Old)]`"
        );
    }
    payload(codec, event)
}

/// Decodes a deadline, which is JSON whatever the codec of the store is.
///
/// # Errors
/// See [`Event::decode`].
#[cfg(feature = "json")]
pub fn deadline<D: Event>(event: &RecordedEvent) -> Result<D, DecodeError> {
    D::decode(&crate::codec::Json, event)
}

/// Decodes a command that a process has sent, which is JSON whatever the codec of the store is.
///
/// # Errors
/// See [`Command::decode`].
#[cfg(feature = "json")]
pub fn sent_command<M: Command + Read>(event: &RecordedEvent) -> Result<M, DecodeError> {
    M::decode(&crate::codec::Json, event)
}

/// Whether a process keeps this command under that name, or did so before.
pub const fn is_kept_as(model: &CommandModel, name: &str) -> bool {
    if same(model.name, name) {
        return true;
    }
    let mut at = 0;
    while at < model.aliases.len() {
        if same(model.aliases[at], name) {
            return true;
        }
        at += 1;
    }
    false
}

/// The process that an event belongs to, if it has a key.
#[cfg(feature = "json")]
pub fn correlation<I: std::fmt::Display>(key: impl KeyOf<I>, role: Role, ends: bool) -> Option<Correlation> {
    key.key().map(|key| Correlation { id: key.to_string(), role, ends })
}

/// Refuses, at compile time, two commands that cannot be told apart once they are stored.
///
/// # Panics
/// If so.
#[track_caller]
pub const fn assert_told_apart(commands: &[(&str, CommandModel)], at: usize) {
    let mut earlier = 0;
    while earlier < at {
        if same(commands[earlier].0, commands[at].0) && is_kept_alike(&commands[earlier].1, &commands[at].1) {
            let text = Message::new()
                .push("two commands `")
                .push(commands[at].1.type_name)
                .push("` go to an aggregate stored as `")
                .push(commands[at].0)
                .push("`, and are stored alike; give one of them another name");
            panic!("{}", text.as_str());
        }
        earlier += 1;
    }
}

/// Whether two commands have a name in common.
const fn is_kept_alike(one: &CommandModel, other: &CommandModel) -> bool {
    if is_kept_as(one, other.name) {
        return true;
    }
    let mut at = 0;
    while at < other.aliases.len() {
        if is_kept_as(one, other.aliases[at]) {
            return true;
        }
        at += 1;
    }
    false
}

/// Encodes `event`.
///
/// # Errors
/// What the codec refuses.
#[inline]
pub fn encode<C: Codec, T: Written>(codec: &C, event: &T) -> Result<Bytes, CodecError> {
    codec.encode(event)
}

/// Decodes what [`encode`] has made.
///
/// # Errors
/// The bytes do not fit.
pub fn decode<C: Codec, T: Read>(codec: &C, bytes: &[u8]) -> Result<T, CodecError> {
    codec.decode(bytes)
}

/// The stored version is newer than the code, or older than it reads.
#[cold]
pub fn unknown_version(event: &RecordedEvent, oldest: u32, current: u32) -> DecodeError {
    let is_future = event.schema_version > current;
    let reason =
        if is_future { DecodeReason::FutureVersion { current } } else { DecodeReason::UnsupportedVersion { oldest } };
    DecodeError::new(event, reason)
}

/// A hop from the stored version has failed.
#[cold]
pub fn failed_hop(event: &RecordedEvent, cause: HopError) -> DecodeError {
    DecodeError::new(event, DecodeReason::Upcast(cause))
}

/// The stored name is not in the set.
#[cold]
pub fn unknown_event(event: &RecordedEvent) -> DecodeError {
    DecodeError::new(event, DecodeReason::UnknownEvent)
}

/// What [`include`] takes, so that a mistake is shown on it.
pub trait Included<S> {
    /// The event as one of the set.
    fn included(self) -> S;
}

impl<S: Includes<E>, E> Included<S> for E {
    #[inline]
    fn included(self) -> S {
        S::from(self)
    }
}

/// One event of [`events!`](crate::events).
#[inline]
pub fn include<S, E: Included<S>>(event: E) -> S {
    event.included()
}

/// Several events of [`events!`](crate::events).
pub fn several<S, const N: usize>(events: [S; N]) -> Events<S> {
    Vec::from(events).into()
}

/// The current name of an event that was stored under `alias`.
#[cold]
pub fn current_name(models: [&[EventModel]; 2], alias: &str) -> Option<&'static str> {
    let known = models.into_iter().flatten().find(|model| model.aliases.contains(&alias));
    known.map(|model| model.name)
}

/// Whether it is certain that no stored name, current or former, is used twice.
///
/// The compiler interprets this, which is slow: comparing each name with each takes it as long as everything else that
/// is derived for 120 events. So each name is read once, and only in doubt does [`assert_unique_name`] compare.
pub const fn names_differ(events: &[EventModel]) -> bool {
    let mut seen = [0; 1 << 11];
    let mut i = 0;
    while i < events.len() {
        let mut is_new = is_first(&mut seen, events[i].name);
        let mut k = 0;
        while k < events[i].aliases.len() {
            is_new = is_new && is_first(&mut seen, events[i].aliases[k]);
            k += 1;
        }
        if !is_new {
            return false;
        }
        i += 1;
    }
    true
}

/// Adds the hash of `name`, if it is not there yet and there is room where it belongs.
const fn is_first(seen: &mut [u64; 1 << 11], name: &str) -> bool {
    let name = name.as_bytes();
    // Never 0, which stands for an empty place.
    let mut hash = 1;
    let mut i = 0;
    while i < name.len() {
        // The remainder keeps the product within 64 bits.
        hash = hash % ((1 << 55) - 55) * 257 + name[i] as u64 + 1;
        i += 1;
    }
    #[allow(clippy::cast_possible_truncation, reason = "less than the length")]
    let mut at = (hash % seen.len() as u64) as usize;
    let mut steps = 0;
    while seen[at] != 0 {
        if seen[at] == hash || steps == 64 {
            return false;
        }
        at = (at + 1) % seen.len();
        steps += 1;
    }
    seen[at] = hash;
    true
}

/// Refuses, at compile time, the entry `at` if it has a stored name, current or former, that an earlier entry has.
///
/// # Panics
/// If so.
#[track_caller]
pub const fn assert_unique_name(events: &[EventModel], at: usize, differ: bool) {
    if differ {
        return;
    }
    let mut earlier = 0;
    while earlier < at {
        if let Some(name) = shared_name(&events[earlier], &events[at]) {
            panic!("{}", used_twice(name, events[earlier].type_name, events[at].type_name).as_str());
        }
        earlier += 1;
    }
    let own = events[at].aliases;
    let mut i = 0;
    while i < own.len() {
        if same(own[i], events[at].name) {
            let text = Message::new()
                .push("`")
                .push(own[i])
                .push("` is both the stored name and an alias of `")
                .push(events[at].type_name)
                .push("`; remove the alias");
            panic!("{}", text.as_str());
        }
        i += 1;
    }
}

/// Refuses, at compile time, a retired name that an event still has.
///
/// # Panics
/// If so.
#[track_caller]
pub const fn assert_retired(events: &[EventModel], retired: &str) {
    let mut i = 0;
    while i < events.len() {
        if has_name(&events[i], retired) {
            let text = Message::new()
                .push("`")
                .push(retired)
                .push("` is retired, but `")
                .push(events[i].type_name)
                .push("` has that stored name; remove one of them");
            panic!("{}", text.as_str());
        }
        i += 1;
    }
}

const fn used_twice(name: &str, first: &str, second: &str) -> Message {
    Message::new()
        .push("the stored name `")
        .push(name)
        .push("` is used by both `")
        .push(first)
        .push("` and `")
        .push(second)
        .push("`; give one of them another `#[event(name = \"..\")]`")
}

const fn shared_name(left: &EventModel, right: &EventModel) -> Option<&'static str> {
    if has_name(left, right.name) {
        return Some(right.name);
    }
    let mut i = 0;
    while i < right.aliases.len() {
        if has_name(left, right.aliases[i]) {
            return Some(right.aliases[i]);
        }
        i += 1;
    }
    None
}

const fn has_name(event: &EventModel, name: &str) -> bool {
    if same(event.name, name) {
        return true;
    }
    let mut i = 0;
    while i < event.aliases.len() {
        if same(event.aliases[i], name) {
            return true;
        }
        i += 1;
    }
    false
}

const fn same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut i = 0;
    while i < left.len() {
        if left[i] != right[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// A text that is put together at compile time; what does not fit is left out.
struct Message {
    bytes: [u8; 1024],
    len: usize,
}

impl Message {
    const fn new() -> Self {
        Self { bytes: [0; 1024], len: 0 }
    }

    const fn push(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        if self.len + text.len() <= self.bytes.len() {
            let mut i = 0;
            while i < text.len() {
                self.bytes[self.len] = text[i];
                self.len += 1;
                i += 1;
            }
        }
        self
    }

    const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "two events have the same stored name",
        }
    }
}

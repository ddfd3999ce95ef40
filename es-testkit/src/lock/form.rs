//! What the lock knows of one stored name: an event of an aggregate, or what a process keeps.

use es_core::model::EventModel;
use es_core::process::{ProcessManager, StoredForm, StoredKind};
use es_core::shape::Shape;
use es_core::{Aggregate, EventName, EventSet, Json, RecordedEvent, StreamId};
use serde_json::{Value, json};

use crate::log::Log;
use crate::round_trip::causes;

/// Reads a payload that is stored under a name and a version.
type Read<'a> = Box<dyn Fn(&str, u32, &Value) -> Result<Value, String> + 'a>;

pub(super) struct Form<'a> {
    /// `event`, `deadline`, `command`.
    pub(super) what: &'static str,
    pub(super) name: &'a str,
    pub(super) aliases: &'a [&'a str],
    pub(super) version: u32,
    pub(super) oldest: u32,
    pub(super) shape: Box<dyn Fn(u32) -> Option<Shape> + 'a>,
    pub(super) read: Read<'a>,
}

impl<'a> Form<'a> {
    pub(super) fn of_event<A: Aggregate>(model: &'a EventModel) -> Self {
        let read = |recorded: &RecordedEvent| {
            let events = A::Event::decode(&Json, recorded).map_err(|error| causes(&error))?;
            let event = |event: &A::Event| {
                let payload = event.encode(&Json).map_err(|error| causes(&error))?;
                entry("event", event.name().as_str(), event.schema_version(), &payload)
            };
            events.iter().map(event).collect::<Result<Vec<_>, String>>().map(Value::Array)
        };
        let EventModel { name, aliases, version, oldest, .. } = *model;
        let shape = move |version| A::Event::shape(name, version);
        let read: Read<'a> = Box::new(move |name, version, payload| read(&recorded(A::NAME, name, version, payload)?));
        Self { what: "event", name, aliases, version, oldest, shape: Box::new(shape), read }
    }

    pub(super) fn of_process<P: ProcessManager>(stored: &'a StoredForm) -> Self {
        let StoredForm { kind, name, aliases, version, oldest, shape, read, .. } = *stored;
        let what = match kind {
            StoredKind::Deadline => "deadline",
            StoredKind::Command { .. } => "command",
            _ => "event",
        };
        let read: Read<'a> = Box::new(move |kept_as, kept_version, payload| {
            let read = read(&recorded(P::NAME, kept_as, kept_version, payload)?).map_err(|error| causes(&error))?;
            Ok(Value::Array(vec![entry(what, name, version, &read)?]))
        });
        Self { what, name, aliases, version, oldest, shape: Box::new(shape), read }
    }

    /// Whether payloads of this name are read.
    pub(super) fn has(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }

    /// How to write that there is a new version.
    pub(super) fn attribute(&self, name: &str, version: u32) -> String {
        match self.what {
            "command" => format!("#[command(.., version = {version})]"),
            _ => format!("#[event(name = \"{name}\", version = {version})]"),
        }
    }
}

fn recorded(category: &str, name: &str, version: u32, payload: &Value) -> Result<RecordedEvent, String> {
    let stream = StreamId::new(category, "1").map_err(|error| causes(&error))?;
    let name = EventName::new(name).map_err(|error| causes(&error))?;
    Ok(Log::default().record(&stream, name, version, payload.to_string().into()))
}

fn entry(what: &str, name: &str, version: u32, payload: &[u8]) -> Result<Value, String> {
    let payload: Value = serde_json::from_slice(payload).map_err(|error| causes(&error))?;
    Ok(json!({ what: name, "version": version, "payload": payload }))
}

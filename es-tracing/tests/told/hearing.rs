//! A subscriber that writes everything down.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// A span, with its fields as text.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) name: String,
    pub(crate) level: Level,
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) messages: Vec<(Level, String)>,
}

impl Heard {
    /// The fields as `a=1 b=2`, sorted by name.
    pub(crate) fn fields(&self) -> String {
        let fields: Vec<_> = self.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        fields.join(" ")
    }
}

#[derive(Clone, Default)]
pub(crate) struct Hearing {
    spans: Arc<Mutex<Vec<Heard>>>,
    entered: Arc<Mutex<Vec<u64>>>,
}

impl Hearing {
    pub(crate) fn spans(&self) -> Vec<Heard> {
        self.spans.lock().unwrap().clone()
    }

    /// The only span called so.
    pub(crate) fn span(&self, name: &str) -> Heard {
        let found: Vec<_> = self.spans().into_iter().filter(|span| span.name == name).collect();
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        found.into_iter().next().unwrap()
    }
}

struct Fields<'a>(&'a mut BTreeMap<String, String>);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = self.0.entry(field.name().to_owned()).or_default();
        text.clear();
        write!(text, "{value:?}").unwrap();
    }
}

impl Subscriber for Hearing {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "es"
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let metadata = span.metadata();
        let (name, level, mut fields) = (metadata.name().to_owned(), *metadata.level(), BTreeMap::new());
        span.record(&mut Fields(&mut fields));
        let mut spans = self.spans.lock().unwrap();
        spans.push(Heard { name, level, fields, messages: Vec::new() });
        Id::from_u64(spans.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let at = usize::try_from(span.into_u64()).unwrap() - 1;
        values.record(&mut Fields(&mut self.spans.lock().unwrap()[at].fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let within = *self.entered.lock().unwrap().last().expect("told inside a span");
        let mut fields = BTreeMap::new();
        event.record(&mut Fields(&mut fields));
        let message = fields.remove("message").unwrap_or_default();
        let at = usize::try_from(within).unwrap() - 1;
        self.spans.lock().unwrap()[at].messages.push((*event.metadata().level(), message));
    }

    fn enter(&self, span: &Id) {
        self.entered.lock().unwrap().push(span.into_u64());
    }

    fn exit(&self, _: &Id) {
        self.entered.lock().unwrap().pop();
    }
}

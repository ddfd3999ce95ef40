//! A subscriber that keeps closed spans and events as text.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

#[derive(Debug, Default, Clone)]
pub(crate) struct Spans(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    last: u64,
    /// The texts of open spans, and how many handles each has.
    open: BTreeMap<u64, (String, usize)>,
    closed: Vec<String>,
    events: Vec<String>,
}

struct Text<'a>(&'a mut String);

impl Visit for Text<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        // Writing to a string does not fail.
        let _ = write!(self.0, " {}={value}", field.name());
    }
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl Spans {
    /// In the order in which they began.
    pub(crate) fn closed(&self) -> Vec<String> {
        self.0.lock().unwrap().closed.clone()
    }

    pub(crate) fn events(&self) -> Vec<String> {
        self.0.lock().unwrap().events.clone()
    }
}

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "es"
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut state = self.0.lock().unwrap();
        state.last += 1;
        let (id, mut text) = (state.last, attributes.metadata().name().to_owned());
        attributes.record(&mut Text(&mut text));
        state.open.insert(id, (text, 1));
        Id::from_u64(id)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut state = self.0.lock().unwrap();
        values.record(&mut Text(state.open.get_mut(&span.into_u64()).map(|(text, _)| text).unwrap()));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = String::new();
        event.record(&mut Text(&mut text));
        self.0.lock().unwrap().events.push(text);
    }

    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}

    fn clone_span(&self, span: &Id) -> Id {
        if let Some((_, handles)) = self.0.lock().unwrap().open.get_mut(&span.into_u64()) {
            *handles += 1;
        }
        span.clone()
    }

    fn try_close(&self, span: Id) -> bool {
        let mut state = self.0.lock().unwrap();
        let Some((_, handles)) = state.open.get_mut(&span.into_u64()) else { return false };
        *handles -= 1;
        let is_closed = *handles == 0;
        if is_closed {
            let closed = state.open.remove(&span.into_u64()).map(|(text, _)| text);
            state.closed.extend(closed);
        }
        is_closed
    }
}

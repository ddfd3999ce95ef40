//! `TracingStore`: a span around each call, and what is counted of it.

use std::future::Future;
use std::time::Instant;

use async_trait::async_trait;
use es_core::store::{AppendError, Appended, EventStore, Limits, LogPage, ReadError, ReadLog, ReadStream, StreamPage};
use es_core::{EventName, ExpectedVersion, NewEvent, Position, StreamId};
use tracing::field::Empty;
use tracing::{Instrument as _, Span, debug_span, info_span};

use crate::measure;
use crate::outcome::{Outcome, Told, causes};

/// A store around another, whose calls are spans and metrics.
///
/// The [crate](crate) lists their names.
///
/// ```
/// use es_core::store::{EventStore, ReadStream};
/// use es_core::StreamId;
/// use es_memory_store::MemoryStore;
/// use es_tracing::TracingStore;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = TracingStore::new(MemoryStore::new());
/// // A span `es.read_stream` with category `account`, and without the id of the stream.
/// store.read_stream(&StreamId::new("account", "ada")?, ReadStream::all()).await?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct TracingStore<S> {
    pub(crate) store: S,
    shows_ids: bool,
}

impl<S> TracingStore<S> {
    /// Tells what `store` does.
    pub fn new(store: S) -> Self {
        Self { store, shows_ids: false }
    }

    /// Spans have the id of the stream as `stream`, and the messages of errors, which name streams.
    ///
    /// Choose it where ids are not the data of a person, or where traces are kept like such data.
    #[must_use]
    pub fn with_stream_ids(mut self) -> Self {
        self.shows_ids = true;
        self
    }

    /// The store below.
    pub fn inner(&self) -> &S {
        &self.store
    }

    pub(crate) fn name(&self, span: &Span, stream: &StreamId) {
        if self.shows_ids {
            span.record("stream", stream.as_str());
        }
    }

    /// Makes a call inside its span, and tells how it ended.
    pub(crate) async fn tell<T, E, F>(&self, operation: &'static str, span: &Span, call: F) -> Result<T, E>
    where
        E: Told + 'static,
        F: Future<Output = Result<T, E>> + Send,
    {
        let started = Instant::now();
        let reply = call.instrument(span.clone()).await;
        let outcome = reply.as_ref().map_or_else(Told::outcome, |_| Outcome::Ok);
        span.record("outcome", outcome.as_str());
        if let Err(error) = &reply {
            span.in_scope(|| self.report(error, outcome));
        }
        measure::call(operation, outcome, started.elapsed());
        reply
    }

    fn report<E: Told + 'static>(&self, error: &E, outcome: Outcome) {
        // An error's own message names the stream; what it comes from is the message of a driver, and told always.
        let message = if self.shows_ids { error.to_string() } else { error.kind().to_owned() };
        let causes = causes(error);
        let message = if causes.is_empty() { message } else { format!("{message}: {causes}") };
        match outcome {
            Outcome::Failed => tracing::error!(target: "es", "{message}"),
            Outcome::Refused => tracing::warn!(target: "es", "{message}"),
            Outcome::Conflict | Outcome::Ok => tracing::debug!(target: "es", "{message}"),
        }
    }
}

#[async_trait]
impl<S: EventStore> EventStore for TracingStore<S> {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let span = info_span!(
            target: "es", "es.append", category = stream.category(), stream = Empty, expected = %expected,
            events = events.len(), version = Empty, position = Empty, outcome = Empty,
        );
        self.name(&span, stream);
        let names: Vec<EventName> = events.iter().map(|event| event.name.clone()).collect();
        let reply = self.tell("append", &span, self.store.append(stream, expected, events)).await;
        match &reply {
            Ok(appended) => {
                span.record("version", appended.version.get());
                span.record("position", appended.position.map(Position::get));
                measure::appended(&names);
            }
            Err(AppendError::Conflict { .. }) => measure::conflict(stream.category()),
            Err(_) => {}
        }
        reply
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        let span = debug_span!(
            target: "es", "es.read_stream", category = stream.category(), stream = Empty, after = range.after.get(),
            events = Empty, version = Empty, outcome = Empty,
        );
        self.name(&span, stream);
        let reply = self.tell("read_stream", &span, self.store.read_stream(stream, range)).await;
        if let Ok(page) = &reply {
            span.record("events", page.events.len());
            span.record("version", page.version.get());
            measure::replayed(stream.category(), page.events.len());
        }
        reply
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        let span = debug_span!(
            target: "es", "es.read_log", after = range.after.get(), events = Empty, through = Empty, head = Empty,
            outcome = Empty,
        );
        let reply = self.tell("read_log", &span, self.store.read_log(range)).await;
        if let Ok(page) = &reply {
            span.record("events", page.events.len());
            span.record("through", page.through.get());
            span.record("head", page.head.get());
        }
        reply
    }

    fn limits(&self) -> Limits {
        self.store.limits()
    }

    fn reads_as_appended(&self, stream: &StreamId) -> bool {
        self.store.reads_as_appended(stream)
    }
}

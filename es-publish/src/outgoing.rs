//! What leaves: which stored events become which CloudEvents.
//!
//! Reads events as the domain does; it knows no target.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use es_core::store::EventFilter;
use es_core::{Codec, CodecError, DecodeError, Event, EventSet, Events, Json, RecordedEvent, StreamId};

use crate::cloud_event::{AttributeError, CloudEvent};
use crate::target::Message;

/// An event in the form in which it leaves.
struct Content {
    name: String,
    schema_version: u32,
    data: Bytes,
}

type Read = Arc<dyn Fn(&RecordedEvent) -> Result<Vec<Content>, OutgoingError> + Send + Sync>;
type NamesWithout = fn(&BTreeSet<&'static str>) -> Vec<&'static str>;
type Adjust = Arc<dyn Fn(&RecordedEvent, CloudEvent) -> Result<CloudEvent, AttributeError> + Send + Sync>;

/// Which stored events leave, and as what.
///
/// | attribute | |
/// |---|---|
/// | `id` | the id of the event; where it is read as several, `-2`, `-3`, … after it from the second on |
/// | `source` | as given |
/// | `type` | the stored name, after the [prefix](Outgoing::with_type_prefix), unless it is [published under another](Outgoing::published_as) |
/// | `subject` | the stream, unless it is [called otherwise](Outgoing::with_stream_names) |
/// | `time` | when it was recorded |
/// | `dataschema` | the [base](Outgoing::with_schemas), the stored name and the version: `…/money-deposited.v3.json` |
/// | `streamversion` | the version of the event in its stream, as a decimal number |
/// | `sequence` | the position in the log, with as many digits as the longest, so that text sorts as numbers do |
/// | `correlationid`, `causationid` | as recorded; a correlation id that is missing is that of the event |
/// | `traceparent` | as recorded, if it was: the extension for distributed tracing |
///
/// The actor stays inside, since it is often a person; [`adjusted`](Outgoing::adjusted) adds it where it is wanted.
///
/// ```
/// # use es_core::{Event, EventSet};
/// # #[derive(Debug, serde::Serialize, serde::Deserialize, Event)]
/// # #[event(name = "account-opened")]
/// # pub struct AccountOpened { pub owner: String }
/// # #[derive(Debug, serde::Serialize, serde::Deserialize, Event)]
/// # #[event(name = "account-flagged")]
/// # pub struct AccountFlagged { pub reason: String }
/// # #[derive(Debug, EventSet)]
/// # pub enum AccountEvent { Opened(AccountOpened), Flagged(AccountFlagged) }
/// use es_publish::Outgoing;
///
/// let outgoing = Outgoing::of::<AccountEvent>("/bank/accounts")?
///     .with_type_prefix("com.example.bank.")
///     .with_schemas("https://schemas.example.com/bank/")?
///     .without::<AccountFlagged>(); // stays inside
/// # let _ = outgoing;
/// # Ok::<(), es_publish::AttributeError>(())
/// ```
#[derive(Clone)]
pub struct Outgoing {
    source: String,
    filter: EventFilter,
    private: BTreeSet<&'static str>,
    /// The stored names to read when some events are private; `None` where events have no types.
    names: Option<NamesWithout>,
    content_type: String,
    read: Read,
    prefix: String,
    types: BTreeMap<&'static str, String>,
    schemas: Option<String>,
    stream_names: Arc<dyn Fn(&StreamId) -> String + Send + Sync>,
    adjust: Option<Adjust>,
}

impl Outgoing {
    /// All events of a set, read and brought to their current versions as everywhere, and written as JSON.
    ///
    /// Receivers then see one version of each event, whatever is stored.
    ///
    /// # Errors
    /// `source` is no URI reference.
    pub fn of<E: EventSet>(source: impl Into<String>) -> Result<Self, AttributeError> {
        Self::translated::<E, E, _>(source, |event, _recorded| Events::one(event))
    }

    /// What `translate` makes of the events of `E`, as JSON: none, one or several events of the set that is public.
    ///
    /// Others then depend on a contract of its own, and the domain stays free to change.
    /// What it makes depends on nothing but its arguments, since an event may be published again.
    ///
    /// # Errors
    /// `source` is no URI reference.
    pub fn translated<E, P, F>(source: impl Into<String>, translate: F) -> Result<Self, AttributeError>
    where
        E: EventSet,
        P: EventSet,
        F: Fn(E, &RecordedEvent) -> Events<P> + Send + Sync + 'static,
    {
        Self::translated_from(source, Json, translate)
    }

    /// As [`translated`](Outgoing::translated), for events that are stored in another format than JSON.
    ///
    /// # Errors
    /// `source` is no URI reference.
    pub fn translated_from<E, P, C, F>(
        source: impl Into<String>,
        codec: C,
        translate: F,
    ) -> Result<Self, AttributeError>
    where
        E: EventSet,
        P: EventSet,
        C: Codec,
        F: Fn(E, &RecordedEvent) -> Events<P> + Send + Sync + 'static,
    {
        let read = move |recorded: &RecordedEvent| {
            let mut contents = Vec::new();
            for event in E::decode(&codec, recorded)? {
                for public in translate(event, recorded) {
                    let data = public
                        .encode(&Json)
                        .map_err(|cause| OutgoingError::Encode { name: public.name().to_string(), cause })?;
                    let (name, schema_version) = (public.name().to_string(), public.schema_version());
                    contents.push(Content { name, schema_version, data: data.into() });
                }
            }
            Ok(contents)
        };
        let mut outgoing = Self::reading(source.into(), EventFilter::of::<E>(), "application/json", Arc::new(read))?;
        outgoing.names = Some(names_without::<E>);
        Ok(outgoing)
    }

    /// The stored bytes of the events that `filter` selects, as they are, in the version that they were stored in.
    ///
    /// Receivers then have to know every version; the schema of each event names its own.
    ///
    /// # Errors
    /// `source` is no URI reference, or `content_type` no media type.
    pub fn stored(source: impl Into<String>, filter: EventFilter, content_type: &str) -> Result<Self, AttributeError> {
        let read = |recorded: &RecordedEvent| {
            let (name, schema_version) = (recorded.name.to_string(), recorded.schema_version);
            Ok(vec![Content { name, schema_version, data: recorded.payload.clone() }])
        };
        Self::reading(source.into(), filter, content_type, Arc::new(read))
    }

    fn reading(source: String, filter: EventFilter, content_type: &str, read: Read) -> Result<Self, AttributeError> {
        // Said wrongly, no event could ever leave.
        let probe = CloudEvent::new("id", source, "type")?.with_data(content_type, "")?;
        Ok(Self {
            source: probe.source().to_owned(),
            filter,
            private: BTreeSet::new(),
            names: None,
            content_type: content_type.to_owned(),
            read,
            prefix: String::new(),
            types: BTreeMap::new(),
            schemas: None,
            stream_names: Arc::new(|stream| stream.as_str().to_owned()),
            adjust: None,
        })
    }

    /// Events of this type stay inside; they are not even read.
    #[must_use]
    pub fn without<E: Event>(mut self) -> Self {
        self.private.insert(E::NAME);
        self
    }

    /// Only events of streams of this category, or of others that were given.
    #[must_use]
    pub fn category(self, category: impl Into<String>) -> Self {
        Self { filter: self.filter.category(category), ..self }
    }

    /// What stands before the stored name in the type: `com.example.bank.`, say, which tells it from everyone else's.
    #[must_use]
    pub fn with_type_prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// The type of an event, whole, without the prefix.
    #[must_use]
    pub fn published_as<E: Event>(mut self, ty: impl Into<String>) -> Self {
        self.types.insert(E::NAME, ty.into());
        self
    }

    /// Where schemas are: `base`, followed by the stored name and the version as in `money-deposited.v3.json`.
    ///
    /// # Errors
    /// `base` does not begin a URI.
    pub fn with_schemas(mut self, base: impl Into<String>) -> Result<Self, AttributeError> {
        let base = base.into();
        CloudEvent::new("id", &self.source, "type")?.with_data_schema(&base)?;
        self.schemas = Some(base);
        Ok(self)
    }

    /// What a stream is called outside, instead of its id: as the subject, and as the key of its messages.
    ///
    /// For ids that are the data of persons. Two streams that are called alike are published in one order.
    #[must_use]
    pub fn with_stream_names(self, name: impl Fn(&StreamId) -> String + Send + Sync + 'static) -> Self {
        Self { stream_names: Arc::new(name), ..self }
    }

    /// Changes each event in the end: adds extensions, takes some away, sets another subject.
    ///
    /// What it does depends on nothing but its arguments, since an event may be published again.
    #[must_use]
    pub fn adjusted(
        self,
        adjust: impl Fn(&RecordedEvent, CloudEvent) -> Result<CloudEvent, AttributeError> + Send + Sync + 'static,
    ) -> Self {
        Self { adjust: Some(Arc::new(adjust)), ..self }
    }

    /// Which stored events it has to be given.
    pub fn filter(&self) -> EventFilter {
        match self.names {
            Some(names) if !self.private.is_empty() => self.filter.clone().with_any_name().names(names(&self.private)),
            _ => self.filter.clone(),
        }
    }

    /// What a stream is called outside.
    pub(crate) fn key(&self, stream: &StreamId) -> String {
        (self.stream_names)(stream)
    }

    /// The messages that a stored event leaves as.
    ///
    /// # Errors
    /// See [`OutgoingError`].
    pub fn messages(&self, recorded: &RecordedEvent) -> Result<Vec<Message>, OutgoingError> {
        self.messages_after(recorded, &mut 0)
    }

    /// As [`messages`](Self::messages), where `parts` have left before for the same stored event.
    pub(crate) fn messages_after(
        &self,
        recorded: &RecordedEvent,
        parts: &mut usize,
    ) -> Result<Vec<Message>, OutgoingError> {
        let contents = (self.read)(recorded)?;
        // Counted before any stay inside, so that an id does not depend on which.
        let first = *parts;
        *parts += contents.len();
        let numbered = (first..).zip(contents);
        numbered
            .filter(|(_, content)| !self.private.contains(content.name.as_str()))
            .map(|(index, content)| {
                let event = self.event(recorded, index, content)?;
                let event = match &self.adjust {
                    Some(adjust) => adjust(recorded, event)?,
                    None => event,
                };
                let (key, category) = (self.key(&recorded.stream), recorded.stream.category().to_owned());
                Ok(Message { event, key, category })
            })
            .collect()
    }

    fn event(&self, recorded: &RecordedEvent, index: usize, content: Content) -> Result<CloudEvent, AttributeError> {
        let Content { name, schema_version, data } = content;
        let id = match index {
            0 => recorded.id.to_string(),
            _ => format!("{}-{}", recorded.id, index + 1),
        };
        let ty = match self.types.get(name.as_str()) {
            Some(ty) => ty.clone(),
            None => format!("{}{name}", self.prefix),
        };
        let metadata = &recorded.metadata;
        let correlation = metadata.correlation_id().map_or_else(|| recorded.id.to_string(), ToString::to_string);
        let mut event = CloudEvent::new(id, &self.source, ty)?
            .with_subject(self.key(&recorded.stream))?
            .with_time(recorded.recorded_at)?
            .with_extension("streamversion", recorded.version.to_string())?
            .with_extension("sequence", format!("{:020}", recorded.position.get()))?
            .with_extension("correlationid", correlation)?
            .with_data(&self.content_type, data)?;
        if let Some(causation) = metadata.causation_id() {
            event = event.with_extension("causationid", causation.to_string())?;
        }
        if let Some(traceparent) = metadata.traceparent() {
            event = event.with_extension("traceparent", traceparent)?;
        }
        if let Some(base) = &self.schemas {
            event = event.with_data_schema(format!("{base}{}.v{schema_version}.json", in_path(&name)))?;
        }
        Ok(event)
    }
}

/// The stored names of what is read as the events of a set that are not private.
fn names_without<E: EventSet>(private: &BTreeSet<&'static str>) -> Vec<&'static str> {
    let public = E::EVENTS.iter().filter(|model| !private.contains(model.name));
    let split = E::SPLIT.iter();
    public.chain(split).flat_map(|model| model.aliases.iter().copied().chain([model.name])).collect()
}

/// The name as a segment of a path.
fn in_path(name: &str) -> String {
    let is_plain = |c: &u8| c.is_ascii_alphanumeric() || b"-._~".contains(c);
    name.bytes().map(|c| if is_plain(&c) { char::from(c).to_string() } else { format!("%{c:02X}") }).collect()
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("source", &self.source)
            .field("filter", &self.filter())
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// Why a stored event cannot leave.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutgoingError {
    /// It cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// It could not be encoded.
    #[error("event `{name}` could not be encoded")]
    Encode {
        /// The stored name of the event.
        name: String,
        /// The error of the codec.
        #[source]
        cause: CodecError,
    },
    /// It would break a rule of CloudEvents.
    #[error(transparent)]
    Attribute(#[from] AttributeError),
}

//! Protocol bindings: a CloudEvent as headers and a body, and back.
//!
//! Knows what the bindings for HTTP, Kafka and NATS say; it opens no connection.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::cloud_event::{self, CORE, CloudEvent, ExtensionValue, ParseError, check_name};

/// The media type of an event as JSON.
pub(crate) const STRUCTURED: &str = "application/cloudevents+json; charset=UTF-8";

/// How a protocol carries CloudEvents.
///
/// ```
/// use es_publish::{Binding, CloudEvent, ContentMode};
///
/// let event = CloudEvent::new("1", "/bank", "account-opened")?.with_data("application/json", "{}")?;
/// let message = Binding::Kafka.encode(&event, ContentMode::Binary)?;
/// assert!(message.headers.contains(&("ce_type".to_owned(), "account-opened".to_owned())));
///
/// let headers = message.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
/// assert_eq!(Binding::Kafka.decode(headers, message.body.unwrap())?, event);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Binding {
    /// Headers `ce-id`, values percent-encoded; the data's media type is the `content-type`.
    Http,
    /// Headers `ce_id`, values in UTF-8; the data's media type is the `content-type`.
    Kafka,
    /// Headers `ce-id`, values percent-encoded; the data's media type is `ce-datacontenttype`.
    Nats,
}

/// Where the attributes of an event are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ContentMode {
    /// In headers, and the body is the data as it is.
    #[default]
    Binary,
    /// With the data in one JSON object, which is the body.
    Structured,
}

/// An event on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// `None` for an event without data in binary mode, which to a compacted topic of Kafka is a tombstone.
    pub body: Option<Bytes>,
}

impl Binding {
    /// The event as headers and a body.
    ///
    /// # Errors
    /// In structured mode, the data is said to be JSON and is not.
    pub fn encode(self, event: &CloudEvent, mode: ContentMode) -> Result<Encoded, serde_json::Error> {
        if mode == ContentMode::Structured {
            let headers = vec![("content-type".to_owned(), STRUCTURED.to_owned())];
            return Ok(Encoded { headers, body: Some(cloud_event::write(event)?.into()) });
        }
        let header = |(name, value): (&str, String)| {
            if name == "datacontenttype" && self != Self::Nats {
                return ("content-type".to_owned(), value);
            }
            let value = if self == Self::Kafka { value } else { cloud_event::encode(&value) };
            (format!("{}{name}", self.prefix()), value)
        };
        Ok(Encoded { headers: event.attributes().map(header).collect(), body: event.data().cloned() })
    }

    /// Reads what any sender has encoded, in either mode; names of headers are compared without regard to case.
    ///
    /// Headers that have nothing to do with CloudEvents are left alone.
    ///
    /// # Errors
    /// See [`ParseError`].
    pub fn decode<'a>(
        self,
        headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        body: impl Into<Bytes>,
    ) -> Result<CloudEvent, ParseError> {
        let (mut content_type, mut attributes) = (None, BTreeMap::new());
        for (header, value) in headers {
            let header = header.to_ascii_lowercase();
            if header == "content-type" {
                let value = std::str::from_utf8(value).map_err(|_| ParseError::Header { header })?;
                content_type = Some(value.trim().to_owned());
                continue;
            }
            let Some(name) = header.strip_prefix(self.prefix()) else { continue };
            let text = match self {
                Self::Kafka => std::str::from_utf8(value).ok().map(str::to_owned),
                Self::Http | Self::Nats => cloud_event::decode(value),
            };
            let text = text.ok_or_else(|| ParseError::Header { header: header.clone() })?;
            check_name(name)?;
            if name == "datacontenttype" && self != Self::Nats {
                return Err(ParseError::Twice { attribute: name.to_owned() });
            }
            if attributes.insert(name.to_owned(), ExtensionValue::Text(text)).is_some() {
                return Err(ParseError::Twice { attribute: name.to_owned() });
            }
        }
        let body = body.into();
        // NATS before 2.2 has no headers.
        let is_bare =
            self == Self::Nats && content_type.is_none() && !CORE.iter().any(|name| attributes.contains_key(*name));
        match content_type.filter(|_| !is_bare) {
            None if is_bare => cloud_event::read(&body),
            Some(content_type) if starts_with(&content_type, "application/cloudevents-batch") => Err(ParseError::Batch),
            Some(content_type) if starts_with(&content_type, "application/cloudevents") => {
                let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
                if essence != "application/cloudevents+json" && essence != "application/cloudevents" {
                    return Err(ParseError::Format { content_type });
                }
                cloud_event::read(&body)
            }
            content_type => {
                if let Some(content_type) = content_type.filter(|_| self != Self::Nats) {
                    attributes.insert("datacontenttype".to_owned(), ExtensionValue::Text(content_type));
                }
                CloudEvent::from_attributes(attributes, Some(body).filter(|body| !body.is_empty()))
            }
        }
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::Http | Self::Nats => "ce-",
            Self::Kafka => "ce_",
        }
    }
}

fn starts_with(content_type: &str, prefix: &str) -> bool {
    content_type.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

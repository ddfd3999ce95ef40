//! A CloudEvent: what leaves a service or comes into one, whatever carries it.
//!
//! Knows the attributes of CloudEvents 1.0 and their rules; it knows no stored event and no transport.

mod attribute;
mod json;
mod percent;

use std::collections::BTreeMap;

use bytes::Bytes;
use es_core::Timestamp;
use serde::de::DeserializeOwned;

pub use self::attribute::{AttributeError, ExtensionValue};
pub(crate) use self::attribute::{CORE, check_name};
pub(crate) use self::json::{is_json, read, write};
pub(crate) use self::percent::{decode, encode};

/// The version of the specification that is written and read.
pub const SPEC_VERSION: &str = "1.0";

/// An event as [CloudEvents 1.0](https://cloudevents.io) describes it: attributes around data.
///
/// One that breaks a rule of the specification cannot be made.
/// `source` and `id` together tell it from every other event; one that is sent again has both again.
///
/// ```
/// use es_publish::CloudEvent;
///
/// let event = CloudEvent::new("018f4d3c", "/bank/accounts", "com.example.account-opened")?
///     .with_subject("account-ada")?
///     .with_extension("streamversion", "1")?
///     .with_data("application/json", r#"{"owner":"Ada"}"#)?;
/// assert_eq!(event.extension("streamversion").unwrap().to_string(), "1");
/// assert!(CloudEvent::new("1", "/bank", "").is_err());
/// # Ok::<(), es_publish::AttributeError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CloudEvent {
    id: String,
    source: String,
    ty: String,
    subject: Option<String>,
    time: Option<Timestamp>,
    data_content_type: Option<String>,
    data_schema: Option<String>,
    extensions: BTreeMap<String, ExtensionValue>,
    data: Option<Bytes>,
}

impl CloudEvent {
    /// An event with the attributes that each one has.
    ///
    /// # Errors
    /// One is empty, holds a character that it may not, or `source` is no URI reference.
    pub fn new(
        id: impl Into<String>,
        source: impl Into<String>,
        ty: impl Into<String>,
    ) -> Result<Self, AttributeError> {
        Ok(Self {
            id: attribute::text("id", id.into())?,
            source: attribute::uri_reference("source", source.into())?,
            ty: attribute::text("type", ty.into())?,
            subject: None,
            time: None,
            data_content_type: None,
            data_schema: None,
            extensions: BTreeMap::new(),
            data: None,
        })
    }

    /// Says what it is about, within its source.
    ///
    /// # Errors
    /// It is empty, or holds a character that it may not.
    pub fn with_subject(mut self, subject: impl Into<String>) -> Result<Self, AttributeError> {
        self.subject = Some(attribute::text("subject", subject.into())?);
        Ok(self)
    }

    /// Says when it happened.
    ///
    /// # Errors
    /// The year is not one of 0 to 9999, for which RFC 3339 has a text.
    pub fn with_time(mut self, time: Timestamp) -> Result<Self, AttributeError> {
        if time.to_string().parse() != Ok(time) {
            return Err(AttributeError::Time { text: time.to_string() });
        }
        self.time = Some(time);
        Ok(self)
    }

    /// Says where the schema of the data is described; the URI changes when readers have to change.
    ///
    /// # Errors
    /// It is no URI.
    pub fn with_data_schema(mut self, schema: impl Into<String>) -> Result<Self, AttributeError> {
        self.data_schema = Some(attribute::uri("dataschema", schema.into())?);
        Ok(self)
    }

    /// Adds an extension attribute, or replaces it.
    ///
    /// # Errors
    /// The name has others than the letters a to z and digits, or is that of a core attribute; or the value holds a
    /// character that it may not.
    pub fn with_extension(
        mut self,
        name: impl Into<String>,
        value: impl Into<ExtensionValue>,
    ) -> Result<Self, AttributeError> {
        let (name, value) = (attribute::extension_name(name.into())?, value.into());
        if let ExtensionValue::Text(text) = &value {
            attribute::characters(&name, text)?;
        }
        self.extensions.insert(name, value);
        Ok(self)
    }

    /// Takes an extension attribute away.
    #[must_use]
    pub fn without_extension(mut self, name: &str) -> Self {
        self.extensions.remove(name);
        self
    }

    /// Says what happened, in a format that has a media type.
    ///
    /// # Errors
    /// `content_type` is no media type.
    pub fn with_data(
        mut self,
        content_type: impl Into<String>,
        data: impl Into<Bytes>,
    ) -> Result<Self, AttributeError> {
        self.data_content_type = Some(attribute::media_type("datacontenttype", content_type.into())?);
        self.data = Some(data.into());
        Ok(self)
    }

    /// Tells it from other events of its source.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it happened: a URI reference.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What kind of event it is.
    pub fn ty(&self) -> &str {
        &self.ty
    }

    /// What it is about, within its source.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// When it happened.
    pub fn time(&self) -> Option<Timestamp> {
        self.time
    }

    /// The media type of its data; without one, data is JSON.
    pub fn data_content_type(&self) -> Option<&str> {
        self.data_content_type.as_deref()
    }

    /// Where the schema of its data is described.
    pub fn data_schema(&self) -> Option<&str> {
        self.data_schema.as_deref()
    }

    /// An extension attribute.
    pub fn extension(&self, name: &str) -> Option<&ExtensionValue> {
        self.extensions.get(name)
    }

    /// The extension attributes, sorted by name.
    pub fn extensions(&self) -> impl ExactSizeIterator<Item = (&str, &ExtensionValue)> {
        self.extensions.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// What happened; empty data is none in modes that cannot tell them apart.
    pub fn data(&self) -> Option<&Bytes> {
        self.data.as_ref()
    }

    /// Reads the data as JSON.
    ///
    /// ```
    /// # use es_publish::CloudEvent;
    /// let event = CloudEvent::new("1", "/bank", "paid")?.with_data("application/json", "[1,2]")?;
    /// assert_eq!(event.json::<Vec<u8>>()?, [1, 2]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// There is none, it is of another media type, or it does not fit `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, DataError> {
        let data = self.data.as_ref().ok_or(DataError::Missing)?;
        match self.data_content_type.as_deref() {
            Some(content_type) if !is_json(content_type) => {
                Err(DataError::NotJson { content_type: content_type.to_owned() })
            }
            _ => serde_json::from_slice(data).map_err(DataError::Json),
        }
    }

    /// All attributes but `data`, with their canonical text, in the order of the specification.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&str, String)> {
        let core = [
            ("specversion", Some(SPEC_VERSION.to_owned())),
            ("id", Some(self.id.clone())),
            ("source", Some(self.source.clone())),
            ("type", Some(self.ty.clone())),
            ("datacontenttype", self.data_content_type.clone()),
            ("dataschema", self.data_schema.clone()),
            ("subject", self.subject.clone()),
            ("time", self.time.map(|time| time.to_string())),
        ];
        let core = core.into_iter().filter_map(|(name, value)| Some((name, value?)));
        core.chain(self.extensions().map(|(name, value)| (name, value.to_string())))
    }

    /// The event that these attributes and this data make; names are checked, values are text or extensions.
    pub(crate) fn from_attributes(
        mut attributes: BTreeMap<String, ExtensionValue>,
        data: Option<Bytes>,
    ) -> Result<Self, ParseError> {
        let spec_version = take(&mut attributes, "specversion")?;
        if spec_version != SPEC_VERSION {
            return Err(ParseError::SpecVersion { found: spec_version });
        }
        let (id, source) = (take(&mut attributes, "id")?, take(&mut attributes, "source")?);
        let mut event = Self::new(id, source, take(&mut attributes, "type")?)?;
        for (name, value) in attributes {
            event = match name.as_str() {
                "subject" => event.with_subject(as_text(&name, value)?)?,
                "dataschema" => event.with_data_schema(as_text(&name, value)?)?,
                "datacontenttype" => {
                    let content_type = attribute::media_type("datacontenttype", as_text(&name, value)?)?;
                    Self { data_content_type: Some(content_type), ..event }
                }
                "time" => {
                    let text = as_text(&name, value)?;
                    let time = text.parse().map_err(|_| AttributeError::Time { text })?;
                    Self { time: Some(time), ..event }
                }
                _ => event.with_extension(name, value)?,
            };
        }
        Ok(Self { data, ..event })
    }
}

fn take(attributes: &mut BTreeMap<String, ExtensionValue>, name: &'static str) -> Result<String, ParseError> {
    match attributes.remove(name) {
        Some(value) => as_text(name, value),
        None => Err(ParseError::Attribute(AttributeError::Missing { attribute: name })),
    }
}

fn as_text(name: &str, value: ExtensionValue) -> Result<String, ParseError> {
    match value {
        ExtensionValue::Text(text) => Ok(text),
        _ => Err(ParseError::NotText { attribute: name.to_owned() }),
    }
}

/// Why data could not be read as JSON.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// There is none.
    #[error("the event has no data")]
    Missing,
    /// The data is in another format.
    #[error("the data is `{content_type}` and not JSON")]
    NotJson {
        /// Its media type.
        content_type: String,
    },
    /// The data is no JSON, or does not fit what it is read as.
    #[error("the data is not as expected")]
    Json(#[source] serde_json::Error),
}

/// Why headers and a body are no CloudEvent that can be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// A required attribute is missing, or one breaks a rule.
    #[error(transparent)]
    Attribute(#[from] AttributeError),
    /// It is of another version of the specification.
    #[error("the event is of CloudEvents version `{found}`, not {SPEC_VERSION}")]
    SpecVersion {
        /// That version.
        found: String,
    },
    /// An attribute of the specification that is text is something else.
    #[error("the attribute `{attribute}` is not text")]
    NotText {
        /// Its name.
        attribute: String,
    },
    /// An extension attribute is of no type that the specification has: a fraction, a list, an object.
    #[error("the attribute `{attribute}` is neither a text, a boolean nor an integer of 32 bits")]
    Type {
        /// Its name.
        attribute: String,
    },
    /// An attribute is there twice.
    #[error("the attribute `{attribute}` is there twice")]
    Twice {
        /// Its name.
        attribute: String,
    },
    /// The event is in a format other than JSON.
    #[error("an event in the format `{content_type}` cannot be read")]
    Format {
        /// The media type of the format.
        content_type: String,
    },
    /// These are several events.
    #[error("a batch of events cannot be read")]
    Batch,
    /// The value of a header is no text, or wrongly percent-encoded.
    #[error("the header `{header}` is not text that is percent-encoded rightly")]
    Header {
        /// Its name.
        header: String,
    },
    /// The body is not a JSON object.
    #[error("the body is no event in JSON")]
    Json(#[source] serde_json::Error),
    /// `data_base64` is no Base64, or stands beside `data`.
    #[error("the member `data_base64` is no Base64 text, or stands beside `data`")]
    Base64,
}

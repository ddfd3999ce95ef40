//! Streams: the sequence of events of one aggregate, and how it is named.
//!
//! Knows nothing of what is stored in a stream.

use std::borrow::Borrow;
use std::convert::Infallible;
use std::fmt::{self, Display, Write as _};
use std::str::FromStr;
use std::sync::Arc;

use arrayvec::ArrayString;

/// The name of a stream: a category and an id, written `account-ada`.
///
/// The category is the stored name of the aggregate and holds no `-`, so the first `-` of the text always ends it
/// and two different pairs never share a text.
/// The id is free text of the user's: unicode, spaces, `/ : - # %` and quotes are kept as they are.
///
/// Rules: both parts are non-empty, the text is at most [`StreamId::MAX_BYTES`] bytes of UTF-8, it holds no control
/// character, and the category does not start with `$`, which is reserved for stores.
/// Cloning copies a pointer.
///
/// ```
/// use es_core::StreamId;
///
/// let stream = StreamId::new("account", "ada-1")?;
/// assert_eq!(stream.as_str(), "account-ada-1");
/// assert_eq!((stream.category(), stream.id()), ("account", "ada-1"));
/// assert_eq!("account-ada-1".parse(), Ok(stream));
/// # Ok::<(), es_core::InvalidStreamId>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(Arc<str>);

serialized_as_text!(StreamId, "the id of a stream", |text| text.parse::<StreamId>());

impl StreamId {
    /// The longest text of a stream id, in bytes of UTF-8.
    pub const MAX_BYTES: usize = 512;

    /// Names the stream of `id` in `category`.
    ///
    /// # Errors
    /// The broken rule, if the pair does not name a stream.
    pub fn new(category: &str, id: impl Display) -> Result<Self, InvalidStreamId> {
        let known: Result<Infallible, Self> = Self::known_or_new(category, id, |_| None)?;
        match known {
            Err(new) => Ok(new),
        }
    }

    /// What is known under the text of a stream id of this category, or else the id.
    pub(crate) fn known_or_new<T>(
        category: &str,
        id: impl Display,
        known: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Result<T, Self>, InvalidStreamId> {
        let mut text = ArrayString::<{ Self::MAX_BYTES }>::new();
        if text.try_push_str(category).is_ok() && text.try_push('-').is_ok() && write!(text, "{id}").is_ok() {
            // What is known has been checked.
            return match known(&text) {
                Some(known) => Ok(Ok(known)),
                None => Self::check(&text, category.len()).map(|()| Err(Self(text.as_str().into()))),
            };
        }
        // Too long, or not to be printed: the error tells which.
        let mut text = format!("{category}-");
        write!(text, "{id}").map_err(|_| InvalidStreamId::Unprintable)?;
        Self::check(&text, category.len()).map(|()| Err(Self(text.into())))
    }

    /// The whole text, `account-ada`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the first `-`: the stored name of the aggregate.
    pub fn category(&self) -> &str {
        self.parts().0
    }

    /// The part after the first `-`.
    pub fn id(&self) -> &str {
        self.parts().1
    }

    fn parts(&self) -> (&str, &str) {
        // There is one: it has been checked.
        self.0.split_once('-').unwrap_or((&self.0, ""))
    }

    fn check(text: &str, category_bytes: usize) -> Result<(), InvalidStreamId> {
        let (category, id) = (&text[..category_bytes], &text[category_bytes + 1..]);
        if category.is_empty() {
            return Err(InvalidStreamId::EmptyCategory);
        }
        if id.is_empty() {
            return Err(InvalidStreamId::EmptyId { category: excerpt(category) });
        }
        if category.starts_with('$') {
            return Err(InvalidStreamId::Reserved { category: excerpt(category) });
        }
        if category.contains('-') {
            return Err(InvalidStreamId::DashInCategory { category: excerpt(category) });
        }
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidStreamId::TooLong { bytes: text.len(), starts_with: excerpt(text) });
        }
        // What is ASCII, as most ids are, is looked at by the byte.
        let has_control = if text.is_ascii() {
            text.bytes().any(|byte| byte.is_ascii_control())
        } else {
            text.chars().any(char::is_control)
        };
        if has_control {
            return Err(InvalidStreamId::ControlCharacter { text: excerpt(text) });
        }
        Ok(())
    }
}

/// Enough of a refused text to recognise it by.
fn excerpt(text: &str) -> String {
    text.chars().take(64).collect()
}

impl FromStr for StreamId {
    type Err = InvalidStreamId;

    fn from_str(text: &str) -> Result<Self, InvalidStreamId> {
        let dash = text.find('-').ok_or_else(|| InvalidStreamId::NoDash { text: excerpt(text) })?;
        Self::check(text, dash)?;
        Ok(Self(text.into()))
    }
}

impl Borrow<str> for StreamId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamId({:?})", self.as_str())
    }
}

/// Why a text does not name a stream.
///
/// ```
/// use es_core::{InvalidStreamId, StreamId};
///
/// assert_eq!(StreamId::new("account", ""), Err(InvalidStreamId::EmptyId { category: "account".into() }));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the message of each variant is its documentation")]
pub enum InvalidStreamId {
    #[error("a stream needs a category: the part before the first `-` is empty")]
    EmptyCategory,
    #[error("a stream of category `{category}` needs an id: the part after the first `-` is empty")]
    EmptyId { category: String },
    #[error("the category `{category}` is reserved: names that start with `$` belong to stores")]
    Reserved { category: String },
    #[error("the category `{category}` holds a `-`, which ends a category; write `_`")]
    DashInCategory { category: String },
    #[error("`{text}` is not a stream id: `category-id` needs a `-`")]
    NoDash { text: String },
    #[error("a stream id has at most {} bytes, this one has {bytes}: `{starts_with}…`", StreamId::MAX_BYTES)]
    TooLong { bytes: usize, starts_with: String },
    #[error("the stream id {text:?} holds a control character")]
    ControlCharacter { text: String },
    #[error("the `Display` of the id failed")]
    Unprintable,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unicode_and_punctuation_round_trip() {
        for id in ["a/b:c-d#e%f", "Zoë O'Brien \"x\"", "日本", "-", " "] {
            let stream = StreamId::new("account", id).unwrap();
            assert_eq!((stream.category(), stream.id()), ("account", id));
            assert_eq!(stream.to_string().parse::<StreamId>().unwrap(), stream);
        }
    }

    #[cfg(feature = "json")]
    #[test]
    fn with_serde_it_is_its_text_and_checked_as_any() {
        let ada = StreamId::new("account", "ada \"1\"").unwrap();
        let text = serde_json::to_string(&ada).unwrap();
        assert_eq!(text, r#""account-ada \"1\"""#);
        assert_eq!(serde_json::from_str::<StreamId>(&text).unwrap(), ada);
        let refused = serde_json::from_str::<StreamId>(r#""account""#).unwrap_err().to_string();
        assert!(refused.contains("account"), "{refused}");
        let refused = serde_json::from_str::<StreamId>("7").unwrap_err().to_string();
        assert!(refused.contains("expected the id of a stream"), "{refused}");
    }

    #[test]
    fn every_broken_rule_has_its_own_error() {
        use InvalidStreamId as E;
        let text = |t: &str| t.parse::<StreamId>().unwrap_err();
        assert_eq!(text("account"), E::NoDash { text: "account".into() });
        assert_eq!(text("-ada"), E::EmptyCategory);
        assert_eq!(text("account-"), E::EmptyId { category: "account".into() });
        assert_eq!(text("$system-1"), E::Reserved { category: "$system".into() });
        assert_eq!(text("account-a\0b"), E::ControlCharacter { text: "account-a\0b".into() });
        assert_eq!(StreamId::new("a-b", 1).unwrap_err(), E::DashInCategory { category: "a-b".into() });
        let long = "x".repeat(StreamId::MAX_BYTES);
        assert!(matches!(StreamId::new("a", &long).unwrap_err(), E::TooLong { bytes: 514, .. }));
        assert!(StreamId::new("a", &long[2..]).is_ok());
    }
}

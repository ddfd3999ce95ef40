//! The stored name of an event.

use std::borrow::Borrow;
use std::fmt::{self, Display};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The name under which events of one type are stored, for example `money-deposited`.
///
/// A stored name is public API: it is chosen once, written down as a string, and never used for anything else.
/// It has 1 to [`EventName::MAX_BYTES`] bytes of UTF-8, no control character, and does not start with `$`, which is
/// reserved for stores.
/// Names of derived events are checked when they are compiled and cost nothing to clone; others share one allocation.
///
/// ```
/// use es_core::EventName;
///
/// const DEPOSITED: EventName = EventName::from_static("money-deposited");
/// assert_eq!(DEPOSITED, EventName::new("money-deposited")?);
/// assert!(EventName::new("").is_err());
/// # Ok::<(), es_core::InvalidEventName>(())
/// ```
#[derive(Clone)]
pub struct EventName(Text);

/// Two words: a third one would make every stored event larger, for the sake of names that few programs have.
#[derive(Clone)]
enum Text {
    Static(&'static str),
    Shared(Arc<Box<str>>),
}

impl EventName {
    /// The longest name, in bytes of UTF-8.
    pub const MAX_BYTES: usize = 255;

    /// Checks a name that is known only at run time.
    ///
    /// # Errors
    /// The broken rule.
    pub fn new(name: &str) -> Result<Self, InvalidEventName> {
        match Self::broken_rule(name) {
            Some(error) => Err(error),
            None => Ok(Self(Text::Shared(Arc::new(name.into())))),
        }
    }

    /// A name that is known when the program is compiled.
    ///
    /// # Panics
    /// If the name breaks a rule; in a `const`, that is a compile error.
    pub const fn from_static(name: &'static str) -> Self {
        assert!(!name.is_empty(), "an event name may not be empty");
        assert!(name.len() <= Self::MAX_BYTES, "an event name has at most 255 bytes");
        let bytes = name.as_bytes();
        assert!(bytes[0] != b'$', "event names that start with `$` are reserved for stores");
        let mut i = 0;
        while i < bytes.len() {
            assert!(bytes[i] >= 0x20 && bytes[i] != 0x7f, "an event name holds no control character");
            i += 1;
        }
        Self(Text::Static(name))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Static(text) => text,
            Text::Shared(text) => text,
        }
    }

    fn broken_rule(name: &str) -> Option<InvalidEventName> {
        if name.is_empty() {
            Some(InvalidEventName::Empty)
        } else if name.len() > Self::MAX_BYTES {
            Some(InvalidEventName::TooLong { bytes: name.len(), starts_with: name.chars().take(64).collect() })
        } else if name.starts_with('$') {
            Some(InvalidEventName::Reserved { name: name.to_owned() })
        } else if name.chars().any(char::is_control) {
            Some(InvalidEventName::ControlCharacter { name: name.to_owned() })
        } else {
            None
        }
    }
}

serialized_as_text!(EventName, "the name of an event", |text| EventName::new(text));

/// Why a text is not the name of an event.
///
/// ```
/// use es_core::{EventName, InvalidEventName};
///
/// assert_eq!(EventName::new("$x").unwrap_err(), InvalidEventName::Reserved { name: "$x".into() });
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the message of each variant is its documentation")]
pub enum InvalidEventName {
    #[error("an event name may not be empty")]
    Empty,
    #[error("an event name has at most {} bytes, this one has {bytes}: `{starts_with}…`", EventName::MAX_BYTES)]
    TooLong { bytes: usize, starts_with: String },
    #[error("the event name `{name}` is reserved: names that start with `$` belong to stores")]
    Reserved { name: String },
    #[error("the event name {name:?} holds a control character")]
    ControlCharacter { name: String },
}

impl PartialEq for EventName {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for EventName {}

impl Hash for EventName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl PartialEq<str> for EventName {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for EventName {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl Borrow<str> for EventName {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventName({:?})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_broken_rule_has_its_own_error() {
        use InvalidEventName as E;
        assert_eq!(EventName::new("").unwrap_err(), E::Empty);
        assert_eq!(EventName::new("$all").unwrap_err(), E::Reserved { name: "$all".into() });
        assert_eq!(EventName::new("a\nb").unwrap_err(), E::ControlCharacter { name: "a\nb".into() });
        assert!(matches!(EventName::new(&"n".repeat(256)).unwrap_err(), E::TooLong { bytes: 256, .. }));
        assert!(EventName::new(&"n".repeat(255)).is_ok());
    }
}

//! The rules for names and values of attributes, as CloudEvents 1.0 has them.

use std::fmt::{self, Display};

/// The attributes that are no extensions.
pub(crate) const CORE: [&str; 8] =
    ["specversion", "id", "source", "type", "datacontenttype", "dataschema", "subject", "time"];

/// The value of an extension attribute.
///
/// Transports that carry text only give it back as text; its `Display` is the same there and here.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtensionValue {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number of 32 bits; larger ones are written as text.
    Integer(i32),
    /// Text: also URIs, times and Base64.
    Text(String),
}

impl ExtensionValue {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Boolean(_) | Self::Integer(_) => None,
        }
    }
}

impl From<bool> for ExtensionValue {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<i32> for ExtensionValue {
    fn from(value: i32) -> Self {
        Self::Integer(value)
    }
}

impl From<String> for ExtensionValue {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&str> for ExtensionValue {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl Display for ExtensionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Text(value) => f.pad(value),
        }
    }
}

/// Which rule of the specification an attribute breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the message of each variant is its documentation")]
pub enum AttributeError {
    #[error("the attribute `{attribute}` is missing")]
    Missing { attribute: &'static str },
    #[error("the attribute `{attribute}` is empty")]
    Empty { attribute: String },
    #[error("{name:?} is no name of an attribute: it has the letters a to z and digits only")]
    Name { name: String },
    #[error("`{name}` is no extension: the specification has an attribute of that name")]
    Reserved { name: String },
    #[error("the attribute `{attribute}` holds a control character or one that is none: {text:?}")]
    Characters { attribute: String, text: String },
    #[error("the attribute `{attribute}` is no URI: {text:?}")]
    Uri { attribute: String, text: String },
    #[error("the attribute `{attribute}` is no media type: {text:?}")]
    MediaType { attribute: String, text: String },
    #[error("the attribute `time` is no RFC 3339 timestamp: {text:?}")]
    Time { text: String },
}

pub(crate) fn check_name(name: &str) -> Result<(), AttributeError> {
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
        return Err(AttributeError::Name { name: name.to_owned() });
    }
    Ok(())
}

pub(super) fn extension_name(name: String) -> Result<String, AttributeError> {
    check_name(&name)?;
    if name == "data" || CORE.contains(&name.as_str()) {
        return Err(AttributeError::Reserved { name });
    }
    Ok(name)
}

/// Text of any length, also none.
pub(super) fn characters(attribute: &str, text: &str) -> Result<(), AttributeError> {
    let is_no_character = |c: char| {
        let code = u32::from(c);
        c.is_control() || (0xFDD0..=0xFDEF).contains(&code) || code & 0xFFFE == 0xFFFE
    };
    if text.chars().any(is_no_character) {
        return Err(AttributeError::Characters { attribute: attribute.to_owned(), text: text.to_owned() });
    }
    Ok(())
}

pub(super) fn text(attribute: &str, text: String) -> Result<String, AttributeError> {
    if text.is_empty() {
        return Err(AttributeError::Empty { attribute: attribute.to_owned() });
    }
    characters(attribute, &text)?;
    Ok(text)
}

pub(super) fn uri_reference(attribute: &str, value: String) -> Result<String, AttributeError> {
    let value = text(attribute, value)?;
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        let is_sound = match byte {
            b'%' => (0..2).all(|_| rest.next().is_some_and(|digit| digit.is_ascii_hexdigit())),
            _ => byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(&byte),
        };
        if !is_sound {
            return Err(AttributeError::Uri { attribute: attribute.to_owned(), text: value });
        }
    }
    Ok(value)
}

pub(super) fn uri(attribute: &str, value: String) -> Result<String, AttributeError> {
    let value = uri_reference(attribute, value)?;
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    match value.split_once(':') {
        Some((scheme, _)) if is_scheme(scheme) => Ok(value),
        _ => Err(AttributeError::Uri { attribute: attribute.to_owned(), text: value }),
    }
}

pub(super) fn media_type(attribute: &str, value: String) -> Result<String, AttributeError> {
    let value = text(attribute, value)?;
    let essence = value.split(';').next().unwrap_or_default().trim();
    let is_token = |token: &str| {
        !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+*'".contains(&byte))
    };
    let is_sound = essence.split_once('/').is_some_and(|(ty, subtype)| is_token(ty) && is_token(subtype));
    // It becomes a header as it is.
    if !is_sound || !value.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Err(AttributeError::MediaType { attribute: attribute.to_owned(), text: value });
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_lower_case_letters_and_digits() {
        for name in ["a", "streamversion", "0x"] {
            assert_eq!(extension_name(name.to_owned()).as_deref(), Ok(name));
        }
        for name in ["", "streamVersion", "stream_version", "stream-version", "é", "data_base64"] {
            assert_eq!(extension_name(name.to_owned()), Err(AttributeError::Name { name: name.to_owned() }));
        }
        for name in ["data", "id", "specversion", "time"] {
            assert_eq!(extension_name(name.to_owned()), Err(AttributeError::Reserved { name: name.to_owned() }));
        }
    }

    #[test]
    fn texts_hold_no_control_characters() {
        for sound in ["Zoë €", "\u{A0}", "\u{1F600}"] {
            assert_eq!(text("subject", sound.to_owned()).as_deref(), Ok(sound));
        }
        for wrong in ["a\0", "a\nb", "\u{7f}", "\u{9f}", "\u{FDD0}", "\u{FFFE}", "\u{1FFFF}"] {
            assert!(matches!(text("subject", wrong.to_owned()), Err(AttributeError::Characters { .. })), "{wrong:?}");
        }
        assert!(matches!(text("subject", String::new()), Err(AttributeError::Empty { .. })));
    }

    #[test]
    fn sources_are_uri_references_and_schemas_are_uris() {
        for sound in ["/bank", "https://example.com/a?b#c", "urn:uuid:1", "bank", "/caf%C3%A9", "//host"] {
            assert!(uri_reference("source", sound.to_owned()).is_ok(), "{sound}");
        }
        for wrong in ["", "a b", "/é", "/%4", "/%zz", "<a>", "a\\b"] {
            assert!(uri_reference("source", wrong.to_owned()).is_err(), "{wrong}");
        }
        assert!(uri("dataschema", "https://example.com/a.v2.json".to_owned()).is_ok());
        for wrong in ["/a.json", "a.json", "1a:b", ":b"] {
            assert!(uri("dataschema", wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn content_types_are_media_types() {
        for sound in ["application/json", "text/plain; charset=utf-8", "application/vnd.a+json"] {
            assert!(media_type("datacontenttype", sound.to_owned()).is_ok(), "{sound}");
        }
        for wrong in ["", "json", "/json", "text/", "a b/c", "text/plain; x=é"] {
            assert!(media_type("datacontenttype", wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}

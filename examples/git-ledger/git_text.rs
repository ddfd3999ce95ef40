//! Text that git keeps as bytes: paths, names, messages.

use std::fmt::{self, Display, Write as _};

use es_core::EventData;
use serde::{Deserialize, Serialize};

/// Bytes that are mostly UTF-8, written as a string without losing any of them.
///
/// Bytes that are not UTF-8 and control characters are written `\xNN`, and a backslash is written twice, so every
/// sequence of bytes has its own text.
/// Ordinary text stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EventData)]
#[serde(transparent)]
pub struct GitText(String);

impl GitText {
    /// Writes `bytes` as text.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut text = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            for char in chunk.valid().chars() {
                match char {
                    '\\' => text.push_str(r"\\"),
                    char if char.is_control() => {
                        let mut buffer = [0; 4];
                        escape(&mut text, char.encode_utf8(&mut buffer).as_bytes());
                    }
                    char => text.push(char),
                }
            }
            escape(&mut text, chunk.invalid());
        }
        Self(text)
    }

    /// Takes a text that was written by this type before.
    pub fn from_escaped(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether some bytes are escaped.
    pub fn is_escaped(&self) -> bool {
        self.0.contains('\\')
    }
}

fn escape(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "\\x{byte:02X}");
    }
}

impl Display for GitText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_stays_as_it_is() {
        assert_eq!(GitText::from_bytes("src/Zoë 日本.rs".as_bytes()).as_str(), "src/Zoë 日本.rs");
    }

    #[test]
    fn every_sequence_of_bytes_has_its_own_text() {
        let samples: [&[u8]; 7] = [b"a\\xFF", b"a\xFF", b"a\n", b"a\\n", b"a\xC2\x85", b"a\xE9b", b"a\\\\xFF"];
        let texts: Vec<_> = samples.iter().map(|bytes| GitText::from_bytes(bytes)).collect();
        let expected = [r"a\\xFF", r"a\xFF", r"a\x0A", r"a\\n", r"a\xC2\x85", r"a\xE9b", r"a\\\\xFF"];
        assert_eq!(texts.iter().map(GitText::as_str).collect::<Vec<_>>(), expected);
        assert!(texts.iter().all(GitText::is_escaped));
    }
}

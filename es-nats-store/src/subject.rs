//! What stands where in JetStream: the names of streams and buckets, and the subjects within them.
//!
//! A subject holds no spaces and gives `.`, `*` and `>` a meaning, so of a name only ASCII letters, digits, `_` and `-`
//! are written as they are; every other byte is written `=` and two hexadecimal digits, also `=` itself.
//! Two different names therefore never have one subject.

use std::fmt::Write as _;

use es_core::StreamId;

/// A name as one token of a subject.
pub(crate) fn token(name: &str) -> String {
    let mut token = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') {
            token.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(token, "={byte:02X}");
        }
    }
    token
}

/// The name that a token was made from, if it was.
pub(crate) fn name(token: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(token.len()), token.bytes());
    while let Some(byte) = rest.next() {
        if byte == b'=' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// The names that belong to one store.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    /// The JetStream stream of the events, and the first token of its subjects.
    pub(crate) store: String,
}

impl Names {
    /// The subject of a stream: `bank.account.ada`.
    pub(crate) fn of_stream(&self, stream: &StreamId) -> String {
        format!("{}.{}.{}", self.store, token(stream.category()), token(stream.id()))
    }

    /// The subjects of all streams of a category.
    pub(crate) fn of_category(&self, category: &str) -> String {
        format!("{}.{}.*", self.store, token(category))
    }

    /// The subjects of all streams.
    pub(crate) fn of_events(&self) -> String {
        format!("{}.*.*", self.store)
    }

    /// Where messages go that hold no events, and only carry what an append to several streams expects of others.
    pub(crate) fn of_checks(&self) -> String {
        format!("{}.checks", self.store)
    }

    /// The JetStream stream of the checkpoints and read models, and the first token of its subjects.
    pub(crate) fn of_checkpoints(&self) -> String {
        format!("{}_checkpoints", self.store)
    }

    /// The JetStream stream of what is parked, and the first token of its subjects.
    pub(crate) fn of_parked(&self) -> String {
        format!("{}_parked", self.store)
    }

    /// The key-value bucket of that kind.
    pub(crate) fn bucket(&self, kind: &str) -> String {
        format!("{}_{kind}", self.store)
    }
}

/// The JetStream stream of a key-value bucket.
pub(crate) fn stream_of_bucket(bucket: &str) -> String {
    format!("KV_{bucket}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_one_token_and_comes_back() {
        for text in ["ada", "a.b", "*", ">", " ", "=", "=2E", "日本", "a b\"'\\%$/:", "Ada-1_x"] {
            let token = token(text);
            assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-=".contains(&byte)), "{token}");
            assert_eq!(name(&token).as_deref(), Some(text));
        }
        assert_eq!(name("a=2"), None);
        assert_eq!(name("a=xx"), None);
    }

    #[test]
    fn streams_have_subjects_of_their_own() {
        let names = Names { store: "bank".to_owned() };
        let subject = |text: &str| names.of_stream(&text.parse().unwrap());
        assert_eq!(subject("account-ada"), "bank.account.ada");
        assert_eq!(subject("account-a.b"), "bank.account.a=2Eb");
        assert_ne!(subject("a.b-c"), subject("a-b.c"));
        assert_eq!(subject(&format!("a-{}", "é".repeat(255))).len(), "bank.a.".len() + 255 * 6);
    }
}

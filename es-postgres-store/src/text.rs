//! Texts of every character in columns that have no place for the character 0, in the same order.

use std::borrow::Cow;

use crate::error::PostgresError;

/// What stands before an escaped character: itself, or the character 0.
const ESCAPE: char = '\u{1}';

/// The text as it is stored: `\0` as `\u{1}\u{1}`, and `\u{1}` as `\u{1}\u{2}`.
///
/// Both begin with `\u{1}` and nothing else does, so texts are ordered as they were, and none is stored as another.
pub(crate) fn to_stored(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', ESCAPE]) {
        return Cow::Borrowed(text);
    }
    let mut stored = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        match c {
            '\0' => stored.extend([ESCAPE, '\u{1}']),
            ESCAPE => stored.extend([ESCAPE, '\u{2}']),
            c => stored.push(c),
        }
    }
    Cow::Owned(stored)
}

/// Several of them.
pub(crate) fn all_to_stored(texts: &[String]) -> Vec<Cow<'_, str>> {
    texts.iter().map(|text| to_stored(text)).collect()
}

/// The text that was stored.
pub(crate) fn from_stored(stored: String) -> Result<String, PostgresError> {
    if !stored.contains(ESCAPE) {
        return Ok(stored);
    }
    let mut text = String::with_capacity(stored.len());
    let mut chars = stored.chars();
    while let Some(c) = chars.next() {
        text.push(match (c, if c == ESCAPE { chars.next() } else { None }) {
            (ESCAPE, Some('\u{1}')) => '\0',
            (ESCAPE, Some('\u{2}')) => ESCAPE,
            (ESCAPE, _) => return Err(PostgresError::broken(format!("the stored text {stored:?}"))),
            (c, _) => c,
        });
    }
    Ok(text)
}

/// Several of them.
pub(crate) fn all_from_stored(stored: Vec<String>) -> Result<Vec<String>, PostgresError> {
    stored.into_iter().map(from_stored).collect()
}

#[cfg(test)]
mod tests {
    use super::{from_stored, to_stored};

    #[test]
    fn texts_of_every_character_are_kept_in_their_order() {
        let mut texts = Vec::new();
        for first in ["", "\0", "\u{1}", "\u{2}", "\u{3}", "a", "ä"] {
            for second in ["", "\0", "\u{1}", "\u{2}", "b"] {
                texts.push(format!("{first}{second}"));
            }
        }
        texts.sort();
        let stored: Vec<String> = texts.iter().map(|text| to_stored(text).into_owned()).collect();
        assert!(stored.iter().all(|text| !text.contains('\0')), "{stored:?}");
        assert!(stored.windows(2).all(|pair| pair[0].as_bytes() <= pair[1].as_bytes()), "{stored:?}");
        let read: Vec<String> = stored.into_iter().map(|text| from_stored(text).unwrap()).collect();
        assert_eq!(read, texts);
        assert!(from_stored("a\u{1}".to_owned()).is_err());
    }
}

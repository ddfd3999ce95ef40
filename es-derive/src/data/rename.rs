//! serde's `rename_all`: how a Rust name becomes a stored one.

use proc_macro2::Ident;

use crate::text;

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Rule {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl Rule {
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "lowercase" => Self::Lower,
            "UPPERCASE" => Self::Upper,
            "PascalCase" => Self::Pascal,
            "camelCase" => Self::Camel,
            "snake_case" => Self::Snake,
            "SCREAMING_SNAKE_CASE" => Self::ScreamingSnake,
            "kebab-case" => Self::Kebab,
            "SCREAMING-KEBAB-CASE" => Self::ScreamingKebab,
            _ => return None,
        })
    }

    /// The stored name of a field, whose Rust name is in snake case.
    pub(super) fn field(self, ident: &Ident) -> String {
        let name = text::name(ident);
        match self {
            Self::Lower | Self::Snake => name,
            Self::Upper | Self::ScreamingSnake => name.to_ascii_uppercase(),
            Self::Pascal => capitalised(&name),
            Self::Camel => lower_first(&capitalised(&name)),
            Self::Kebab => name.replace('_', "-"),
            Self::ScreamingKebab => name.to_ascii_uppercase().replace('_', "-"),
        }
    }

    /// The stored name of a variant, whose Rust name is in camel case.
    pub(super) fn variant(self, ident: &Ident) -> String {
        let name = text::name(ident);
        match self {
            Self::Pascal => name,
            Self::Lower => name.to_ascii_lowercase(),
            Self::Upper => name.to_ascii_uppercase(),
            Self::Camel => lower_first(&name),
            Self::Snake => text::separated(ident, '_'),
            Self::ScreamingSnake => text::separated(ident, '_').to_ascii_uppercase(),
            Self::Kebab => text::separated(ident, '-'),
            Self::ScreamingKebab => text::separated(ident, '-').to_ascii_uppercase(),
        }
    }
}

/// `minor_units` as `MinorUnits`.
fn capitalised(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
    });
    words.collect()
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + letters.as_str())
}

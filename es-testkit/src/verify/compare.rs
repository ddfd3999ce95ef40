//! Whether two states are the same, as well as their type can tell.

use es_core::{Aggregate, StateAbilities};
use serde_json::Value;

use crate::difference::difference;

/// How the states of an aggregate are compared: by `PartialEq`; or else by the lines of their `Debug` text, in any order
/// because that of a hash map is random; or else by their JSON.
pub(super) struct Comparison<A>(StateAbilities<A>);

impl<A: Aggregate> Comparison<A> {
    pub(super) fn new() -> Self {
        Self(A::abilities().state)
    }

    /// By what they are compared, for reports; `None` if they cannot be.
    pub(super) fn means(&self) -> Option<&'static str> {
        if self.0.same.is_some() {
            Some("`PartialEq`")
        } else if self.0.show.is_some() {
            Some("the lines of their `Debug` text in any order; `PartialEq` would be exact")
        } else {
            self.0.write.map(|_| "their JSON; `PartialEq` would be exact")
        }
    }

    pub(super) fn is_same(&self, left: &A, right: &A) -> bool {
        if let Some(same) = self.0.same {
            return same(left, right);
        }
        match self.0.show {
            Some(show) => sorted_lines(&show(left)) == sorted_lines(&show(right)),
            None => self.json(left) == self.json(right),
        }
    }

    /// Compares, and tells where they differ.
    pub(super) fn check(&self, headline: &str, expected: &A, actual: &A) -> Result<(), String> {
        if self.is_same(expected, actual) {
            return Ok(());
        }
        Err(match (self.shown(expected), self.shown(actual)) {
            (Some(expected), Some(actual)) => difference(headline, &expected, &actual),
            _ => headline.to_owned(),
        })
    }

    /// The state as text, if it can be shown.
    pub(super) fn shown(&self, state: &A) -> Option<String> {
        match self.0.show {
            Some(show) => Some(show(state)),
            None => self.json(state).and_then(|json| serde_json::to_string_pretty(&json).ok()),
        }
    }

    fn json(&self, state: &A) -> Option<Value> {
        let bytes = self.0.write?(state).ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}

fn sorted_lines(text: &str) -> Vec<&str> {
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines
}

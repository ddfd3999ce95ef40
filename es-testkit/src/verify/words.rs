//! The texts and numbers that a domain itself speaks of: what `#[require(command.currency == "EUR", ..)]` compares with
//! is a value worth trying.

use es_core::model::AggregateModel;

/// What to try besides what every domain knows.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Words {
    pub(super) texts: Vec<String>,
    pub(super) numbers: Vec<i128>,
}

impl Words {
    /// The literals in the rules, invariants and upcasts of an aggregate.
    pub(super) fn of(model: &AggregateModel) -> Self {
        let mut words = Self::default();
        for rule in model.commands.iter().flat_map(|command| command.rules) {
            words.read(rule.condition);
        }
        for invariant in model.invariants {
            words.read(invariant.condition);
        }
        for hop in model.events.iter().chain(model.split).flat_map(|event| event.hops) {
            hop.changes.iter().for_each(|change| words.read(change));
        }
        words
    }

    fn read(&mut self, source: &str) {
        let mut rest = source;
        while let Some(start) = rest.find(|c: char| c == '"' || c.is_ascii_alphanumeric() || c == '_') {
            rest = &rest[start..];
            if let Some(quoted) = rest.strip_prefix('"') {
                let Some(end) = quoted.find('"') else { return };
                self.add_text(&quoted[..end]);
                rest = &quoted[end + 1..];
            } else {
                let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                self.add_number(&rest[..end]);
                rest = &rest[end..];
            }
        }
    }

    fn add_text(&mut self, text: &str) {
        if !text.contains('\\') && !self.texts.iter().any(|known| known == text) {
            self.texts.push(text.to_owned());
        }
    }

    /// `10_000`, also with the name of a type after it.
    fn add_number(&mut self, word: &str) {
        if !word.starts_with(|c: char| c.is_ascii_digit()) {
            return;
        }
        let digits = word.split(['u', 'i']).next().unwrap_or(word).replace('_', "");
        let Ok(number) = digits.parse::<i128>() else { return };
        // Rules are broken beside their limits.
        for number in [number, number.saturating_add(1), number.saturating_sub(1)] {
            if !self.numbers.contains(&number) {
                self.numbers.push(number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_found_in_conditions() {
        let mut words = Words::default();
        words.read(r#"command.currency == "EUR" && state.v2 <= 10_000u64 && tuple.0 != "a b""#);
        assert_eq!(words.texts, ["EUR", "a b"]);
        assert_eq!(words.numbers, [10_000, 10_001, 9_999, 0, 1, -1]);
    }
}

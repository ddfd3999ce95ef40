//! What a failed expectation prints: expected and actual values, line by line beside each other.

use std::fmt::Debug;

use similar::{ChangeTag, TextDiff};

/// Compares two values, and shows where they differ.
#[track_caller]
pub(crate) fn assert_same<T: PartialEq + Debug>(headline: &str, expected: &T, actual: &T) {
    assert!(expected == actual, "{}", difference(headline, &format!("{expected:#?}"), &format!("{actual:#?}")));
}

/// The message about two values that are not equal and print as these texts.
pub(crate) fn difference(headline: &str, expected: &str, actual: &str) -> String {
    let mut message = format!("{headline} (- expected, + actual):");
    // Both texts end their last line, or it would differ from the same line in the middle of the other text.
    let (old, new) = (format!("{expected}\n"), format!("{actual}\n"));
    for change in TextDiff::from_lines(&old, &new).iter_all_changes() {
        let sign = match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => ' ',
        };
        let line = format!("\n{sign} {}", change.value().trim_end_matches('\n'));
        message.push_str(line.trim_end_matches(' '));
    }
    if expected == actual {
        message.push_str("\nBoth print the same, but `PartialEq` says that they differ.");
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_agree_are_shown_once_and_without_a_sign() {
        assert_eq!(difference("x", "a\nb\nc", "a\nd\nc"), "x (- expected, + actual):\n  a\n- b\n+ d\n  c");
    }

    #[test]
    fn the_last_line_of_one_text_agrees_with_a_line_in_the_middle_of_the_other() {
        assert_eq!(difference("x", "a\nb", "a\nb\nc"), "x (- expected, + actual):\n  a\n  b\n+ c");
    }

    #[test]
    fn values_that_print_the_same_are_said_to_differ() {
        let message = "x (- expected, + actual):\n  NaN\nBoth print the same, but `PartialEq` says that they differ.";
        assert_eq!(difference("x", "NaN", "NaN"), message);
    }
}

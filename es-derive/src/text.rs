//! Source text: of doc comments, of identifiers, and of tokens as the user wrote them.

use std::fmt::Display;

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The text of the doc comments, without the space that begins each line.
pub(crate) fn doc(attrs: &[Attribute]) -> String {
    let lines = attrs.iter().filter_map(|attr| match &attr.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) => Some(line.value()),
            _ => None,
        },
        _ => None,
    });
    let lines: Vec<_> = lines.map(|line| line.strip_prefix(' ').unwrap_or(&line).to_owned()).collect();
    lines.join("\n").trim().to_owned()
}

/// The name of an identifier, without `r#`.
pub(crate) fn name(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// `MoneyDeposited` as `money-deposited` with `-`, or `money_deposited` with `_`.
pub(crate) fn separated(ident: &Ident, separator: char) -> String {
    let mut text = String::new();
    for letter in name(ident).chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push(separator);
        }
        text.extend(letter.to_lowercase());
    }
    text
}

/// "`a`, `b` and `c`".
pub(crate) fn list(names: &[impl Display]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => "none".to_owned(),
    }
}

/// Whether `word` is `known` with a slip or two: a letter too many, too few, wrong, or two of them swapped.
pub(crate) fn is_misspelt(word: &str, known: &str) -> bool {
    let (word, known): (Vec<_>, Vec<_>) = (word.chars().collect(), known.chars().collect());
    let allowed = if known.len() > 4 { 2 } else { 1 };
    // Row by row: the slips that lead from a beginning of `word` to each beginning of `known`.
    let mut rows: Vec<Vec<usize>> = vec![(0..=known.len()).collect()];
    for (i, letter) in word.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in known.iter().enumerate() {
            let replaced = rows[i][j] + usize::from(letter != other);
            let slips = replaced.min(rows[i][j + 1] + 1).min(row[j] + 1);
            let is_swapped = i > 0 && j > 0 && word[i - 1] == *other && known[j - 1] == *letter;
            row.push(if is_swapped { slips.min(rows[i - 1][j - 1] + 1) } else { slips });
        }
        rows.push(row);
    }
    rows[word.len()][known.len()] <= allowed
}

/// The tokens as they stand in the source, any white space between two of them as one space.
pub(crate) fn source(tokens: TokenStream) -> String {
    let mut text = Text { written: String::new(), end: None };
    text.push_all(tokens);
    text.written
}

struct Text {
    written: String,
    end: Option<Place>,
}

impl Text {
    fn push_all(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Brace => ("{", "}"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::None => ("", ""),
                    };
                    // Only the span of the whole group survives parsing and printing.
                    let whole = group.span();
                    let (start, end) = (start(whole), end(whole));
                    if open.is_empty() {
                        self.push_all(group.stream());
                    } else {
                        self.push(open, start, (start.0, start.1 + 1));
                        self.push_all(group.stream());
                        self.push(close, (end.0, end.1.saturating_sub(1)), end);
                    }
                }
                other => {
                    self.push(&other.to_string(), start(other.span()), end(other.span()));
                }
            }
        }
    }

    fn push(&mut self, token: &str, start: Place, end: Place) {
        if self.end.is_some_and(|end| end != start) {
            self.written.push(' ');
        }
        self.written.push_str(token);
        self.end = Some(end);
    }
}

/// Line and column.
type Place = (usize, usize);

fn start(span: Span) -> Place {
    (span.start().line, span.start().column)
}

fn end(span: Span) -> Place {
    (span.end().line, span.end().column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_from_another_word() {
        for (word, known) in [("nmae", "name"), ("nam", "name"), ("versoin", "version"), ("agregate", "aggregate")] {
            assert!(is_misspelt(word, known), "{word}");
        }
        for (word, known) in [("id", "name"), ("alias", "name"), ("oldest", "version"), ("snapshot", "aggregate")] {
            assert!(!is_misspelt(word, known), "{word}");
        }
    }
}

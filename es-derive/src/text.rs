//! Source text: of doc comments, of identifiers, and of tokens as the user wrote them.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
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
                    let whole = group.span().unwrap();
                    let (start, end) = (place(whole.start()), place(whole.end()));
                    if open.is_empty() {
                        self.push_all(group.stream());
                    } else {
                        self.push(open, start, (start.0, start.1 + 1));
                        self.push_all(group.stream());
                        self.push(close, (end.0, end.1.saturating_sub(1)), end);
                    }
                }
                other => {
                    let span = other.span().unwrap();
                    self.push(&other.to_string(), place(span.start()), place(span.end()));
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

fn place(span: proc_macro::Span) -> Place {
    (span.line(), span.column())
}

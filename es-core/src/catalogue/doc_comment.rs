//! A doc comment as Markdown that stands inside of another document.
//!
//! It is Markdown already; but its headings would disturb the document's, what it links to are Rust items, generics
//! outside of code would be taken for HTML, and what it leaves open would swallow what follows.

/// The doc comment, without what only rustdoc understands.
pub(super) fn embedded(doc: &str) -> String {
    let definitions: Vec<_> = doc.lines().filter_map(definition).collect();
    let mut lines = Vec::new();
    let mut block: Option<Block> = None;
    for line in doc.lines() {
        if let Some(open) = &block {
            if open.is_closed_by(line) {
                block = None;
            } else if open.is_rust && is_hidden(line) {
                continue;
            }
            lines.push(line.to_owned());
        } else if let Some(opened) = Block::opened_by(line) {
            lines.push(if opened.is_rust { format!("{}rust", opened.fence) } else { line.to_owned() });
            block = Some(opened);
        } else if let Some(title) = heading(line) {
            lines.push(format!("**{}**", inline(title, &definitions)));
        } else if definition(line).is_none_or(|known| known.is_url) {
            lines.push(inline(line, &definitions));
        }
    }
    lines.extend(block.map(|open| open.fence));
    lines.join("\n").trim().to_owned()
}

/// The first paragraph, for where there is no room for more, and whether there is more.
pub(super) fn first_paragraph(doc: &str) -> (String, bool) {
    let text = embedded(doc);
    match text.split_once("\n\n") {
        Some((first, _)) => (first.to_owned(), true),
        None => (text, false),
    }
}

/// A block of code.
struct Block {
    fence: String,
    is_rust: bool,
}

impl Block {
    fn opened_by(line: &str) -> Option<Self> {
        let text = line.trim_start();
        let letter = text.chars().next().filter(|letter| matches!(letter, '`' | '~'))?;
        let rest = text.trim_start_matches(letter);
        let count = text.len() - rest.len();
        if count < 3 || rest.contains('`') {
            return None;
        }
        let indent = &line[..line.len() - text.len()];
        let words = ["", "rust", "no_run", "ignore", "should_panic", "compile_fail"];
        let is_rust = rest.split([',', ' ']).all(|word| words.contains(&word) || word.starts_with("edition"));
        Some(Self { fence: format!("{indent}{}", letter.to_string().repeat(count)), is_rust })
    }

    fn is_closed_by(&self, line: &str) -> bool {
        let fence = self.fence.trim_start();
        line.trim_start().starts_with(fence) && line.trim().chars().all(|letter| fence.contains(letter))
    }
}

/// Whether rustdoc compiles the line without showing it.
fn is_hidden(line: &str) -> bool {
    let line = line.trim_start();
    line == "#" || line.starts_with("# ")
}

fn heading(line: &str) -> Option<&str> {
    let title = line.trim_start_matches('#');
    let level = line.len() - title.len();
    let is_heading = (1..=6).contains(&level) && (title.is_empty() || title.starts_with(' '));
    is_heading.then(|| title.trim().trim_end_matches('#').trim_end())
}

/// `[label]: target`.
struct Definition<'a> {
    label: &'a str,
    is_url: bool,
}

fn definition(line: &str) -> Option<Definition<'_>> {
    let (label, target) = line.trim().strip_prefix('[')?.split_once("]:")?;
    (!label.contains(['[', ']'])).then(|| Definition { label, is_url: is_url(target.trim()) })
}

fn is_url(target: &str) -> bool {
    let is_path =
        |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | ':' | '@' | '!' | '(' | ')' | '<' | '>');
    !target.chars().all(is_path)
}

/// A line outside of blocks, its code spans as they are.
fn inline(line: &str, definitions: &[Definition<'_>]) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(letter) = rest.chars().next() {
        let is_index = text.ends_with(|before: char| before == '\\' || before.is_alphanumeric());
        let (taken, written) = match letter {
            '`' => code_span(rest),
            '[' if !is_index => item_link(rest, definitions).unwrap_or((1, "[".to_owned())),
            '<' if is_generic(rest, &text) => (1, "\\<".to_owned()),
            letter => (letter.len_utf8(), letter.to_string()),
        };
        text += &written;
        rest = &rest[taken..];
    }
    text
}

/// How much is code, or the backticks that begin none.
fn code_span(text: &str) -> (usize, String) {
    let count = text.len() - text.trim_start_matches('`').len();
    let mut end = count;
    while let Some(at) = text[end..].find('`') {
        let run = text[end + at..].len() - text[end + at..].trim_start_matches('`').len();
        end += at + run;
        if run == count {
            return (end, text[..end].to_owned());
        }
    }
    (count, text[..count].to_owned())
}

/// A link to a Rust item: its length, and the text that it shows.
fn item_link(text: &str, definitions: &[Definition<'_>]) -> Option<(usize, String)> {
    let end = text.find(']')?;
    let (label, rest) = (&text[1..end], &text[end + 1..]);
    let (is_item, length) = match rest.chars().next() {
        Some('(') => {
            let end = rest.find(')')?;
            (!is_url(&rest[1..end]), end + 1)
        }
        Some('[') => {
            let end = rest.find(']')?;
            let target = if end == 1 { label } else { &rest[1..end] };
            (leads_to_item(target, definitions), end + 1)
        }
        _ => (leads_to_item(label, definitions), 0),
    };
    is_item.then(|| (end + 1 + length, inline(label, definitions)))
}

fn leads_to_item(label: &str, definitions: &[Definition<'_>]) -> bool {
    let is_name = label.starts_with(char::is_uppercase) && !label.contains(' ');
    let seems_item = is_name || label.starts_with('`') || label.contains("::");
    definitions.iter().find(|known| known.label == label).map_or(seems_item, |known| !known.is_url)
}

/// Whether `<` begins the generics of a type, or a comment that never ends.
fn is_generic(text: &str, before: &str) -> bool {
    const HTML: [&str; 8] = ["a", "b", "br", "code", "em", "i", "sub", "sup"];
    let word: String = text[1..].chars().take_while(|letter| letter.is_alphanumeric()).collect();
    let follows_a_name = before.ends_with(|letter: char| letter.is_alphanumeric() || matches!(letter, '_' | ':'));
    let is_type = follows_a_name && !text.starts_with("</") && !HTML.contains(&word.as_str());
    is_type || (text.starts_with("<!--") && !text.contains("-->"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_become_bold() {
        assert_eq!(embedded("One.\n\n# Errors\nNone.\n#hash"), "One.\n\n**Errors**\nNone.\n#hash");
    }

    #[test]
    fn links_to_rust_items_become_text() {
        assert_eq!(
            embedded("See [`Account`], [Account::open] and [that](self::Account)."),
            "See `Account`, Account::open and that."
        );
        assert_eq!(embedded("[it][x] or [`Foo`][]\n\n[x]: super::Foo"), "it or `Foo`");
        assert_eq!(
            embedded("[a](https://a.org) [B]\n\n[B]: https://b.org"),
            "[a](https://a.org) [B]\n\n[B]: https://b.org"
        );
        assert_eq!(
            embedded("x[I] and [1] and [i][j] and `[T]` and - [ ] todo"),
            "x[I] and [1] and [i][j] and `[T]` and - [ ] todo"
        );
    }

    #[test]
    fn generics_are_no_html() {
        assert_eq!(
            embedded("A Vec<u8>, H<sub>2</sub>O, `Vec<T>` and <https://a.org>"),
            "A Vec\\<u8>, H<sub>2</sub>O, `Vec<T>` and <https://a.org>"
        );
    }

    #[test]
    fn code_is_shown_without_what_rustdoc_hides() {
        assert_eq!(
            embedded("```no_run\n# use a;\nlet [A] = 1;\n#[b]\n```\n[`A`]"),
            "```rust\nlet [A] = 1;\n#[b]\n```\n`A`"
        );
        assert_eq!(embedded("```text\n# kept\n```"), "```text\n# kept\n```");
    }

    #[test]
    fn what_is_left_open_ends_with_the_comment() {
        assert_eq!(embedded("```json\n{}"), "```json\n{}\n```");
        assert_eq!(embedded("a <!-- b"), "a \\<!-- b");
    }

    #[test]
    fn the_first_paragraph_tells_whether_there_are_more() {
        assert_eq!(first_paragraph("One\ntwo.\n\nThree."), ("One\ntwo.".to_owned(), true));
        assert_eq!(first_paragraph("One."), ("One.".to_owned(), false));
    }
}

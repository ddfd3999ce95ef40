//! Text that stands in Markdown as it is, whatever letters it has.

/// A code span.
pub(super) fn code(text: &str) -> String {
    // White space of any kind is a space there.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fence = "`".repeat(longest_run(&text, '`') + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A code span in a table, where a pipe would end the cell.
pub(super) fn code_cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// Plain text, in which nothing is Markdown.
pub(super) fn plain(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        if "\\`*_[]<>|#&~$!".contains(letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

/// Markdown as one cell of a table.
pub(super) fn cell(markdown: &str) -> String {
    let mut cell = String::new();
    let mut is_escaped = false;
    for letter in markdown.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        if letter == '|' && !is_escaped {
            cell.push('\\');
        }
        is_escaped = letter == '\\' && !is_escaped;
        cell.push(letter);
    }
    cell
}

/// A table; columns in which nothing stands are left out.
pub(super) fn table<const N: usize>(titles: [&str; N], rows: &[[String; N]]) -> String {
    let is_used: Vec<bool> = (0..N).map(|column| rows.iter().any(|row| !row[column].is_empty())).collect();
    let line = |cells: Vec<&str>| {
        let cells = cells.into_iter().zip(&is_used).filter(|(_, is_used)| **is_used);
        cells.fold(
            "|".to_owned(),
            |line, (cell, _)| if cell.is_empty() { line + " |" } else { line + " " + cell + " |" },
        )
    };
    let rule = is_used.iter().filter(|is_used| **is_used).fold("|".to_owned(), |rule, _| rule + "---|");
    let mut lines = vec![line(titles.to_vec()), rule];
    lines.extend(rows.iter().map(|row| line(row.iter().map(String::as_str).collect())));
    lines.join("\n")
}

/// How often `letter` follows itself at most.
fn longest_run(text: &str, letter: char) -> usize {
    text.split(|other| other != letter).map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_keeps_its_backticks() {
        assert_eq!(code("a || b"), "`a || b`");
        assert_eq!(code("say `hi`"), "`` say `hi` ``");
        assert_eq!(code("a\n    + b"), "`a + b`");
    }

    #[test]
    fn a_pipe_does_not_end_a_cell() {
        assert_eq!(code_cell("a || b"), "`a \\|\\| b`");
        assert_eq!(cell("one | two\nthree \\| four"), "one \\| two three \\| four");
        assert_eq!(cell("\\\\| end"), "\\\\\\| end");
    }

    #[test]
    fn plain_text_is_no_markdown() {
        assert_eq!(plain("Map<K, V> *and* [more](x)"), "Map\\<K, V\\> \\*and\\* \\[more\\](x)");
    }

    #[test]
    fn an_empty_column_is_left_out() {
        let rows = [["1".to_owned(), String::new(), "x".to_owned()], ["2".to_owned(), String::new(), String::new()]];
        assert_eq!(table(["a", "b", "c"], &rows), "| a | c |\n|---|---|\n| 1 | x |\n| 2 | |");
    }
}

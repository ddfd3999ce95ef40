//! A document as a parser of Markdown understands it.

use std::collections::BTreeMap;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

#[derive(Default)]
pub(crate) struct Page {
    pub(crate) text: String,
    /// Level and text.
    pub(crate) headings: Vec<(usize, String)>,
    /// Text and target.
    pub(crate) links: Vec<(String, String)>,
    /// Kind and text of blocks of code.
    pub(crate) code: Vec<(String, String)>,
    pub(crate) html: Vec<String>,
    /// The text of each cell, by rows; the first row has the titles.
    tables: Vec<Vec<Vec<String>>>,
}

impl Page {
    pub(crate) fn read(text: &str) -> Self {
        let mut page = Self { text: text.to_owned(), ..Self::default() };
        let mut collected = String::new();
        let mut target = None;
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Heading { .. } | Tag::TableCell) => collected.clear(),
                Event::End(TagEnd::Heading(level)) => page.headings.push((level as usize, collected.clone())),
                Event::Start(Tag::Table(_)) => page.tables.push(Vec::new()),
                Event::Start(Tag::TableHead | Tag::TableRow) => page.tables.last_mut().unwrap().push(Vec::new()),
                Event::End(TagEnd::TableCell) => {
                    page.tables.last_mut().unwrap().last_mut().unwrap().push(collected.clone());
                }
                Event::Start(Tag::Link { dest_url, .. }) => {
                    collected.clear();
                    target = Some(dest_url.to_string());
                }
                Event::End(TagEnd::Link) => page.links.push((collected.clone(), target.take().unwrap())),
                Event::Start(Tag::CodeBlock(kind)) => {
                    let kind = if let CodeBlockKind::Fenced(kind) = kind { kind.to_string() } else { String::new() };
                    page.code.push((kind, String::new()));
                    collected.clear();
                }
                Event::End(TagEnd::CodeBlock) => page.code.last_mut().unwrap().1.clone_from(&collected),
                Event::Text(text) | Event::Code(text) => collected += &text,
                Event::Html(html) | Event::InlineHtml(html) => page.html.push(html.to_string()),
                _ => {}
            }
        }
        page
    }

    /// The rows of the first table with these titles.
    pub(crate) fn table<const N: usize>(&self, titles: [&str; N]) -> Vec<Vec<String>> {
        let found = self.tables.iter().find(|table| table[0] == titles);
        found.unwrap_or_else(|| panic!("no table has the titles {titles:?}: {:#?}", self.tables))[1..].to_vec()
    }

    /// Where links to the headings lead, as Git web pages have it.
    pub(crate) fn slugs(&self) -> Vec<String> {
        let mut seen = BTreeMap::<String, usize>::new();
        let slug = |(_, heading): &(usize, String)| {
            let kept: String =
                heading.to_lowercase().chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c)).collect();
            let slug = kept.replace(' ', "-");
            let count = seen.entry(slug.clone()).or_default();
            *count += 1;
            if *count == 1 { slug } else { format!("{slug}-{}", *count - 1) }
        };
        self.headings.iter().map(slug).collect()
    }
}

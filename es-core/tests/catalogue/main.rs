//! The catalogue as Markdown, read by a parser of Markdown: whatever a domain says, the document stays whole.

mod page;
mod processes;
mod shop;

use es_core::catalogue::{Catalogue, markdown};
use es_core::{Aggregate, Command, Event};

use self::page::Page;
use self::shop::{Cart, CartFilled, Check, Fill, Stock, Turnover};

fn shop() -> Catalogue {
    Catalogue::new("The *shop*").aggregate::<Cart>().aggregate::<Stock>().projection::<Turnover>()
}

fn page() -> Page {
    Page::read(&shop().to_markdown())
}

#[test]
fn every_event_command_and_projection_has_a_section() {
    let headings: Vec<_> = page().headings.into_iter().map(|(level, text)| format!("{level} {text}")).collect();
    assert_eq!(
        headings,
        [
            "1 The *shop*",
            "2 Contents",
            "2 Cart",
            "3 Events",
            "4 cart|`filled` <now>",
            "4 checked-out",
            "3 Events read as others",
            "4 cart-moved",
            "3 Retired names",
            "3 Commands",
            "4 Fill",
            "4 Check",
            "2 Stock",
            "3 Events",
            "4 checked-out",
            "3 Commands",
            "4 Check",
            "2 Projections",
            "3 Turnover",
            "2 How to read a shape",
        ]
    );
}

#[test]
fn every_link_leads_to_a_heading() {
    let page = page();
    let slugs = page.slugs();
    for expected in ["cart-moved", "Fill", "Cart", "Turnover"] {
        assert!(page.links.iter().any(|(text, _)| text == expected), "{expected} is not linked: {:?}", page.links);
    }
    for (text, target) in &page.links {
        let at = slugs.iter().position(|slug| target.strip_prefix('#') == Some(slug));
        let at = at.unwrap_or_else(|| panic!("{text} leads to {target}, but there are {slugs:?}"));
        assert_eq!(*text, page.headings[at].1);
    }
}

#[test]
fn what_has_the_same_name_in_two_aggregates_is_told_apart() {
    let text = shop().to_markdown();
    let stock = text.split("\n## `Stock`\n").nth(1).unwrap();
    assert!(stock.contains("It emits [`checked-out`](#checked-out-1)."), "{stock}");
    assert!(stock.contains("Emitted by [`Check`](#check-1)."), "{stock}");
    assert!(
        stock.contains("Built from [``cart|`filled` <now>``](#cartfilled-now), [`checked-out`](#checked-out-1)."),
        "{stock}"
    );
}

#[test]
fn rules_and_fields_stand_in_their_cells_as_they_were_written() {
    let page = page();
    let rules: Vec<_> = Fill::MODEL.rules.iter().map(|rule| vec![rule.condition, rule.error]).collect();
    let shown = page.table(["Rule", "What must hold", "Error if it does not"]);
    assert_eq!(shown.iter().map(|row| row[1..].to_vec()).collect::<Vec<_>>(), rules);
    assert_eq!(rules[0][0], "!command.parts.is_empty() || !command.note.contains('|')");
    assert!(rules[1][0].contains("\\|") && rules[1][0].contains('`'), "{rules:?}");

    assert_eq!(
        page.table(["Field", "Rust type", "Meaning"]),
        [["parts", "Vec<(String, u32)>", "What, and how many | of it."], ["note", "String", ""]]
    );
}

#[test]
fn the_past_of_an_event_is_told() {
    let page = page();
    let versions = page.table(["Older version", "Shape", "Changes to the next version"]);
    let hops = CartFilled::MODEL.hops;
    assert_eq!(
        versions,
        [
            vec!["2", "{items: [(string, u32)]}", hops[0].changes[0]],
            vec!["3", "{parts: [(string, u32)]}", &hops[1].changes.join(", ")],
        ]
    );
    assert_eq!(hops[1].changes[0], "add(kind = Kind::A, note = String::new())");
    let text = page.text;
    assert!(text.contains("Before, it was stored as `cart-filled`, `filled`."), "{text}");
    assert!(text.contains("Versions before 2 are not read."), "{text}");
    assert!(text.contains("is read as other events, by `impl SplitInto<CartEvent> for CartMoved`."), "{text}");
    assert!(text.contains("Stored, but never read any more: `cart-printed`, `cart-lost`."), "{text}");
}

#[test]
fn fields_are_told_as_they_are_stored() {
    let fields = page().table(["Field", "Shape", "May be missing", "Meaning"]);
    assert_eq!(
        fields,
        [
            ["parts", "[(string, u32)]", "", "What is in it."],
            ["kind", "A | B {x: u8}, told by `type`", "", "Which a | b Vec<T> x | y z."],
            ["remark", "string", "yes", "Free text."],
        ]
    );
}

#[test]
fn a_doc_comment_does_not_break_the_document() {
    let page = page();
    assert_eq!(page.html, Vec::<String>::new());
    assert!(page.text.contains("**Remarks**\n\nSee `Cart` and Vec\\<u8>."), "{}", page.text);
    assert!(page.code.iter().any(|(kind, text)| kind == "rust" && text == "let x = 1;\n"), "{:?}", page.code);
    assert!(
        page.text.contains(
            "
- `remark`: Free text.

  Of *any* length.
"
        ),
        "{}",
        page.text
    );
}

#[test]
fn pictures_draw_commands_events_and_projections() {
    let page = page();
    let pictures: Vec<_> =
        page.code.iter().filter(|(kind, _)| kind == "mermaid").map(|(_, text)| text.as_str()).collect();
    let odd = "cart#124;#96;filled#96; #60;now#62;";
    assert_eq!(
        pictures,
        [
            &*format!(
                "flowchart LR\n    c1[\"Fill\"]\n    c2{{{{\"Check\"}}}}\n    e1([\"{odd}\"])\n    e2([\"checked-out\"])\n    c1 -->|creates| e1\n"
            ),
            "flowchart LR\n    c1[\"Check\"]\n    e1([\"checked-out\"])\n    c1 --> e1\n",
            &*format!(
                "flowchart LR\n    e1([\"{odd}\"])\n    e2([\"checked-out\"])\n    p1[(\"Turnover\")]\n    e1 --> p1\n    e2 --> p1\n"
            ),
        ]
    );
}

#[test]
fn a_short_document_has_no_contents() {
    let page = Page::read(&markdown::<Stock>());
    assert_eq!(page.headings[0], (1, "Stock".to_owned()));
    assert!(page.headings.iter().all(|(_, text)| text != "Contents"));
    assert_eq!(Check::MODEL.emits, [<Stock as Aggregate>::MODEL.events[0].name]);
}

#[test]
fn the_same_code_gives_the_same_text() {
    assert_eq!(shop().to_markdown(), shop().to_markdown());
    let turned = Catalogue::new("The *shop*").projection::<Turnover>().aggregate::<Cart>().aggregate::<Stock>();
    assert_eq!(shop().to_markdown(), turned.to_markdown());
}

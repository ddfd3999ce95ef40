//! `docs/custom-store.md` shows the very code.

use std::fs;
use std::path::Path;

#[test]
fn the_page_shows_every_line_of_the_store_and_no_other() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(examples.join("../docs/custom-store.md")).unwrap();
    let shown: Vec<_> = page.split("```rust\n").skip(1).map(|block| block.split("```").next().unwrap()).collect();
    let mut code = 0;
    let files = ["line.rs", "log.rs", "store.rs"];
    assert_eq!(shown.len(), files.len());
    for (file, shown) in files.iter().zip(shown) {
        let text = fs::read_to_string(examples.join("file-store").join(file)).unwrap();
        assert!(text == shown, "docs/custom-store.md differs from file-store/{file}");
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
        code += lines.count();
    }
    let suite = page.split("```rust,ignore\n").nth(1).unwrap().split("```").next().unwrap();
    let tests = fs::read_to_string(examples.join("file-store/tests.rs")).unwrap();
    assert!(tests.contains(suite), "docs/custom-store.md runs the suite otherwise than file-store/tests.rs");
    assert!(page.contains(&format!("{code} lines")), "the page does not say {code} lines");
}

//! The README says what is true.

use std::fs;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

#[test]
fn the_program_is_the_quickstart_example() {
    let quickstart = read("examples/quickstart.rs");
    let program: String = quickstart
        .lines()
        .skip_while(|line| line.starts_with("//!") || line.is_empty())
        .fold(String::new(), |program, line| program + line + "\n");
    assert!(read("README.md").contains(&format!("```rust\n{program}```")), "README.md shows another program");
    let lines = program.lines().filter(|line| !line.trim().is_empty()).count();
    assert!(lines <= 35, "the first program of a newcomer has {lines} lines");
}

#[test]
fn the_commands_are_those_that_ci_runs() {
    let test = "cargo test --workspace --all-features";
    assert!(read("README.md").contains(&format!("{test}\n")));
    assert!(read(".ci/run").lines().any(|line| line == test), ".ci/run does not run `{test}`");
}

#[test]
fn what_is_not_compiled_here_is_part_of_an_example() {
    let readme = read("README.md");
    let account: Vec<_> = read("examples/bank/account.rs").lines().map(|line| line.trim().to_owned()).collect();
    let account = account.join("\n");
    let blocks: Vec<_> = readme.split("```rs\n").skip(1).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        let block: Vec<_> = block.lines().take_while(|line| *line != "```").map(str::trim).collect();
        assert!(account.contains(&block.join("\n")), "examples/bank/account.rs does not say:\n{}", block.join("\n"));
    }
}

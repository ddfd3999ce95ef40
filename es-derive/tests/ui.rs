//! Every misuse of a derive or of `verify!` has its own message, on the token to change.
//!
//! A file is named after its mistake; beside it stands what the compiler says.
//! `TRYBUILD=overwrite cargo test -p es-derive --test ui` writes that anew; read it before you keep it.

#[test]
fn every_mistake_is_explained() {
    let cases = trybuild::TestCases::new();
    for derive in ["aggregate", "command", "event", "event_set", "process", "projection", "upcast", "verify"] {
        cases.compile_fail(format!("tests/ui/{derive}/*.rs"));
    }
}

#[test]
fn what_looks_like_a_mistake_and_is_none_compiles() {
    trybuild::TestCases::new().pass("tests/ui/pass/*.rs");
}

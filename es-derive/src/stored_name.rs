//! The rules of stored names, which are the same for events, aggregates and projections.

use syn::LitStr;

use crate::diagnostics::Diagnostics;

/// The longest name, in bytes; stores rely on it.
pub(crate) const MAX_BYTES: usize = 255;

/// The name, if it breaks no rule.
pub(crate) fn check(literal: &LitStr, diagnostics: &Diagnostics) -> Option<String> {
    let name = literal.value();
    let broken = if name.is_empty() {
        "a stored name may not be empty".to_owned()
    } else if name.starts_with('$') {
        "stored names that start with `$` are reserved for stores; choose another".to_owned()
    } else if name.len() > MAX_BYTES {
        format!("a stored name has at most {MAX_BYTES} bytes, this one has {}", name.len())
    } else if name.chars().any(char::is_control) {
        "a stored name holds no control character".to_owned()
    } else {
        return Some(name);
    };
    diagnostics.error(literal, broken);
    None
}

/// The name, if it breaks no rule and can be a part of the names of streams, too; `what` has it.
pub(crate) fn category(literal: &LitStr, what: &str, diagnostics: &Diagnostics) -> Option<String> {
    let name = check(literal, diagnostics)?;
    if name.contains('-') {
        let instead = name.replace('-', "_");
        let article = if what.starts_with('a') { "an" } else { "a" };
        let message = format!(
            "the name of {article} {what} holds no `-`, which begins the id in a stream's name; write `\"{instead}\"`"
        );
        diagnostics.error(literal, message);
        return None;
    }
    Some(name)
}

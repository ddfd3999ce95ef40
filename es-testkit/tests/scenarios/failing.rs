//! Runs a scenario that must fail, and says what it printed and which call it blamed.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, Location};
use std::path::Path;
use std::sync::Once;

thread_local! {
    static BLAMED: RefCell<Option<(String, u32, u32)>> = const { RefCell::new(None) };
}

/// The message of the panic in `scenario`, which must be blamed on the call that begins with `call` in the same file.
#[track_caller]
pub(crate) fn fails_at(call: &str, scenario: impl FnOnce()) -> String {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let printing = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let place = info.location().map(|place| (place.file().to_owned(), place.line(), place.column()));
            BLAMED.set(place);
            printing(info);
        }));
    });
    let payload = panic::catch_unwind(AssertUnwindSafe(scenario)).expect_err("the scenario did not fail");
    let (file, line, column) = BLAMED.take().expect("a panic has a place");
    assert_eq!(file, Location::caller().file());
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let source = std::fs::read_to_string(workspace.join(&file)).unwrap();
    let blamed = &source.lines().nth(line as usize - 1).unwrap()[column as usize - 1..];
    assert!(blamed.starts_with(call), "blamed `{blamed}`, not `{call}`");
    *payload.downcast::<String>().expect("the message is made with `format!`")
}

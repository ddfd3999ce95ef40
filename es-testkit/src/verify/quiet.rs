//! Panics of the code under test as values, because shrinking meets the same one hundreds of times.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

thread_local! {
    /// The place of the last panic, while this thread catches them.
    static CAUGHT_AT: RefCell<Option<String>> = const { RefCell::new(None) };
    static IS_CATCHING: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// What `work` returns, or its panic with the place where it happened; nothing is printed.
pub(super) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    install();
    let was_catching = IS_CATCHING.replace(true);
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    IS_CATCHING.set(was_catching);
    done.map_err(|payload| {
        let text = text(&*payload);
        match CAUGHT_AT.take() {
            Some(place) => format!("panicked at {place}: {text}"),
            None => format!("panicked: {text}"),
        }
    })
}

/// Panics of threads that do not catch them go where they went before.
fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            if IS_CATCHING.get() {
                CAUGHT_AT.set(info.location().map(ToString::to_string));
            } else {
                before(info);
            }
        }));
    });
}

fn text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_with_its_place() {
        let caught = catch(|| panic!("no {}", "way")).unwrap_err();
        assert!(caught.starts_with("panicked at ") && caught.ends_with(": no way"), "{caught}");
        assert!(caught.contains("quiet.rs:"), "{caught}");
        assert_eq!(catch(|| 3), Ok(3));
    }
}

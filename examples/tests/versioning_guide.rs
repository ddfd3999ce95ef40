//! The messages in `docs/versioning.md` are those that a user sees.

use es_core::{Aggregate, Apply, Event};
use es_testkit::lock::{Lock, Mode};
use serde::{Deserialize, Serialize};

const GUIDE: &str = include_str!("../../docs/versioning.md");

/// An event with its aggregate, as it was at some time.
macro_rules! customer {
    ($module:ident, $name:literal $(, $upcast:meta)* => $field:ident) => {
        mod $module {
            use super::*;

            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
            #[event(name = $name)]
            $(#[$upcast])*
            pub(super) struct CustomerMoved {
                $field: String,
            }

            #[derive(Debug, Default, Aggregate)]
            #[aggregate(
                name = "customer", id = String, error = std::convert::Infallible, events(CustomerMoved), commands(),
            )]
            pub(super) struct Customer {}

            impl Apply<CustomerMoved> for Customer {
                fn apply(&mut self, _: CustomerMoved) {}
            }
        }
    };
}

customer!(released, "customer-moved" => street);
customer!(changed, "customer-moved" => road);
customer!(upcast_wrongly, "customer-moved", event(version = 2), upcast(1 => 2, rename(strasse => road)) => road);
customer!(gone, "customer-relocated" => street);

/// What an update leaves to say about code that came after the released one.
fn said_about<Now: Aggregate>() -> String {
    let mut lock = Lock::default();
    assert_eq!(lock.check::<released::Customer>(Mode::Update), []);
    lock.check::<Now>(Mode::Update)[0].to_string()
}

#[test]
fn the_guide_quotes_the_lock() {
    for message in
        [said_about::<changed::Customer>(), said_about::<upcast_wrongly::Customer>(), said_about::<gone::Customer>()]
    {
        assert!(GUIDE.contains(&format!("```text\n{message}\n```\n")), "{message}");
    }
}

#[test]
fn the_guide_quotes_the_compiler() {
    for of_a_mistake in [
        include_str!("../../es-derive/tests/ui/upcast/gap.stderr"),
        include_str!("../../es-derive/tests/ui/upcast/unknown_field.stderr"),
    ] {
        let first = of_a_mistake.split("\n\n").next().unwrap_or_default();
        let lines: Vec<_> = first.trim_end().lines().filter(|line| !line.trim_start().starts_with("-->")).collect();
        assert!(GUIDE.contains(&lines.join("\n")), "{first}");
    }
}

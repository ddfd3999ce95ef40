//! Items of every visibility, in modules and in the body of a function.

use encoding::{Deserialize, Serialize};
use kernel::{Aggregate, Apply, Command, Event};

mod inner {
    use super::{Aggregate, Apply, Command, Deserialize, Event, Serialize};

    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Event)]
    #[serde(crate = "encoding")]
    #[event(name = "private-opened", version = 2, crate = ::kernel)]
    #[upcast(1 => 2, add(by = "nobody"))]
    struct Opened {
        by: String,
    }

    #[derive(Debug, Clone, Command)]
    #[command(crate = ::kernel, emits = Opened)]
    struct Open {
        by: String,
    }

    #[derive(Debug, Default, Aggregate)]
    #[aggregate(name = "private", id = String, error = std::convert::Infallible, crate = ::kernel,
                events(Opened), commands(Open), event_enum = Fact, command_enum = Wish)]
    pub(super) struct Private {
        pub(super) by: String,
    }

    impl Apply<Opened> for Private {
        fn apply(&mut self, event: Opened) {
            self.by = event.by;
        }
    }

    pub(super) fn opened(by: &str) -> Private {
        let mut private = Private::default();
        private.apply_event(Fact::Opened(Opened { by: by.to_owned() }));
        private
    }

    pub(super) fn wish(by: &str) -> String {
        format!("{:?}", Wish::from(Open { by: by.to_owned() }))
    }
}

/// Everything inside a function.
#[must_use]
pub fn in_a_function(by: &str) -> (String, String, u32) {
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Event)]
    #[serde(crate = "encoding")]
    #[event(name = "local-counted", crate = ::kernel)]
    struct Counted(u32);

    #[derive(Debug, Clone, Command)]
    #[command(crate = ::kernel, emits = Counted)]
    struct Count(u32);

    #[derive(Debug, Default, Aggregate)]
    #[aggregate(name = "local", id = u32, error = std::convert::Infallible, crate = ::kernel,
                events(Counted), commands(Count))]
    struct Local {
        total: u32,
    }

    impl Apply<Counted> for Local {
        fn apply(&mut self, event: Counted) {
            self.total += event.0;
        }
    }

    let mut local = Local::default();
    let Ok(events) = kernel::HandledBy::handled_by(Count(3), &local);
    for event in events {
        local.apply_event(event);
    }
    (inner::opened(by).by, inner::wish(by), local.total)
}

#[cfg(test)]
mod tests {
    #[test]
    fn items_of_every_visibility_work() {
        let (by, wish, total) = super::in_a_function("ada");
        assert_eq!((by.as_str(), wish.as_str(), total), ("ada", "Open(Open { by: \"ada\" })", 3));
    }
}

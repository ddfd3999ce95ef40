//! Events, commands and the aggregate in modules of their own, and two events of one name.

use kernel::{Aggregate, Apply};

/// The first kind of event.
pub mod doors {
    use encoding::{Deserialize, Serialize};
    use kernel::Event;

    /// Opened.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Event)]
    #[serde(crate = "encoding")]
    #[event(name = "door-opened", crate = ::kernel)]
    pub struct Opened;
}

/// The second kind of event.
pub mod windows {
    use encoding::{Deserialize, Serialize};
    use kernel::{Command, Event};

    /// Opened.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Event)]
    #[serde(crate = "encoding")]
    #[event(name = "window-opened", crate = ::kernel)]
    pub struct Opened {
        /// How wide.
        pub width: u8,
    }

    /// Opens.
    #[derive(Debug, Clone, Command)]
    #[command(crate = ::kernel, emits = Opened)]
    pub struct Open {
        /// How wide.
        pub width: u8,
    }
}

/// A house.
#[derive(Debug, Default, Aggregate)]
#[aggregate(
    name = "house", id = String, error = std::convert::Infallible, crate = kernel,
    events(doors::Opened, WindowOpened = windows::Opened), commands(OpenWindow = windows::Open),
)]
pub struct House {
    holes: u8,
}

impl Apply<doors::Opened> for House {
    fn apply(&mut self, _: doors::Opened) {
        self.holes += 1;
    }
}

impl Apply<windows::Opened> for House {
    fn apply(&mut self, event: windows::Opened) {
        self.holes += event.width;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_can_be_named() {
        let mut house = House::default();
        house.apply_event(HouseEvent::Opened(doors::Opened));
        house.apply_event(HouseEvent::WindowOpened(windows::Opened { width: 2 }));
        assert_eq!(house.holes, 3);
        assert!(matches!(windows::Open { width: 1 }.into(), HouseCommand::OpenWindow(_)));
    }
}

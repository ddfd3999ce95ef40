//! An aggregate with a hundred events, and one with a single one.

use encoding::{Deserialize, Serialize};
use kernel::{Aggregate, Apply, Event};

macro_rules! events {
    ($($event:ident $name:literal),+ $(,)?) => {$(
        /// One of many.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Event)]
        #[serde(crate = "encoding")]
        #[event(name = $name, version = 2, crate = ::kernel)]
        #[upcast(1 => 2, add(by))]
        pub struct $event {
            /// How much.
            pub by: u32,
        }

        impl Apply<$event> for Crowd {
            fn apply(&mut self, event: $event) {
                self.total += event.by;
            }
        }
    )+};
}

events! {
    Joined1 "joined-1",
    Joined2 "joined-2",
    Joined3 "joined-3",
    Joined4 "joined-4",
    Joined5 "joined-5",
    Joined6 "joined-6",
    Joined7 "joined-7",
    Joined8 "joined-8",
    Joined9 "joined-9",
    Joined10 "joined-10",
    Joined11 "joined-11",
    Joined12 "joined-12",
    Joined13 "joined-13",
    Joined14 "joined-14",
    Joined15 "joined-15",
    Joined16 "joined-16",
    Joined17 "joined-17",
    Joined18 "joined-18",
    Joined19 "joined-19",
    Joined20 "joined-20",
    Joined21 "joined-21",
    Joined22 "joined-22",
    Joined23 "joined-23",
    Joined24 "joined-24",
    Joined25 "joined-25",
    Joined26 "joined-26",
    Joined27 "joined-27",
    Joined28 "joined-28",
    Joined29 "joined-29",
    Joined30 "joined-30",
    Joined31 "joined-31",
    Joined32 "joined-32",
    Joined33 "joined-33",
    Joined34 "joined-34",
    Joined35 "joined-35",
    Joined36 "joined-36",
    Joined37 "joined-37",
    Joined38 "joined-38",
    Joined39 "joined-39",
    Joined40 "joined-40",
    Joined41 "joined-41",
    Joined42 "joined-42",
    Joined43 "joined-43",
    Joined44 "joined-44",
    Joined45 "joined-45",
    Joined46 "joined-46",
    Joined47 "joined-47",
    Joined48 "joined-48",
    Joined49 "joined-49",
    Joined50 "joined-50",
    Joined51 "joined-51",
    Joined52 "joined-52",
    Joined53 "joined-53",
    Joined54 "joined-54",
    Joined55 "joined-55",
    Joined56 "joined-56",
    Joined57 "joined-57",
    Joined58 "joined-58",
    Joined59 "joined-59",
    Joined60 "joined-60",
    Joined61 "joined-61",
    Joined62 "joined-62",
    Joined63 "joined-63",
    Joined64 "joined-64",
    Joined65 "joined-65",
    Joined66 "joined-66",
    Joined67 "joined-67",
    Joined68 "joined-68",
    Joined69 "joined-69",
    Joined70 "joined-70",
    Joined71 "joined-71",
    Joined72 "joined-72",
    Joined73 "joined-73",
    Joined74 "joined-74",
    Joined75 "joined-75",
    Joined76 "joined-76",
    Joined77 "joined-77",
    Joined78 "joined-78",
    Joined79 "joined-79",
    Joined80 "joined-80",
    Joined81 "joined-81",
    Joined82 "joined-82",
    Joined83 "joined-83",
    Joined84 "joined-84",
    Joined85 "joined-85",
    Joined86 "joined-86",
    Joined87 "joined-87",
    Joined88 "joined-88",
    Joined89 "joined-89",
    Joined90 "joined-90",
    Joined91 "joined-91",
    Joined92 "joined-92",
    Joined93 "joined-93",
    Joined94 "joined-94",
    Joined95 "joined-95",
    Joined96 "joined-96",
    Joined97 "joined-97",
    Joined98 "joined-98",
    Joined99 "joined-99",
    Joined100 "joined-100",
}

/// All of them.
#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "crowd", id = u32, error = std::convert::Infallible, crate = ::kernel, commands(), events(
    Joined1, Joined2, Joined3, Joined4, Joined5, Joined6, Joined7, Joined8, Joined9, Joined10,
    Joined11, Joined12, Joined13, Joined14, Joined15, Joined16, Joined17, Joined18, Joined19, Joined20,
    Joined21, Joined22, Joined23, Joined24, Joined25, Joined26, Joined27, Joined28, Joined29, Joined30,
    Joined31, Joined32, Joined33, Joined34, Joined35, Joined36, Joined37, Joined38, Joined39, Joined40,
    Joined41, Joined42, Joined43, Joined44, Joined45, Joined46, Joined47, Joined48, Joined49, Joined50,
    Joined51, Joined52, Joined53, Joined54, Joined55, Joined56, Joined57, Joined58, Joined59, Joined60,
    Joined61, Joined62, Joined63, Joined64, Joined65, Joined66, Joined67, Joined68, Joined69, Joined70,
    Joined71, Joined72, Joined73, Joined74, Joined75, Joined76, Joined77, Joined78, Joined79, Joined80,
    Joined81, Joined82, Joined83, Joined84, Joined85, Joined86, Joined87, Joined88, Joined89, Joined90,
    Joined91, Joined92, Joined93, Joined94, Joined95, Joined96, Joined97, Joined98, Joined99, Joined100,
))]
pub struct Crowd {
    total: u32,
}

/// One of them.
#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "loner", id = u32, error = std::convert::Infallible, crate = ::kernel, commands(), events(Joined1))]
pub struct Loner {
    total: u32,
}

impl Apply<Joined1> for Loner {
    fn apply(&mut self, event: Joined1) {
        self.total += event.by;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::EventSet;

    #[test]
    fn the_first_and_the_last_of_a_hundred_are_told_apart() {
        let mut crowd = Crowd::default();
        crowd.apply_event(Joined1 { by: 1 }.into());
        crowd.apply_event(Joined100 { by: 100 }.into());
        assert_eq!((crowd.total, CrowdEvent::EVENTS.len()), (101, 100));
        assert_eq!(CrowdEvent::from(Joined100 { by: 0 }).name().as_str(), "joined-100");
    }

    #[test]
    fn one_event_is_enough() {
        let mut loner = Loner::default();
        loner.apply_event(Joined1 { by: 1 }.into());
        assert_eq!(loner.total, 1);
    }
}

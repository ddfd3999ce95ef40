//! An event that does not come back from JSON as it went in fails every scenario that it is part of.

use es_core::model::AggregateModel;
use es_core::{
    Aggregate, AggregateEvent, Apply, Codec, Command, DecodeError, DecodeReason, Event, EventSet, Project, Projection,
    RecordedEvent,
};
use es_testkit::{given, given_log, given_nothing};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use crate::failing::fails_at;

/// Loses its reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "door-forced", version = 2)]
#[upcast(1 => 2, add(tool))]
pub(crate) struct DoorForced {
    tool: String,
    #[serde(skip)]
    reason: String,
}

/// Is written as what it cannot be read from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "door-painted")]
pub(crate) struct DoorPainted {
    #[serde(deserialize_with = "never_a_colour")]
    colour: u32,
}

fn never_a_colour<'de, D: Deserializer<'de>>(_: D) -> Result<u32, D::Error> {
    Err(de::Error::custom("this is no colour"))
}

/// Cannot even be written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "door-vanished")]
pub(crate) struct DoorVanished {
    #[serde(serialize_with = "never_a_place")]
    to: String,
}

fn never_a_place<S: Serializer>(_: &str, _: S) -> Result<S::Ok, S::Error> {
    Err(ser::Error::custom("there is no such place"))
}

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "door", id = String, error = std::convert::Infallible,
            events(DoorForced, DoorPainted), commands(ForceDoor))]
pub(crate) struct Door {}

impl Apply<DoorForced> for Door {
    fn apply(&mut self, _: DoorForced) {}
}

impl Apply<DoorPainted> for Door {
    fn apply(&mut self, _: DoorPainted) {}
}

#[derive(Debug, Clone, Command)]
#[command(emits = DoorForced)]
pub(crate) struct ForceDoor {
    tool: String,
    reason: String,
}

#[derive(Debug, Default, Projection)]
#[projection(name = "burglaries", events(DoorForced))]
pub(crate) struct Burglaries {}

impl Project<DoorForced> for Burglaries {
    fn project(&mut self, _: DoorForced, _: &RecordedEvent) {}
}

fn forced() -> DoorForced {
    DoorForced { tool: "crowbar".into(), reason: "fire".into() }
}

const FORGOTTEN: &str = r#"event `door-forced` changes when it is stored and read back (- expected, + actual):
  DoorForced {
      tool: "crowbar",
-     reason: "fire",
+     reason: "",
  }
stored as `door-forced` version 2: {"tool":"crowbar"}"#;

const FORGOTTEN_IN_THE_ENUM: &str = r#"event `door-forced` changes when it is stored and read back (- expected, + actual):
  DoorForced(
      DoorForced {
          tool: "crowbar",
-         reason: "fire",
+         reason: "",
      },
  )
stored as `door-forced` version 2: {"tool":"crowbar"}"#;

#[test]
fn a_given_event_that_forgets_a_field_is_found() {
    let message = fails_at("given(", || {
        let _ = given([DoorEvent::from(forced())]);
    });
    assert_eq!(message, FORGOTTEN_IN_THE_ENUM);
}

#[test]
fn a_new_event_that_forgets_a_field_is_found_before_it_is_compared() {
    let message = fails_at("when(", || {
        let command = ForceDoor { tool: "crowbar".into(), reason: "fire".into() };
        given_nothing::<Door>().when(command).then([forced().into()]);
    });
    assert_eq!(message, FORGOTTEN_IN_THE_ENUM);
}

#[test]
fn a_projected_event_that_forgets_a_field_is_found() {
    let message = fails_at("event(", || {
        let _ = given_log::<Burglaries>().event("door-front", forced());
    });
    assert_eq!(message, FORGOTTEN);
}

#[test]
fn an_event_that_comes_back_whole_passes() {
    let _ = given([DoorEvent::from(DoorForced { reason: String::new(), ..forced() })]);
}

#[test]
fn an_event_that_cannot_be_read_back_is_found() {
    let message = fails_at("given(", || {
        let _ = given([DoorEvent::from(DoorPainted { colour: 7 })]);
    });
    let expected = r#"
event `door-painted` cannot be read back: event 1 of stream `door-1` cannot be read: the payload does not fit `door-painted` version 1: this is no colour at line 1 column 10
DoorPainted(
    DoorPainted {
        colour: 7,
    },
)
stored as `door-painted` version 1: {"colour":7}"#;
    assert_eq!(message, expected[1..]);
}

#[test]
fn an_event_that_cannot_be_encoded_is_found() {
    let message = fails_at("unrelated_event(", || {
        let _ = given_log::<Burglaries>().unrelated_event("door-front", DoorVanished { to: "Mars".into() });
    });
    let expected = r#"
event `door-vanished` cannot be encoded: there is no such place
DoorVanished {
    to: "Mars",
}"#;
    assert_eq!(message, expected[1..]);
}

/// An aggregate whose `replay` disagrees with `decode`, as only one written by hand can.
#[derive(Debug, Default)]
pub(crate) struct Window;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "window-opened")]
pub(crate) struct WindowOpened {}

#[derive(Debug, PartialEq, EventSet)]
pub(crate) enum WindowEvent {
    Opened(WindowOpened),
}

impl Aggregate for Window {
    const NAME: &'static str = "window";
    const MODEL: AggregateModel = AggregateModel {
        name: "window",
        type_name: "Window",
        doc: "",
        events: &[],
        split: &[],
        retired: &[],
        commands: &[],
        invariants: &[],
    };
    type Id = String;
    type Event = WindowEvent;
    type Command = ();
    type Error = std::convert::Infallible;

    fn apply_event(&mut self, _: WindowEvent) {}

    fn replay<C: Codec>(&mut self, _: &C, event: &RecordedEvent) -> Result<(), DecodeError> {
        Err(DecodeError::new(event, DecodeReason::UnknownEvent))
    }
}

impl AggregateEvent for WindowEvent {
    type Aggregate = Window;
}

#[test]
fn an_event_that_is_decoded_but_not_replayed_is_found() {
    let message = fails_at("given(", || {
        let _ = given([WindowEvent::from(WindowOpened {})]);
    });
    let expected = "event `window-opened` cannot be replayed: event 1 of stream `window-1` cannot be read: \
                    no event is known by the stored name `window-opened`\nRecordedEvent {\n";
    assert!(message.starts_with(expected), "{message}");
}

//! Scenarios of a process manager, and what is printed when an expectation is not met.

use std::time::Duration;

use es_core::process::{React, Reaction, Rejected, Trigger};
use es_core::{Aggregate, Apply, Command, Event, ProcessManager};
use es_testkit::{Answered, GivenProcess, given_process};
use serde::{Deserialize, Serialize};

use crate::failing::fails_at;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "order-placed")]
struct OrderPlaced {
    order: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "order-paid")]
struct OrderPaid {
    order: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "parcel-sent")]
struct ParcelSent {}

#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(emits = ParcelSent)]
struct SendParcel {}

#[derive(Debug, thiserror::Error)]
#[error("nothing in stock")]
struct OutOfStock;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "parcel", id = String, error = OutOfStock, events(ParcelSent), commands(SendParcel))]
struct Parcel {}

impl Apply<ParcelSent> for Parcel {
    fn apply(&mut self, _: ParcelSent) {}
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "payment-overdue")]
struct PaymentOverdue {
    times: u32,
}

#[derive(Debug, Default, PartialEq, ProcessManager)]
#[process(
    name = "shipping", id = String,
    events(
        OrderPlaced(start, key = event.order.clone()),
        OrderPaid(continue_or_ignore, key = (event.order != "none").then(|| event.order.clone())),
    ),
    deadlines(PaymentOverdue),
    commands(Parcel(SendParcel)),
)]
struct Shipping {
    refused: Option<String>,
}

impl React<OrderPlaced> for Shipping {
    fn react(&self, _: &OrderPlaced, trigger: &Trigger) -> Reaction<Self> {
        Reaction::new().schedule(PaymentOverdue { times: 1 }, trigger.after(Duration::from_secs(60)))
    }
}

impl React<OrderPaid> for Shipping {
    fn react(&self, _: &OrderPaid, trigger: &Trigger) -> Reaction<Self> {
        Reaction::new().cancel::<PaymentOverdue>().send::<Parcel>(trigger.process.id(), SendParcel {})
    }
}

impl React<PaymentOverdue> for Shipping {
    fn react(&self, _: &PaymentOverdue, _: &Trigger) -> Reaction<Self> {
        Reaction::new().cancel_all().end()
    }
}

impl React<Rejected<SendParcel>> for Shipping {
    fn apply(&mut self, rejected: &Rejected<SendParcel>, _: &Trigger) {
        self.refused = Some(rejected.reason.clone());
    }

    fn react(&self, _: &Rejected<SendParcel>, _: &Trigger) -> Reaction<Self> {
        Reaction::none()
    }
}

const MINUTE: Duration = Duration::from_secs(60);

fn order() -> String {
    "17".into()
}

fn placed() -> GivenProcess<Shipping> {
    given_process().event("order-17", OrderPlaced { order: order() })
}

fn paid() -> Answered<Shipping> {
    placed().when("order-17", OrderPaid { order: order() })
}

#[test]
fn what_a_process_answers_is_expected_in_order() {
    given_process::<Shipping>()
        .when("order-17", OrderPlaced { order: order() })
        .then_schedules(PaymentOverdue { times: 1 }, MINUTE)
        .then_nothing_else()
        .when("order-17", OrderPaid { order: order() })
        .then_cancels::<PaymentOverdue>()
        .then_sends::<Parcel>("17", SendParcel {})
        .then_nothing_else()
        .when_rejected::<Parcel>("17", SendParcel {}, OutOfStock)
        .then_nothing()
        .then_state(Shipping { refused: Some("nothing in stock".into()) })
        .then_state_has(|shipping| shipping.refused.is_some(), true);
    placed().when_deadline(PaymentOverdue { times: 1 }).then_cancels_all().then_ends().then_nothing_else();
}

#[test]
fn another_command_is_shown() {
    let message = fails_at("then_sends::<Parcel>(\"18\"", || {
        paid().then_cancels::<PaymentOverdue>().then_sends::<Parcel>("18", SendParcel {});
    });
    let expected = r#"
the process does not send what was expected (- expected, + actual):
  SendCommand(
      SentCommand {
          aggregate: "parcel",
-         id: "18",
+         id: "17",
          command: "SendParcel",
          schema_version: 1,
          payload: {},
      },
  )"#;
    assert_eq!(format!("\n{message}"), expected);
}

#[test]
fn another_deadline_is_shown() {
    let message = fails_at("then_schedules(PaymentOverdue { times: 2 }", || {
        given_process::<Shipping>()
            .when("order-17", OrderPlaced { order: order() })
            .then_schedules(PaymentOverdue { times: 2 }, MINUTE);
    });
    assert!(message.starts_with("the process does not set the deadline that was expected"), "{message}");
    assert!(message.contains("-         payload: {\"times\":2},\n+         payload: {\"times\":1},"), "{message}");
    let message = fails_at("then_schedules(PaymentOverdue { times: 1 }, MINUTE * 2", || {
        given_process::<Shipping>()
            .when("order-17", OrderPlaced { order: order() })
            .then_schedules(PaymentOverdue { times: 1 }, MINUTE * 2);
    });
    assert!(message.contains("-         due: "), "{message}");
}

#[test]
fn what_is_missing_is_shown() {
    let message = fails_at("then_ends()", || {
        paid().then_cancels::<PaymentOverdue>().then_sends::<Parcel>("17", SendParcel {}).then_ends();
    });
    assert_eq!(message, "the process does not end as expected (- expected, + actual):\n- End\n+ nothing");
    let message = fails_at("then_cancels_all()", || {
        paid().then_cancels_all();
    });
    assert!(message.starts_with("the process does not cancel what was expected"), "{message}");
    let message = fails_at("then_cancels::<PaymentOverdue>()", || {
        placed().when_deadline(PaymentOverdue { times: 1 }).then_cancels::<PaymentOverdue>();
    });
    assert!(message.starts_with("the process does not cancel what was expected"), "{message}");
}

#[test]
fn what_is_too_much_is_shown() {
    let message = fails_at("then_nothing_else()", || {
        paid().then_cancels::<PaymentOverdue>().then_nothing_else();
    });
    assert!(message.starts_with("the process does more than expected"), "{message}");
    assert!(message.contains("+ SendCommand("), "{message}");
    let message = fails_at("then_nothing()", || {
        paid().then_nothing();
    });
    assert!(message.starts_with("the process does more than expected"), "{message}");
}

#[test]
fn another_state_is_shown() {
    let message = fails_at("then_state(", || {
        paid().then_state(Shipping { refused: Some("no".into()) });
    });
    assert!(message.starts_with("the state is another than expected"), "{message}");
    let message = fails_at("then_state_has(", || {
        paid().then_state_has(|shipping| shipping.refused.is_some(), true);
    });
    assert!(message.starts_with("the state is another than expected"), "{message}");
}

#[test]
fn what_cannot_reach_the_process_is_no_scenario() {
    let unlisted = fails_at("when(\"parcel-17\"", || {
        let _ = placed().when("parcel-17", ParcelSent {});
    });
    assert_eq!(unlisted, "process manager `shipping` does not list event `parcel-sent`: add it to `events(..)`");
    let without_key = fails_at("when(\"order-none\"", || {
        let _ = placed().when("order-none", OrderPaid { order: "none".into() });
    });
    assert_eq!(without_key, "event `order-paid` has no key, so it reaches no process `shipping`");
    let other = fails_at("when(\"order-18\"", || {
        let _ = placed().when("order-18", OrderPaid { order: "18".into() });
    });
    assert_eq!(other, "event `order-paid` belongs to process `shipping-18`, but the scenario is about `shipping-17`");
    let twice = fails_at("when(\"order-17\", OrderPlaced", || {
        let _ = placed().when("order-17", OrderPlaced { order: order() });
    });
    assert_eq!(twice, "event `order-placed` starts a process, but this one has begun");
    let too_early = fails_at("when(\"order-17\", OrderPaid { order: order() });", || {
        let _ = given_process::<Shipping>().when("order-17", OrderPaid { order: order() });
    });
    assert_eq!(too_early, "event `order-paid` goes on with a process, but none has begun");
    let too_late = fails_at("when(\"order-17\", OrderPaid { order: String", || {
        let ended = placed().when_deadline(PaymentOverdue { times: 1 });
        let _ = ended.when("order-17", OrderPaid { order: String::from("17") });
    });
    assert_eq!(too_late, "event `order-paid` comes to a process that has ended");
}

#[test]
fn only_what_is_pending_is_reached_and_only_what_was_sent_is_refused() {
    let cancelled = fails_at("when_deadline(PaymentOverdue { times: 1 })", || {
        let _ = paid().when_deadline(PaymentOverdue { times: 1 });
    });
    assert!(cancelled.starts_with("the process has no such deadline: PaymentOverdue"), "{cancelled}");
    let never_sent = fails_at("when_rejected::<Parcel>(\"17\"", || {
        let _ = placed().when_rejected::<Parcel>("17", SendParcel {}, OutOfStock);
    });
    assert!(never_sent.starts_with("the process has sent no such command: SentCommand"), "{never_sent}");
}

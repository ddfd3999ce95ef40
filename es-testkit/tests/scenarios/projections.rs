//! Scenarios of a projection, and what is printed when an expectation is not met.

use std::collections::BTreeMap;

use es_core::{Event, EventId, Position, Project, Projection, RecordedEvent, Timestamp, Version};
use es_testkit::{GivenLog, given_log};
use serde::{Deserialize, Serialize};

use crate::account::{AccountOpened, Balances, GetBalance, MoneyDeposited, MoneyWithdrawn};
use crate::failing::fails_at;

fn paid() -> GivenLog<Balances> {
    given_log::<Balances>()
        .unrelated_event("account-ada", AccountOpened { owner: "Ada".into() })
        .event("account-ada", MoneyDeposited { amount: 100 })
        .event("account-bob", MoneyDeposited { amount: 5 })
        .event("account-ada", MoneyWithdrawn { amount: 30 })
}

#[test]
fn answers_and_the_read_model_are_expected() {
    paid()
        .then_answer(GetBalance { account: "ada" }, Some(70))
        .then_answer(GetBalance { account: "eve" }, None)
        .then_state(Balances { by_account: BTreeMap::from([("ada".into(), 70), ("bob".into(), 5)]) })
        .then_state_has(|balances| balances.by_account.len(), 2);
    given_log::<Balances>().then_state(Balances::default());
}

#[test]
fn another_answer_is_shown() {
    let message = fails_at("then_answer(", || {
        paid().then_answer(GetBalance { account: "ada" }, Some(80));
    });
    let expected = r"
the answer is another than expected (- expected, + actual):
  Some(
-     80,
+     70,
  )";
    assert_eq!(message, expected[1..]);
}

#[test]
fn another_read_model_is_shown() {
    let message = fails_at("then_state(", || {
        paid().then_state(Balances { by_account: BTreeMap::from([("ada".into(), 70)]) });
    });
    let expected = r#"
the read model is another than expected (- expected, + actual):
  Balances {
      by_account: {
          "ada": 70,
+         "bob": 5,
      },
  }"#;
    assert_eq!(message, expected[1..]);

    let message = fails_at("then_state_has(", || {
        paid().then_state_has(|balances| balances.by_account.len(), 3);
    });
    assert_eq!(message, "the read model is another than expected (- expected, + actual):\n- 3\n+ 2");
}

#[test]
fn an_event_that_the_projection_does_not_list_is_no_silent_success() {
    let message = fails_at("event(", || {
        let _ = paid().event("account-ada", AccountOpened { owner: "Ada".into() });
    });
    let expected = "projection `balances` does not list event `account-opened`: add it to `events(..)` of the \
                    projection, or to the scenario with `unrelated_event`";
    assert_eq!(message, expected);
}

#[test]
fn an_event_that_the_projection_lists_is_not_unrelated() {
    let message = fails_at("unrelated_event(", || {
        let _ = paid().unrelated_event("account-ada", MoneyDeposited { amount: 1 });
    });
    let expected = "projection `balances` lists event `money-deposited`: add it to the scenario with `event`";
    assert_eq!(message, expected);
}

#[test]
fn a_text_that_does_not_name_a_stream_is_refused() {
    let message = fails_at("event(", || {
        let _ = paid().event("ada", MoneyDeposited { amount: 1 });
    });
    assert_eq!(message, "`ada` does not name a stream: `ada` is not a stream id: `category-id` needs a `-`");
}

/// Keeps where and when each event was recorded.
#[derive(Debug, Default, PartialEq, Projection)]
#[projection(name = "places", events(MoneyDeposited))]
struct Places(Vec<(String, Version, Position, Timestamp, EventId, u32)>);

impl Project<MoneyDeposited> for Places {
    fn project(&mut self, _: MoneyDeposited, recorded: &RecordedEvent) {
        let RecordedEvent { stream, version, position, recorded_at, id, schema_version, .. } = recorded.clone();
        self.0.push((stream.to_string(), version, position, recorded_at, id, schema_version));
    }
}

#[test]
fn events_get_the_places_and_times_that_are_promised() {
    let start = 1_767_225_600_000_000;
    let place = |stream: &str, version: u64, position: u64, seconds: i64| {
        let id = format!("00000000-0000-0000-0000-00000000000{position}").parse().unwrap();
        let time = Timestamp::from_micros(start + seconds * 1_000_000);
        (stream.to_owned(), version.into(), position.into(), time, id, 2)
    };
    given_log::<Places>()
        .event("account-ada", MoneyDeposited { amount: 1 })
        .event("account-bob", MoneyDeposited { amount: 1 })
        .unrelated_event("account-ada", AccountOpened { owner: "Ada".into() })
        .event("account-ada", MoneyDeposited { amount: 1 })
        .then_state(Places(vec![
            place("account-ada", 1, 1, 0),
            place("account-bob", 1, 2, 1),
            place("account-ada", 3, 4, 3),
        ]));
}

/// Another type under the stored name of an event, with another idea of its fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 2)]
#[upcast(1 => 2, add(currency = "EUR"))]
struct ForeignDeposit {
    currency: String,
}

#[test]
fn an_event_that_the_projection_cannot_read_is_shown() {
    let message = fails_at("event(", || {
        let _ = given_log::<Balances>().event("account-ada", ForeignDeposit { currency: "EUR".into() });
    });
    let expected = "projection `balances` cannot read event `money-deposited`: event 1 of stream `account-ada` cannot \
                    be read: the payload does not fit `money-deposited` version 2: missing field `amount` at line 1 \
                    column 18\nRecordedEvent {\n";
    assert!(message.starts_with(expected), "{message}");
}

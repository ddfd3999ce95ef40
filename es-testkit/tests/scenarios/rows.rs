//! Scenarios of a keyed projection, and what is printed when an expectation is not met.

use es_core::{AnswerFrom, Event, ProjectRow, Projection, Query, QueryError, RecordedEvent, Rows};
use es_testkit::{GivenRows, given_rows};
use serde::{Deserialize, Serialize};

use crate::account::{AccountOpened, MoneyDeposited, MoneyWithdrawn};
use crate::failing::fails_at;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-moved")]
struct MoneyMoved {
    from: u64,
    to: u64,
    amount: u64,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize, Projection)]
#[projection(
    name = "totals", key = u64,
    events(MoneyDeposited, MoneyMoved(keys = [event.from, event.to]), AccountOpened(delete)),
    index(cents),
)]
struct Total {
    cents: i64,
}

impl ProjectRow<MoneyDeposited> for Total {
    fn project(&mut self, _: &u64, event: MoneyDeposited, _: &RecordedEvent) {
        self.cents += i64::try_from(event.amount).unwrap();
    }
}

impl ProjectRow<MoneyMoved> for Total {
    fn project(&mut self, account: &u64, event: MoneyMoved, _: &RecordedEvent) {
        let amount = i64::try_from(event.amount).unwrap();
        self.cents += if *account == event.to { amount } else { -amount };
    }
}

#[derive(Debug, Clone)]
struct GetDebtors;

impl Query for GetDebtors {
    type Answer = Vec<u64>;
}

impl AnswerFrom<GetDebtors> for Total {
    async fn answer_from(rows: &Rows<'_, Self>, _: GetDebtors) -> Result<Vec<u64>, QueryError> {
        let page = rows.scan(es_core::store::Scan::index("cents").below(0)).await?;
        Ok(page.rows.into_iter().map(|(account, _)| account).collect())
    }
}

fn moved() -> GivenRows<Total> {
    given_rows::<Total>()
        .event("account-1", MoneyDeposited { amount: 100 })
        .unrelated_event("account-1", MoneyWithdrawn { amount: 1 })
        .event("transfer-x", MoneyMoved { from: 1, to: 2, amount: 120 })
        .event("account-3", MoneyDeposited { amount: 5 })
        .event("account-3", AccountOpened { owner: "Ada".into() })
}

#[test]
fn rows_and_answers_are_expected() {
    moved()
        .then_row(1, Total { cents: -20 })
        .then_row("2", Total { cents: 120 })
        .then_row_has(2, |row| row.cents, 120)
        .then_no_row(3)
        .then_no_row(4)
        .then_answer(GetDebtors, vec![1]);
}

#[test]
fn another_row_is_shown() {
    let message = fails_at("then_row(", || {
        moved().then_row(2, Total { cents: 1 });
    });
    let expected = r"
row `2` is another than expected (- expected, + actual):
  Total {
-     cents: 1,
+     cents: 120,
  }";
    assert_eq!(message, expected[1..]);
    let message = fails_at("then_row_has(", || {
        moved().then_row_has(2, |row| row.cents, 1);
    });
    assert_eq!(message, "row `2` is another than expected (- expected, + actual):\n- 1\n+ 120");
}

#[test]
fn a_row_that_is_missing_is_told_with_those_there_are() {
    let message = fails_at("then_row(", || {
        moved().then_row(3, Total { cents: 5 });
    });
    assert_eq!(message, "there is no row `3`; there are only `1`, `2`");
    let message = fails_at("then_row(", || {
        given_rows::<Total>().then_row(3, Total::default());
    });
    assert_eq!(message, "there is no row `3`; there are none");
    let many = (1..=12).fold(given_rows(), |given: GivenRows<Total>, account| {
        given.event(&format!("account-{account}"), MoneyDeposited { amount: 1 })
    });
    let message = fails_at("then_row_has(", move || {
        many.then_row_has(13, |row| row.cents, 1);
    });
    let shown = "`1`, `10`, `11`, `12`, `2`, `3`, `4`, `5`, `6`, `7`";
    assert_eq!(message, format!("there is no row `13`; there are {shown} and 2 more"));
}

#[test]
fn a_row_that_should_not_be_there_is_shown() {
    let message = fails_at("then_no_row(", || {
        moved().then_no_row(2);
    });
    assert_eq!(message, "there is a row `2`, but none is expected:\nTotal {\n    cents: 120,\n}");
}

#[test]
fn another_answer_of_rows_is_shown() {
    let message = fails_at("then_answer(", || {
        moved().then_answer(GetDebtors, vec![]);
    });
    let expected = "the answer is another than expected (- expected, + actual):\n- []\n+ [\n+     1,\n+ ]";
    assert_eq!(message, expected);
}

#[test]
fn what_is_no_key_is_told() {
    let message = fails_at("then_no_row(", || {
        moved().then_no_row("ada");
    });
    assert_eq!(message, "`ada` is no key of `totals`: invalid digit found in string");
    let message = fails_at("event(", || {
        let _ = given_rows::<Total>().event("account-ada", MoneyDeposited { amount: 1 });
    });
    let expected = "projection `totals` cannot read event `money-deposited`: event 1 of stream `account-ada` is about no \
                    row: the id of its stream is no `u64`: invalid digit found in string\nRecordedEvent {\n";
    assert!(message.starts_with(expected), "{message}");
}

#[test]
fn an_event_stands_in_a_scenario_of_rows_as_what_it_is() {
    let message = fails_at("event(", || {
        let _ = given_rows::<Total>().event("account-1", MoneyWithdrawn { amount: 1 });
    });
    let expected = "projection `totals` does not list event `money-withdrawn`: add it to `events(..)` of the projection, \
                    or to the scenario with `unrelated_event`";
    assert_eq!(message, expected);
    let message = fails_at("unrelated_event(", || {
        let _ = given_rows::<Total>().unrelated_event("account-1", MoneyDeposited { amount: 1 });
    });
    assert_eq!(message, "projection `totals` lists event `money-deposited`: add it to the scenario with `event`");
}

//! Scenarios of an aggregate that hold, and expectations of its state.

use es_testkit::{given, given_nothing};

use crate::account::{Account, AccountError, Deposit, OpenAccount, Replace, Withdraw, deposited, opened, withdrawn};
use crate::failing::fails_at;

fn ada(balance: u64) -> Account {
    Account { owner: Some("Ada".into()), balance }
}

#[test]
fn events_are_expected_after_an_accepted_command() {
    given([opened(), deposited(20)]).when(Withdraw { amount: 5 }).then([withdrawn(5)]).then_state(ada(15));
    given([opened(), deposited(20)]).when(Replace { amount: 7 }).then([withdrawn(20), deposited(7)]);
    given_nothing::<Account>().when(OpenAccount { owner: "Ada".into() }).then([opened()]).then_state(ada(0));
}

#[test]
fn given_takes_whatever_iterates_over_events() {
    given(vec![opened(), deposited(1)]).then_state(ada(1));
    given((1..=4).map(deposited)).then_state_has(|account| account.balance, 10);
    given::<crate::account::AccountEvent>([]).then_state(Account::default());
}

#[test]
fn nothing_is_expected_after_a_command_that_changes_nothing() {
    given([opened()]).when(Deposit { amount: 0 }).then_nothing().then([]).then_state(ada(0));
}

#[test]
fn an_error_is_expected_after_a_refused_command_and_the_state_is_as_before() {
    given([opened(), deposited(20)])
        .when(Withdraw { amount: 30 })
        .then_error(AccountError::InsufficientFunds { balance: 20, amount: 30 })
        .then_state(ada(20));
}

#[test]
fn a_command_that_creates_is_refused_where_something_exists() {
    given([opened(), deposited(20)])
        .when(OpenAccount { owner: "Bob".into() })
        .then_already_exists()
        .then_state(ada(20));
}

#[test]
fn a_rule_refuses_a_command_that_creates_before_the_store_is_asked() {
    given([opened()]).when(OpenAccount { owner: String::new() }).then_error(AccountError::NoOwner);
}

#[test]
fn a_part_of_the_state_is_expected_before_and_after_the_command() {
    given([opened(), deposited(20)])
        .then_state_has(|account| account.balance, 20)
        .when(Withdraw { amount: 5 })
        .then_state_has(|account| account.balance, 15)
        .then_state_has(|account| account.owner.clone(), Some("Ada".into()));
}

#[test]
fn another_state_is_shown_line_by_line() {
    let message = fails_at("then_state(", || {
        given([opened(), deposited(20)]).then_state(ada(30));
    });
    let expected = r#"
the state is another than expected (- expected, + actual):
  Account {
      owner: Some(
          "Ada",
      ),
-     balance: 30,
+     balance: 20,
  }"#;
    assert_eq!(message, expected[1..]);

    let afterwards = fails_at("then_state(", || {
        given([opened(), deposited(15)]).when(Deposit { amount: 5 }).then([deposited(5)]).then_state(ada(30));
    });
    assert_eq!(afterwards, message);
}

#[test]
fn another_part_of_the_state_is_shown() {
    let before = fails_at("then_state_has(", || {
        given([deposited(20)]).then_state_has(|account| account.balance, 30);
    });
    assert_eq!(before, "the state is another than expected (- expected, + actual):\n- 30\n+ 20");
    let afterwards = fails_at("then_state_has(", || {
        given([deposited(20)]).when(Deposit { amount: 1 }).then_state_has(|account| account.balance, 30);
    });
    assert_eq!(afterwards, "the state is another than expected (- expected, + actual):\n- 30\n+ 21");
}

#[test]
fn values_that_differ_and_print_the_same_are_not_taken_for_equal() {
    let message = fails_at("then_state_has(", || {
        given_nothing::<Account>().then_state_has(|_| f64::NAN, f64::NAN);
    });
    let expected = r"
the state is another than expected (- expected, + actual):
  NaN
Both print the same, but `PartialEq` says that they differ.";
    assert_eq!(message, expected[1..]);
}

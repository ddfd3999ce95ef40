//! What is printed when a command turns out otherwise than expected.

use es_testkit::{given, given_nothing};

use crate::account::{Account, AccountError, Deposit, OpenAccount, Replace, Withdraw, deposited, opened, withdrawn};
use crate::failing::fails_at;

#[test]
fn events_with_other_values_are_shown_line_by_line() {
    let message = fails_at("then(", || {
        given([opened(), deposited(20)]).when(Replace { amount: 7 }).then([withdrawn(20), deposited(8)]);
    });
    let expected = r"
other events happened than expected (- expected, + actual):
  MoneyWithdrawn(
      MoneyWithdrawn {
          amount: 20,
      },
  )
  MoneyDeposited(
      MoneyDeposited {
-         amount: 8,
+         amount: 7,
      },
  )";
    assert_eq!(message, expected[1..]);
}

#[test]
fn events_in_another_order_are_other_events() {
    let message = fails_at("then(", || {
        given([opened(), deposited(20)]).when(Replace { amount: 7 }).then([deposited(7), withdrawn(20)]);
    });
    assert!(message.starts_with("other events happened than expected"), "{message}");
}

#[test]
fn an_event_too_many_and_an_event_too_few_are_shown() {
    let too_many = fails_at("then(", || {
        given([deposited(20)]).when(Replace { amount: 7 }).then([withdrawn(20)]);
    });
    let expected = r"
other events happened than expected (- expected, + actual):
  MoneyWithdrawn(
      MoneyWithdrawn {
          amount: 20,
      },
  )
+ MoneyDeposited(
+     MoneyDeposited {
+         amount: 7,
+     },
+ )";
    assert_eq!(too_many, expected[1..]);

    let too_few = fails_at("then(", || {
        given([deposited(20)]).when(Withdraw { amount: 20 }).then([withdrawn(20), deposited(7)]);
    });
    assert_eq!(too_few, expected[1..].replace("+ ", "- ").replace("- actual", "+ actual"));
}

#[test]
fn nothing_instead_of_events_and_events_instead_of_nothing_are_shown() {
    let nothing = fails_at("then(", || {
        given([opened()]).when(Deposit { amount: 0 }).then([deposited(1)]);
    });
    let expected = r"
other events happened than expected (- expected, + actual):
- MoneyDeposited(
-     MoneyDeposited {
-         amount: 1,
-     },
- )
+ nothing";
    assert_eq!(nothing, expected[1..]);

    let something = fails_at("then_nothing(", || {
        given([opened()]).when(Deposit { amount: 1 }).then_nothing();
    });
    let expected = r"
other events happened than expected (- expected, + actual):
- nothing
+ MoneyDeposited(
+     MoneyDeposited {
+         amount: 1,
+     },
+ )";
    assert_eq!(something, expected[1..]);
}

#[test]
fn a_refusal_instead_of_events_is_shown() {
    let message = fails_at("then(", || {
        given([opened(), deposited(20)]).when(Withdraw { amount: 30 }).then([withdrawn(30)]);
    });
    let expected = r"
the command was refused, but it should have been accepted (- expected, + actual):
- MoneyWithdrawn(
-     MoneyWithdrawn {
-         amount: 30,
-     },
- )
+ refused: InsufficientFunds {
+     balance: 20,
+     amount: 30,
+ }";
    assert_eq!(message, expected[1..]);
}

#[test]
fn a_refusal_instead_of_nothing_is_shown() {
    let message = fails_at("then_nothing(", || {
        given([opened()]).when(OpenAccount { owner: "Bob".into() }).then_nothing();
    });
    let expected = r"
the command was refused, but it should have been accepted (- expected, + actual):
- nothing
+ refused: the aggregate already exists";
    assert_eq!(message, expected[1..]);
}

#[test]
fn events_instead_of_a_refusal_are_shown() {
    let expected = r#"
the command was accepted, but it should have been refused (- expected, + actual):
- refused: NoOwner
+ AccountOpened(
+     AccountOpened {
+         owner: "Bob",
+     },
+ )"#;
    let message = fails_at("then_error(", || {
        given_nothing::<Account>().when(OpenAccount { owner: "Bob".into() }).then_error(AccountError::NoOwner);
    });
    assert_eq!(message, expected[1..]);
    let message = fails_at("then_already_exists(", || {
        given_nothing::<Account>().when(OpenAccount { owner: "Bob".into() }).then_already_exists();
    });
    assert_eq!(message, expected[1..].replace("NoOwner", "the aggregate already exists"));
}

#[test]
fn another_refusal_is_shown() {
    let message = fails_at("then_error(", || {
        given([opened(), deposited(20)])
            .when(Withdraw { amount: 30 })
            .then_error(AccountError::InsufficientFunds { balance: 21, amount: 30 });
    });
    let expected = r"
the command was refused for another reason than expected (- expected, + actual):
  refused: InsufficientFunds {
-     balance: 21,
+     balance: 20,
      amount: 30,
  }";
    assert_eq!(message, expected[1..]);

    let message = fails_at("then_already_exists(", || {
        given([opened()]).when(OpenAccount { owner: String::new() }).then_already_exists();
    });
    let expected = r"
the command was refused for another reason than expected (- expected, + actual):
- refused: the aggregate already exists
+ refused: NoOwner";
    assert_eq!(message, expected[1..]);
}

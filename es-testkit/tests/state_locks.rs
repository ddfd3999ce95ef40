//! The lock of a state that is kept in snapshots: what one program released meets the fold of another.

use es_core::{Aggregate, Apply, Event, Snapshotted};
use es_testkit::lock::{Lock, LockError, Mode};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-deposited")]
pub(crate) struct Deposited {
    amount: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-withdrawn")]
pub(crate) struct Withdrawn {
    amount: u64,
}

/// An account of some time: its snapshots, its fields and what becomes of them.
macro_rules! account {
    ($module:ident: ($($snapshot:tt)*) { $($field:ident: $ty:ty),* }, |$state:ident, $deposited:ident| $deposit:expr, |$withdrawn:ident| $withdraw:expr) => {
        mod $module {
            use super::*;

            #[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Aggregate)]
            #[aggregate(
                name = "account", id = String, error = std::convert::Infallible,
                events(Deposited, Withdrawn), commands(), $($snapshot)*
            )]
            pub(super) struct Account { $(pub(super) $field: $ty),* }

            impl Apply<Deposited> for Account {
                fn apply(&mut self, $deposited: Deposited) {
                    let $state = self;
                    $deposit;
                }
            }

            impl Apply<Withdrawn> for Account {
                fn apply(&mut self, $withdrawn: Withdrawn) {
                    let $state = self;
                    $withdraw;
                }
            }
        }
    };
}

account!(released: (snapshot(every = 50)) { balance: u64 },
    |state, event| state.balance += event.amount, |event| state.balance -= event.amount);
account!(rewritten: (snapshot(every = 50)) { balance: u64 },
    |state, event| state.balance = state.balance.checked_add(event.amount).unwrap(), |event| state.balance -= event.amount);
account!(every_other: (snapshot(every = 7)) { balance: u64 },
    |state, event| state.balance += event.amount, |event| state.balance -= event.amount);
account!(with_fee: (snapshot(every = 50)) { balance: u64 },
    |state, event| state.balance += 2 * event.amount, |event| state.balance -= event.amount);
account!(with_fee_told: (snapshot(every = 50, fold = 2)) { balance: u64 },
    |state, event| state.balance += 2 * event.amount, |event| state.balance -= event.amount);
account!(only_the_last: (snapshot(every = 50)) { balance: u64 },
    |state, event| state.balance = event.amount, |event| state.balance -= event.amount);
account!(counting: (snapshot(every = 50)) { balance: u64, deposits: Option<u64> },
    |state, event| { state.balance += event.amount; *state.deposits.get_or_insert(0) += 1 }, |event| state.balance -= event.amount);
account!(without: () { balance: u64 },
    |state, event| state.balance += event.amount, |event| state.balance -= event.amount);
account!(below_zero: (snapshot(every = 50)) { balance: u64 },
    |state, event| state.balance += event.amount, |event| state.balance -= 2 * event.amount);

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bonus {
    #[serde(skip)]
    deposits: u64,
}

account!(with_bonus: (snapshot(every = 50)) { balance: u64, bonus: Bonus },
    |state, event| { state.bonus.deposits += 1; state.balance += event.amount * state.bonus.deposits },
    |event| state.balance -= event.amount);

fn told<A: Aggregate>(lock: &mut Lock, mode: Mode) -> Vec<String> {
    lock.check::<A>(mode).iter().map(ToString::to_string).collect()
}

/// A lock that was updated by the code of that time, and read from its file again.
fn locked<A: Aggregate>() -> Lock {
    let mut lock = Lock::default();
    assert_eq!(told::<A>(&mut lock, Mode::Update), [""; 0]);
    let mut lock = Lock::from_text(&lock.to_text(), "x".as_ref()).unwrap();
    assert_eq!(told::<A>(&mut lock, Mode::Compare), [""; 0]);
    lock
}

#[test]
fn an_apply_that_makes_another_state_of_the_same_events_is_told() {
    let mut lock = locked::<released::Account>();
    let expected = r#"the fold of `account` makes another state of the same events, after `money-deposited` version 1:
        was {"balance":1}
        is  {"balance":2}
    Snapshots that were taken before would be believed. Write:
        #[aggregate(.., snapshot(every = 50, fold = 2))]
    and add it with `ES_LOCK=update cargo test`; if no snapshot was ever kept: `ES_LOCK=overwrite cargo test`."#;
    assert!(include_str!("../../docs/snapshots.md").contains(expected), "the guide shows another message");
    for mode in [Mode::Compare, Mode::Update] {
        assert_eq!(told::<with_fee::Account>(&mut lock, mode), [expected]);
    }
    assert_eq!(told::<released::Account>(&mut lock, Mode::Compare), [""; 0], "nothing was overwritten");
    assert_eq!(told::<with_fee::Account>(&mut lock, Mode::Overwrite), [""; 0]);
    assert_eq!(told::<with_fee::Account>(&mut lock, Mode::Compare), [""; 0]);
}

#[test]
fn a_new_version_of_the_fold_is_accepted_by_an_update() {
    let mut lock = locked::<released::Account>();
    assert_eq!(
        told::<with_fee_told::Account>(&mut lock, Mode::Compare),
        ["the state of `account` is not locked as it is now, and snapshots of it can be taken; \
          those of a former one are not used any more. Add it with `ES_LOCK=update cargo test`."]
    );
    assert_eq!(told::<with_fee_told::Account>(&mut lock, Mode::Update), [""; 0]);
    assert_eq!(told::<with_fee_told::Account>(&mut lock, Mode::Compare), [""; 0]);
}

#[test]
fn another_shape_of_the_state_needs_no_new_version() {
    let mut lock = locked::<released::Account>();
    assert_eq!(told::<counting::Account>(&mut lock, Mode::Compare).len(), 1);
    assert_eq!(told::<counting::Account>(&mut lock, Mode::Update), [""; 0]);
    assert_ne!(counting::Account::fold_fingerprint(), released::Account::fold_fingerprint());
}

/// Snapshots of the first release may still be in the store.
#[test]
fn who_goes_back_to_a_former_state_meets_what_was_locked_for_it() {
    let mut lock = locked::<released::Account>();
    assert_eq!(told::<counting::Account>(&mut lock, Mode::Update), [""; 0]);
    assert_eq!(told::<with_fee_told::Account>(&mut lock, Mode::Update), [""; 0]);
    assert_eq!(told::<released::Account>(&mut lock, Mode::Compare), [""; 0]);
    assert_eq!(told::<with_fee::Account>(&mut lock, Mode::Update).len(), 1, "the fold that was forgotten to be raised");
}

#[test]
fn what_makes_the_same_states_is_the_same_however_it_is_written() {
    let mut lock = locked::<released::Account>();
    assert_eq!(told::<rewritten::Account>(&mut lock, Mode::Compare), [""; 0]);
    assert_eq!(told::<every_other::Account>(&mut lock, Mode::Compare), [""; 0], "how often is no matter of the state");
    assert_eq!(told::<without::Account>(&mut lock, Mode::Compare), [""; 0]);
}

#[test]
fn events_are_applied_to_more_than_the_initial_state() {
    let told = told::<only_the_last::Account>(&mut locked::<released::Account>(), Mode::Compare);
    assert!(told[0].contains("was {\"balance\":2}\n        is  {\"balance\":1}\n"), "{told:?}");
}

#[test]
fn a_state_that_is_not_whole_in_a_snapshot_is_never_accepted() {
    for mode in [Mode::Compare, Mode::Update, Mode::Overwrite] {
        let told = told::<with_bonus::Account>(&mut Lock::default(), mode);
        let last = told.last().unwrap();
        assert!(
            last.starts_with(
                "the state of `account` is not whole in a snapshot: what goes on from one differs after \
                 `money-deposited` version 1:\n        straight      {\"balance\":3,\"bonus\":{}}\n        \
                 from snapshot {\"balance\":2,\"bonus\":{}}\n"
            ) || mode == Mode::Compare,
            "{told:?}"
        );
    }
    let mut lock = locked::<released::Account>();
    assert_eq!(told::<with_bonus::Account>(&mut lock, Mode::Compare).len(), 1, "the events are known");
}

/// A sample is made from a shape, and knows nothing of what can happen.
#[test]
fn a_fold_that_panics_on_a_sample_is_locked_as_such() {
    let mut lock = locked::<below_zero::Account>();
    assert!(lock.to_text().contains(r#""panics": true"#), "{}", lock.to_text());
    assert_eq!(told::<released::Account>(&mut lock, Mode::Compare).len(), 1);
}

#[test]
fn a_state_stands_in_the_file_for_people_and_comes_back_from_it() {
    let text = locked::<released::Account>().to_text();
    for part in
        [r#""format": 2"#, r#""shape": {"#, r#""balance": "u64""#, r#""event": "money-deposited""#, r#""fold": 1"#]
    {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    assert_eq!(Lock::from_text(&text, "x".as_ref()).unwrap().to_text(), text);
    let damaged = Lock::from_text(&text.replace(r#""fold": 1"#, r#""fold": "one""#), "x".as_ref()).unwrap_err();
    assert!(matches!(&damaged, LockError::State { aggregate, .. } if aggregate == "account"), "{damaged:?}");
    assert!(damaged.to_string().starts_with("x: the state of `account` under fingerprint "), "{damaged}");
}

#[test]
fn a_lock_without_states_is_of_the_former_format() {
    let text = locked::<without::Account>().to_text();
    assert!(text.contains(r#""format": 1"#) && !text.contains("states"), "{text}");
    let mut lock = Lock::from_text(&text, "x".as_ref()).unwrap();
    assert_eq!(told::<released::Account>(&mut lock, Mode::Update), [""; 0]);
    assert!(lock.to_text().contains(r#""format": 2"#));
}

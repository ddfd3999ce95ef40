//! An aggregate that keeps every law, and the tests that the macro writes for it.

use es_core::{Aggregate, Apply, Command, Event};
use es_testkit::proptest::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened {
    owner: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 3, alias = "money-paid-in")]
#[upcast(1 => 2, rename(amt => amount))]
#[upcast(2 => 3, add(currency = "EUR"))]
struct MoneyDeposited {
    amount: u32,
    currency: String,
}

#[derive(Debug, Clone, Deserialize, Command)]
#[command(create, emits = AccountOpened)]
struct OpenAccount {
    owner: String,
}

#[derive(Debug, Clone, Deserialize, Command)]
#[command(aggregate = SavingsAccount, emits = MoneyDeposited)]
#[require(state.owner.is_some(), Refused)]
#[require(command.currency == "EUR", Refused)]
struct Deposit {
    amount: u32,
    currency: String,
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("refused")]
struct Refused;

#[derive(Debug, Default, PartialEq, Serialize, Deserialize, Aggregate)]
#[aggregate(name = "savings", id = u64, error = Refused, events(AccountOpened, MoneyDeposited), commands(OpenAccount, Deposit))]
#[invariant(state.owner.is_some() || state.balance == 0, "nobody's money is nowhere")]
struct SavingsAccount {
    owner: Option<String>,
    balance: u64,
}

impl Apply<AccountOpened> for SavingsAccount {
    fn apply(&mut self, event: AccountOpened) {
        self.owner = Some(event.owner);
    }
}

impl Apply<MoneyDeposited> for SavingsAccount {
    fn apply(&mut self, event: MoneyDeposited) {
        self.balance += u64::from(event.amount);
    }
}

es_testkit::verify!(SavingsAccount);

mod with_options {
    use super::{Deposit, OpenAccount, Strategy};

    type Account = super::SavingsAccount;

    fn any_command() -> impl Strategy<Value = <Account as es_core::Aggregate>::Command> {
        use es_testkit::proptest::prelude::*;
        prop_oneof![
            Just(OpenAccount { owner: "Ada".into() }.into()),
            (1..9_u32).prop_map(|amount| Deposit { amount, currency: "EUR".into() }.into()),
        ]
    }

    es_testkit::verify!(self::Account, cases = 8, length = 1..5, seed = 7, commands = any_command());

    #[test]
    fn the_options_reach_the_laws() {
        let report = account_laws().check(es_testkit::verify::Law::InvariantsHold).unwrap();
        assert!(report.starts_with("8 cases of 1 to 4 commands, seed 7; "), "{report}");
        assert!(!report.contains("never"), "{report}");
    }
}

#[test]
fn a_report_tells_what_was_met() {
    let report = savings_account_laws().check(es_testkit::verify::Law::ReplayIsDeterministic).unwrap();
    let lines: Vec<_> = report.lines().collect();
    assert!(lines[0].starts_with("256 cases of 1 to 40 commands, seed 24301; "), "{report}");
    assert!(lines[0].ends_with(" refused"), "{report}");
    assert_eq!(lines[1..], ["  states are compared by `PartialEq`"]);
}

proptest! {
    #[test]
    fn proptest_of_the_testkit_is_there_for_strategies_of_ones_own(owner in "[a-z]{1,8}") {
        prop_assert_eq!(OpenAccount { owner: owner.clone() }.owner, owner);
    }
}

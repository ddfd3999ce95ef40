//! The read model: who has how much.

use std::collections::BTreeMap;

use es_core::{Answer, Project, Projection, Query, RecordedEvent};

use crate::account::{AccountClosed, AccountOpened, MoneyDeposited, MoneyWithdrawn};

/// The balance of every open account, by account id.
#[derive(Debug, Default, Clone, PartialEq, Projection)]
#[projection(name = "balances", events(AccountOpened, MoneyDeposited, MoneyWithdrawn, AccountClosed))]
pub struct Balances {
    by_account: BTreeMap<String, u64>,
}

impl Balances {
    fn of(&mut self, recorded: &RecordedEvent) -> &mut u64 {
        self.by_account.entry(recorded.stream.id().to_owned()).or_default()
    }
}

impl Project<AccountOpened> for Balances {
    fn project(&mut self, _: AccountOpened, recorded: &RecordedEvent) {
        self.of(recorded);
    }
}

impl Project<MoneyDeposited> for Balances {
    fn project(&mut self, event: MoneyDeposited, recorded: &RecordedEvent) {
        *self.of(recorded) += event.amount;
    }
}

impl Project<MoneyWithdrawn> for Balances {
    fn project(&mut self, event: MoneyWithdrawn, recorded: &RecordedEvent) {
        *self.of(recorded) -= event.amount;
    }
}

impl Project<AccountClosed> for Balances {
    fn project(&mut self, _: AccountClosed, recorded: &RecordedEvent) {
        self.by_account.remove(recorded.stream.id());
    }
}

/// How much is on one account?
#[derive(Debug)]
pub struct GetBalance<'a> {
    pub account: &'a str,
}

impl Query for GetBalance<'_> {
    type Answer = Option<u64>;
}

impl Answer<GetBalance<'_>> for Balances {
    fn answer(&self, query: GetBalance<'_>) -> Option<u64> {
        self.by_account.get(query.account).copied()
    }
}

/// Which accounts have the most, richest first?
#[derive(Debug)]
pub struct GetRichest {
    pub count: usize,
}

impl Query for GetRichest {
    type Answer = Vec<(String, u64)>;
}

impl Answer<GetRichest> for Balances {
    fn answer(&self, query: GetRichest) -> Vec<(String, u64)> {
        let mut accounts: Vec<_> = self.by_account.clone().into_iter().collect();
        accounts.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
        accounts.truncate(query.count);
        accounts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use es_testkit::given_log;

    #[test]
    fn balances_add_up_per_account() {
        given_log::<Balances>()
            .event("account-ada", AccountOpened { owner: "Ada".into() })
            .event("account-bob", AccountOpened { owner: "Bob".into() })
            .event("account-ada", MoneyDeposited { amount: 100, currency: "EUR".into() })
            .event("account-ada", MoneyWithdrawn { amount: 30 })
            .then_answer(GetBalance { account: "ada" }, Some(70))
            .then_answer(GetBalance { account: "eve" }, None)
            .then_answer(GetRichest { count: 5 }, vec![("ada".into(), 70), ("bob".into(), 0)]);
    }

    #[test]
    fn a_closed_account_is_gone() {
        given_log::<Balances>()
            .event("account-ada", AccountOpened { owner: "Ada".into() })
            .event("account-ada", AccountClosed {})
            .then_answer(GetBalance { account: "ada" }, None);
    }
}

//! The read model: how much is on each account. Its rows are in the store of the service, beside the events.

use es_core::store::Scan;
use es_core::{AnswerFrom, ProjectRow, Projection, Query, QueryError, RecordedEvent, Rows};
use serde::{Deserialize, Serialize};

use crate::account::{AccountClosed, AccountOpened, MoneyDeposited, MoneyWithdrawn};

/// The balance of an open account.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Projection)]
#[projection(
    name = "balances", key = String,
    events(AccountOpened, MoneyDeposited, MoneyWithdrawn, AccountClosed(delete)),
    index(poverty),
)]
pub struct Balance {
    pub amount: u64,
    /// The negated amount, as far as an index goes: so the richest come first, and those who have the same by their ids.
    poverty: i64,
}

impl Balance {
    fn set(&mut self, amount: u64) {
        self.amount = amount;
        self.poverty = i64::try_from(amount).map_or(i64::MIN, |amount| -amount);
    }
}

impl ProjectRow<AccountOpened> for Balance {
    fn project(&mut self, _: &String, _: AccountOpened, _: &RecordedEvent) {
        self.set(0);
    }
}

impl ProjectRow<MoneyDeposited> for Balance {
    fn project(&mut self, _: &String, event: MoneyDeposited, _: &RecordedEvent) {
        self.set(self.amount + event.amount);
    }
}

impl ProjectRow<MoneyWithdrawn> for Balance {
    fn project(&mut self, _: &String, event: MoneyWithdrawn, _: &RecordedEvent) {
        self.set(self.amount - event.amount);
    }
}

/// How much is on one account?
#[derive(Debug, Clone)]
pub struct GetBalance {
    pub account: String,
}

impl Query for GetBalance {
    type Answer = Option<u64>;
}

impl AnswerFrom<GetBalance> for Balance {
    async fn answer_from(rows: &Rows<'_, Self>, query: GetBalance) -> Result<Option<u64>, QueryError> {
        Ok(rows.get(&query.account).await?.map(|balance| balance.amount))
    }
}

/// Which accounts have the most, richest first?
#[derive(Debug, Clone)]
pub struct GetRichest {
    pub count: usize,
}

impl Query for GetRichest {
    type Answer = Vec<(String, u64)>;
}

impl AnswerFrom<GetRichest> for Balance {
    async fn answer_from(rows: &Rows<'_, Self>, query: GetRichest) -> Result<Vec<(String, u64)>, QueryError> {
        let page = rows.scan(Scan::index("poverty").limit(query.count)).await?;
        // A scan gives at least one row.
        let rows = page.rows.into_iter().take(query.count);
        Ok(rows.map(|(account, balance)| (account, balance.amount)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use es_testkit::{GivenRows, given_rows};

    fn opened(account: &str, amount: u64) -> impl FnOnce(GivenRows<Balance>) -> GivenRows<Balance> {
        let stream = format!("account-{account}");
        move |given| {
            given
                .event(&stream, AccountOpened { owner: "Ada".into() })
                .event(&stream, MoneyDeposited { amount, currency: "EUR".into() })
        }
    }

    #[test]
    fn balances_add_up_per_account() {
        opened("ada", 100)(given_rows())
            .event("account-ada", MoneyWithdrawn { amount: 30 })
            .then_row_has("ada", |balance| balance.amount, 70)
            .then_answer(GetBalance { account: "ada".into() }, Some(70))
            .then_answer(GetBalance { account: "eve".into() }, None);
    }

    #[test]
    fn the_richest_come_first_and_equals_by_their_ids() {
        let given = opened("dan", u64::MAX)(opened("cid", 5)(opened("bob", 7)(opened("ada", 5)(given_rows()))));
        let all = [("dan", u64::MAX), ("bob", 7), ("ada", 5), ("cid", 5)].map(|(name, has)| (name.to_owned(), has));
        given
            .then_answer(GetRichest { count: 9 }, all.to_vec())
            .then_answer(GetRichest { count: 2 }, all[..2].to_vec())
            .then_answer(GetRichest { count: 0 }, vec![]);
    }

    #[test]
    fn a_closed_account_is_gone() {
        opened("ada", 1)(given_rows()).event("account-ada", AccountClosed {}).then_no_row("ada");
    }
}

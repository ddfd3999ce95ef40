//! A transfer between two accounts: two commands, and a third one that makes good if the second is refused.
//!
//! Each account is consistent by itself; that money is never lost between them is the work of this process.

use es_core::{ExecuteError, Metadata, Repository};

use crate::account::{Account, AccountError, Deposit, Withdraw};

/// How a transfer ended.
#[derive(Debug, PartialEq)]
pub enum Transfer {
    /// The money has arrived.
    Completed,
    /// The receiver refused it, so the sender has it back.
    Returned { because: AccountError },
}

/// Moves `amount` euros; all events of it share the correlation id `name`.
///
/// # Errors
/// The sender refused, or the store failed.
pub async fn transfer(
    accounts: &Repository<Account, es::Store>,
    name: &str,
    (from, to): (&str, &str),
    amount: u64,
) -> Result<Transfer, ExecuteError<AccountError>> {
    let request = Metadata::new().with_correlation_id(name).with_actor(from);
    let taken = accounts.execute_with(from, Withdraw { amount }, request).await?;

    // What follows was caused by the withdrawal, and belongs to the same conversation.
    let deposit = Deposit { amount, currency: "EUR".into() };
    match accounts.execute_with(to, deposit.clone(), taken.follow_up()).await {
        Ok(_) => Ok(Transfer::Completed),
        Err(ExecuteError::Rejected(because)) => {
            accounts.execute_with(from, deposit, taken.follow_up()).await?;
            Ok(Transfer::Returned { because })
        }
        Err(failed) => Err(failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::OpenAccount;

    async fn bank() -> Repository<Account, es::Store> {
        let accounts = Repository::new(es::connect("memory:").await.unwrap());
        accounts.execute("ada", OpenAccount { owner: "Ada".into() }).await.unwrap();
        accounts.execute("bob", OpenAccount { owner: "Bob".into() }).await.unwrap();
        accounts.execute("ada", Deposit { amount: 100, currency: "EUR".into() }).await.unwrap();
        accounts
    }

    async fn balance(accounts: &Repository<Account, es::Store>, id: &str) -> u64 {
        accounts.load(id).await.unwrap().state().balance
    }

    #[tokio::test]
    async fn money_moves() {
        let accounts = bank().await;
        assert_eq!(transfer(&accounts, "rent", ("ada", "bob"), 40).await.unwrap(), Transfer::Completed);
        assert_eq!((balance(&accounts, "ada").await, balance(&accounts, "bob").await), (60, 40));
    }

    #[tokio::test]
    async fn refused_money_comes_back() {
        let accounts = bank().await;
        let ended = transfer(&accounts, "rent", ("ada", "nobody"), 40).await.unwrap();
        assert_eq!(ended, Transfer::Returned { because: AccountError::NotOpen });
        assert_eq!(balance(&accounts, "ada").await, 100);
    }

    #[tokio::test]
    async fn what_is_not_there_does_not_move() {
        let accounts = bank().await;
        let refused = transfer(&accounts, "rent", ("ada", "bob"), 101).await.unwrap_err();
        assert!(matches!(refused, ExecuteError::Rejected(AccountError::InsufficientFunds { .. })));
        assert_eq!(balance(&accounts, "bob").await, 0);
    }
}

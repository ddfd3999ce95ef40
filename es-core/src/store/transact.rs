//! The capability to change tables of the user's and a checkpoint in one transaction. It knows nothing of the tables.

use std::error::Error;
use std::future::Future;

use super::{CheckpointError, CheckpointName, CheckpointStore};
use crate::version::Position;

/// A store whose transactions a program may write into.
///
/// Projections that keep tables of their own are [driven](crate::TableProjection) through it.
/// [`AsyncTransact`] is for stores whose tables are waited for.
///
/// # Contract
///
/// - T1. What `work` has done is there if, and only if, it returns `Ok` and [`in_transaction`](Self::in_transaction) does
///   so as well; the checkpoints that it has saved are a part of it.
/// - T2. A checkpoint that is saved in it is that of [`CheckpointStore`]: rules 26 to 28 hold, and nobody else
///   changes it until the transaction ends.
pub trait Transact: CheckpointStore {
    /// A transaction that has begun.
    type Transaction<'t>;

    /// Does `work` in a transaction, which is committed if it returns `Ok`, and rolled back otherwise.
    ///
    /// # Errors
    /// What `work` returns, or why the transaction could not be begun or committed.
    fn in_transaction<T, E, W>(&self, work: W) -> impl Future<Output = Result<T, E>> + Send
    where
        T: Send,
        E: From<TransactionFailed> + Send,
        W: for<'t> FnOnce(&Self::Transaction<'t>) -> Result<T, E> + Send;

    /// Replaces `expected` by `position`, once the transaction is committed.
    ///
    /// # Errors
    /// See [`CheckpointError`]; pass it on, so that the tables stay as they were.
    fn save_in(
        tx: &Self::Transaction<'_>,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError>;
}

/// A store whose transactions a program may write into, waiting for the store as it does.
///
/// It owes what [`Transact`] owes, T1 and T2; a transaction is committed by [`commit`](Self::commit) and by nothing else,
/// and one that is dropped is rolled back.
/// Projections that keep tables of their own are [driven](crate::AsyncTableProjection) through it.
pub trait AsyncTransact: CheckpointStore {
    /// A transaction that has begun.
    type Transaction: Send + Sync + 'static;

    /// Begins a transaction.
    ///
    /// # Errors
    /// Why it could not be begun.
    fn begin_transaction(&self) -> impl Future<Output = Result<Self::Transaction, TransactionFailed>> + Send;

    /// Replaces `expected` by `position`, once the transaction is committed.
    ///
    /// # Errors
    /// See [`CheckpointError`]; then roll back, so that the tables stay as they were.
    fn save_in(
        tx: &Self::Transaction,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> impl Future<Output = Result<(), CheckpointError>> + Send;

    /// Makes everything that was done in it visible, all at once.
    ///
    /// # Errors
    /// It could not be committed, or it is not known whether it is.
    fn commit(tx: Self::Transaction) -> impl Future<Output = Result<(), TransactionFailed>> + Send;

    /// Forgets everything that was done in it.
    ///
    /// # Errors
    /// The store was lost; then it is forgotten, too.
    fn roll_back(tx: Self::Transaction) -> impl Future<Output = Result<(), TransactionFailed>> + Send;
}

/// A transaction could not be begun or committed.
#[derive(Debug, thiserror::Error)]
#[error("the transaction could not be begun or committed")]
pub struct TransactionFailed(#[source] pub Box<dyn Error + Send + Sync>);

//! `AsyncTransact`: the transactions of the store, for projections into tables of the user's. Rules T1 and T2.

use es_core::Position;
use es_core::store::{AsyncTransact, CheckpointError, CheckpointName, TransactionFailed};

use crate::error::PostgresError;
use crate::store::PostgresStore;
use crate::transaction::Transaction;

fn failed(error: PostgresError) -> TransactionFailed {
    TransactionFailed(Box::new(error))
}

impl AsyncTransact for PostgresStore {
    type Transaction = Transaction;

    async fn begin_transaction(&self) -> Result<Transaction, TransactionFailed> {
        self.begin().await.map_err(failed)
    }

    async fn save_in(
        tx: &Transaction,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        tx.save_checkpoint(name, expected, position).await
    }

    async fn commit(tx: Transaction) -> Result<(), TransactionFailed> {
        tx.commit().await.map_err(failed)
    }

    async fn roll_back(tx: Transaction) -> Result<(), TransactionFailed> {
        tx.rollback().await.map_err(failed)
    }
}

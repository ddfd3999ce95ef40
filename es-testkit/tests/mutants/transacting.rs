//! Transactions of a memory store, in which checkpoints are saved together; right or with a fault.

use std::collections::HashMap;
use std::sync::Mutex as Blocking;

use es_core::Position;
use es_core::store::{
    AsyncTransact, CheckpointError, CheckpointName, CheckpointStore, TransactionFailed, check_checkpoint,
};
use es_memory_store::MemoryStore;
use tokio::sync::{Mutex, MutexGuard};

use crate::fault::{Fault, Mutant, Transacting};

/// Whoever changes checkpoints, one after the other.
static CHANGING: Mutex<()> = Mutex::const_new(());

pub(crate) async fn alone() -> MutexGuard<'static, ()> {
    CHANGING.lock().await
}

/// What is to be saved when it ends.
pub(crate) struct Transaction {
    store: MemoryStore,
    fault: Transacting,
    saves: Blocking<Vec<(CheckpointName, Position)>>,
    _alone: Option<MutexGuard<'static, ()>>,
}

impl Transaction {
    async fn put(&self, name: &CheckpointName, position: Position) -> Result<(), CheckpointError> {
        let at = self.store.load_checkpoint(name).await?;
        self.store.reset_checkpoint(name, at, position).await
    }
}

impl<F: Fault> AsyncTransact for Mutant<F> {
    type Transaction = Transaction;

    async fn begin_transaction(&self) -> Result<Transaction, TransactionFailed> {
        let fault = self.fault.transacting();
        let alone = if fault == Transacting::HoldsNobody { None } else { Some(alone().await) };
        Ok(Transaction { store: self.store.clone(), fault, saves: Blocking::default(), _alone: alone })
    }

    async fn save_in(
        tx: &Transaction,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        let stored = tx.store.load_checkpoint(name).await?;
        let own: HashMap<_, _> = tx.saves.lock().unwrap().iter().cloned().collect();
        let actual = own.get(name).copied().or(stored);
        if tx.fault != Transacting::ExpectsNothing {
            check_checkpoint(name, expected, actual, position)?;
        }
        if tx.fault == Transacting::HoldsNobody {
            tokio::task::yield_now().await;
        }
        if tx.fault == Transacting::SavesAtOnce {
            return tx.put(name, position).await;
        }
        tx.saves.lock().unwrap().push((name.clone(), position));
        Ok(())
    }

    async fn commit(tx: Transaction) -> Result<(), TransactionFailed> {
        let mut saves = std::mem::take(&mut *tx.saves.lock().unwrap());
        if tx.fault == Transacting::ForgetsTheLast {
            saves.pop();
        }
        for (name, position) in saves {
            tx.put(&name, position).await.map_err(|error| TransactionFailed(Box::new(error)))?;
        }
        Ok(())
    }

    async fn roll_back(_: Transaction) -> Result<(), TransactionFailed> {
        Ok(())
    }
}

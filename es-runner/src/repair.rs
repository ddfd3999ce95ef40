//! What is done to an active processor on demand: parked events tried again or given up, and everything done again.

use std::sync::Arc;

use es_core::store::FailureStore;
use es_core::{EventProcessor, Position};

use crate::attempt::attempt;
use crate::command::{ControlError, Retried};
use crate::driver::Driver;
use crate::lanes::Keyed;
use crate::parking::{Parked, all, linked};
use crate::run::{Next, Run};
use crate::status::Happened;
use crate::trouble::{Trouble, chain, unreadable};

type Answer<T> = (Result<T, ControlError>, Next);

impl<P: EventProcessor + 'static> Driver<P> {
    fn parking_lot(&self) -> Result<Arc<dyn FailureStore>, ControlError> {
        let store = self.shared.failures.clone();
        store.ok_or_else(|| ControlError::NoFailures { processor: self.board.name.clone() })
    }

    fn interrupted<T>(&self, trouble: Trouble) -> Answer<T> {
        let (errors, next) = match trouble {
            Trouble::Superseded => (vec!["another instance has gone on".to_owned()], Next::Load),
            Trouble::Store(errors) | Trouble::Full(errors) | Trouble::Event { errors, .. } => (errors, Next::Step),
        };
        (Err(ControlError::Interrupted { processor: self.board.name.clone(), errors }), next)
    }

    /// Reads what is parked, after it has changed.
    async fn reload(&self, store: &dyn FailureStore, run: &mut Run) -> Result<(), Trouble> {
        run.parked = Parked::claim(store, &self.board.name).await?;
        let count = run.parked.count();
        self.board.update(|status| status.parked = count);
        Ok(())
    }

    /// Tries what is parked of `key` again, one after the other, up to the first that fails.
    pub(crate) async fn retry(&mut self, run: &mut Run, key: &str) -> Answer<Retried> {
        let store = match self.parking_lot() {
            Ok(store) => store,
            Err(error) => return (Err(error), Next::Step),
        };
        let retried = match self.retry_each(&*store, run, key).await {
            Ok(retried) => retried,
            Err(trouble) => {
                // Whatever was done before it is no longer parked.
                let _ = self.reload(&*store, run).await;
                return self.interrupted(trouble);
            }
        };
        match self.reload(&*store, run).await {
            Ok(()) => (Ok(retried), Next::Step),
            Err(trouble) => self.interrupted(trouble),
        }
    }

    async fn retry_each(&mut self, store: &dyn FailureStore, run: &mut Run, key: &str) -> Result<Retried, Trouble> {
        let parked = linked(all(store, &self.board.name).await?, key);
        let (mut done, mut left) = (0, parked.len());
        for event in parked {
            match self.try_parked(run, event.position).await {
                Ok(()) => {
                    store.remove_parked(&self.board.name, run.parked.token, event.position).await?;
                    (done, left) = (done + 1, left - 1);
                }
                Err(Trouble::Event { errors, .. }) => {
                    let (name, now) = (&self.board.name, self.shared.clock.now());
                    store.note_parked(name, run.parked.token, event.position, &errors, now).await?;
                    return Ok(Retried { done, left, failed: Some((event.position, errors)) });
                }
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(Retried { done, left, failed: None })
    }

    /// Processes a parked event, and leaves the checkpoint where it is.
    async fn try_parked(&mut self, run: &mut Run, position: Position) -> Result<(), Trouble> {
        let filter = self.processor.filter();
        let mut events: Vec<Keyed> = Vec::new();
        let read = self.shared.pages.at(position).await.map_err(|error| match unreadable(&error, position) {
            // That the log cannot give it is a failure of the event, as it was when it was parked.
            Some(at) => Trouble::Event { at: Some(at), errors: chain(&error) },
            None => error.into(),
        });
        for event in read? {
            if filter.selects(&event.stream, &event.name) {
                let keys = self.keys(&event)?;
                events.push((event, keys));
            }
        }
        let (expected, through) = (run.checkpoint, run.checkpoint.unwrap_or_default());
        attempt(&self.processor, &mut self.tasks, events, 1, expected, through).await?;
        run.checkpoint = Some(through);
        Ok(())
    }

    /// Gives up what is parked of `key`, so that later events of it are processed again.
    pub(crate) async fn discard(&mut self, run: &mut Run, key: &str) -> Answer<usize> {
        let store = match self.parking_lot() {
            Ok(store) => store,
            Err(error) => return (Err(error), Next::Step),
        };
        let discarded = async {
            let mut discarded = 0;
            for event in linked(all(&*store, &self.board.name).await?, key) {
                if event.keys.iter().any(|other| other == key) {
                    store.remove_parked(&self.board.name, run.parked.token, event.position).await?;
                    discarded += 1;
                }
            }
            self.reload(&*store, run).await?;
            Ok(discarded)
        };
        match discarded.await {
            Ok(discarded) => (Ok(discarded), Next::Step),
            Err(trouble) => self.interrupted(trouble),
        }
    }

    /// Forgets everything, to do it again from the beginning of the log.
    pub(crate) async fn rebuild(&mut self, run: &mut Run) -> Answer<Position> {
        let Some(clear) = &self.clear else {
            let (processor, what) = (self.board.name.clone(), "be rebuilt");
            return (Err(ControlError::NotRegistered { processor, what }), Next::Step);
        };
        let total = match self.shared.pages.end().await {
            Ok(total) => total,
            Err(error) => return self.interrupted(error.into()),
        };
        if let Err(error) = clear().await {
            return self.interrupted(error.into());
        }
        // What is parked is tried again with everything else; until it is gone, it only holds up what comes after it.
        let emptied = async {
            let Some(store) = self.shared.failures.clone() else { return Ok(Parked::default()) };
            for event in all(&*store, &self.board.name).await? {
                store.remove_parked(&self.board.name, run.parked.token, event.position).await?;
            }
            Parked::claim(&*store, &self.board.name).await
        };
        match emptied.await {
            Ok(parked) => {
                self.begin_again(run, parked, total);
                self.board.tell(Happened::Cleared { total });
                (Ok(total), Next::Step)
            }
            Err(trouble) => {
                let (error, _) = self.interrupted::<Position>(trouble);
                (error, Next::Load)
            }
        }
    }
}

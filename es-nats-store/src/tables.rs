//! Tables: rows and a checkpoint that change together. Each is a subject whose messages are its changes.
//!
//! Whoever uses a table has its rows in memory, and asks the leader for changes that came since; a change names the last
//! one that its writer has seen, so it is decided on what is there. Now and then a change writes all rows anew, and what
//! was before it is purged, so a table takes about as much as its rows, twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use async_nats::HeaderMap;
use es_core::store::{CheckpointName, RowWrite};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::change::{self, Part, Standing};
use crate::error::NatsError;
use crate::fetch::Fetch;
use crate::js::{Js, Published, Stored, Which};
use crate::subject;
use crate::view::View;

/// After how many changes all rows may be written anew; not before the changes are as large as the rows.
const CHANGES: u64 = 256;

/// The tables of one JetStream stream.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) js: Js,
    stream: String,
    max_message: usize,
    read: Mutex<HashMap<CheckpointName, Arc<Table>>>,
}

/// A table as far as it has been read.
#[derive(Debug)]
pub(crate) struct Table {
    name: CheckpointName,
    subject: String,
    /// Held by whoever moves the view on.
    turn: tokio::sync::Mutex<()>,
    view: RwLock<View>,
}

/// What is to be written.
pub(crate) struct Change {
    /// What holds from then on; a table that is none any more has no rows.
    pub(crate) standing: Standing,
    pub(crate) writes: Vec<RowWrite>,
}

/// Why a table was not changed, or may not have been.
pub(crate) enum Unchanged<E> {
    /// As it was decided.
    Refused(E),
    Failed(NatsError),
}

impl<E> From<NatsError> for Unchanged<E> {
    fn from(error: NatsError) -> Self {
        Self::Failed(error)
    }
}

#[derive(Serialize)]
struct Purge<'a> {
    filter: &'a str,
    seq: u64,
}

#[derive(Deserialize)]
struct Purged {}

impl Table {
    /// What was read of it.
    pub(crate) fn view(&self) -> RwLockReadGuard<'_, View> {
        self.view.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn view_mut(&self) -> RwLockWriteGuard<'_, View> {
        self.view.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn after(&self) -> Which<'_> {
        Which { seq: Some(self.view().sequence + 1), last_by_subj: None, next_by_subj: Some(&self.subject) }
    }
}

/// By which a message is known to be the only one of its subject from then on.
pub(crate) fn alone() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Rollup", "sub");
    headers
}

impl Tables {
    pub(crate) fn new(js: Js, stream: String, max_message: usize) -> Self {
        Self { js, stream, max_message, read: Mutex::default() }
    }

    pub(crate) fn stream(&self) -> &str {
        &self.stream
    }

    /// The subject of the changes of a table.
    pub(crate) fn subject(&self, name: &CheckpointName) -> String {
        format!("{}.{}", self.stream, subject::token(name.as_str()))
    }

    fn table(&self, name: &CheckpointName) -> Arc<Table> {
        let mut tables = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let (turn, view) = (tokio::sync::Mutex::default(), RwLock::default());
            Arc::new(Table { name: name.clone(), subject: self.subject(name), turn, view })
        };
        Arc::clone(tables.entry(name.clone()).or_insert_with(new))
    }

    /// A table as it is now, or later.
    pub(crate) async fn current(&self, name: &CheckpointName) -> Result<Arc<Table>, NatsError> {
        let table = self.table(name);
        if self.js.of_leader(&self.stream, table.after()).await?.is_some() {
            let _turn = table.turn.lock().await;
            self.catch_up(&table, Uuid::nil()).await?;
        }
        Ok(table)
    }

    /// Changes a table as `decide` says of what it is; nothing is written if it says none. `decide` may be asked again.
    pub(crate) async fn change<T, E>(
        &self,
        name: &CheckpointName,
        mark: impl Fn() -> Uuid,
        mut decide: impl FnMut(&View) -> Result<(Option<Change>, T), E>,
    ) -> Result<T, Unchanged<E>> {
        let (table, start) = (self.table(name), Instant::now());
        let _turn = table.turn.lock().await;
        let mut is_fresh = false;
        loop {
            let decided = decide(&table.view());
            let (change, outcome) = match decided {
                Ok((Some(change), outcome)) => (change, outcome),
                other if is_fresh => return other.map(|(_, outcome)| outcome).map_err(Unchanged::Refused),
                // What was read before is enough to write, and not enough to refuse.
                _ => {
                    self.catch_up(&table, Uuid::nil()).await?;
                    is_fresh = true;
                    continue;
                }
            };
            let Change { standing, writes } = change;
            let (mark, is_anew, sequence) = (mark(), !standing.is_table, table.view().sequence);
            let part = Part { standing, mark, is_anew, place: (0, 0), writes };
            if self.write(&table, part).await?.is_some() {
                self.tidy(&table, mark).await;
                return Ok(outcome);
            }
            is_fresh = true;
            if table.view().sequence == sequence {
                if start.elapsed() > self.js.patience {
                    let last = "the servers do not agree on the last message".to_owned();
                    return Err(NatsError::NoAnswer { patience: self.js.patience, last }.into());
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    /// Writes a change after what was read, and says where it begins; `None` if there was another one.
    async fn write(&self, table: &Table, change: Part) -> Result<Option<u64>, NatsError> {
        let (mark, is_anew, before) = (change.mark, change.is_anew, table.view().standing);
        let parts = change::parts(change, before, &table.name, self.max_message)?;
        let headers = || if is_anew && parts.len() == 1 { alone() } else { HeaderMap::new() };
        let mut number = 0;
        while let Some((part, message)) = parts.get(number) {
            let last = table.view().sequence;
            match self.js.publish(&table.subject, last, headers(), message.clone()).await? {
                Published::At(sequence) => {
                    let taken = table.view_mut().take(sequence, part.clone(), message.len(), mark);
                    if let Some(first) = taken.map_err(|problem| self.broken(sequence, problem))? {
                        return Ok(Some(first));
                    }
                    number += 1;
                }
                // It may have been stored unheard.
                Published::NotAsExpected => {
                    if let Some(first) = self.catch_up(table, mark).await? {
                        return Ok(Some(first));
                    }
                    let view = table.view();
                    let there = view.begun.as_ref().filter(|begun| begun.mark == mark).map(|begun| begun.parts);
                    match there.and_then(|there| usize::try_from(there).ok()) {
                        Some(there) if there > number => number = there,
                        _ => return Ok(None),
                    }
                }
            }
        }
        Ok(None)
    }

    /// Reads what the leader has; if it has the change of that mark, says where it begins. The caller has the turn.
    async fn catch_up(&self, table: &Table, mark: Uuid) -> Result<Option<u64>, NatsError> {
        let mut first = None;
        let mut take = |stored: Stored| {
            let (name, part) = change::decode(&self.stream, stored.sequence, &stored.payload)?;
            if name != table.name {
                return Err(self.broken(stored.sequence, format!("it is of `{name}`, and stands at `{}`", table.name)));
            }
            let taken = table.view_mut().take(stored.sequence, part, stored.payload.len(), mark);
            first = first.or(taken.map_err(|problem| self.broken(stored.sequence, problem))?);
            Ok(())
        };
        loop {
            let Some(next) = self.js.of_leader(&self.stream, table.after()).await? else { break };
            let last = self.js.last(&self.stream, &table.subject).await?;
            let known = last.map_or(next.sequence, |last| last.sequence);
            let mut fetch = Fetch::new(&self.js, &self.stream, &table.subject, next.sequence + 1, known);
            take(next)?;
            while !fetch.is_done() {
                fetch.more(u64::MAX).await?.into_iter().try_for_each(&mut take)?;
            }
            let view = table.view();
            // What was known may have been purged for a change that writes all rows, and that has not been read to its end.
            if !(view.begun.is_some() && view.sequence > known) {
                break;
            }
        }
        Ok(first)
    }

    /// Writes all rows anew if there are many changes. What fails is done with a later change.
    async fn tidy(&self, table: &Table, mark: Uuid) {
        let anew = {
            let view = table.view();
            if view.since.0 < CHANGES || view.since.1 < view.rows.bytes() {
                return;
            }
            let writes = view.rows.all().cloned().map(RowWrite::Put).collect();
            Part { standing: view.standing, mark, is_anew: true, place: (0, 0), writes }
        };
        if let Ok(Some(seq)) = self.write(table, anew).await {
            let purge = Purge { filter: &table.subject, seq };
            let _ = self.js.call::<Purged>(&format!("$JS.API.STREAM.PURGE.{}", self.stream), &purge).await;
        }
    }

    pub(crate) fn broken(&self, sequence: u64, problem: String) -> NatsError {
        NatsError::Broken { stream: self.stream.clone(), sequence, problem }
    }
}

#[cfg(test)]
mod tests {
    use es_core::Position;
    use es_core::store::Row;
    use test_servers::Nats;

    use super::*;
    use crate::store::NatsStore;

    fn change(rows: usize) -> Part {
        let row = |number: usize| Row {
            key: number.to_string(),
            position: Position::new(1),
            indexes: [].into(),
            payload: vec![0; 50_000].into(),
        };
        let standing = Standing { checkpoint: Some(Position::new(1)), is_table: true };
        let writes = (0..rows).map(|number| RowWrite::Put(row(number))).collect();
        Part { standing, mark: Uuid::from_u128(7), is_anew: false, place: (0, 0), writes }
    }

    /// A part that was stored while its answer was lost is found, and stored once.
    #[tokio::test]
    async fn a_change_that_was_stored_unheard_is_known() {
        let Some(server) = Nats::start("jetstream: enabled\nmax_payload: 65536") else { return };
        let store = NatsStore::connect(&server.url()).await.unwrap();
        let tables = &store.shared.tables;
        for (rows, unheard) in [(1, 1), (7, 1), (7, 3), (7, 7)] {
            let name = CheckpointName::new(&format!("of {rows} with {unheard} unheard")).unwrap();
            let table = tables.table(&name);
            let parts = change::parts(change(rows), Standing::default(), &name, tables.max_message).unwrap();
            assert_eq!(parts.len(), rows);
            let mut last = 0;
            for (_, message) in &parts[..unheard] {
                let published = tables.js.publish(&table.subject, last, HeaderMap::new(), message.clone()).await;
                let Published::At(sequence) = published.unwrap() else { panic!("it is the next") };
                last = sequence;
            }
            let first = tables.write(&table, change(rows)).await.unwrap();
            assert_eq!(first, Some(table.view().sequence + 1 - rows as u64), "{name}");
            assert_eq!((table.view().since.0, table.view().rows.len()), (1, rows), "{name}");
            let lasts = tables.lasts().await.unwrap();
            assert!(lasts.contains(&(name.clone(), change(rows).standing)), "{name}");
            // Another is another.
            let other = Part { mark: Uuid::from_u128(8), ..change(1) };
            let (_, message) = change::parts(other, Standing::default(), &name, tables.max_message).unwrap().remove(0);
            let last = table.view().sequence;
            tables.js.publish(&table.subject, last, HeaderMap::new(), message).await.unwrap();
            assert_eq!(tables.write(&table, change(rows)).await.unwrap(), None, "{name}");
        }
    }
}

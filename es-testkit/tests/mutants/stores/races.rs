//! Mutants that do right by whoever comes alone, or by one handle, and wrong where several meet.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use es_core::store::{
    AppendError, Appended, CheckpointError, CheckpointName, CheckpointStore, EventFilter, EventStore, FailureError,
    FailureStore, InlineAppend, InlineFailure, InlineProjection, InlineProjections, LogPage, MultiAppend,
    MultiAppendError, MultiAppended, MultiStreamAppend, ReadError, ReadLog, ReadModelError, ReadModelStore, RowLoader,
    RowWrite, Snapshot, SnapshotError, SnapshotStore, Subscribe, Violation,
};
use es_core::{ExpectedVersion, NewEvent, Position, RecordedEvent, StreamId};
use es_memory_store::MemoryStore;

use crate::fault::Fault;
use crate::{Case, case};

type Append = Result<Appended, AppendError>;
type Saved = Result<(), CheckpointError>;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case::<HoldsAppends>("an append waits for the save of a snapshot", &["rule_s7_no_append_waits_for_a_snapshot"]),
        case::<RefusesRivals>(
            "what another sends at the same time is refused as stored",
            &["rule_16_many_who_send_the_same_at_once_store_it_once"],
        ),
        case::<ShowsTheNewest>(
            "a reader who has waited is shown the newest event, not all that have come",
            &["rule_25_a_reader_that_waits_keeps_up_with_a_fast_writer"],
        ),
        case::<SkipsAtTheEnd>(
            "what is appended while a page is read to the end is skipped",
            &["rule_23_a_subscription_hands_over_from_past_to_present_while_many_write"],
        ),
        case::<ChecksThenAppends>(
            "between the checks of several streams and their events, others write",
            &["rule_32_of_rivals_over_two_streams_in_either_order_one_wins_each_round"],
        ),
        case::<OneProjects>(
            "of several that append with projections, one shows them its events",
            &["rule_n1_of_many_that_append_each_event_is_projected_once"],
        ),
        case::<SharesClaims>("whoever claims together is given one token", &["rule_f2_of_many_who_claim_one_may_park"]),
        case::<LocksItself>(
            "a handle keeps its own writers apart, not those of the other",
            &["rule_03_of_many_on_two_handles_that_expect_one_version_one_wins"],
        ),
        case::<OwnExpectations>(
            "what is expected of a checkpoint is compared with what the handle itself has saved or loaded",
            &["rule_27_what_the_other_handle_saved_is_expected", "rule_m3_what_the_other_handle_committed_is_expected"],
        ),
    ]
}

/// Lets others go first for a while.
async fn dawdle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

/// One at a time; given back also by a future that is dropped.
#[derive(Default)]
struct Lock(AtomicBool);

struct Held<'l>(&'l Lock);

impl Lock {
    async fn hold(&self) -> Held<'_> {
        while self.0.swap(true, SeqCst) {
            tokio::task::yield_now().await;
        }
        Held(self)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.0.store(false, SeqCst);
    }
}

#[derive(Default)]
struct HoldsAppends(Lock);

#[async_trait]
impl Fault for HoldsAppends {
    async fn append(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Append {
        let _held = self.0.hold().await;
        store.append(on, expected, events).await
    }

    async fn save_snapshot(&self, store: &MemoryStore, snapshot: Snapshot) -> Result<(), SnapshotError> {
        let _held = self.0.hold().await;
        dawdle().await;
        store.save_snapshot(snapshot).await
    }
}

/// As a unique index does, whose violation nobody looks into.
#[derive(Default)]
struct RefusesRivals;

#[async_trait]
impl Fault for RefusesRivals {
    async fn append(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Append {
        let stored = async || {
            let log = store.read_log(ReadLog::all()).await.expect("the store reads").events;
            log.into_iter().find(|stored| events.first().is_some_and(|event| event.id == stored.id))
        };
        if stored().await.is_none() {
            dawdle().await;
            if let Some(rival) = stored().await {
                let (stream, id) = (on.clone(), rival.id);
                return Err(AppendError::EventIdStored { stream, id, stored_in: rival.stream, version: rival.version });
            }
        }
        store.append(on, expected, events).await
    }
}

/// Where the first read after a wait begins.
#[derive(Default)]
struct ShowsTheNewest(AtomicU64);

#[async_trait]
impl Fault for ShowsTheNewest {
    async fn appended_after(&self, store: &MemoryStore, position: Position) -> Result<(), ReadError> {
        store.appended_after(position).await?;
        dawdle().await;
        let newest = store.read_log(ReadLog::all().limit(0)).await?.head;
        self.0.store(newest.get().saturating_sub(1), SeqCst);
        Ok(())
    }

    async fn read_log(&self, store: &MemoryStore, range: ReadLog) -> Result<LogPage, ReadError> {
        let after = Position::new(range.after.get().max(self.0.swap(0, SeqCst)));
        store.read_log(ReadLog { after, ..range }).await
    }
}

#[derive(Default)]
struct SkipsAtTheEnd;

#[async_trait]
impl Fault for SkipsAtTheEnd {
    async fn read_log(&self, store: &MemoryStore, range: ReadLog) -> Result<LogPage, ReadError> {
        let page = store.read_log(range.clone()).await?;
        if !page.is_end || page.events.is_empty() {
            return Ok(page);
        }
        dawdle().await;
        let now = store.read_log(ReadLog::all().limit(0)).await?.head;
        Ok(LogPage { through: page.through.max(now.min(range.up_to)), head: now, ..page })
    }
}

#[derive(Default)]
struct ChecksThenAppends;

#[async_trait]
impl Fault for ChecksThenAppends {
    async fn append_multi(
        &self,
        store: &MemoryStore,
        mut batch: MultiAppend,
    ) -> Result<MultiAppended, MultiAppendError> {
        let mut violations = Vec::new();
        for part in batch.appends.iter().chain(&batch.checks) {
            match store.append(&part.stream, part.expected, vec![]).await {
                Err(AppendError::Conflict { stream, expected, actual }) => {
                    violations.push(Violation { stream, expected, actual });
                }
                _ => dawdle().await,
            }
        }
        if !violations.is_empty() {
            return Err(MultiAppendError::Conflict { violations });
        }
        batch.appends.iter_mut().for_each(|part| part.expected = ExpectedVersion::Any);
        store.append_multi(batch).await
    }
}

/// A projection that is told of no event, and goes on behind all of them.
struct Unshown(Arc<dyn InlineProjection>);

impl InlineProjection for Unshown {
    fn name(&self) -> &CheckpointName {
        self.0.name()
    }

    fn filter(&self) -> EventFilter {
        self.0.filter()
    }

    fn project(&self, _: &[RecordedEvent], load: &mut RowLoader<'_>) -> Result<Vec<RowWrite>, InlineFailure> {
        self.0.project(&[], load)
    }
}

/// How many append at this moment.
#[derive(Default)]
struct OneProjects(AtomicU64);

#[async_trait]
impl Fault for OneProjects {
    async fn append_inline(
        &self,
        store: &MemoryStore,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
        projections: &InlineProjections,
    ) -> Append {
        let is_alone = self.0.fetch_add(1, SeqCst) == 0;
        dawdle().await;
        let unshown = || projections.iter().map(|one| Arc::new(Unshown(Arc::clone(one))) as Arc<dyn InlineProjection>);
        let projections = if is_alone { Arc::clone(projections) } else { unshown().collect() };
        let appended = store.append_inline(stream, expected, events, &projections).await;
        self.0.fetch_sub(1, SeqCst);
        appended
    }
}

/// The last token of each processor.
#[derive(Default)]
struct SharesClaims(Mutex<HashMap<CheckpointName, u64>>);

#[async_trait]
impl Fault for SharesClaims {
    async fn claim_parking(&self, store: &MemoryStore, of: &CheckpointName) -> Result<u64, FailureError> {
        let token = store.claim_parking(of).await?;
        let last = |token: u64| {
            let mut all = self.0.lock().expect("nobody panics");
            let last = all.entry(of.clone()).or_default();
            *last = token.max(*last);
            *last
        };
        last(token);
        dawdle().await;
        Ok(last(token))
    }
}

#[derive(Default)]
struct LocksItself(Lock);

#[async_trait]
impl Fault for LocksItself {
    async fn append(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Append {
        let _held = self.0.hold().await;
        store.append(on, expected, vec![]).await?;
        dawdle().await;
        store.append(on, ExpectedVersion::Any, events).await
    }
}

/// The checkpoints as this handle has left them.
#[derive(Default)]
struct OwnExpectations(Mutex<HashMap<CheckpointName, Option<Position>>>);

impl OwnExpectations {
    fn seen(&self, name: &CheckpointName) -> Option<Position> {
        self.0.lock().expect("nobody panics").get(name).copied().flatten()
    }

    fn see(&self, name: &CheckpointName, at: Option<Position>) {
        self.0.lock().expect("nobody panics").insert(name.clone(), at);
    }

    /// What the storage is to be told to expect.
    async fn expected(
        &self,
        store: &MemoryStore,
        name: &CheckpointName,
        from: Option<Position>,
    ) -> Result<Option<Position>, CheckpointError> {
        let is_as_seen = self.seen(name) == from;
        if is_as_seen { store.load_checkpoint(name).await } else { Ok(from) }
    }
}

#[async_trait]
impl Fault for OwnExpectations {
    async fn save(&self, store: &MemoryStore, name: &CheckpointName, from: Option<Position>, to: Position) -> Saved {
        let from = self.expected(store, name, from).await?;
        store.save_checkpoint(name, from, to).await?;
        self.see(name, Some(to));
        Ok(())
    }

    async fn reset(&self, store: &MemoryStore, name: &CheckpointName, from: Option<Position>, to: Position) -> Saved {
        let from = self.expected(store, name, from).await?;
        store.reset_checkpoint(name, from, to).await?;
        self.see(name, Some(to));
        Ok(())
    }

    async fn load(&self, store: &MemoryStore, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        let at = store.load_checkpoint(name).await?;
        self.see(name, at);
        Ok(at)
    }

    async fn delete(&self, store: &MemoryStore, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        self.see(name, None);
        store.delete_checkpoint(name).await
    }

    async fn commit(
        &self,
        store: &MemoryStore,
        model: &CheckpointName,
        writes: Vec<RowWrite>,
        from: Option<Position>,
        to: Position,
    ) -> Result<(), ReadModelError> {
        let from = self.expected(store, model, from).await?;
        store.commit_rows(model, writes, from, to).await?;
        self.see(model, Some(to));
        Ok(())
    }
}

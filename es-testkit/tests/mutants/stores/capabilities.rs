//! Mutants that wait, keep checkpoints, or append to several streams wrongly.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use async_trait::async_trait;
use es_core::store::{
    CheckpointError, CheckpointName, CheckpointStore, EventStore, LogPage, MultiAppend, MultiAppendError,
    MultiAppended, MultiStreamAppend, ReadError, ReadLog, Subscribe,
};
use es_core::{ExpectedVersion, Position};
use es_memory_store::MemoryStore;

use crate::fault::Fault;
use crate::{Case, case};

type Saved = Result<(), CheckpointError>;
type Multi = Result<MultiAppended, MultiAppendError>;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case::<NeverWaits>(
            "waiting ends at once, always",
            &["rule_24_waiting_at_the_head_does_not_end_early_for_ever"],
        ),
        case::<WaitsForTheNext>(
            "waiting is for the next event, also where there is one",
            &["rule_23_waiting_for_what_is_there_ends_at_once"],
        ),
        case::<OneWaiter>("of several waiters one is woken", &["rule_25_every_waiter_is_woken"]),
        case::<DroppedWaiter>(
            "a waiter that is dropped stays first in line",
            &["rule_24_dropping_a_waiter_does_no_harm"],
        ),
        case::<LooksThenListens>(
            "an event between looking and listening is missed",
            &["rule_25_no_event_is_missed_between_looking_and_waiting"],
        ),
        case::<LosesAtHandOver>(
            "a reader who waited misses the first event",
            &["rule_23_a_subscription_gives_the_past_then_one_mark_then_what_happens"],
        ),
        case::<RepeatsAtHandOver>(
            "a reader at the end is given the last event again",
            &["rule_23_a_subscription_gives_the_past_then_one_mark_then_what_happens"],
        ),
        case::<SavesBackwards>("a checkpoint goes backwards", &["rule_28_a_save_does_not_go_back_and_a_reset_does"]),
        case::<SavesBlindly>(
            "what a save expects is ignored",
            &["rule_27_a_change_that_expects_something_else_is_a_conflict", "rule_27_of_several_savers_one_succeeds"],
        ),
        case::<ResetsBlindly>(
            "what a reset expects is ignored",
            &["rule_27_a_change_that_expects_something_else_is_a_conflict"],
        ),
        case::<KeepsDeleted>(
            "a deleted checkpoint is set to the start",
            &["rule_29_a_deleted_checkpoint_is_as_never_saved"],
        ),
        case::<FoldsCheckpoints>(
            "names of checkpoints are folded to lower case",
            &["rule_26_a_checkpoint_is_loaded_by_its_whole_name"],
        ),
        case::<CutsCheckpoints>(
            "checkpoints are told apart by 19 bytes of their names",
            &["rule_27_savers_under_different_names_do_not_disturb_each_other"],
        ),
        case::<SmallCheckpoints>("checkpoints are kept with 32 bits", &["rule_26_what_was_saved_last_is_loaded"]),
        case::<ListsUnsorted>(
            "checkpoints are listed in the order of letters",
            &["rule_29_the_list_has_each_once_sorted_by_bytes"],
        ),
        case::<NotAtomic>(
            "several streams are appended to one after the other",
            &["rule_30_if_one_stream_is_not_as_expected_none_is_written"],
        ),
        case::<ByStream>("several streams do not interleave", &["rule_30_streams_interleave_in_the_log_as_given"]),
        case::<ChecksIgnored>("checks are ignored", &["rule_32_each_expectation_of_a_stream_that_is_only_checked"]),
        case::<ChecksCreate>("checks create streams", &["rule_32_checks_that_hold_write_and_create_nothing"]),
        case::<FirstViolation>(
            "only the first violation is listed",
            &["rule_32_every_violation_is_listed_and_nothing_is_written"],
        ),
        case::<EmptyMultiUnchecked>(
            "without events, several streams are not checked",
            &["rule_32_without_events_everything_expected_is_checked"],
        ),
        case::<OneStreamDropped>(
            "several streams that are one are not written",
            &["rule_30_a_batch_of_one_stream_is_an_append"],
        ),
        case::<StreamTwice>("a stream may take part twice", &["rule_31_what_takes_part_wrongly_is_refused"]),
        case::<OutcomeTurned>(
            "the outcome is in another order",
            &["rule_34_the_outcome_names_each_stream_with_its_last_event"],
        ),
    ]
}

#[derive(Default)]
struct NeverWaits;

#[async_trait]
impl Fault for NeverWaits {
    async fn appended_after(&self, _: &MemoryStore, _: Position) -> Result<(), ReadError> {
        Ok(())
    }
}

#[derive(Default)]
struct WaitsForTheNext;

#[async_trait]
impl Fault for WaitsForTheNext {
    async fn appended_after(&self, store: &MemoryStore, position: Position) -> Result<(), ReadError> {
        let head = store.read_log(ReadLog::all().limit(0)).await?.head;
        store.appended_after(position.max(head)).await
    }
}

/// Whoever waits while another does, waits for ever.
#[derive(Default)]
struct OneWaiter(AtomicU64);

#[async_trait]
impl Fault for OneWaiter {
    async fn appended_after(&self, store: &MemoryStore, position: Position) -> Result<(), ReadError> {
        if store.read_log(ReadLog::all().limit(0)).await?.head > position {
            return Ok(());
        }
        if self.0.fetch_add(1, SeqCst) > 0 {
            std::future::pending::<()>().await;
        }
        let woken = store.appended_after(position).await;
        self.0.store(0, SeqCst);
        woken
    }
}

/// A waiter that was dropped is never taken out.
#[derive(Default)]
struct DroppedWaiter(AtomicU64);

#[async_trait]
impl Fault for DroppedWaiter {
    async fn appended_after(&self, store: &MemoryStore, position: Position) -> Result<(), ReadError> {
        if self.0.fetch_add(1, SeqCst) >= 5 {
            std::future::pending::<()>().await;
        }
        store.appended_after(position).await?;
        self.0.fetch_sub(1, SeqCst);
        Ok(())
    }
}

#[derive(Default)]
struct LooksThenListens;

#[async_trait]
impl Fault for LooksThenListens {
    async fn appended_after(&self, store: &MemoryStore, position: Position) -> Result<(), ReadError> {
        let head = async || store.read_log(ReadLog::all().limit(0)).await.map(|page| page.head);
        if head().await? > position {
            return Ok(());
        }
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        store.appended_after(position.max(head().await?)).await
    }
}

/// The first read after a wait begins one event too late.
#[derive(Default)]
struct LosesAtHandOver(AtomicU64);

#[async_trait]
impl Fault for LosesAtHandOver {
    async fn appended_after(&self, store: &MemoryStore, position: Position) -> Result<(), ReadError> {
        store.appended_after(position).await?;
        self.0.store(position.get() + 1, SeqCst);
        Ok(())
    }

    async fn read_log(&self, store: &MemoryStore, range: ReadLog) -> Result<LogPage, ReadError> {
        let after = Position::new(range.after.get().max(self.0.swap(0, SeqCst)));
        store.read_log(ReadLog { after, ..range }).await
    }
}

#[derive(Default)]
struct RepeatsAtHandOver(AtomicU64);

#[async_trait]
impl Fault for RepeatsAtHandOver {
    async fn appended_after(&self, store: &MemoryStore, position: Position) -> Result<(), ReadError> {
        store.appended_after(position).await?;
        self.0.store(1, SeqCst);
        Ok(())
    }

    async fn read_log(&self, store: &MemoryStore, range: ReadLog) -> Result<LogPage, ReadError> {
        let after = Position::new(range.after.get().saturating_sub(self.0.swap(0, SeqCst)));
        store.read_log(ReadLog { after, ..range }).await
    }
}

#[derive(Default)]
struct SavesBackwards;

#[async_trait]
impl Fault for SavesBackwards {
    async fn save(&self, store: &MemoryStore, name: &CheckpointName, from: Option<Position>, to: Position) -> Saved {
        store.reset_checkpoint(name, from, to).await
    }
}

#[derive(Default)]
struct SavesBlindly;

#[async_trait]
impl Fault for SavesBlindly {
    async fn save(&self, store: &MemoryStore, name: &CheckpointName, _: Option<Position>, to: Position) -> Saved {
        store.save_checkpoint(name, store.load_checkpoint(name).await?, to).await
    }
}

#[derive(Default)]
struct ResetsBlindly;

#[async_trait]
impl Fault for ResetsBlindly {
    async fn reset(&self, store: &MemoryStore, name: &CheckpointName, _: Option<Position>, to: Position) -> Saved {
        store.reset_checkpoint(name, store.load_checkpoint(name).await?, to).await
    }
}

#[derive(Default)]
struct KeepsDeleted;

#[async_trait]
impl Fault for KeepsDeleted {
    async fn delete(&self, store: &MemoryStore, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        let at = store.load_checkpoint(name).await?;
        if at.is_some() {
            store.reset_checkpoint(name, at, Position::START).await?;
        }
        Ok(at)
    }
}

fn folded(name: &CheckpointName) -> CheckpointName {
    CheckpointName::new(&name.as_str().to_lowercase()).expect("as good a name")
}

#[derive(Default)]
struct FoldsCheckpoints;

#[async_trait]
impl Fault for FoldsCheckpoints {
    async fn load(&self, store: &MemoryStore, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        store.load_checkpoint(&folded(name)).await
    }

    async fn save(&self, store: &MemoryStore, name: &CheckpointName, from: Option<Position>, to: Position) -> Saved {
        store.save_checkpoint(&folded(name), from, to).await
    }
}

fn cut(name: &CheckpointName) -> CheckpointName {
    CheckpointName::new(&name.as_str().chars().take(19).collect::<String>()).expect("as good a name")
}

#[derive(Default)]
struct CutsCheckpoints;

#[async_trait]
impl Fault for CutsCheckpoints {
    async fn load(&self, store: &MemoryStore, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        store.load_checkpoint(&cut(name)).await
    }

    async fn save(&self, store: &MemoryStore, name: &CheckpointName, from: Option<Position>, to: Position) -> Saved {
        store.save_checkpoint(&cut(name), from, to).await
    }
}

#[derive(Default)]
struct SmallCheckpoints;

#[async_trait]
impl Fault for SmallCheckpoints {
    async fn save(&self, store: &MemoryStore, name: &CheckpointName, from: Option<Position>, to: Position) -> Saved {
        store.save_checkpoint(name, from, to.min(Position::new(u32::MAX.into()))).await
    }
}

#[derive(Default)]
struct ListsUnsorted;

#[async_trait]
impl Fault for ListsUnsorted {
    async fn list(&self, store: &MemoryStore) -> Result<Vec<(CheckpointName, Position)>, CheckpointError> {
        let mut listed = store.list_checkpoints().await?;
        listed.sort_by_key(|(name, _)| name.as_str().to_lowercase());
        Ok(listed)
    }
}

#[derive(Default)]
struct NotAtomic;

#[async_trait]
impl Fault for NotAtomic {
    async fn append_multi(&self, store: &MemoryStore, batch: MultiAppend) -> Multi {
        for part in &batch.appends {
            let events = batch.events.iter().filter(|(stream, _)| *stream == part.stream);
            let alone = MultiAppend::new().append(
                &part.stream,
                part.expected,
                events.map(|(_, event)| event.clone()).collect(),
            );
            store.append_multi(alone).await?;
        }
        store.append_multi(batch).await
    }
}

#[derive(Default)]
struct ByStream;

#[async_trait]
impl Fault for ByStream {
    async fn append_multi(&self, store: &MemoryStore, mut batch: MultiAppend) -> Multi {
        let place = |stream: &es_core::StreamId| batch.appends.iter().position(|part| part.stream == *stream);
        batch.events.sort_by_key(|(stream, _)| place(stream));
        store.append_multi(batch).await
    }
}

#[derive(Default)]
struct ChecksIgnored;

#[async_trait]
impl Fault for ChecksIgnored {
    async fn append_multi(&self, store: &MemoryStore, mut batch: MultiAppend) -> Multi {
        batch.validate(&store.limits())?;
        batch.checks.clear();
        store.append_multi(batch).await
    }
}

/// A checked stream gets an event of the store's own.
#[derive(Default)]
struct ChecksCreate(AtomicU64);

#[async_trait]
impl Fault for ChecksCreate {
    async fn append_multi(&self, store: &MemoryStore, batch: MultiAppend) -> Multi {
        let done = store.append_multi(batch.clone()).await?;
        for (part, (_, event)) in batch.checks.iter().zip(&batch.events) {
            let id = uuid::Uuid::from_u64_pair(7, self.0.fetch_add(1, SeqCst));
            let mark = es_core::NewEvent { id: es_core::EventId::new(id), ..event.clone() };
            store.append(&part.stream, ExpectedVersion::Any, vec![mark]).await?;
        }
        Ok(done)
    }
}

#[derive(Default)]
struct FirstViolation;

#[async_trait]
impl Fault for FirstViolation {
    async fn append_multi(&self, store: &MemoryStore, batch: MultiAppend) -> Multi {
        store.append_multi(batch).await.map_err(|error| match error {
            MultiAppendError::Conflict { mut violations } => {
                violations.truncate(1);
                MultiAppendError::Conflict { violations }
            }
            error => error,
        })
    }
}

#[derive(Default)]
struct EmptyMultiUnchecked;

#[async_trait]
impl Fault for EmptyMultiUnchecked {
    async fn append_multi(&self, store: &MemoryStore, mut batch: MultiAppend) -> Multi {
        if batch.events.is_empty() {
            batch.validate(&store.limits())?;
            batch.checks.clear();
            batch.appends.iter_mut().for_each(|part| part.expected = ExpectedVersion::Any);
        }
        store.append_multi(batch).await
    }
}

#[derive(Default)]
struct OneStreamDropped;

#[async_trait]
impl Fault for OneStreamDropped {
    async fn append_multi(&self, store: &MemoryStore, mut batch: MultiAppend) -> Multi {
        if batch.appends.len() == 1 && batch.checks.is_empty() {
            batch.events.clear();
        }
        store.append_multi(batch).await
    }
}

#[derive(Default)]
struct StreamTwice;

#[async_trait]
impl Fault for StreamTwice {
    async fn append_multi(&self, store: &MemoryStore, mut batch: MultiAppend) -> Multi {
        let mut seen = vec![];
        batch.appends.retain(|part| {
            let is_new = !seen.contains(&part.stream);
            seen.push(part.stream.clone());
            is_new
        });
        store.append_multi(batch).await
    }
}

#[derive(Default)]
struct OutcomeTurned;

#[async_trait]
impl Fault for OutcomeTurned {
    async fn append_multi(&self, store: &MemoryStore, batch: MultiAppend) -> Multi {
        let mut done = store.append_multi(batch).await?;
        done.streams.sort_by(|one, other| one.stream.cmp(&other.stream));
        Ok(done)
    }
}

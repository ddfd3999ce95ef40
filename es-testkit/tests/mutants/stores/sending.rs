//! Mutants that take what is sent again wrongly, or let writers race.

use async_trait::async_trait;
use es_core::store::{AppendError, Appended, EventStore, ReadLog, ReadStream};
use es_core::{EventId, ExpectedVersion, NewEvent, RecordedEvent, StreamId};
use es_memory_store::MemoryStore;
use uuid::Uuid;

use crate::fault::{Fault, Mutant};
use crate::{Case, backend, case};

type Append = Result<Appended, AppendError>;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case::<Doubled>(
            "what is sent again is stored again",
            &[
                "rule_16_after_an_unknown_outcome_sending_again_stores_everything_once",
                "rule_16_what_is_sent_again_has_its_first_outcome_and_is_not_written_again",
            ],
        ),
        case::<AnyOrder>("another order is taken as sent again", &["rule_17_another_order_is_refused"]),
        case::<StoresTheRest>(
            "of a part that is stored, the rest is stored",
            &["rule_17_a_part_of_what_is_stored_is_refused"],
        ),
        case::<OtherStream>("an id of another stream is taken as sent again", &["rule_17_another_stream_is_refused"]),
        case::<ResendExpects>(
            "what is sent again must be as expected",
            &["rule_16_what_is_sent_again_has_its_first_outcome_and_is_not_written_again"],
        ),
        case::<NewestOutcome>(
            "what is sent again has the newest outcome",
            &["rule_16_what_is_sent_again_has_its_first_outcome_and_is_not_written_again"],
        ),
        case::<DuplicatesDropped>(
            "of two events with one id, one is stored",
            &["rule_05_two_events_with_one_id_are_refused"],
        ),
        case::<CheckThenWrite>(
            "between check and write, others write",
            &[
                "rule_03_of_many_that_expect_one_version_one_wins",
                "rule_03_of_many_that_create_a_stream_one_wins",
                "rule_03_appends_and_reads_of_one_stream_are_linearizable",
            ],
        ),
        case::<AnyConflicts>(
            "an append that expects nothing conflicts when others write",
            &[
                "rule_02_many_appends_to_a_new_stream_get_dense_versions",
                "rule_02_many_appends_to_an_existing_stream_get_dense_versions",
            ],
        ),
        case::<LogConflicts>(
            "an append conflicts when others write to other streams",
            &["rule_03_appends_to_different_streams_never_conflict"],
        ),
        case::<OneByOne>(
            "a batch is written event by event",
            &[
                "rule_10_batches_of_many_writers_are_not_interleaved",
                "rule_01_a_reader_sees_all_of_a_batch_or_nothing_of_it",
            ],
        ),
        Case {
            breaks: "the second handle has events of its own",
            killed_by: &[
                "rule_11_what_one_handle_appends_the_other_reads_and_back",
                "rule_06_everything_is_there_after_a_restart",
                "rule_30_several_streams_are_there_after_a_restart",
                "rule_23_a_reader_on_one_handle_is_woken_by_the_other",
            ],
            backend: backend("mutant", |_| Mutant { store: MemoryStore::new(), fault: Sound }),
        },
    ]
}

struct Sound;
impl Fault for Sound {}

async fn stored(store: &MemoryStore) -> Vec<RecordedEvent> {
    store.read_log(ReadLog::all()).await.expect("the store reads").events
}

/// Events whose ids are stored get other ids.
#[derive(Default)]
struct Doubled;

#[async_trait]
impl Fault for Doubled {
    async fn append(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        expected: ExpectedVersion,
        mut events: Vec<NewEvent>,
    ) -> Append {
        let log = stored(store).await;
        let count = log.len() as u64;
        for (at, event) in (0..).zip(&mut events) {
            if log.iter().any(|stored| stored.id == event.id) {
                event.id = EventId::new(Uuid::from_u64_pair(count + 1, at));
            }
        }
        let expected = if events.is_empty() { expected } else { ExpectedVersion::Any };
        store.append(on, expected, events).await
    }
}

#[derive(Default)]
struct AnyOrder;

#[async_trait]
impl Fault for AnyOrder {
    async fn append(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        expected: ExpectedVersion,
        mut events: Vec<NewEvent>,
    ) -> Append {
        let log = stored(store).await;
        let version = |event: &NewEvent| log.iter().find(|stored| stored.id == event.id).map(|stored| stored.version);
        if events.iter().all(|event| version(event).is_some()) {
            events.sort_by_key(version);
        }
        store.append(on, expected, events).await
    }
}

#[derive(Default)]
struct StoresTheRest;

#[async_trait]
impl Fault for StoresTheRest {
    async fn append(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Append {
        let log = stored(store).await;
        let is_new = |event: &NewEvent| log.iter().all(|stored| stored.id != event.id);
        let rest: Vec<_> = events.iter().filter(|event| is_new(event)).cloned().collect();
        if rest.is_empty() || rest.len() == events.len() {
            return store.append(on, expected, events).await;
        }
        store.append(on, ExpectedVersion::Any, rest).await
    }
}

#[derive(Default)]
struct OtherStream;

#[async_trait]
impl Fault for OtherStream {
    async fn append(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Append {
        let result = store.append(on, expected, events.clone()).await;
        match result {
            Err(AppendError::EventIdStored { stored_in, .. }) if stored_in != *on => {
                store.append(&stored_in, expected, events).await
            }
            result => result,
        }
    }
}

/// Looks at what is expected first.
#[derive(Default)]
struct ResendExpects;

#[async_trait]
impl Fault for ResendExpects {
    async fn append(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Append {
        store.append(on, expected, vec![]).await?;
        store.append(on, expected, events).await
    }
}

#[derive(Default)]
struct NewestOutcome;

#[async_trait]
impl Fault for NewestOutcome {
    async fn append(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Append {
        let appended = store.append(on, expected, events).await?;
        let page = store.read_stream(on, ReadStream::all().backward().limit(1)).await.expect("the store reads");
        let position = appended.position.and(page.events.first().map(|event| event.position));
        Ok(Appended { version: page.version, position })
    }
}

#[derive(Default)]
struct DuplicatesDropped;

#[async_trait]
impl Fault for DuplicatesDropped {
    async fn append(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Append {
        let mut once: Vec<NewEvent> = vec![];
        for event in events {
            if once.iter().all(|earlier| earlier.id != event.id) {
                once.push(event);
            }
        }
        store.append(on, expected, once).await
    }
}

/// Lets others go first for a while.
async fn dawdle(turns: u32) {
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
}

#[derive(Default)]
struct CheckThenWrite;

#[async_trait]
impl Fault for CheckThenWrite {
    async fn append(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Append {
        store.append(on, expected, vec![]).await?;
        dawdle(20).await;
        store.append(on, ExpectedVersion::Any, events).await
    }
}

#[derive(Default)]
struct AnyConflicts;

#[async_trait]
impl Fault for AnyConflicts {
    async fn append(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Append {
        if expected != ExpectedVersion::Any {
            return store.append(on, expected, events).await;
        }
        let at = store.append(on, expected, vec![]).await?.version;
        dawdle(20).await;
        store.append(on, ExpectedVersion::Exact(at), events).await
    }
}

#[derive(Default)]
struct LogConflicts;

#[async_trait]
impl Fault for LogConflicts {
    async fn append(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Append {
        let head = async || store.read_log(ReadLog::all().limit(0)).await.expect("the store reads").head;
        let before = head().await;
        dawdle(20).await;
        if head().await > before {
            let actual = store.append(on, ExpectedVersion::Any, vec![]).await?.version;
            return Err(AppendError::Conflict { stream: on.clone(), expected, actual });
        }
        store.append(on, expected, events).await
    }
}

#[derive(Default)]
struct OneByOne;

#[async_trait]
impl Fault for OneByOne {
    async fn append(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Append {
        let mut appended = store.append(on, expected, vec![]).await?;
        for event in events {
            appended = store.append(on, ExpectedVersion::Any, vec![event]).await?;
            dawdle(50).await;
        }
        Ok(appended)
    }
}

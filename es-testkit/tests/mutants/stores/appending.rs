//! Mutants that append wrongly.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use async_trait::async_trait;
use es_core::store::{AppendError, Appended, EventStore, LogPage, ReadError, ReadLog, ReadStream, StreamPage};
use es_core::{ExpectedVersion, Metadata, NewEvent, Payload, RecordedEvent, StreamId, Version};
use es_memory_store::MemoryStore;

use crate::fault::Fault;
use crate::{Case, case};

type Append = Result<Appended, AppendError>;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case::<IgnoresExpectation>(
            "what is expected is ignored",
            &[
                "rule_03_each_expectation_of_a_missing_stream",
                "rule_03_each_expectation_of_a_stream_of_one",
                "rule_03_a_conflict_does_not_move_the_log",
                "rule_03_random_histories_agree_with_a_list",
            ],
        ),
        case::<PartOfBatch>(
            "a conflict stores the first event of the batch",
            &["rule_01_a_refused_batch_stores_nothing_at_all"],
        ),
        case::<VersionsWithGaps>("versions have gaps", &["rule_02_versions_count_from_1_in_each_stream"]),
        case::<DropsMetadata>(
            "metadata are dropped",
            &["rule_06_each_part_of_the_metadata_is_kept_or_absent_by_itself"],
        ),
        case::<LossyPayload>("payloads are kept as UTF-8", &["rule_06_everything_is_given_back_as_it_was_given"]),
        case::<EmptyUnchecked>(
            "what an empty append expects is not checked",
            &["rule_04_what_an_empty_append_expects_is_checked"],
        ),
        case::<EmptyCreates>("an empty append creates the stream", &["rule_04_an_empty_append_creates_no_stream"]),
        case::<AnyConflictIsExists>(
            "`StreamExists` is taken as `Any`",
            &["rule_03_each_expectation_of_a_missing_stream", "rule_04_an_empty_append_creates_no_stream"],
        ),
        case::<ActualIsExpected>(
            "a conflict tells the expected version as the actual one",
            &["rule_03_a_writer_who_lost_reloads_and_goes_on"],
        ),
        case::<Truncates>("times are kept in milliseconds", &["rule_06_times_are_kept_and_do_not_order_anything"]),
        case::<SignedVersions>("schema versions are kept with a sign", &["rule_06_every_schema_version_is_kept"]),
        case::<LimitIsExclusive>(
            "as many events as the limit are refused",
            &["rule_05_a_batch_at_the_limit_is_stored_and_one_over_it_refused"],
        ),
        case::<LimitsUnchecked>(
            "limits are told and not checked",
            &[
                "rule_05_a_batch_at_the_limit_is_stored_and_one_over_it_refused",
                "rule_05_a_payload_at_the_limit_is_stored_and_one_over_it_refused",
            ],
        ),
    ]
}

#[derive(Default)]
struct IgnoresExpectation;

#[async_trait]
impl Fault for IgnoresExpectation {
    async fn append(
        &self,
        store: &MemoryStore,
        stream: &StreamId,
        _: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Append {
        store.append(stream, ExpectedVersion::Any, events).await
    }
}

#[derive(Default)]
struct PartOfBatch;

#[async_trait]
impl Fault for PartOfBatch {
    async fn append(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        expected: ExpectedVersion,
        mut events: Vec<NewEvent>,
    ) -> Append {
        let result = store.append(on, expected, events.clone()).await;
        if matches!(result, Err(AppendError::Conflict { .. })) {
            events.truncate(1);
            store.append(on, ExpectedVersion::Any, events).await?;
        }
        result
    }
}

/// Versions 2, 4, 6, …: consistent, but not dense.
#[derive(Default)]
struct VersionsWithGaps;

fn doubled(version: Version) -> Version {
    Version::new(version.get() * 2)
}

#[async_trait]
impl Fault for VersionsWithGaps {
    async fn append(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Append {
        let appended = store.append(on, expected, events).await?;
        Ok(Appended { version: doubled(appended.version), ..appended })
    }

    async fn read_stream(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        range: ReadStream,
    ) -> Result<StreamPage, ReadError> {
        let mut page = store.read_stream(on, range).await?;
        page.events.iter_mut().for_each(|event| event.version = doubled(event.version));
        Ok(page)
    }

    async fn read_log(&self, store: &MemoryStore, range: ReadLog) -> Result<LogPage, ReadError> {
        let mut page = store.read_log(range).await?;
        page.events.iter_mut().for_each(|event: &mut RecordedEvent| event.version = doubled(event.version));
        Ok(page)
    }
}

macro_rules! changes_events {
    ($fault:ident, $event:ident => $changed:expr) => {
        #[derive(Default)]
        struct $fault;

        #[async_trait]
        impl Fault for $fault {
            async fn append(
                &self,
                store: &MemoryStore,
                stream: &StreamId,
                expected: ExpectedVersion,
                events: Vec<NewEvent>,
            ) -> Append {
                let changed = events.into_iter().map(|$event| $changed).collect();
                store.append(stream, expected, changed).await
            }
        }
    };
}
changes_events!(DropsMetadata, event => NewEvent { metadata: Metadata::new(), ..event });
changes_events!(LossyPayload, event => {
    NewEvent { payload: Payload::from(String::from_utf8_lossy(&event.payload).into_owned()), ..event }
});
changes_events!(Truncates, event => {
    let recorded_at = es_core::Timestamp::from_micros(event.recorded_at.as_micros() / 1000 * 1000);
    NewEvent { recorded_at, ..event }
});

changes_events!(SignedVersions, event => {
    NewEvent { schema_version: event.schema_version.min(i32::MAX as u32), ..event }
});

#[derive(Default)]
struct EmptyUnchecked;

#[async_trait]
impl Fault for EmptyUnchecked {
    async fn append(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Append {
        let expected = if events.is_empty() { ExpectedVersion::Any } else { expected };
        store.append(on, expected, events).await
    }
}

/// Remembers that an empty append made the stream, so that it exists for others.
#[derive(Default)]
struct EmptyCreates(AtomicBool);

#[async_trait]
impl Fault for EmptyCreates {
    async fn append(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Append {
        if self.0.load(SeqCst) && expected == ExpectedVersion::NoStream {
            return Err(AppendError::Conflict { stream: on.clone(), expected, actual: Version::EMPTY });
        }
        self.0.store(events.is_empty(), SeqCst);
        store.append(on, expected, events).await
    }
}

#[derive(Default)]
struct AnyConflictIsExists;

#[async_trait]
impl Fault for AnyConflictIsExists {
    async fn append(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Append {
        let expected = if expected == ExpectedVersion::StreamExists { ExpectedVersion::Any } else { expected };
        store.append(on, expected, events).await
    }
}

#[derive(Default)]
struct ActualIsExpected;

#[async_trait]
impl Fault for ActualIsExpected {
    async fn append(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Append {
        store.append(on, expected, events).await.map_err(|error| match (error, expected) {
            (AppendError::Conflict { stream, expected, .. }, ExpectedVersion::Exact(actual)) => {
                AppendError::Conflict { stream, expected, actual }
            }
            (error, _) => error,
        })
    }
}

#[derive(Default)]
struct LimitIsExclusive;

#[async_trait]
impl Fault for LimitIsExclusive {
    async fn append(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Append {
        let (actual, limit) = (events.len(), store.limits().batch_events);
        if actual >= limit {
            let (stream, what) = (on.clone(), "events in one append");
            return Err(AppendError::LimitExceeded { stream, what, actual, limit });
        }
        store.append(on, expected, events).await
    }
}

/// Says half of what the store below accepts.
#[derive(Default)]
struct LimitsUnchecked;

#[async_trait]
impl Fault for LimitsUnchecked {
    fn limits(&self, store: &MemoryStore) -> es_core::store::Limits {
        let limits = store.limits();
        es_core::store::Limits { payload_bytes: limits.payload_bytes / 2, batch_events: limits.batch_events / 2 }
    }
}

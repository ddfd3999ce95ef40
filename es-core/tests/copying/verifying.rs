//! What a copy notices: a target that loses, doubles or changes events, somebody else who writes there, and a source
//! that gives no more.

use async_trait::async_trait;
use es_core::copy::{CopyCheckpoint, CopyError, CopyOptions, copy_transform};
use es_core::store::{AppendError, Appended, EventStore, Limits, LogPage, ReadError, ReadLog, ReadStream, StreamPage};
use es_core::{
    EventId, EventName, Events, ExpectedVersion, Metadata, NewEvent, Payload, RecordedEvent, StreamId, Timestamp,
    Version,
};
use es_memory_store::MemoryStore;

use crate::faulty::Tampered;
use crate::{Transformed, changed, event, log, orders, p, same, stream};

/// Changes the event at one position.
fn at(position: u64, change: fn(&mut RecordedEvent)) -> impl Fn(Vec<RecordedEvent>) -> Vec<RecordedEvent> {
    move |mut events| {
        events.iter_mut().filter(|event| event.position == p(position)).for_each(change);
        events
    }
}

const CHANGES: &[fn(&mut RecordedEvent)] = &[
    |event| event.stream = "order-x".parse().unwrap(),
    |event| event.version = event.version.next(),
    |event| event.id = EventId::new(uuid::Uuid::nil()),
    |event| event.name = EventName::from_static("changed"),
    |event| event.schema_version += 1,
    |event| event.recorded_at = Timestamp::from_micros(event.recorded_at.as_micros() + 1),
    |event| event.metadata = Metadata::new(),
    |event| event.metadata = event.metadata.clone().with_actor("bob"),
    |event| event.payload = Payload::from_static(b"changed"),
    |event| event.payload = event.payload.slice(1..),
];

#[tokio::test]
async fn an_event_that_reads_otherwise_than_it_was_written_is_noticed_at_the_end() {
    let source = orders(3).await;
    let good = copy_transform(&source, &MemoryStore::new(), same, CopyOptions::new()).await.unwrap().checksum;
    for change in CHANGES {
        for position in [1, 8, 15] {
            let target = Tampered::new(at(position, *change));
            let error = copy_transform(&source, &target, same, CopyOptions::new().batch(4)).await.unwrap_err();
            let CopyError::Mismatch { expected, found } = error else { panic!("{error:?}") };
            assert_eq!((expected, found.events), (good, good.events));
            assert_ne!(found.hash, good.hash);
        }
    }
}

#[tokio::test]
async fn a_further_run_says_which_event_reads_otherwise() {
    let source = orders(3).await;
    for change in CHANGES {
        for position in [1, 8, 15] {
            let copy = MemoryStore::new();
            copy_transform(&source, &copy, same, CopyOptions::new()).await.unwrap();
            let target = Tampered::of(copy, at(position, *change));
            let error = copy_transform(&source, &target, same, CopyOptions::new()).await.unwrap_err();
            let CopyError::Diverged { expected, found } = error else { panic!("{error:?}") };
            let original = log(&source).await[usize::try_from(position).unwrap() - 1].clone();
            let mut changed = original.clone();
            change(&mut changed);
            assert_eq!((*expected, *found), (original, changed));
        }
    }
}

type Fault = fn(Vec<RecordedEvent>) -> Vec<RecordedEvent>;

#[tokio::test]
async fn lost_doubled_and_exchanged_events_are_noticed() {
    let source = orders(3).await;
    let faults: [(Fault, u64); 4] = [
        (|events| events.into_iter().filter(|event| event.position != p(9)).collect(), 14),
        (|events| events.into_iter().filter(|event| event.position != p(15)).collect(), 14),
        (
            |events| {
                events
                    .into_iter()
                    .flat_map(|event| vec![event.clone(); 1 + usize::from(event.position == p(7))])
                    .collect()
            },
            16,
        ),
        (|events| events.into_iter().rev().collect(), 15),
    ];
    for (fault, count) in faults {
        let error = copy_transform(&source, &Tampered::new(fault), same, CopyOptions::new()).await.unwrap_err();
        assert!(
            matches!(&error, CopyError::Mismatch { expected, found } if (expected.events, found.events) == (15, count)),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn an_append_that_was_confirmed_and_lost_is_noticed() {
    let source = orders(3).await;
    let whole = Tampered::new(|events| events);
    copy_transform(&source, &whole, same, CopyOptions::new()).await.unwrap();
    let appends = whole.batches.into_inner().unwrap().len();
    for lost in 0..appends {
        let target = Tampered::new(|events| events).losing(lost);
        let error = copy_transform(&source, &target, same, CopyOptions::new()).await.unwrap_err();
        assert!(
            matches!(error, CopyError::Mismatch { .. } | CopyError::Append(AppendError::Conflict { .. })),
            "{lost}: {error:?}"
        );
    }
}

#[tokio::test]
async fn what_somebody_else_has_written_to_the_target_is_not_taken_for_the_copy() {
    let source = orders(3).await;
    // Before it, in a stream of its own; and after it.
    let target = MemoryStore::new();
    target.append(&stream("other-x"), ExpectedVersion::Any, vec![event(99, "x")]).await.unwrap();
    let error = copy_transform(&source, &target, same, CopyOptions::new()).await.unwrap_err();
    let CopyError::Diverged { expected, found } = &error else { panic!("{error:?}") };
    assert_eq!((found.stream.as_str(), found.position), ("other-x", p(1)));
    assert_eq!(expected.stream.as_str(), "order-0");
    assert_eq!(
        error.to_string(),
        "the target of the copy holds another event 1 of stream `other-x` at position 1 than event 1 of stream `order-0`"
    );
    assert_eq!(log(&target).await.len(), 1, "nothing is written beside it");
    // Where the caller says that it is there, it is left alone.
    let start = CopyCheckpoint { source: p(0), target: p(1) };
    copy_transform(&source, &target, same, CopyOptions::new().resume(start)).await.unwrap();
    assert_eq!(log(&target).await.len(), 16);

    target.append(&stream("order-0"), ExpectedVersion::Any, vec![event(98, "x")]).await.unwrap();
    let error = copy_transform(&source, &target, same, CopyOptions::new().resume(start)).await.unwrap_err();
    assert!(
        matches!(&error, CopyError::Mismatch { expected, found } if (expected.events, found.events) == (15, 16)),
        "{error:?}"
    );
}

#[tokio::test]
async fn another_transform_on_the_same_target_is_refused() {
    let (source, target) = (orders(3).await, MemoryStore::new());
    copy_transform(&source, &target, same, CopyOptions::new()).await.unwrap();
    let error = copy_transform(&source, &target, changed, CopyOptions::new()).await.unwrap_err();
    assert!(matches!(error, CopyError::Diverged { .. }), "{error:?}");
    let shorter = |_: RecordedEvent| -> Transformed { Ok(Events::none()) };
    let error = copy_transform(&source, &target, shorter, CopyOptions::new()).await.unwrap_err();
    assert!(matches!(error, CopyError::Mismatch { expected, .. } if expected.events == 0), "{error:?}");
    assert_eq!(log(&target).await, log(&source).await);
}

#[tokio::test]
async fn a_store_copied_onto_itself_is_the_copy() {
    let source = orders(2).await;
    let report = copy_transform(&source, &source, same, CopyOptions::new().batch(3)).await.unwrap();
    assert_eq!((report.written, report.present), (0, 10));
}

/// A writer that is faster than the copy, with something else.
struct Rival(MemoryStore);

#[async_trait]
impl EventStore for Rival {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        if events.iter().any(|event| event.name == "order-sent") {
            self.0.append(stream, ExpectedVersion::Any, vec![event(99, "x")]).await?;
        }
        self.0.append(stream, expected, events).await
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        self.0.read_stream(stream, range).await
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        self.0.read_log(range).await
    }

    fn limits(&self) -> Limits {
        self.0.limits()
    }
}

#[tokio::test]
async fn a_conflict_with_events_of_others_ends_the_copy() {
    let source = orders(2).await;
    let error = copy_transform(&source, &Rival(MemoryStore::new()), same, CopyOptions::new()).await.unwrap_err();
    let CopyError::Diverged { expected, found } = error else { panic!("{error:?}") };
    assert_eq!((expected.name.as_str(), found.name.as_str()), ("order-sent", "x"));
    assert_eq!((found.version, expected.version), (Version::new(5), Version::new(5)));
}

/// Says that there is more, and gives nothing; or fails.
struct Stuck(Option<&'static str>);

#[async_trait]
impl EventStore for Stuck {
    async fn append(&self, _: &StreamId, _: ExpectedVersion, _: Vec<NewEvent>) -> Result<Appended, AppendError> {
        unreachable!("nothing is appended here")
    }

    async fn read_stream(&self, _: &StreamId, _: ReadStream) -> Result<StreamPage, ReadError> {
        unreachable!("no stream is read here")
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        match self.0 {
            Some(cause) => Err(ReadError::Store { cause: cause.into() }),
            None => Ok(LogPage { events: vec![], through: range.after, is_end: false, head: p(9) }),
        }
    }

    fn limits(&self) -> Limits {
        Limits { payload_bytes: 1, batch_events: 0 }
    }
}

#[tokio::test]
async fn a_source_that_cannot_be_read_to_its_head_is_no_source() {
    let target = MemoryStore::new();
    let error = copy_transform(&Stuck(None), &target, same, CopyOptions::new()).await.unwrap_err();
    assert!(matches!(error, CopyError::Stuck { through, head } if (through, head) == (p(0), p(9))), "{error:?}");
    let error = copy_transform(&Stuck(Some("broken")), &target, same, CopyOptions::new()).await.unwrap_err();
    assert_eq!(error.to_string(), "the source of the copy could not be read");
    let source = orders(1).await;
    let error = copy_transform(&source, &Stuck(Some("broken")), same, CopyOptions::new()).await.unwrap_err();
    assert_eq!(error.to_string(), "the target of the copy could not be read");
    assert!(std::error::Error::source(&error).is_some());
}

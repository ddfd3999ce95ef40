//! Rule 6 and 12 against what real programs store: every byte, every letter, and as much as is allowed.

use es_core::store::{ReadLog, ReadStream};
use es_core::{EventName, ExpectedVersion, Metadata, NewEvent, Payload, StreamId};

use super::numbered::{numbers, v};
use super::rules::{ended, rule, same};
use super::subject::Subject;

const TEXTS: [&str; 16] = [
    "'",
    "\"",
    "`",
    "\\",
    "''; DROP TABLE events; --",
    "%",
    "_",
    "%s%n{}",
    "?1 $1 :a @b",
    "../../etc/passwd",
    "a/b?c#d&e=f",
    "日本語",
    "🦀👩\u{200d}👩\u{200d}👧",
    "e\u{301} é",
    "\u{202e}rtl",
    "null",
];

pub(super) async fn rule_06_ids_with_quotes_and_every_script_are_kept(on: &Subject) {
    for (number, text) in (1..).zip(TEXTS) {
        let stream = on.stream(text);
        let created = on.store().append(&stream, ExpectedVersion::NoStream, on.events([number])).await;
        ended!(6, created, Ok(_) => (), "an append to the stream with id {text:?}");
        let stored = on.whole(&stream).await;
        same!(12, numbers(&stored), [number], "the stream with id {text:?}");
        same!(6, stored[0].stream, stream, "the stream of its event");
    }
    let seen: Vec<_> = on.own().await.into_iter().map(|event| event.stream.id().to_owned()).collect();
    same!(6, seen, TEXTS, "the ids in the log");
}

pub(super) async fn rule_06_names_and_metadata_with_quotes_and_every_script_are_kept(on: &Subject) {
    let a = on.stream("a");
    for (number, text) in (1..).zip(TEXTS) {
        let name = ended!(6, EventName::new(text), Ok(name) => name, "the event name {text:?}");
        let metadata = Metadata::new().with_actor(text).with_correlation_id(text).with_traceparent(text);
        let event = NewEvent { name, metadata, ..on.event(number) };
        let appended = on.store().append(&a, ExpectedVersion::Any, vec![event.clone()]).await;
        ended!(6, appended, Ok(_) => (), "an append of an event named {text:?}");
        let stored = on.store().read_stream(&a, ReadStream::all().names([text])).await;
        let stored = ended!(19, stored, Ok(page) => page, "a read by the name {text:?}").events;
        same!(19, stored.len(), 1, "the number of events named {text:?}");
        let meant = event.record(a.clone(), v(number), stored[0].position);
        same!(6, stored[0], meant, "the event named {text:?}");
    }
}

pub(super) async fn rule_06_the_longest_ids_and_names_are_kept_and_told_apart(on: &Subject) {
    let category = on.category("");
    let room = StreamId::MAX_BYTES - category.len() - 1;
    let ids = [format!("{}1", "x".repeat(room - 1)), format!("{}2", "x".repeat(room - 1)), "x".repeat(room - 1)];
    let names = [
        format!("{}1", "n".repeat(EventName::MAX_BYTES - 1)),
        format!("{}2", "n".repeat(EventName::MAX_BYTES - 1)),
        "é".repeat(EventName::MAX_BYTES / 2),
    ];
    for ((number, id), name) in (1..).zip(&ids).zip(&names) {
        let name = ended!(6, EventName::new(name), Ok(name) => name, "a long name");
        let event = NewEvent { name, ..on.event(number) };
        let created = on.store().append(&on.stream(id), ExpectedVersion::NoStream, vec![event]).await;
        ended!(6, created, Ok(_) => (), "an append to a stream with an id of {} bytes", id.len());
    }
    for ((number, id), name) in (1..).zip(&ids).zip(&names) {
        let stored = on.whole(&on.stream(id)).await;
        same!(12, numbers(&stored), [number], "the stream with a long id");
        rule!(6, stored[0].name.as_str() == name, "a long name is kept as {}", stored[0].name);
        let range = ReadLog::after(on.floor()).filter(on.filter(&[""]).names([name.as_str()]));
        let page = ended!(19, on.store().read_log(range).await, Ok(page) => page, "a read by a long name");
        same!(19, numbers(&page.events), [number], "what a long name selects");
    }
}

pub(super) async fn rule_06_the_longest_category_is_kept_and_filtered_by(on: &Subject) {
    let room = StreamId::MAX_BYTES - on.category("").len() - 2;
    let (one, other) = (format!("{}1", "c".repeat(room - 1)), format!("{}2", "c".repeat(room - 1)));
    on.put(&on.stream_in(&one, "x"), [1]).await;
    on.put(&on.stream_in(&other, "x"), [2]).await;
    let range = ReadLog::after(on.floor()).filter(on.filter(&[&other]));
    let page = ended!(19, on.store().read_log(range).await, Ok(page) => page, "a read by a long category");
    same!(19, numbers(&page.events), [2], "what a long category selects");
}

pub(super) async fn rule_06_payloads_of_every_byte_and_size_are_kept(on: &Subject) {
    let a = on.stream("a");
    let limit = on.store().limits().payload_bytes;
    let bytes: Vec<u8> = (0..=255).collect();
    let payloads: Vec<Vec<u8>> = vec![
        vec![],
        vec![0],
        vec![0; 3],
        bytes.clone(),
        bytes.iter().rev().copied().collect(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"{\"a\" :  1}\r\n".to_vec(),
        b"\xff\xfe\xc3\x28".to_vec(),
        bytes.repeat(4096).into_iter().take(limit).collect(),
    ];
    let events = (1..)
        .zip(&payloads)
        .map(|(number, bytes)| NewEvent { payload: Payload::from(bytes.clone()), ..on.event(number) });
    let appended = on.store().append(&a, ExpectedVersion::NoStream, events.collect()).await;
    ended!(6, appended, Ok(_) => (), "an append of odd payloads");
    let stored = on.whole(&a).await;
    same!(1, stored.len(), payloads.len(), "the number of events");
    for (event, meant) in stored.iter().zip(&payloads) {
        rule!(
            6,
            event.payload == *meant,
            "a payload of {} bytes is kept as {} others",
            meant.len(),
            event.payload.len()
        );
    }
}

pub(super) async fn rule_06_long_metadata_are_kept(on: &Subject) {
    let a = on.stream("a");
    let long = "m".repeat(10_000) + "'\"\\é🦀";
    let metadata = Metadata::new().with_actor(long.as_str()).with_correlation_id(long.as_str());
    let event = NewEvent { metadata: metadata.clone(), ..on.event(1) };
    let appended = on.store().append(&a, ExpectedVersion::NoStream, vec![event]).await;
    ended!(6, appended, Ok(_) => (), "an append with metadata of 10 kB");
    rule!(6, on.whole(&a).await[0].metadata == metadata, "metadata of 10 kB are not kept as they were given");
}

pub(super) async fn rule_06_control_characters_in_metadata_are_kept(on: &Subject) {
    let a = on.stream("a");
    let metadata = Metadata::new().with_actor("a\0b\u{1}\u{7f}\n\t\r").with_traceparent("\0");
    let event = NewEvent { metadata: metadata.clone(), ..on.event(1) };
    let appended = on.store().append(&a, ExpectedVersion::NoStream, vec![event]).await;
    ended!(6, appended, Ok(_) => (), "an append with a zero in the metadata");
    same!(6, on.whole(&a).await[0].metadata, metadata, "metadata with control characters");
}

pub(super) async fn rule_06_every_schema_version_is_kept(on: &Subject) {
    let a = on.stream("a");
    let versions = [1, 2, 255, 256, 65_536, i32::MAX as u32, i32::MAX as u32 + 1, u32::MAX, 0];
    let events = (1..).zip(versions).map(|(number, version)| NewEvent { schema_version: version, ..on.event(number) });
    let appended = on.store().append(&a, ExpectedVersion::NoStream, events.collect()).await;
    ended!(6, appended, Ok(_) => (), "an append of many schema versions");
    let stored: Vec<_> = on.whole(&a).await.into_iter().map(|event| event.schema_version).collect();
    same!(6, stored, versions, "the schema versions");
}

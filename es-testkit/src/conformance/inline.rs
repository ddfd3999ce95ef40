//! Rules N1 to N3: read models that are kept up in the transaction of an append.

use std::sync::Arc;

use es_core::store::{
    AppendError, CheckpointName, EventFilter, InlineFailure, InlineProjection, InlineProjections, MultiAppend,
    MultiAppendError, Row, RowLoader, RowWrite, Scan,
};
use es_core::{ExpectedVersion, Payload, RecordedEvent};

use super::numbered::{number, numbers, p, v};
use super::rules::{N1, N2, N3, ended, rule, same};
use super::subject::Subject;

use ExpectedVersion::{Any, Exact, NoStream};

/// The event that no projection can take in.
const POISON: u64 = 999_999;

/// A row for each stream: the numbers of its events.
struct Numbers {
    name: CheckpointName,
    filter: EventFilter,
}

impl InlineProjection for Numbers {
    fn name(&self) -> &CheckpointName {
        &self.name
    }

    fn filter(&self) -> EventFilter {
        self.filter.clone()
    }

    fn project(&self, events: &[RecordedEvent], load: &mut RowLoader<'_>) -> Result<Vec<RowWrite>, InlineFailure> {
        let mut writes: Vec<RowWrite> = Vec::new();
        for event in events {
            let number = number(event);
            if number == POISON {
                return Err("it is poison".into());
            }
            let key = event.stream.id().to_owned();
            let written = writes.iter_mut().find_map(|write| match write {
                RowWrite::Put(row) if row.key == key => Some(row),
                _ => None,
            });
            let payload = |before: &[u8]| Payload::from([before, format!("{number} ").as_bytes()].concat());
            if let Some(row) = written {
                (row.position, row.payload) = (event.position, payload(&row.payload));
                continue;
            }
            let before = load(std::slice::from_ref(&key))?.remove(0).map(|row| row.payload).unwrap_or_default();
            let (position, indexes) = (event.position, [("id".into(), key.as_str().into())].into());
            writes.push(RowWrite::Put(Row { key, position, indexes, payload: payload(&before) }));
        }
        Ok(writes)
    }
}

fn inline(on: &Subject, names: &[&str]) -> InlineProjections {
    let projection = |name: &&str| {
        let (name, filter) = (on.checkpoint(name), on.filter(&[""]));
        Arc::new(Numbers { name, filter }) as Arc<dyn InlineProjection>
    };
    names.iter().map(projection).collect()
}

/// The numbers of each stream as the read model has them, and its checkpoint.
async fn seen(on: &Subject, name: &str) -> (Vec<(String, String)>, Option<u64>) {
    let page = on.read_models().scan_rows(&on.checkpoint(name), Scan::index("id")).await;
    let page = ended!(N1, page, Ok(page) => page, "reading the rows");
    let text = |row: Row| (row.key, String::from_utf8_lossy(&row.payload).trim_end().to_owned());
    (page.rows.into_iter().map(text).collect(), page.checkpoint.map(es_core::Position::get))
}

fn rows<const N: usize>(rows: [(&str, &str); N]) -> Vec<(String, String)> {
    rows.into_iter().map(|(key, numbers)| (key.to_owned(), numbers.to_owned())).collect()
}

pub(super) async fn rule_n1_an_append_takes_its_projections_to_the_end_of_the_log(on: &Subject) {
    let (a, b, both) = (on.stream("a"), on.stream("b"), inline(on, &["x", "y"]));
    for (stream, events) in [(&a, 1..4), (&b, 4..5), (&a, 5..7)] {
        let appended = on.inline().append_inline(stream, Any, on.events(events), &both).await;
        let appended = ended!(N3, appended, Ok(appended) => appended, "an append with projections");
        for name in ["x", "y"] {
            let at = seen(on, name).await.1;
            // Other checks may share the log.
            rule!(N1, at >= appended.position.map(es_core::Position::get), "`{name}` is at {at:?} after {appended:?}");
        }
    }
    for name in ["x", "y"] {
        same!(N1, seen(on, name).await.0, rows([("a", "1 2 3 5 6"), ("b", "4")]), "the rows of `{name}`");
    }
}

pub(super) async fn rule_n1_what_was_appended_without_them_is_made_up_for(on: &Subject) {
    let (a, projections) = (on.stream("a"), inline(on, &["x"]));
    // More than is given to a projection at once.
    on.put(&a, 1..=3_000).await;
    let more = on.inline().append_inline(&a, Exact(v(3_000)), on.events([3_001]), &projections).await;
    ended!(N3, more, Ok(_) => (), "an append behind three thousand that were not projected");
    on.put(&on.stream("b"), [4_000]).await;
    let none = on.inline().append_inline(&a, Any, vec![], &projections).await;
    ended!(N3, none, Ok(_) => (), "an empty append");
    let all: Vec<_> = (1..=3_001).map(|number| number.to_string()).collect();
    same!(N1, seen(on, "x").await.0, rows([("a", &all.join(" ")), ("b", "4000")]), "what the read model made up for");
}

pub(super) async fn rule_n2_what_a_projection_cannot_take_in_is_not_appended(on: &Subject) {
    let (a, projections, store) = (on.stream("a"), inline(on, &["x", "y"]), on.inline());
    let first = store.append_inline(&a, NoStream, on.events([1]), &projections).await;
    ended!(N3, first, Ok(_) => (), "an append with projections");
    let before = seen(on, "x").await;
    let poison = store.append_inline(&a, Exact(v(1)), on.events([2, POISON]), &projections).await;
    let told = ended!(N2, poison, Err(AppendError::NotProjected { projection, .. }) => projection, "appending poison");
    same!(N2, told, on.checkpoint("x"), "the projection that it is refused for");
    let several = MultiAppend::new().append(&on.stream("b"), Any, on.events([3, POISON]));
    let poison = store.append_multi_inline(several, &projections).await;
    let is_told = matches!(&poison, Err(MultiAppendError::Refused(AppendError::NotProjected { .. })));
    rule!(N2, is_told, "appending poison to several streams ended as {poison:?}");
    same!(N2, numbers(&on.own().await), [1], "the log after poison");
    for name in ["x", "y"] {
        same!(N2, seen(on, name).await.0, before.0, "the rows of `{name}` after poison");
    }
    let next = store.append_inline(&a, Exact(v(1)), on.events([2]), &projections).await;
    ended!(N3, next, Ok(_) => (), "an append after poison");
    same!(N1, seen(on, "y").await.0, rows([("a", "1 2")]), "the rows after poison");
}

pub(super) async fn rule_n3_a_refused_append_moves_no_projection(on: &Subject) {
    let (a, projections, store) = (on.stream("a"), inline(on, &["x"]), on.inline());
    ended!(N3, store.append_inline(&a, Any, on.events([1, 2]), &projections).await, Ok(_) => (), "an append");
    let before = seen(on, "x").await;
    let stale = store.append_inline(&a, Exact(v(1)), on.events([3]), &projections).await;
    let actual = ended!(N3, stale, Err(AppendError::Conflict { actual, .. }) => actual, "a stale append");
    same!(N3, actual, v(2), "the version that it is told");
    let several = MultiAppend::new().append(&a, NoStream, on.events([3])).check(&on.stream("b"), Exact(v(1)));
    let stale = store.append_multi_inline(several, &projections).await;
    let told = ended!(N3, stale, Err(MultiAppendError::Conflict { violations }) => violations, "a stale append");
    same!(N3, told.len(), 2, "the number of streams that are not as expected");
    let twice = store.append_inline(&a, Any, on.events([4, 4]), &projections).await;
    ended!(N3, twice, Err(AppendError::DuplicateEventId { .. }) => (), "an append with one id twice");
    same!(N3, seen(on, "x").await.0, before.0, "the rows after refused appends");
    let again = store.append_inline(&a, NoStream, on.events([1, 2]), &projections).await;
    let again = ended!(N3, again, Ok(again) => again, "an append that was sent before");
    same!(N3, again.version, v(2), "its outcome");
    same!(N3, seen(on, "x").await.0, rows([("a", "1 2")]), "the rows after an append that was sent before");
}

pub(super) async fn rule_n3_several_streams_are_projected_in_the_order_of_the_log(on: &Subject) {
    let (a, b, projections) = (on.stream("a"), on.stream("b"), inline(on, &["x"]));
    let batch = MultiAppend::new()
        .append(&a, NoStream, on.events([1]))
        .append(&b, NoStream, on.events([2, 3]))
        .then(&a, on.events([4]));
    let appended = on.inline().append_multi_inline(batch, &projections).await;
    let appended = ended!(N3, appended, Ok(appended) => appended, "an append to several streams");
    let (seen, at) = seen(on, "x").await;
    same!(N1, seen, rows([("a", "1 4"), ("b", "2 3")]), "the rows of several streams");
    rule!(N1, at.map(p) >= appended.position, "the checkpoint is {at:?} after {appended:?}");
}

pub(super) async fn rule_n1_of_many_that_append_each_event_is_projected_once(on: &Subject) {
    on.at_once(8, |task| {
        let (store, stream, projections) = (on.inline(), on.stream(&task.to_string()), inline(on, &["x"]));
        let events: Vec<_> = (0..20).map(|number| on.events([task * 20 + number])).collect();
        async move {
            for events in events {
                let appended = store.append_inline(&stream, Any, events, &projections).await;
                ended!(N3, appended, Ok(_) => (), "an append beside others");
            }
        }
    })
    .await;
    let numbers =
        |task: u64| (task * 20..task * 20 + 20).map(|number| number.to_string()).collect::<Vec<_>>().join(" ");
    let meant: Vec<_> = (0..8).map(|task| (task.to_string(), numbers(task))).collect();
    same!(N1, seen(on, "x").await.0, meant, "what eight that append at once have made");
}

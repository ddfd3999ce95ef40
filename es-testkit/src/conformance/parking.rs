//! Rules F1 to F7: parked events.

use es_core::store::{CheckpointName, FailureError, ParkCapacity, ParkedCount, ParkedEvent, ParkedKey};
use es_core::{EventName, Position, Timestamp};

use super::numbered::{p, v};
use super::rules::{F1, F2, F3, F4, F5, F6, F7, ended, rule, same};
use super::subject::Subject;

pub(super) const ROOM: ParkCapacity = ParkCapacity { keys: 1000, events: 1000 };

/// An event of these keys, with everything about it its own.
pub(super) fn event(on: &Subject, position: u64, keys: &[&str]) -> ParkedEvent {
    let at = i64::try_from(position).unwrap_or(i64::MAX);
    ParkedEvent {
        position: p(position),
        stream: on.stream(&format!("s{position}")),
        version: v(position + 7),
        name: EventName::from_static("happened"),
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        errors: vec![
            format!("error of {position}: \"it\" isn't {{readable}}"),
            "its cause, with 日本🦀 and \n".to_owned(),
        ],
        attempts: 3,
        first_at: Timestamp::from_micros(-at),
        last_at: Timestamp::from_micros(at + 1),
    }
}

pub(super) async fn claim(on: &Subject, of: &CheckpointName) -> u64 {
    ended!(F1, on.failures().claim_parking(of).await, Ok(token) => token, "claiming what is parked of `{of}`")
}

pub(super) async fn park(on: &Subject, of: &CheckpointName, token: u64, event: &ParkedEvent) {
    let parked = on.failures().park_event(of, token, event, ROOM).await;
    ended!(F3, parked, Ok(()) => (), "parking position {}", event.position);
}

pub(super) async fn all(on: &Subject, of: &CheckpointName) -> Vec<ParkedEvent> {
    let listed = on.failures().parked_events(of, None, Position::START, usize::MAX).await;
    ended!(F7, listed, Ok(events) => events, "listing what is parked of `{of}`")
}

async fn keys(on: &Subject, of: &CheckpointName) -> Vec<ParkedKey> {
    ended!(F7, on.failures().parked_keys(of).await, Ok(keys) => keys, "listing the keys of `{of}`")
}

async fn count(on: &Subject, of: &CheckpointName) -> (usize, usize) {
    let counted = on.failures().count_parked(of).await;
    ended!(F7, counted, Ok(ParkedCount { events, keys }) => (events, keys), "counting what is parked of `{of}`")
}

pub(super) async fn rule_f1_the_token_grows_with_every_claim(on: &Subject) {
    let (of, other) = (on.checkpoint("x"), on.checkpoint("y"));
    let mut last = claim(on, &of).await;
    for _ in 0..5 {
        claim(on, &other).await;
        let next = claim(on, &of).await;
        rule!(F1, next > last, "a claim has token {next} after {last}");
        last = next;
    }
}

pub(super) async fn rule_f2_only_the_last_who_claimed_changes_anything(on: &Subject) {
    let (of, store) = (on.checkpoint("x"), on.failures());
    let one = event(on, 5, &["a"]);
    let never = store.park_event(&of, 0, &one, ROOM).await;
    ended!(F2, never, Err(FailureError::Superseded { .. }) => (), "parking what nobody has claimed");
    let old = claim(on, &of).await;
    park(on, &of, old, &one).await;
    let new = claim(on, &of).await;
    let results = [
        store.park_event(&of, old, &event(on, 6, &["a"]), ROOM).await,
        store.park_event(&of, old, &one, ROOM).await,
        store.note_parked(&of, old, p(5), &[], Timestamp::UNIX_EPOCH).await.map(drop),
        store.remove_parked(&of, old, p(5)).await.map(drop),
    ];
    for result in results {
        let told = ended!(
            F2, result, Err(FailureError::Superseded { processor, token, actual }) => (processor, token, actual),
            "a change by somebody who was superseded"
        );
        same!(F2, told, (of.clone(), old, new), "what the refusal tells");
    }
    same!(F2, all(on, &of).await, std::slice::from_ref(&one), "what is parked");
    park(on, &of, new, &event(on, 6, &["a"])).await;
}

pub(super) async fn rule_f2_of_many_who_claim_one_may_park(on: &Subject) {
    for round in 0..10 {
        let of = on.checkpoint(&format!("of{round}"));
        let one = event(on, 1, &["a"]);
        let tokens = on
            .at_once(6, |_| {
                let (store, of) = (on.failures(), of.clone());
                async move { store.claim_parking(&of).await.expect("nothing fails") }
            })
            .await;
        let mut parked = 0;
        for token in tokens {
            parked += usize::from(on.failures().park_event(&of, token, &one, ROOM).await.is_ok());
        }
        same!(F2, parked, 1, "the number of those who may park, of six who claimed");
    }
}

pub(super) async fn rule_f3_everything_is_given_back_as_it_was_parked(on: &Subject) {
    let of = on.checkpoint("x");
    let token = claim(on, &of).await;
    let mut events = vec![
        event(on, 1, &["b", "a", "日本🦀", "it's \"x\"", "", "b"]),
        event(on, 2, &["a"]),
        event(on, u64::try_from(i64::MAX).unwrap_or(0) - 1, &["c"]),
    ];
    events[1].errors = Vec::new();
    events[1].attempts = 0;
    events[2].attempts = u32::MAX;
    for event in &events {
        park(on, &of, token, event).await;
    }
    same!(F3, all(on, &of).await, events, "what is parked");
}

pub(super) async fn rule_f3_parking_again_changes_nothing(on: &Subject) {
    let of = on.checkpoint("x");
    let token = claim(on, &of).await;
    let one = event(on, 5, &["a"]);
    park(on, &of, token, &one).await;
    let again = ParkedEvent { attempts: 0, errors: vec![], keys: vec!["b".into()], ..one.clone() };
    park(on, &of, token, &again).await;
    same!(F3, all(on, &of).await, [one], "what was parked first");
    let first = ParkedKey { key: "a".into(), first: p(5), events: 1 };
    same!(F3, keys(on, &of).await, [first], "the keys");
}

pub(super) async fn rule_f4_what_is_too_much_is_refused(on: &Subject) {
    let (of, store) = (on.checkpoint("x"), on.failures());
    let token = claim(on, &of).await;
    let room = ParkCapacity { keys: 2, events: 3 };
    for (position, keys, fits) in [
        (1, &["a"][..], true),
        (2, &["b", "c"], false),
        (3, &["b", "b"], true),
        (4, &["c"], false),
        (5, &["a", "b"], true),
    ] {
        let parked = store.park_event(&of, token, &event(on, position, keys), room).await;
        if fits {
            ended!(F4, parked, Ok(()) => (), "parking position {position}");
        } else {
            let told = ended!(
                F4, parked, Err(FailureError::Full { processor, capacity }) => (processor, capacity),
                "parking position {position} where there is no room for its keys"
            );
            same!(F4, told, (of.clone(), room), "what the refusal tells");
        }
    }
    let full = store.park_event(&of, token, &event(on, 6, &["a"]), room).await;
    ended!(F4, full, Err(FailureError::Full { .. }) => (), "parking a fourth event");
    let again = store.park_event(&of, token, &event(on, 5, &["a", "b"]), room).await;
    ended!(F4, again, Ok(()) => (), "parking again where there is no room for more");
    same!(F4, count(on, &of).await, (3, 2), "the counts");
    let late = store.park_event(&of, token - 1, &event(on, 6, &["a"]), room).await;
    ended!(F4, late, Err(FailureError::Superseded { .. }) => (), "parking too much with an old token");
}

pub(super) async fn rule_f5_a_note_counts_and_replaces_the_errors(on: &Subject) {
    let (of, store) = (on.checkpoint("x"), on.failures());
    let token = claim(on, &of).await;
    let (one, other) = (event(on, 5, &["a"]), event(on, 6, &["a"]));
    park(on, &of, token, &one).await;
    park(on, &of, token, &other).await;
    let (errors, at) = (vec!["another".to_owned()], Timestamp::from_micros(77));
    let noted = store.note_parked(&of, token, p(5), &errors, at).await;
    same!(F5, ended!(F5, noted, Ok(noted) => noted, "noting"), true, "whether the event is there");
    let meant = ParkedEvent { attempts: one.attempts + 1, errors, last_at: at, ..one };
    same!(F5, all(on, &of).await, [meant, other], "what is parked");
    let noted = store.note_parked(&of, token, p(7), &[], at).await;
    same!(F5, ended!(F5, noted, Ok(noted) => noted, "noting"), false, "whether what is not parked is there");
    same!(F5, all(on, &of).await.len(), 2, "the number of events");
}

pub(super) async fn rule_f6_removing_forgets_one_event(on: &Subject) {
    let (of, store) = (on.checkpoint("x"), on.failures());
    let token = claim(on, &of).await;
    let kept = event(on, 6, &["a", "c"]);
    park(on, &of, token, &event(on, 5, &["a", "b"])).await;
    park(on, &of, token, &kept).await;
    for meant in [true, false] {
        let removed = store.remove_parked(&of, token, p(5)).await;
        same!(F6, ended!(F6, removed, Ok(removed) => removed, "removing"), meant, "whether it was there");
    }
    same!(F6, all(on, &of).await, [kept], "what is left");
    same!(F6, count(on, &of).await, (1, 2), "the counts");
    let listed: Vec<_> = keys(on, &of).await.into_iter().map(|key| (key.key, key.first, key.events)).collect();
    same!(F6, listed, [("a".to_owned(), p(6), 1), ("c".to_owned(), p(6), 1)], "the keys");
}

pub(super) async fn rule_f7_events_are_listed_in_order_after_a_place_and_by_key(on: &Subject) {
    let (of, store) = (on.checkpoint("x"), on.failures());
    let token = claim(on, &of).await;
    for (position, keys) in [(30, &["b"][..]), (10, &["a"]), (20, &["a", "b"]), (40, &["A"]), (50, &["a"])] {
        park(on, &of, token, &event(on, position, keys)).await;
    }
    for (key, after, limit, meant) in [
        (None, 0, 9, &[10, 20, 30, 40, 50][..]),
        (None, 10, 2, &[20, 30]),
        (None, 0, 0, &[]),
        (None, 50, 9, &[]),
        (Some("a"), 0, 9, &[10, 20, 50]),
        (Some("a"), 10, 1, &[20]),
        (Some("b"), 0, 9, &[20, 30]),
        (Some("A"), 0, 9, &[40]),
        (Some("c"), 0, 9, &[]),
    ] {
        let listed = store.parked_events(&of, key, p(after), limit).await;
        let listed = ended!(F7, listed, Ok(events) => events, "listing");
        let listed: Vec<_> = listed.iter().map(|event| event.position.get()).collect();
        same!(F7, listed, meant, "what is listed of {key:?} after {after} up to {limit}");
    }
}

pub(super) async fn rule_f7_keys_are_listed_once_sorted_by_bytes_with_their_first(on: &Subject) {
    let of = on.checkpoint("x");
    let token = claim(on, &of).await;
    for (position, keys) in [(3, &["ä", "b"][..]), (2, &["b", "a", "b"]), (1, &["Z"]), (4, &["b", "日"])] {
        park(on, &of, token, &event(on, position, keys)).await;
    }
    let listed: Vec<_> = keys(on, &of).await.into_iter().map(|key| (key.key, key.first.get(), key.events)).collect();
    let meant = [("Z", 1, 1), ("a", 2, 1), ("b", 2, 3), ("ä", 3, 1), ("日", 4, 1)];
    same!(F7, listed, meant.map(|(key, first, events)| (key.to_owned(), first, events)), "the keys");
    same!(F7, count(on, &of).await, (4, 5), "the counts");
}

pub(super) async fn rule_f7_processors_are_told_apart_by_their_whole_names(on: &Subject) {
    let names = ["x", "X", "xy", "x ", "x%", "ä", "日"];
    for (number, name) in (1..).zip(names) {
        let of = on.checkpoint(name);
        let token = claim(on, &of).await;
        park(on, &of, token, &event(on, number, &["a"])).await;
    }
    for (number, name) in (1..).zip(names) {
        let of = on.checkpoint(name);
        let listed: Vec<_> = all(on, &of).await.iter().map(|event| event.position.get()).collect();
        same!(F7, listed, [number], "what is parked of `{name}`");
        same!(F7, count(on, &of).await, (1, 1), "the counts of `{name}`");
    }
    let never = on.checkpoint("never");
    same!(F7, (all(on, &never).await.len(), count(on, &never).await), (0, (0, 0)), "what is parked of nobody");
}

//! Mutants that park, note, remove or list wrongly.

use std::sync::Mutex;

use async_trait::async_trait;
use es_core::store::{CheckpointName, FailureError, FailureStore, ParkCapacity, ParkedCount, ParkedEvent, ParkedKey};
use es_core::{Position, Timestamp};
use es_memory_store::MemoryStore;

use crate::fault::Fault;
use crate::{Case, case};

type Of = CheckpointName;
type Events = Result<Vec<ParkedEvent>, FailureError>;

const ROOM: ParkCapacity = ParkCapacity { keys: usize::MAX, events: usize::MAX };

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case::<ClaimStays>("the token of a claim does not grow", &["rule_f1_the_token_grows_with_every_claim"]),
        case::<AnybodyParks>("whoever was superseded parks", &["rule_f2_only_the_last_who_claimed_changes_anything"]),
        case::<AnybodyRemoves>(
            "whoever was superseded removes",
            &["rule_f2_only_the_last_who_claimed_changes_anything"],
        ),
        case::<ForgetsErrors>(
            "of the errors of a parked event one is kept",
            &["rule_f3_everything_is_given_back_as_it_was_parked"],
        ),
        case::<Replaces>("parking again replaces what was parked", &["rule_f3_parking_again_changes_nothing"]),
        case::<NeverFull>("there is always room to park", &["rule_f4_what_is_too_much_is_refused"]),
        case::<CountsEventsOnly>("the capacity for keys is not looked at", &["rule_f4_what_is_too_much_is_refused"]),
        case::<FullAgain>("parking again needs room", &["rule_f4_what_is_too_much_is_refused"]),
        case::<DoesNotCount>("a note does not count", &["rule_f5_a_note_counts_and_replaces_the_errors"]),
        case::<KeepsErrors>("a note keeps the first errors", &["rule_f5_a_note_counts_and_replaces_the_errors"]),
        case::<RemovesKeys>("removing an event removes all of its first key", &["rule_f6_removing_forgets_one_event"]),
        case::<RemovesNothing>("a parked event is not removed", &["rule_f6_removing_forgets_one_event"]),
        case::<Inclusive>(
            "parked events are listed from a place on, not after it",
            &["rule_f7_events_are_listed_in_order_after_a_place_and_by_key"],
        ),
        case::<AnyKey>(
            "parked events are listed whatever their key",
            &["rule_f7_events_are_listed_in_order_after_a_place_and_by_key"],
        ),
        case::<LastOfKey>(
            "of a parked key the last event is told",
            &["rule_f7_keys_are_listed_once_sorted_by_bytes_with_their_first"],
        ),
        case::<FoldsProcessors>(
            "processors that park are folded to lower case",
            &["rule_f7_processors_are_told_apart_by_their_whole_names"],
        ),
        case::<OwnParking>(
            "each handle parks for itself",
            &[
                "rule_f2_a_claim_on_one_handle_ends_that_on_the_other",
                "rule_f3_what_is_parked_is_there_after_a_restart",
            ],
        ),
    ]
}

#[derive(Default)]
struct ClaimStays(Mutex<Vec<(Of, u64)>>);

#[async_trait]
impl Fault for ClaimStays {
    async fn claim_parking(&self, store: &MemoryStore, of: &Of) -> Result<u64, FailureError> {
        let mut claims = self.0.lock().expect("nobody panics").clone();
        if let Some((_, token)) = claims.iter().find(|(other, _)| other == of) {
            return Ok(*token);
        }
        let token = store.claim_parking(of).await?;
        claims.push((of.clone(), token));
        *self.0.lock().expect("nobody panics") = claims;
        Ok(token)
    }
}

#[derive(Default)]
struct AnybodyParks;

#[async_trait]
impl Fault for AnybodyParks {
    async fn park_event(
        &self,
        store: &MemoryStore,
        of: &Of,
        token: u64,
        event: &ParkedEvent,
        capacity: ParkCapacity,
    ) -> Result<(), FailureError> {
        match store.park_event(of, token, event, capacity).await {
            Err(FailureError::Superseded { actual, .. }) if actual > 0 => {
                store.park_event(of, actual, event, capacity).await
            }
            parked => parked,
        }
    }
}

#[derive(Default)]
struct AnybodyRemoves;

#[async_trait]
impl Fault for AnybodyRemoves {
    async fn remove_parked(
        &self,
        store: &MemoryStore,
        of: &Of,
        token: u64,
        position: Position,
    ) -> Result<bool, FailureError> {
        match store.remove_parked(of, token, position).await {
            Err(FailureError::Superseded { actual, .. }) if actual > 0 => {
                store.remove_parked(of, actual, position).await
            }
            removed => removed,
        }
    }
}

macro_rules! parks {
    ($fault:ident, |$store:ident, $of:ident, $token:ident, $event:ident, $capacity:ident| $parks:expr) => {
        #[derive(Default)]
        struct $fault;

        #[async_trait]
        impl Fault for $fault {
            async fn park_event(
                &self,
                $store: &MemoryStore,
                $of: &Of,
                $token: u64,
                $event: &ParkedEvent,
                $capacity: ParkCapacity,
            ) -> Result<(), FailureError> {
                $parks
            }
        }
    };
}

parks!(ForgetsErrors, |store, of, token, event, capacity| {
    let errors = event.errors.iter().take(1).cloned().collect();
    store.park_event(of, token, &ParkedEvent { errors, ..event.clone() }, capacity).await
});
parks!(Replaces, |store, of, token, event, capacity| {
    store.remove_parked(of, token, event.position).await?;
    store.park_event(of, token, event, capacity).await
});
parks!(NeverFull, |store, of, token, event, _capacity| store.park_event(of, token, event, ROOM).await);
parks!(CountsEventsOnly, |store, of, token, event, capacity| {
    store.park_event(of, token, event, ParkCapacity { keys: usize::MAX, ..capacity }).await
});
parks!(FullAgain, |store, of, token, event, capacity| {
    let count = store.count_parked(of).await?;
    if count.events >= capacity.events {
        return Err(FailureError::Full { processor: of.clone(), capacity });
    }
    store.park_event(of, token, event, capacity).await
});

#[derive(Default)]
struct DoesNotCount;

#[async_trait]
impl Fault for DoesNotCount {
    async fn parked_events(
        &self,
        store: &MemoryStore,
        of: &Of,
        key: Option<&str>,
        after: Position,
        limit: usize,
    ) -> Events {
        let mut events = store.parked_events(of, key, after, limit).await?;
        for event in events.iter_mut().filter(|event| event.attempts == 4) {
            event.attempts = 3;
        }
        Ok(events)
    }
}

#[derive(Default)]
struct KeepsErrors;

#[async_trait]
impl Fault for KeepsErrors {
    async fn note_parked(
        &self,
        store: &MemoryStore,
        of: &Of,
        token: u64,
        position: Position,
        _: &[String],
        at: Timestamp,
    ) -> Result<bool, FailureError> {
        let all = store.parked_events(of, None, Position::START, usize::MAX).await?;
        let errors = all.into_iter().find(|event| event.position == position).map(|event| event.errors);
        store.note_parked(of, token, position, &errors.unwrap_or_default(), at).await
    }
}

#[derive(Default)]
struct RemovesKeys;

#[async_trait]
impl Fault for RemovesKeys {
    async fn remove_parked(
        &self,
        store: &MemoryStore,
        of: &Of,
        token: u64,
        position: Position,
    ) -> Result<bool, FailureError> {
        let all = store.parked_events(of, None, Position::START, usize::MAX).await?;
        let key = all.iter().find(|event| event.position == position).and_then(|event| event.keys.first());
        for event in all.iter().filter(|event| key.is_some_and(|key| event.keys.contains(key))) {
            store.remove_parked(of, token, event.position).await?;
        }
        Ok(key.is_some())
    }
}

#[derive(Default)]
struct RemovesNothing;

#[async_trait]
impl Fault for RemovesNothing {
    async fn remove_parked(&self, _: &MemoryStore, _: &Of, _: u64, _: Position) -> Result<bool, FailureError> {
        Ok(true)
    }
}

#[derive(Default)]
struct Inclusive;

#[async_trait]
impl Fault for Inclusive {
    async fn parked_events(
        &self,
        store: &MemoryStore,
        of: &Of,
        key: Option<&str>,
        after: Position,
        limit: usize,
    ) -> Events {
        store.parked_events(of, key, Position::new(after.get().saturating_sub(1)), limit).await
    }
}

#[derive(Default)]
struct AnyKey;

#[async_trait]
impl Fault for AnyKey {
    async fn parked_events(
        &self,
        store: &MemoryStore,
        of: &Of,
        _: Option<&str>,
        after: Position,
        limit: usize,
    ) -> Events {
        store.parked_events(of, None, after, limit).await
    }
}

#[derive(Default)]
struct LastOfKey;

#[async_trait]
impl Fault for LastOfKey {
    async fn parked_keys(&self, store: &MemoryStore, of: &Of) -> Result<Vec<ParkedKey>, FailureError> {
        let mut keys = store.parked_keys(of).await?;
        for key in &mut keys {
            let events = store.parked_events(of, Some(&key.key), Position::START, usize::MAX).await?;
            key.first = events.last().map_or(key.first, |last| last.position);
        }
        Ok(keys)
    }
}

fn folded(of: &Of) -> Of {
    CheckpointName::new(&of.as_str().to_lowercase()).expect("as good a name")
}

#[derive(Default)]
struct FoldsProcessors;

#[async_trait]
impl Fault for FoldsProcessors {
    async fn claim_parking(&self, store: &MemoryStore, of: &Of) -> Result<u64, FailureError> {
        store.claim_parking(&folded(of)).await
    }

    async fn park_event(
        &self,
        store: &MemoryStore,
        of: &Of,
        token: u64,
        event: &ParkedEvent,
        capacity: ParkCapacity,
    ) -> Result<(), FailureError> {
        store.park_event(&folded(of), token, event, capacity).await
    }

    async fn parked_events(
        &self,
        store: &MemoryStore,
        of: &Of,
        key: Option<&str>,
        after: Position,
        limit: usize,
    ) -> Events {
        store.parked_events(&folded(of), key, after, limit).await
    }

    async fn count_parked(&self, store: &MemoryStore, of: &Of) -> Result<ParkedCount, FailureError> {
        store.count_parked(&folded(of)).await
    }
}

#[derive(Default)]
struct OwnParking(MemoryStore);

#[async_trait]
impl Fault for OwnParking {
    async fn claim_parking(&self, _: &MemoryStore, of: &Of) -> Result<u64, FailureError> {
        self.0.claim_parking(of).await
    }

    async fn park_event(
        &self,
        _: &MemoryStore,
        of: &Of,
        token: u64,
        event: &ParkedEvent,
        capacity: ParkCapacity,
    ) -> Result<(), FailureError> {
        self.0.park_event(of, token, event, capacity).await
    }

    async fn parked_events(
        &self,
        _: &MemoryStore,
        of: &Of,
        key: Option<&str>,
        after: Position,
        limit: usize,
    ) -> Events {
        self.0.parked_events(of, key, after, limit).await
    }
}

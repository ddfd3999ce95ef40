//! What is parked of a processor, as its driver knows it: whoever has claimed it is the only one who changes it.

use std::collections::{BTreeSet, HashMap};

use es_core::store::{CheckpointName, FailureStore, ParkedCount, ParkedEvent};
use es_core::{Position, RecordedEvent};

use crate::trouble::Trouble;

/// How many parked events are read at once.
const PAGE: usize = 256;

/// The claim, and what waits.
#[derive(Debug, Default)]
pub(crate) struct Parked {
    pub(crate) token: u64,
    /// The first parked event of each key.
    first: HashMap<String, Position>,
    positions: BTreeSet<Position>,
}

impl Parked {
    /// Claims what is parked, and reads all of it; nobody else adds to it from then on.
    pub(crate) async fn claim(store: &dyn FailureStore, name: &CheckpointName) -> Result<Self, Trouble> {
        let mut parked = Self { token: store.claim_parking(name).await?, ..Self::default() };
        for event in all(store, name).await? {
            parked.add(event.position, &event.keys);
        }
        Ok(parked)
    }

    pub(crate) fn add(&mut self, position: Position, keys: &[String]) {
        self.positions.insert(position);
        for key in keys {
            let first = self.first.entry(key.clone()).or_insert(position);
            *first = position.min(*first);
        }
    }

    pub(crate) fn contains(&self, position: Position) -> bool {
        self.positions.contains(&position)
    }

    /// Whether an event stands behind one that is parked; whatever cannot be read is about its stream.
    ///
    /// What is parked later in the log holds nothing up: it is there because the log is being read again.
    pub(crate) fn blocks(&self, event: &RecordedEvent, keys: &[String]) -> bool {
        self.is_behind(event.position, event.stream.as_str())
            || keys.iter().any(|key| self.is_behind(event.position, key))
    }

    pub(crate) fn is_behind(&self, position: Position, key: &str) -> bool {
        self.first.get(key).is_some_and(|first| *first < position)
    }

    pub(crate) fn count(&self) -> ParkedCount {
        ParkedCount { events: self.positions.len(), keys: self.first.len() }
    }
}

/// All that is parked of a processor, in the order of the log.
pub(crate) async fn all(store: &dyn FailureStore, name: &CheckpointName) -> Result<Vec<ParkedEvent>, Trouble> {
    let (mut all, mut after) = (Vec::new(), Position::START);
    loop {
        let page = store.parked_events(name, None, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(all) };
        after = last.position;
        all.extend(page);
    }
}

/// The events that must be processed for those of `key` to be, in the order of the log.
///
/// An event that is about several keys waits behind those of each, so they go together.
pub(crate) fn linked(parked: Vec<ParkedEvent>, key: &str) -> Vec<ParkedEvent> {
    let mut keys = BTreeSet::from([key.to_owned()]);
    loop {
        let known = keys.len();
        for event in &parked {
            if event.keys.iter().any(|key| keys.contains(key)) {
                keys.extend(event.keys.iter().cloned());
            }
        }
        if keys.len() == known {
            break;
        }
    }
    parked.into_iter().filter(|event| event.keys.iter().any(|key| keys.contains(key))).collect()
}

//! What the lock knows of states that are kept in snapshots: what the fold made of sample events, for each fingerprint
//! under which snapshots may be in stores.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use es_core::{Aggregate, EventName, EventSet, RecordedEvent, StateModel, StreamId};
use serde_json::{Map, Value, json};

use super::check::{Mode, Problem};
use super::file::Lock;
use crate::log::Log;

/// By aggregate and fingerprint.
pub(super) type States = BTreeMap<String, BTreeMap<String, Kept>>;

/// What snapshots under one fingerprint hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Kept {
    fold: u32,
    shape: Value,
    /// Each event twice before the next, because many a mistake shows only on a state that is not the initial one.
    steps: Vec<Step>,
}

/// A sample event, and the state after it.
#[derive(Debug, Clone, PartialEq)]
struct Step {
    event: String,
    version: u32,
    payload: Value,
    state: Value,
}

impl Lock {
    /// Compares what the fold of `A` makes of events with what it made when snapshots of the same fingerprint were
    /// locked.
    ///
    /// Other fingerprints stay in the lock: whoever goes back to a former state finds former snapshots in the store.
    pub(super) fn check_state<A: Aggregate>(&mut self, mode: Mode) -> Option<Problem> {
        let model = A::SNAPSHOTS?;
        let fingerprint = model.fingerprint().to_string();
        let locked = self.states.get(A::NAME).and_then(|of_aggregate| of_aggregate.get(&fingerprint));
        let problem = match locked {
            None => Some(Problem(format!(
                "the state of `{}` is not locked as it is now, and snapshots of it can be taken; \
                 those of a former one are not used any more. Add it with `ES_LOCK=update cargo test`.",
                A::NAME
            ))),
            Some(kept) => kept.difference::<A>(&model),
        };
        let samples = self.kept::<A>(&model);
        if let Some(lost) = samples.lost::<A>(&model) {
            return Some(lost);
        }
        let may_write = mode == Mode::Overwrite || (mode == Mode::Update && locked.is_none());
        if problem.is_some() && may_write {
            self.states.entry(A::NAME.to_owned()).or_default().insert(fingerprint, samples);
            return None;
        }
        problem
    }

    fn kept<A: Aggregate>(&self, model: &StateModel<A>) -> Kept {
        let of_event = |model: &es_core::model::EventModel| {
            let locked = self.aggregates.get(A::NAME)?.get(model.name)?.get(&model.version)?;
            let (event, version, payload) = (model.name.to_owned(), model.version, locked.sample.clone());
            Some(Step { event, version, payload, state: Value::Null })
        };
        let samples = A::Event::EVENTS.iter().chain(A::Event::SPLIT).filter_map(of_event);
        let mut steps: Vec<_> = samples.flat_map(|step| [step.clone(), step]).collect();
        let states = states::<A>(model, &steps, Way::Straight);
        for (step, state) in steps.iter_mut().zip(states) {
            step.state = state;
        }
        Kept { fold: model.fold(), shape: model.shape().sorted().to_json(), steps }
    }
}

impl Step {
    fn is_repeated_by(&self, next: &Self) -> bool {
        (&self.event, self.version, &self.payload) == (&next.event, next.version, &next.payload)
    }
}

impl Kept {
    /// Snapshot and tail are not the whole, because a snapshot does not hold all of the state.
    fn lost<A: Aggregate>(&self, model: &StateModel<A>) -> Option<Problem> {
        let through = states::<A>(model, &self.steps, Way::ThroughSnapshots);
        let (step, through) = self.steps.iter().zip(through).find(|(step, through)| step.state != *through)?;
        Some(Problem(format!(
            "the state of `{}` is not whole in a snapshot: what goes on from one differs after `{}` version {}:\n        \
             straight      {}\n        from snapshot {through}\n    \
             Look for what `Serialize` or `Deserialize` leaves out, `#[serde(skip)]` in a nested type for example.",
            A::NAME,
            step.event,
            step.version,
            step.state,
        )))
    }

    fn difference<A: Aggregate>(&self, model: &StateModel<A>) -> Option<Problem> {
        let now = states::<A>(model, &self.steps, Way::Straight);
        let (step, state) = self.steps.iter().zip(now).find(|(step, state)| step.state != *state)?;
        Some(Problem(format!(
            "the fold of `{}` makes another state of the same events, after `{}` version {}:\n        \
             was {}\n        is  {state}\n    \
             Snapshots that were taken before would be believed. Write:\n        \
             #[aggregate(.., snapshot(every = {}, fold = {}))]\n    \
             and add it with `ES_LOCK=update cargo test`; if no snapshot was ever kept: `ES_LOCK=overwrite cargo test`.",
            A::NAME,
            step.event,
            step.version,
            step.state,
            model.every(),
            model.fold() + 1,
        )))
    }
}

/// How one step leads to the next.
#[derive(Clone, Copy)]
enum Way {
    /// The state is kept in memory.
    Straight,
    /// The state is taken from a snapshot of itself, as if the program had been started again.
    ThroughSnapshots,
}

/// The state after each of the steps, as JSON.
///
/// A sample that was made from a shape may be nothing that could have happened: after a panic the next step goes on
/// from the initial state.
fn states<A: Aggregate>(model: &StateModel<A>, steps: &[Step], way: Way) -> Vec<Value> {
    let Ok(stream) = StreamId::new(A::NAME, "1") else { return Vec::new() };
    let (mut log, mut state) = (Log::default(), A::default());
    let mut after = |step: &Step| {
        let name = match EventName::new(step.event.as_str()) {
            Ok(name) => name,
            Err(error) => return failed("is no event", &error),
        };
        let recorded = log.record(&stream, name, step.version, step.payload.to_string().into());
        let before = std::mem::take(&mut state);
        match catch_unwind(AssertUnwindSafe(|| replayed(before, &recorded))) {
            Err(_) => json!({ "panics": true }),
            Ok(Err((before, error))) => {
                state = before;
                failed("cannot be read", &error)
            }
            Ok(Ok(after)) => {
                state = after;
                let bytes = match model.to_json(&state) {
                    Ok(bytes) => bytes,
                    Err(error) => return failed("cannot be encoded", &error),
                };
                if let Way::ThroughSnapshots = way {
                    state = match model.from_json(&bytes) {
                        Ok(kept) => kept,
                        Err(error) => return failed("cannot be decoded", &error),
                    };
                }
                serde_json::from_slice(&bytes).unwrap_or_else(|error| failed("is no JSON", &error))
            }
        }
    };
    steps.iter().map(&mut after).collect()
}

fn replayed<A: Aggregate>(mut state: A, recorded: &RecordedEvent) -> Result<A, (A, es_core::DecodeError)> {
    match state.replay(&es_core::Json, recorded) {
        Ok(()) => Ok(state),
        Err(error) => Err((state, error)),
    }
}

fn failed(what: &str, error: &dyn std::error::Error) -> Value {
    json!({ what: crate::round_trip::causes(error) })
}

/// As it stands in the file.
pub(super) fn to_json(states: &States) -> Value {
    let kept = |Kept { fold, shape, steps }: &Kept| {
        let repeated = steps.chunk_by(Step::is_repeated_by);
        let steps: Vec<_> = repeated.map(steps_to_json).collect();
        json!({ "fold": fold, "shape": shape, "steps": steps })
    };
    let of_aggregate = |kept_by: &BTreeMap<String, Kept>| -> Map<String, Value> {
        kept_by.iter().map(|(fingerprint, state)| (fingerprint.clone(), kept(state))).collect()
    };
    let states: Map<_, _> = states.iter().map(|(name, kept_by)| (name.clone(), of_aggregate(kept_by).into())).collect();
    states.into()
}

/// From the file; what is damaged is `Err` with its aggregate and fingerprint.
pub(super) fn from_json(value: &Value) -> Result<States, (String, String)> {
    let mut states = States::new();
    for (aggregate, kept_by) in value.as_object().into_iter().flatten() {
        for (fingerprint, kept) in kept_by.as_object().into_iter().flatten() {
            let read = read_kept(kept).ok_or_else(|| (aggregate.clone(), fingerprint.clone()))?;
            states.entry(aggregate.clone()).or_default().insert(fingerprint.clone(), read);
        }
    }
    Ok(states)
}

fn read_kept(kept: &Value) -> Option<Kept> {
    let steps = kept["steps"].as_array()?.iter().map(steps_from_json).collect::<Option<Vec<_>>>()?.concat();
    Some(Kept { fold: number(&kept["fold"])?, shape: kept["shape"].clone(), steps })
}

/// The same event several times, with the states after it.
fn steps_to_json(steps: &[Step]) -> Value {
    let states: Vec<_> = steps.iter().map(|step| &step.state).collect();
    let Step { event, version, payload, .. } = &steps[0];
    json!({ "event": event, "version": version, "payload": payload, "states": states })
}

fn steps_from_json(steps: &Value) -> Option<Vec<Step>> {
    let (event, version, payload) = (steps["event"].as_str()?, number(&steps["version"])?, steps.get("payload")?);
    let step =
        |state: &Value| Step { event: event.to_owned(), version, payload: payload.clone(), state: state.clone() };
    Some(steps["states"].as_array()?.iter().map(step).collect())
}

fn number(value: &Value) -> Option<u32> {
    u32::try_from(value.as_u64()?).ok()
}

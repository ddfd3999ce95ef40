//! The comparison of an aggregate's events with what the lock knows of them.

use std::fmt::{self, Display};

use es_core::model::EventModel;
use es_core::shape::Shape;
use es_core::{Aggregate, EventName, EventSet, Json, StreamId};
use serde_json::{Value, json};

use super::file::{Lock, Locked};
use super::sample::sample;
use super::suggestion::{difference, is_same, upcast};
use crate::log::Log;
use crate::round_trip::causes;

/// What may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing.
    Compare,
    /// What is new, and what old payloads survive.
    Update,
    /// Whatever differs.
    Overwrite,
}

/// A difference between the events and the lock, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(pub(super) String);

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Lock {
    /// Compares the events of `A` with the lock, and writes into it what `mode` allows.
    pub fn check<A: Aggregate>(&mut self, mode: Mode) -> Vec<Problem> {
        let mut problems = Vec::new();
        for model in A::Event::EVENTS.iter().chain(A::Event::SPLIT) {
            for name in model.aliases.iter().chain([&model.name]) {
                let is_current = *name == model.name;
                let entries = self.aggregates.entry(A::NAME.to_owned()).or_default().entry((*name).to_owned());
                let entries = entries.or_default();
                problems.extend(entries.keys().filter(|locked| **locked > model.version).map(|locked| {
                    Problem(format!(
                        "event `{name}` was locked as version {locked}, but its version is now {}; \
                         a version never goes back.",
                        model.version
                    ))
                }));
                for version in 1..=model.version {
                    let check = Check::<A> { model, name, version, mode, of: std::marker::PhantomData };
                    let outcome = match entries.get(&version) {
                        // A former name is not written any more, so no new version of it can be stored.
                        None if !is_current || version < model.oldest => continue,
                        None => check.unknown(),
                        Some(locked) => check.known(locked),
                    };
                    problems.extend(outcome.problem);
                    if let Some(locked) = outcome.write {
                        entries.insert(version, locked);
                    }
                }
            }
        }
        problems.extend(self.lost::<A>(mode));
        problems.extend(self.check_state::<A>(mode));
        self.aggregates.values_mut().for_each(|events| events.retain(|_, versions| !versions.is_empty()));
        self.aggregates.retain(|_, events| !events.is_empty());
        problems
    }

    /// The older versions of the events of `A` whose upcasts no real payload has gone through, but only samples that
    /// were made from their shapes; as stored names and versions.
    ///
    /// ```
    /// use es_testkit::lock::Lock;
    /// # use es_core::{Aggregate, Apply, Event};
    /// # #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Event)]
    /// # #[event(name = "counter-increased", version = 2)]
    /// # #[upcast(1 => 2, rename(n => by))]
    /// # pub struct CounterIncreased { pub by: u32 }
    /// # #[derive(Debug, Default, Aggregate)]
    /// # #[aggregate(name = "counter", id = String, error = std::convert::Infallible, events(CounterIncreased), commands())]
    /// # pub struct Counter { total: u32 }
    /// # impl Apply<CounterIncreased> for Counter {
    /// #     fn apply(&mut self, event: CounterIncreased) { self.total += event.by; }
    /// # }
    /// use es_testkit::lock::Mode;
    ///
    /// let mut lock = Lock::default();
    /// lock.check::<Counter>(Mode::Update);
    /// assert_eq!(lock.only_generated::<Counter>(), [("counter-increased".to_owned(), 1)]);
    /// ```
    pub fn only_generated<A: Aggregate>(&self) -> Vec<(String, u32)> {
        let mut found = Vec::new();
        for (name, versions) in self.aggregates.get(A::NAME).into_iter().flatten() {
            let mut models = A::Event::EVENTS.iter().chain(A::Event::SPLIT);
            let current = models.find(|model| model.name == name || model.aliases.contains(&name.as_str()));
            let Some(current) = current else { continue };
            let older = versions.iter().filter(|(version, _)| **version < current.version);
            let generated = older.filter(|(_, locked)| sample(&locked.shape).as_ref() == Some(&locked.sample));
            found.extend(generated.map(|(version, _)| (name.clone(), *version)));
        }
        found
    }

    /// Events that are locked, but that the aggregate does not read.
    fn lost<A: Aggregate>(&mut self, mode: Mode) -> Vec<Problem> {
        let is_read = |name: &str| {
            let mut models = A::Event::EVENTS.iter().chain(A::Event::SPLIT);
            models.any(|model| model.name == name || model.aliases.contains(&name)) || A::Event::RETIRED.contains(&name)
        };
        let Some(events) = self.aggregates.get_mut(A::NAME) else { return Vec::new() };
        let lost: Vec<_> = events.keys().filter(|name| !is_read(name)).cloned().collect();
        if mode == Mode::Overwrite {
            for name in &lost {
                events.remove(name);
            }
            return Vec::new();
        }
        let problem = |name: String| {
            Problem(format!(
                "event `{name}` is in the lock, so it may be in stores, but `{}` no longer reads it.\n    \
                 Renamed?  Add `alias = \"{name}\"` to the event that it is now.\n    \
                 Split?    List it in `split(..)`.\n    \
                 Unwanted? List it in `retired(\"{name}\")`.",
                A::NAME
            ))
        };
        lost.into_iter().map(problem).collect()
    }
}

struct Check<'a, A> {
    model: &'a EventModel,
    name: &'a str,
    version: u32,
    mode: Mode,
    of: std::marker::PhantomData<fn() -> A>,
}

#[derive(Default)]
struct Outcome {
    problem: Option<Problem>,
    write: Option<Locked>,
}

impl<A: Aggregate> Check<'_, A> {
    /// A version that the lock does not know.
    fn unknown(&self) -> Outcome {
        let Self { name, version, .. } = self;
        if self.mode == Mode::Compare {
            let text =
                format!("event `{name}` version {version} is not locked yet; add it with `ES_LOCK=update cargo test`.");
            return Outcome { problem: Some(Problem(text)), write: None };
        }
        self.written(sample(&self.shape()).unwrap_or(Value::Null))
    }

    /// A version that the lock knows.
    fn known(&self, locked: &Locked) -> Outcome {
        let Self { model, name, version, .. } = self;
        if *version < model.oldest {
            return Outcome::problem(format!(
                "event `{name}` version {version} is in the lock, so it may be in stores, but `oldest = {}` does not \
                 read it.",
                model.oldest
            ));
        }
        let now = self.shape();
        let may_write = match self.mode {
            Mode::Compare => false,
            Mode::Update => *version == model.version && now.reads(&locked.shape),
            Mode::Overwrite => true,
        };
        if is_same(&now, &locked.shape) {
            return self.same_shape(locked);
        }
        if may_write {
            let is_real = sample(&locked.shape).as_ref() != Some(&locked.sample);
            let kept = (is_real && self.mode == Mode::Update).then(|| locked.sample.clone());
            return self.written(kept.or_else(|| sample(&now)).unwrap_or(Value::Null));
        }
        Outcome::problem(self.changed(&locked.shape, &now))
    }

    fn same_shape(&self, locked: &Locked) -> Outcome {
        let Self { name, version, .. } = self;
        if locked.reads_as.is_null() && self.mode != Mode::Compare {
            return self.written(locked.sample.clone());
        }
        match self.read(&locked.sample) {
            Err(error) => self.unreadable(&locked.sample, &error),
            Ok(reads_as) if reads_as == locked.reads_as => Outcome::default(),
            Ok(_) if self.mode == Mode::Overwrite => self.written(locked.sample.clone()),
            Ok(reads_as) if events_of(&reads_as) != events_of(&locked.reads_as) => {
                self.newer_reading(locked, &reads_as)
            }
            Ok(reads_as) => Outcome::problem(format!(
                "event `{name}`: the recorded version {version} payload reads differently now:\n        \
                 was {}\n        is  {reads_as}\n    \
                 If you have replaced the sample, delete its `reads_as` and update.",
                locked.reads_as
            )),
        }
    }

    /// The sample reads as other events or versions than when it was locked.
    fn newer_reading(&self, locked: &Locked, reads_as: &Value) -> Outcome {
        let Self { name, version, .. } = self;
        if self.mode != Mode::Compare {
            return self.written(locked.sample.clone());
        }
        Outcome::problem(format!(
            "event `{name}` version {version} reads as {} now, and not as {}; \
             accept it with `ES_LOCK=update cargo test`.",
            events_of(reads_as),
            events_of(&locked.reads_as)
        ))
    }

    fn changed(&self, old: &Shape, now: &Shape) -> String {
        let Self { model, name, version, .. } = self;
        let difference = difference(old, now);
        if *version < model.version {
            return format!(
                "event `{name}`: the upcasts describe version {version} differently from what was stored:\n\
                 {difference}    \
                 Correct the chain from `#[upcast({version} => {}, ..)]` on; where a nested type has changed, keep its \
                 old form: `change(field: OldType => ..)`.",
                version + 1
            );
        }
        if now.reads(old) {
            return format!(
                "event `{name}` version {version} gained what may be missing, so old payloads still read:\n\
                 {difference}    \
                 Accept with `ES_LOCK=update cargo test`."
            );
        }
        format!(
            "event `{name}` changed without a new version; payloads stored as version {version} no longer read as they \
             did:\n\
             {difference}    \
             Write:\n        \
             #[event(name = \"{name}\", version = {next})]\n        \
             #[upcast({version} => {next}, {})]\n    \
             If version {version} was never released: `ES_LOCK=overwrite cargo test`.",
            upcast(old, now),
            next = version + 1,
        )
    }

    /// The entry of today.
    fn written(&self, sample: Value) -> Outcome {
        let shape = self.shape();
        match self.read(&sample) {
            Ok(reads_as) => Outcome { problem: None, write: Some(Locked { shape, sample, reads_as }) },
            Err(error) => {
                let problem = self.unreadable(&sample, &error).problem;
                Outcome { problem, write: Some(Locked { shape, sample, reads_as: Value::Null }) }
            }
        }
    }

    fn unreadable(&self, sample: &Value, error: &str) -> Outcome {
        let Self { name, version, .. } = self;
        Outcome::problem(format!(
            "event `{name}` version {version}: the sample cannot be read: {error}\n        {sample}\n    \
             Where values are validated, put a real payload in its place in events.lock.json, and update."
        ))
    }

    fn shape(&self) -> Shape {
        A::Event::shape(self.model.name, self.version).unwrap_or_else(|| Shape::scalar("null"))
    }

    /// The events that a payload reads as, as JSON.
    fn read(&self, payload: &Value) -> Result<Value, String> {
        let stream = StreamId::new(A::NAME, "1").map_err(|error| causes(&error))?;
        let name = EventName::new(self.name).map_err(|error| causes(&error))?;
        let recorded = Log::default().record(&stream, name, self.version, payload.to_string().into());
        let events = A::Event::decode(&Json, &recorded).map_err(|error| causes(&error))?;
        let event = |event: &A::Event| {
            let payload = event.encode(&Json).map_err(|error| causes(&error))?;
            let payload: Value = serde_json::from_slice(&payload).map_err(|error| causes(&error))?;
            Ok(json!({ "event": event.name().as_str(), "version": event.schema_version(), "payload": payload }))
        };
        events.iter().map(event).collect::<Result<Vec<_>, String>>().map(Value::Array)
    }
}

/// The events and versions of a reading: "`money-withdrawn` version 1, `fee-charged` version 2".
fn events_of(reads_as: &Value) -> String {
    let events = reads_as.as_array().into_iter().flatten();
    let names: Vec<_> = events
        .map(|event| format!("`{}` version {}", event["event"].as_str().unwrap_or("?"), event["version"]))
        .collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

impl Outcome {
    fn problem(text: String) -> Self {
        Self { problem: Some(Problem(text)), write: None }
    }
}

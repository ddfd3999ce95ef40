//! The comparison of an aggregate's events with what the lock knows of them.

use std::fmt::{self, Display};

use es_core::shape::Shape;
use es_core::{Aggregate, EventSet};
use serde_json::Value;

use super::file::{Events, Lock, Locked, Sparse};
use super::form::Form;
use super::reading::Reading;
use super::sample::{sample, sparse};
use super::suggestion::{difference, upcast};

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
            let events = self.aggregates.entry(A::NAME.to_owned()).or_default();
            problems.extend(Form::of_event::<A>(model).check_in(events, mode));
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

impl Form<'_> {
    /// Compares what is stored under this and its former names with the `entries` of all names.
    pub(super) fn check_in(&self, entries: &mut Events, mode: Mode) -> Vec<Problem> {
        let (mut problems, what) = (Vec::new(), self.what);
        for name in self.aliases.iter().chain([&self.name]) {
            let is_current = *name == self.name;
            let entries = entries.entry((*name).to_owned()).or_default();
            if mode == Mode::Overwrite {
                entries.retain(|version, _| (self.oldest..=self.version).contains(version));
            }
            problems.extend(entries.keys().filter(|locked| **locked > self.version).map(|locked| {
                Problem(format!(
                    "{what} `{name}` was locked as version {locked}, but its version is now {}; a version never goes \
                     back.",
                    self.version
                ))
            }));
            for version in 1..=self.version {
                let check = Check::new(self, name, version, mode);
                let outcome = match entries.get(&version) {
                    // A former name is not written any more, so no new version of it can be stored.
                    None if !is_current || version < self.oldest => continue,
                    None => check.unknown(),
                    Some(locked) => check.known(locked),
                };
                problems.extend(outcome.problem);
                if let Some(locked) = outcome.write {
                    entries.insert(version, locked);
                }
            }
        }
        problems
    }
}

pub(super) struct Check<'a> {
    form: &'a Form<'a>,
    name: &'a str,
    version: u32,
    mode: Mode,
}

#[derive(Default)]
pub(super) struct Outcome {
    problem: Option<Problem>,
    pub(super) write: Option<Locked>,
}

impl<'a> Check<'a> {
    pub(super) fn new(form: &'a Form<'a>, name: &'a str, version: u32, mode: Mode) -> Self {
        Self { form, name, version, mode }
    }

    /// A version that the lock does not know.
    fn unknown(&self) -> Outcome {
        let Self { form: Form { what, .. }, name, version, .. } = self;
        if self.mode == Mode::Compare {
            let text = format!(
                "{what} `{name}` version {version} is not locked yet; add it with `ES_LOCK=update cargo test`."
            );
            return Outcome { problem: Some(Problem(text)), write: None };
        }
        let shape = self.shape();
        let sample = sample(&shape).unwrap_or(Value::Null);
        self.written(shape, sample)
    }

    /// A version that the lock knows.
    fn known(&self, locked: &Locked) -> Outcome {
        let Self { form: model, name, version, .. } = self;
        let what = model.what;
        if *version < model.oldest {
            return Outcome::problem(format!(
                "{what} `{name}` version {version} is in the lock, so it may be in stores, but `oldest = {}` does not \
                 read it.",
                model.oldest
            ));
        }
        let now = self.shape();
        let is_same = now.sorted() == locked.shape.sorted();
        if !is_same && self.mode == Mode::Overwrite {
            return self.written_anew(now, locked);
        }
        if !is_same && !now.reads(&locked.shape) {
            return Outcome::problem(self.changed(&locked.shape, &now));
        }
        if locked.reads_as.is_null() && self.mode != Mode::Compare {
            return self.written(locked.shape.clone(), locked.sample.clone());
        }
        let readings = [self.reading(locked), self.sparse_reading(locked)];
        if let Some(problem) = readings.iter().find_map(Reading::different)
            && self.mode != Mode::Overwrite
        {
            return Outcome::problem(problem.to_owned());
        }
        // What older versions looked like never changes, whatever of it is read today.
        let gained = (!is_same && *version == model.version).then(|| self.gained(&locked.shape, &now));
        let news = gained.or_else(|| readings.into_iter().find_map(Reading::news));
        match (news, self.mode) {
            (None, _) => Outcome::default(),
            (Some(problem), Mode::Compare) => Outcome::problem(problem),
            (Some(_), _) if is_same || *version < model.version => {
                self.written(locked.shape.clone(), locked.sample.clone())
            }
            (Some(_), _) => self.written_anew(now, locked),
        }
    }

    /// The entry of today's shape; a real payload stays its sample for as long as it reads.
    fn written_anew(&self, now: Shape, locked: &Locked) -> Outcome {
        let is_generated = sample(&locked.shape).as_ref() == Some(&locked.sample);
        let fresh = if is_generated || self.read(&locked.sample).is_err() { sample(&now) } else { None };
        self.written(now, fresh.unwrap_or_else(|| locked.sample.clone()))
    }

    /// How the sample reads.
    fn reading(&self, locked: &Locked) -> Reading {
        let Self { form: Form { what, .. }, name, version, .. } = self;
        let now = match self.read(&locked.sample) {
            Ok(now) => now,
            Err(error) => return Reading::Different(self.unreadable(&locked.sample, &error)),
        };
        let payload = format!("the recorded version {version} payload");
        Reading::of(&format!("{what} `{name}`"), &payload, &locked.reads_as, &now)
            .or_hint("If you have replaced the sample, delete its `reads_as` and update.")
    }

    /// How the sample reads without the fields that may be missing.
    fn sparse_reading(&self, locked: &Locked) -> Reading {
        let Self { form: Form { what, .. }, name, version, .. } = self;
        let Some(Sparse { payload, reads_as }) = &locked.sparse else {
            return match sparse(&locked.shape, &locked.sample).map(|payload| self.read(&payload)) {
                Some(Ok(_)) => Reading::Newer(format!(
                    "{what} `{name}` version {version}: it is not locked yet how a payload reads that lacks what may be \
                     missing; add it with `ES_LOCK=update cargo test`."
                )),
                _ => Reading::Same,
            };
        };
        let now = match self.read(payload) {
            Ok(now) => now,
            Err(error) => return Reading::Different(self.unreadable(payload, &error)),
        };
        let payload = format!("a version {version} payload without the fields that may be missing");
        Reading::of(&format!("{what} `{name}`"), &payload, reads_as, &now).or_hint(
            "A default is how old payloads are read, so it stays as it is; give new events another value where they are \
             made.\n    \
             If there are no such payloads: `ES_LOCK=overwrite cargo test`.",
        )
    }

    fn gained(&self, old: &Shape, now: &Shape) -> String {
        let Self { form: Form { what, .. }, name, version, .. } = self;
        format!(
            "{what} `{name}` version {version} takes more than before, and old payloads still read:\n\
             {}    \
             Accept with `ES_LOCK=update cargo test`.",
            difference(old, now)
        )
    }

    fn changed(&self, old: &Shape, now: &Shape) -> String {
        let Self { form: model, name, version, .. } = self;
        let what = model.what;
        let difference = difference(old, now);
        if *version < model.version {
            return format!(
                "{what} `{name}`: the upcasts describe version {version} differently from what was stored:\n\
                 {difference}    \
                 Correct the chain from `#[upcast({version} => {}, ..)]` on; where a nested type has changed, keep its \
                 old form: `change(field: OldType => ..)`.",
                version + 1
            );
        }
        format!(
            "{what} `{name}` changed without a new version; payloads stored as version {version} no longer read as they \
             did:\n\
             {difference}    \
             Write:\n        \
             {attribute}\n        \
             #[upcast({version} => {next}, {})]\n    \
             If version {version} was never released: `ES_LOCK=overwrite cargo test`.",
            upcast(old, now),
            next = version + 1,
            attribute = model.attribute(name, version + 1),
        )
    }

    /// The entry as this sample reads today.
    pub(super) fn written(&self, shape: Shape, sample: Value) -> Outcome {
        let sparse = sparse(&shape, &sample).and_then(|payload| {
            let reads_as = self.read(&payload).ok()?;
            Some(Sparse { payload, reads_as })
        });
        let (problem, reads_as) = match self.read(&sample) {
            Ok(reads_as) => (None, reads_as),
            Err(error) => (Some(Problem(self.unreadable(&sample, &error))), Value::Null),
        };
        Outcome { problem, write: Some(Locked { shape, sample, reads_as, sparse }) }
    }

    fn unreadable(&self, sample: &Value, error: &str) -> String {
        let Self { form: Form { what, .. }, name, version, .. } = self;
        format!(
            "{what} `{name}` version {version}: the sample cannot be read: {error}\n        {sample}\n    \
             Where values are validated, put a real payload in its place: \
             `assert_locked!(.., samples = [(\"{name}\", {version}, json!(..))])`, and update."
        )
    }

    fn shape(&self) -> Shape {
        (self.form.shape)(self.version).unwrap_or_else(|| Shape::scalar("null"))
    }

    /// What a payload reads as, as JSON.
    pub(super) fn read(&self, payload: &Value) -> Result<Value, String> {
        (self.form.read)(self.name, self.version, payload)
    }
}

impl Outcome {
    fn problem(text: String) -> Self {
        Self { problem: Some(Problem(text)), write: None }
    }
}

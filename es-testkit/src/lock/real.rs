//! Real payloads in the place of samples that were made from shapes.

use es_core::{Aggregate, EventSet};
use serde_json::Value;

use super::check::{Check, Mode, Problem};
use super::file::{Events, Lock};
use super::form::Form;
use super::sample::sample;

/// Why a payload cannot be the sample of a version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// The lock has no such version of such an event, or the aggregate does not read it.
    #[error("version {version} of `{event}` is not in the lock; update it first")]
    NotLocked {
        /// The stored name.
        event: String,
        /// The version.
        version: u32,
    },
    /// It cannot be read.
    #[error("the sample of `{event}` version {version} cannot be read: {cause}")]
    Unreadable {
        /// The stored name.
        event: String,
        /// The version.
        version: u32,
        /// Why.
        cause: String,
    },
}

impl Lock {
    /// Puts a payload in the place of the sample of a version, together with how it reads today.
    ///
    /// ```
    /// use es_testkit::lock::{Lock, Mode};
    /// use serde_json::json;
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
    ///
    /// let mut lock = Lock::default();
    /// lock.check::<Counter>(Mode::Update);
    /// lock.set_sample::<Counter>("counter-increased", 1, json!({ "n": 40 })).unwrap();
    /// assert!(lock.only_generated::<Counter>().is_empty());
    /// ```
    ///
    /// # Errors
    /// The version is not locked, or the payload cannot be read; the lock then stays as it was.
    pub fn set_sample<A: Aggregate>(&mut self, event: &str, version: u32, payload: Value) -> Result<(), SampleError> {
        let mut models = A::Event::EVENTS.iter().chain(A::Event::SPLIT);
        let model = models.find(|model| model.name == event || model.aliases.contains(&event));
        let form = model.map(Form::of_event::<A>);
        set(form.as_ref(), self.aggregates.get_mut(A::NAME), event, version, payload)
    }

    /// [`check`](Self::check), where some samples are given: stored name, version and payload of each.
    ///
    /// An update puts them in the place of samples that were made from shapes; one that is real, too, is overwritten
    /// only by [`Mode::Overwrite`].
    pub fn check_with<'a, A: Aggregate>(
        &mut self,
        mode: Mode,
        samples: impl IntoIterator<Item = (&'a str, u32, Value)>,
    ) -> Vec<Problem> {
        if mode != Mode::Compare {
            // Before the samples are there, it may complain of those that it could not make.
            self.check::<A>(mode);
        }
        let mut problems = Vec::new();
        for (event, version, payload) in samples {
            let mut models = A::Event::EVENTS.iter().chain(A::Event::SPLIT);
            let model = models.find(|model| model.name == event || model.aliases.contains(&event));
            let (form, entries) = (model.map(Form::of_event::<A>), self.aggregates.get_mut(A::NAME));
            problems.extend(put(form.as_ref(), entries, mode, (event, version, payload)));
        }
        let mut all = self.check::<A>(mode);
        all.extend(problems);
        all
    }
}

/// Puts a payload in the place of the sample of a version, together with how it reads today.
fn set(
    form: Option<&Form<'_>>,
    entries: Option<&mut Events>,
    name: &str,
    version: u32,
    payload: Value,
) -> Result<(), SampleError> {
    let not_locked = || SampleError::NotLocked { event: name.to_owned(), version };
    let check = Check::new(form.ok_or_else(not_locked)?, name, version, Mode::Update);
    let versions = entries.and_then(|entries| entries.get_mut(name));
    let locked = versions.and_then(|versions| versions.get_mut(&version)).ok_or_else(not_locked)?;
    check.read(&payload).map_err(|cause| SampleError::Unreadable { event: name.to_owned(), version, cause })?;
    if let Some(written) = check.written(locked.shape.clone(), payload).write {
        *locked = written;
    }
    Ok(())
}

/// Puts a sample that a test gives into the lock, or says why not.
pub(super) fn put(
    form: Option<&Form<'_>>,
    entries: Option<&mut Events>,
    mode: Mode,
    (name, version, payload): (&str, u32, Value),
) -> Option<Problem> {
    let what = form.map_or("event", |form| form.what);
    let locked = entries.as_ref().and_then(|entries| entries.get(name)?.get(&version));
    let is_generated = locked.is_some_and(|locked| match sample(&locked.shape) {
        Some(generated) => generated == locked.sample,
        None => locked.sample.is_null(),
    });
    let problem = match locked {
        Some(locked) if locked.sample == payload => return None,
        _ if mode == Mode::Compare => format!(
            "{what} `{name}` version {version}: the lock has another sample than the test gives; put it in with \
             `ES_LOCK=update cargo test`."
        ),
        Some(locked) if !is_generated && !locked.reads_as.is_null() && mode == Mode::Update => format!(
            "{what} `{name}` version {version}: the lock has a real sample already:\n        {}\n    \
             To replace it: `ES_LOCK=overwrite cargo test`.",
            locked.sample
        ),
        _ => match set(form, entries, name, version, payload) {
            Ok(()) => return None,
            Err(error) => format!("{error}."),
        },
    };
    Some(Problem(problem))
}

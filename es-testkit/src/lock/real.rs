//! Real payloads in the place of samples that were made from shapes.

use es_core::{Aggregate, EventSet};
use serde_json::Value;

use super::check::{Check, Mode, Problem};
use super::file::Lock;
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
        let not_locked = || SampleError::NotLocked { event: event.to_owned(), version };
        let mut models = A::Event::EVENTS.iter().chain(A::Event::SPLIT);
        let model = models.find(|model| model.name == event || model.aliases.contains(&event));
        let check = Check::<A>::new(model.ok_or_else(not_locked)?, event, version, Mode::Update);
        let events = self.aggregates.get_mut(A::NAME).and_then(|events| events.get_mut(event));
        let locked = events.and_then(|versions| versions.get_mut(&version)).ok_or_else(not_locked)?;
        check.read(&payload).map_err(|cause| SampleError::Unreadable { event: event.to_owned(), version, cause })?;
        if let Some(written) = check.written(locked.shape.clone(), payload).write {
            *locked = written;
        }
        Ok(())
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
            let versions = self.aggregates.get(A::NAME).and_then(|events| events.get(event));
            let locked = versions.and_then(|versions| versions.get(&version));
            let is_generated = locked.is_some_and(|locked| match sample(&locked.shape) {
                Some(generated) => generated == locked.sample,
                None => locked.sample.is_null(),
            });
            let problem = match locked {
                Some(locked) if locked.sample == payload => continue,
                _ if mode == Mode::Compare => format!(
                    "event `{event}` version {version}: the lock has another sample than the test gives; put it in with \
                     `ES_LOCK=update cargo test`."
                ),
                Some(locked) if !is_generated && !locked.reads_as.is_null() && mode == Mode::Update => format!(
                    "event `{event}` version {version}: the lock has a real sample already:\n        {}\n    \
                     To replace it: `ES_LOCK=overwrite cargo test`.",
                    locked.sample
                ),
                _ => match self.set_sample::<A>(event, version, payload) {
                    Ok(()) => continue,
                    Err(error) => format!("{error}."),
                },
            };
            problems.push(Problem(problem));
        }
        let mut all = self.check::<A>(mode);
        all.extend(problems);
        all
    }
}

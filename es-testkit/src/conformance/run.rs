//! Runs checks against a store, on one executor after the other, and never waits for ever.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::executor::Executor;
use super::list::{Capability, Check, checks};
use super::offered::Stores;
use super::rules::called;
use super::subject::{Open, Subject};

/// How long a check may take before it counts as stuck.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// How a check of a store ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The store does what the check says.
    Kept,
    /// The store does not; with what was seen.
    Broken(String),
    /// The store does not offer what the check is about; with the reason.
    Skipped(String),
}

type Attempt = dyn Fn(Check, Executor) + Send + Sync;

/// A store under test: its name, what it is said to do, and how it is opened.
#[derive(Clone)]
pub struct Backend {
    name: &'static str,
    capabilities: &'static [&'static str],
    patience: Duration,
    attempt: Arc<Attempt>,
}

impl std::fmt::Debug for Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Backend")
            .field("name", &self.name)
            .field("capabilities", &self.capabilities)
            .finish_non_exhaustive()
    }
}

impl Backend {
    /// The store that `open` opens at what `place` makes, anew for each check.
    pub fn new<P: 'static, F>(
        name: &'static str,
        capabilities: &'static [&'static str],
        place: impl Fn() -> P + Send + Sync + 'static,
        open: F,
    ) -> Self
    where
        F: AsyncFn(&P) -> Stores + Clone + Send + Sync + 'static,
    {
        let attempt = move |check: Check, executor: Executor| {
            let (place, opener) = (Rc::new(place()), open.clone());
            let open: Open = Rc::new(move || {
                let (place, opener) = (Rc::clone(&place), opener.clone());
                Box::pin(async move { opener(&place).await })
            });
            executor.block_on(async {
                let mut subject = Subject::new(open, executor).await;
                (check.run)(&mut subject).await;
            });
        };
        Self { name, capabilities, patience: PATIENCE, attempt: Arc::new(attempt) }
    }

    /// Another patience than [`PATIENCE`].
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it is said to have a capability.
    pub fn has(&self, needs: Capability) -> bool {
        match needs {
            Capability::Store => true,
            Capability::IdsAcrossStreams => !self.capabilities.contains(&"ids_within_streams"),
            Capability::Transactions => {
                ["transactions", "async_transactions"].iter().any(|name| self.capabilities.contains(name))
            }
            _ => self.capabilities.contains(&needs.name()),
        }
    }

    /// The executors that it runs on.
    pub fn executors(&self) -> &'static [Executor] {
        const ALL: &[Executor] = &[Executor::CurrentThread, Executor::MultiThread, Executor::Threads];
        if self.capabilities.contains(&"any_executor") { ALL } else { &ALL[..2] }
    }

    /// Runs a check on one executor.
    pub fn run(&self, check: Check, executor: Executor) -> Outcome {
        if !self.has(check.needs) {
            let (rule, needs) = (called(check.rule()), check.needs.name());
            return Outcome::Skipped(format!("rule {rule}: the store `{}` has no `{needs}`", self.name));
        }
        let (attempt, (done, ended)) = (Arc::clone(&self.attempt), mpsc::channel());
        thread::spawn(move || {
            let result = catch_unwind(AssertUnwindSafe(|| attempt(check, executor)));
            // Nobody listens any more if the check took too long.
            let _ = done.send(result.map_err(Ended::of));
        });
        match ended.recv_timeout(self.patience) {
            Ok(Ok(())) => Outcome::Kept,
            Ok(Err(Ended::Skipped(reason))) => Outcome::Skipped(reason),
            Ok(Err(Ended::Broken(seen))) => Outcome::Broken(seen),
            Err(_) => Outcome::Broken(format!("`{}` was still waiting after {:?}", check.name, self.patience)),
        }
    }

    /// Runs the check with that name on every executor; what [`store_conformance!`](crate::store_conformance) does.
    ///
    /// # Panics
    /// If the store breaks the rule.
    pub fn test(&self, name: &str) {
        let check = checks().into_iter().find(|check| check.name == name);
        let check = check.unwrap_or_else(|| panic!("there is no check `{name}`"));
        for executor in self.executors() {
            match self.run(check, *executor) {
                Outcome::Kept => {}
                Outcome::Broken(seen) => panic!("`{}` on {executor:?}: {seen}", self.name),
                Outcome::Skipped(reason) => return println!("skipped: {reason}"),
            }
        }
    }
}

/// Ends a check as skipped, because there is no place for the store; for the `place` of
/// [`store_conformance!`](crate::store_conformance).
///
/// # Panics
/// Always; the runner of the check takes it for what it is.
pub fn skip(reason: &str) -> ! {
    // Without the message of a panic: nothing is broken.
    std::panic::resume_unwind(Box::new(Skip(reason.to_owned())))
}

struct Skip(String);

/// Why a check did not come to its end.
enum Ended {
    Skipped(String),
    Broken(String),
}

impl Ended {
    fn of(panic: Box<dyn Any + Send>) -> Self {
        match panic.downcast::<Skip>() {
            Ok(skip) => Self::Skipped(skip.0),
            Err(panic) => Self::Broken(said(&*panic)),
        }
    }
}

/// The message of a panic.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

//! Tests the laws: hands payloads and commands that proptest makes to what checks them, and tells the outcome.

use std::cell::{Cell, RefCell};
use std::fmt::Debug;

use es_core::{Aggregate, HandledBy};
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

use super::compare::Comparison;
use super::history::Histories;
use super::life::{Life, Story};
use super::tally::Tally;
use super::{Broken, Law, Verify, commands, events, histories, quiet};
use crate::lock::{self, Lock};

/// What nobody else chose.
const SEED: u64 = 0x5EED;

impl<A> Verify<A>
where
    A: Aggregate,
    A::Command: HandledBy<A> + Clone + Debug + Send + 'static,
    A::Event: PartialEq + Debug,
{
    /// Tests every law, and prints what was tested.
    ///
    /// # Panics
    /// If laws are broken; all of them are told.
    #[track_caller]
    pub fn run(&self) {
        let broken: Vec<_> = Law::ALL.into_iter().filter_map(|law| self.checked(law).err()).collect();
        let broken: Vec<_> = broken.iter().map(ToString::to_string).collect();
        assert!(broken.is_empty(), "{}", broken.join("\n\n"));
    }

    /// Tests one law, and prints what was tested.
    ///
    /// # Panics
    /// If it is broken.
    #[track_caller]
    pub fn assert(&self, law: Law) {
        if let Err(broken) = self.checked(law) {
            panic!("{broken}");
        }
    }

    fn checked(&self, law: Law) -> Result<(), Broken> {
        let report = self.check(law)?;
        println!("`{}`, {law}: {report}", A::NAME);
        Ok(())
    }

    /// Tests one law, and says what was tested.
    ///
    /// # Errors
    /// What breaks it, or that nothing could be tested.
    pub fn check(&self, law: Law) -> Result<String, Broken> {
        let broken = |fault| Broken { aggregate: A::NAME, law, fault };
        if let Some(reason) = self.skipped(law) {
            return Ok(format!("skipped, because {reason}"));
        }
        let report = match law {
            Law::EveryVersionReadsBack => {
                self.lock().and_then(|lock| events::check::<A>(&|| TestRunner::new(self.config()), &lock))
            }
            Law::EventsAreLocked => self.locked(),
            _ => self.histories(law),
        };
        report.map_err(broken)
    }

    /// Why a law is not tested.
    fn skipped(&self, law: Law) -> Option<String> {
        let aggregate = A::MODEL.type_name;
        let state = A::abilities().state;
        match law {
            Law::EveryVersionReadsBack => return None,
            Law::EventsAreLocked => {
                return self.lock.is_none().then(|| "no folder of a lock was given".to_owned());
            }
            _ if A::MODEL.commands.is_empty() => return Some(format!("`{aggregate}` has no commands")),
            Law::InvariantsHold if A::INVARIANTS.is_empty() => {
                return Some(format!("`{aggregate}` declares no `#[invariant(..)]`"));
            }
            Law::SnapshotAndTailEqualReplay if state.write.is_none() || state.read.is_none() => {
                return Some(format!("`{aggregate}` is not `Serialize` and `Deserialize`"));
            }
            Law::InvariantsHold | Law::RefusalWritesNothing => return None,
            _ => {}
        }
        let cannot = || format!("states of `{aggregate}` cannot be compared; derive `PartialEq` for it");
        Comparison::<A>::new().means().is_none().then(cannot)
    }

    fn lock(&self) -> Result<Lock, String> {
        self.lock.as_deref().map_or_else(|| Ok(Lock::default()), lock::read)
    }

    fn locked(&self) -> Result<String, String> {
        let Some(folder) = &self.lock else { return Ok(String::new()) };
        lock::compare::<A>(folder).map(|()| "nothing has changed".to_owned())
    }

    /// Tests a law with sequences of commands.
    fn histories(&self, law: Law) -> Result<String, String> {
        let command = match &self.commands {
            Some(commands) => commands.clone(),
            None => commands::any_command::<A>()?.ok_or("there are no commands")?,
        };
        let config = self.config();
        let chance = self.chance(&config);
        let (tally, longest) = (RefCell::new(Tally::default()), Cell::new(0));
        let run = TestRunner::new(config).run(&Histories::<A>::new(command, self.length.clone()), |commands| {
            let (story, count) = (RefCell::new(Story::default()), commands.len());
            let done = quiet::catch(|| {
                let mut life = Life::<A>::begin(&story, &tally).map_err(|error| error.to_string())?;
                histories::check(law, &mut life, commands)
            });
            let fault = match done {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(fault)) => fault,
                Err(panic) => panic,
            };
            longest.set(longest.get().max(count));
            let (longest, told) = (longest.get(), story.borrow().told());
            Err(TestCaseError::fail(match count {
                0 => format!("{fault}\nThat takes no command."),
                _ => format!("{fault}\nThe commands, shrunk from {longest} to {count}:{told}"),
            }))
        });
        match run {
            Ok(()) => {
                let report = tally.borrow().report::<A>().map_err(|fault| format!("{fault}\n{chance}"))?;
                let compared = match (law, Comparison::<A>::new().means()) {
                    (Law::InvariantsHold, _) => String::new(),
                    (_, Some(means)) => format!("\n  states are compared by {means}"),
                    (_, None) => "\n  states cannot be compared; derive `PartialEq`".to_owned(),
                };
                Ok(format!("{chance}; {report}{compared}"))
            }
            Err(TestError::Fail(fault, _)) => Err(format!("{fault}\n({chance})")),
            Err(TestError::Abort(reason)) => Err(format!("no commands could be made: {reason}\n({chance})")),
        }
    }

    fn config(&self) -> Config {
        let mut config = Config { failure_persistence: None, ..Config::default() };
        if let Some(cases) = self.cases {
            config.cases = cases;
        }
        config.rng_seed = match (self.seed, config.rng_seed) {
            (Some(seed), _) => RngSeed::Fixed(seed),
            (None, RngSeed::Random) => RngSeed::Fixed(SEED),
            (None, fixed @ RngSeed::Fixed(_)) => fixed,
        };
        if config.max_shrink_iters == u32::MAX {
            // Not proptest's 4 for each case, which leaves long sequences as they are.
            config.max_shrink_iters = 1 << 14;
        }
        // Types may refuse most payloads of their shape.
        config.max_local_rejects = config.max_local_rejects.max(1 << 24);
        config
    }

    /// "256 cases of 1 to 40 commands, seed 24301".
    fn chance(&self, config: &Config) -> String {
        let (start, end) = (self.length.start(), self.length.end());
        format!("{} cases of {start} to {end} commands, seed {}", config.cases, config.rng_seed)
    }
}

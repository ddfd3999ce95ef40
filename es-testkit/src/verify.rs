//! The laws of every aggregate, tested with payloads and commands that are made at random from their shapes.

mod block_on;
mod commands;
mod compare;
mod events;
mod histories;
mod history;
mod life;
mod one_of;
mod payload;
mod quiet;
mod readable;
mod tally;
mod words;

use std::cell::{Cell, RefCell};
use std::fmt::{self, Debug, Display};
use std::ops::{Bound, RangeBounds, RangeInclusive};
use std::path::PathBuf;

use es_core::{Aggregate, HandledBy};
use proptest::strategy::{BoxedStrategy, Strategy};
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

use self::compare::Comparison;
use self::history::Histories;
use self::life::{Life, Story};
use self::tally::Tally;
use crate::lock::{self, Lock};

/// Writes one test for each [law](verify::Law) of an aggregate, in a module named after it: `account_laws`.
///
/// ```
/// use es_core::{Aggregate, Apply, Command, Event};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
/// #[event(name = "seat-taken")]
/// pub struct SeatTaken { pub by: String }
///
/// #[derive(Debug, Clone, Deserialize, Command)] // made at random, because it is `Deserialize`
/// #[command(aggregate = Hall, emits = SeatTaken)]
/// #[require(state.free > 0, Full)]
/// pub struct TakeSeat { pub by: String }
///
/// #[derive(Debug, PartialEq, thiserror::Error)]
/// #[error("no seat is free")]
/// pub struct Full;
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize, Aggregate)]
/// #[aggregate(name = "hall", id = String, error = Full, events(SeatTaken), commands(TakeSeat))]
/// #[invariant(state.taken + state.free == 2, "no seat is lost")]
/// pub struct Hall { free: u32, taken: u32 }
///
/// impl Default for Hall { fn default() -> Self { Self { free: 2, taken: 0 } } }
/// impl Apply<SeatTaken> for Hall {
///     fn apply(&mut self, _: SeatTaken) {
///         self.free -= 1;
///         self.taken += 1;
///     }
/// }
///
/// es_testkit::verify!(Hall);
/// # // What the tests do:
/// # es_testkit::verify::Verify::<Hall>::new().run();
/// ```
///
/// Options follow the aggregate, each once: `verify!(Account, cases = 64, length = 1..=20, seed = 7)`; they are the
/// methods of [`Verify`](verify::Verify).
///
/// Commands are made from their shapes, and read as serde reads them.
/// Small numbers, numbers at the limits, texts that meet again, and what the rules of the aggregate compare with are more
/// frequent than others; and most commands are looked for among several until the aggregate accepts one.
/// Where that does not get far, or a command is not `Deserialize`, give a proptest `Strategy`;
/// [`es_testkit::proptest`](proptest) is the version to use:
///
/// ```text
/// es_testkit::verify!(Account, commands = any_command());
///
/// fn any_command() -> impl Strategy<Value = AccountCommand> { .. }
/// ```
///
/// Runs are the same every time.
/// `PROPTEST_CASES`, `PROPTEST_RNG_SEED` and the other variables of proptest are respected; no files are written, but for
/// the lock with `ES_LOCK=update`.
/// `cargo test -- --nocapture` shows what was tested: how many commands were accepted and refused, which never were, and
/// what a law skipped.
#[macro_export]
macro_rules! verify {
    ($($verified:tt)*) => {
        $crate::__private::verify! {
            $crate [
                EveryVersionReadsBack,
                SnapshotAndTailEqualReplay,
                HandlingEqualsReloading,
                ReplayIsDeterministic,
                RefusalWritesNothing,
                InvariantsHold,
                EventsAreLocked,
            ]
            $($verified)*
        }
    };
}

/// What holds of every aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Law {
    /// Every version of every event, under every name that it ever had, is read; and what it is read as is stored and
    /// read back unchanged.
    EveryVersionReadsBack,
    /// A snapshot after any event, and the events after it, make the state that all events make.
    ///
    /// Skipped if the state is not `Serialize` and `Deserialize`.
    SnapshotAndTailEqualReplay,
    /// The events that handlers return make the state that is loaded from the store.
    HandlingEqualsReloading,
    /// The same events make the same state every time.
    ReplayIsDeterministic,
    /// A command that is refused writes nothing, and leaves the state as it was.
    RefusalWritesNothing,
    /// Every `#[invariant(..)]` holds after every event; skipped if there is none.
    InvariantsHold,
    /// What [`assert_locked!`](crate::assert_locked) says.
    EventsAreLocked,
}

impl Law {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::EveryVersionReadsBack,
        Self::SnapshotAndTailEqualReplay,
        Self::HandlingEqualsReloading,
        Self::ReplayIsDeterministic,
        Self::RefusalWritesNothing,
        Self::InvariantsHold,
        Self::EventsAreLocked,
    ];
}

impl Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EveryVersionReadsBack => "every version of every event reads back",
            Self::SnapshotAndTailEqualReplay => "a snapshot and the tail equal a full replay",
            Self::HandlingEqualsReloading => "handling equals reloading",
            Self::ReplayIsDeterministic => "replay is deterministic",
            Self::RefusalWritesNothing => "a refusal writes nothing",
            Self::InvariantsHold => "the invariants hold",
            Self::EventsAreLocked => "the events are locked",
        })
    }
}

/// A law that an aggregate does not keep, with what breaks it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{aggregate}` breaks the law that {law}:\n{fault}")]
pub struct Broken {
    /// The stored name of the aggregate.
    pub aggregate: &'static str,
    /// The law.
    pub law: Law,
    /// What breaks it: the event, the states, the fewest and smallest commands that were found.
    pub fault: String,
}

/// How the laws of an aggregate are tested; [`verify!`](crate::verify) as a value.
///
/// ```
/// use es_testkit::verify::{Law, Verify};
/// # use es_core::{Aggregate, Apply, Command, Event};
/// # #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Event)]
/// # #[event(name = "counter-increased")]
/// # pub struct CounterIncreased { pub by: u32 }
/// # #[derive(Debug, Clone, serde::Deserialize, Command)]
/// # #[command(emits = CounterIncreased)]
/// # pub struct Increase { pub by: u32 }
/// # #[derive(Debug, Default, PartialEq, Aggregate)]
/// # #[aggregate(name = "counter", id = String, error = std::convert::Infallible,
/// #             events(CounterIncreased), commands(Increase))]
/// # pub struct Counter { total: u64 }
/// # impl Apply<CounterIncreased> for Counter {
/// #     fn apply(&mut self, event: CounterIncreased) { self.total += u64::from(event.by); }
/// # }
///
/// let verify = Verify::<Counter>::new().cases(16).length(1..=10);
/// verify.run();
/// assert_eq!(
///     verify.check(Law::InvariantsHold).unwrap(),
///     "skipped, because `Counter` declares no `#[invariant(..)]`",
/// );
/// ```
#[derive(Debug)]
pub struct Verify<A: Aggregate> {
    cases: Option<u32>,
    length: RangeInclusive<usize>,
    seed: Option<u64>,
    commands: Option<BoxedStrategy<A::Command>>,
    lock: Option<PathBuf>,
}

/// What nobody else chose.
const SEED: u64 = 0x5EED;

impl<A> Default for Verify<A>
where
    A: Aggregate,
    A::Command: HandledBy<A> + Clone + Debug + Send + 'static,
    A::Event: PartialEq + Debug,
{
    fn default() -> Self {
        Self::new()
    }
}

impl<A> Verify<A>
where
    A: Aggregate,
    A::Command: HandledBy<A> + Clone + Debug + Send + 'static,
    A::Event: PartialEq + Debug,
{
    /// 256 cases, or `PROPTEST_CASES`, of 1 to 40 commands.
    #[must_use = "nothing is tested before `run`"]
    pub fn new() -> Self {
        Self { cases: None, length: 1..=40, seed: None, commands: None, lock: None }
    }

    /// How many sequences of commands, and payloads of each version of an event, a law is tested with.
    #[must_use]
    pub fn cases(mut self, cases: u32) -> Self {
        self.cases = Some(cases);
        self
    }

    /// How many commands a sequence has; at least one.
    #[must_use]
    pub fn length(mut self, length: impl RangeBounds<usize>) -> Self {
        let start = match length.start_bound() {
            Bound::Included(start) => *start,
            Bound::Excluded(start) => start + 1,
            Bound::Unbounded => 1,
        };
        let end = match length.end_bound() {
            Bound::Included(end) => *end,
            Bound::Excluded(end) => end.saturating_sub(1),
            Bound::Unbounded => 40,
        };
        let start = start.max(1);
        self.length = start..=end.max(start);
        self
    }

    /// Where chance begins; `PROPTEST_RNG_SEED` or a fixed number, unless said otherwise.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Takes commands from `strategy` instead of making them from their shapes.
    #[must_use]
    pub fn commands(mut self, strategy: impl Strategy<Value = A::Command> + 'static) -> Self {
        self.commands = Some(strategy.boxed());
        self
    }

    /// The folder of `events.lock.json`; without it, [`Law::EventsAreLocked`] is skipped.
    #[must_use]
    pub fn locked_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.lock = Some(folder.into());
        self
    }

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

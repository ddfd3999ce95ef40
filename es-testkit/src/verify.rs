//! The laws of every aggregate, tested with payloads and commands that are made at random from their shapes.

mod commands;
mod compare;
mod events;
mod histories;
mod history;
mod law;
mod life;
mod one_of;
mod payload;
mod quiet;
mod readable;
mod run;
mod tally;
mod words;

use std::fmt::Debug;
use std::ops::{Bound, RangeBounds, RangeInclusive};
use std::path::PathBuf;

use es_core::{Aggregate, HandledBy};
use proptest::strategy::{BoxedStrategy, Strategy};

pub use self::law::{Broken, Law};

/// Writes one test for each [law](enum@crate::verify::Law) of an aggregate, in a module named after it: `account_laws`.
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
/// methods of [`Verify`](struct@crate::verify::Verify).
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

/// How the laws of an aggregate are tested; [`verify!`](crate::verify!) as a value.
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
}

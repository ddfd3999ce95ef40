//! One store of streams over several stores, each with a log of its own. It decides where a stream is, and copies and
//! moves nothing.

mod check;
mod invalid;
mod log;
mod partition;
mod routes;
mod slot;
mod store;

use std::fmt;
use std::sync::Arc;

use self::routes::Routes;
use crate::stream::StreamId;

pub use self::check::PlacementError;
pub use self::invalid::InvalidPartitions;
pub use self::log::PartitionLog;
pub use self::partition::Partition;
pub use self::slot::{HASH_SLOTS, hash_slot};

/// Several stores as one, each stream in one of them: by its category, or else by the [hash slot](hash_slot) of its id.
///
/// For a log that is too large or too busy for one store.
/// An aggregate is the unit of consistency and each stream is whole in one partition, so commands work as ever: a
/// [`Repository`](crate::Repository) takes this store as any other, with snapshots, cache, and commands that are sent
/// once.
///
/// ```
/// # use es_core::{Aggregate, Answer, Apply, Command, Event, Project, Projection, Query, RecordedEvent, Repository};
/// # #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Event)]
/// # #[event(name = "money-deposited")]
/// # pub struct MoneyDeposited { pub amount: u64 }
/// # #[derive(Debug, Clone, Command)]
/// # #[command(emits = MoneyDeposited)]
/// # pub struct Deposit { pub amount: u64 }
/// # #[derive(Debug, Default, Aggregate)]
/// # #[aggregate(name = "account", id = String, error = std::convert::Infallible,
/// #             events(MoneyDeposited), commands(Deposit))]
/// # pub struct Account { balance: u64 }
/// # impl Apply<MoneyDeposited> for Account {
/// #     fn apply(&mut self, event: MoneyDeposited) { self.balance += event.amount; }
/// # }
/// # #[derive(Debug, Default, Projection)]
/// # #[projection(name = "turnover", events(MoneyDeposited))]
/// # pub struct Turnover { sum: u64 }
/// # impl Project<MoneyDeposited> for Turnover {
/// #     fn project(&mut self, event: MoneyDeposited, _: &RecordedEvent) { self.sum += event.amount; }
/// # }
/// # pub struct GetTurnover;
/// # impl Query for GetTurnover { type Answer = u64; }
/// # impl Answer<GetTurnover> for Turnover { fn answer(&self, _: GetTurnover) -> u64 { self.sum } }
/// use std::collections::BTreeMap;
///
/// use es_core::ProjectionRunner;
/// use es_core::store::{Partition, PartitionedStore};
/// use es_memory_store::MemoryStore;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bank = PartitionedStore::new([
///     Partition::new("west", MemoryStore::new()).slots(..512),
///     Partition::new("east", MemoryStore::new()).slots(512..),
///     Partition::new("audit", MemoryStore::new()).categories(["audit"]),
/// ])?;
/// let accounts = Repository::<Account, _>::new(bank.clone());
///
/// // One runner for each log, each with its own checkpoint.
/// let mut turnovers = BTreeMap::new();
/// for log in bank.logs() {
///     turnovers.insert(log.partition().name().to_owned(), ProjectionRunner::new(log, Turnover::default()));
/// }
///
/// accounts.execute("ada", Deposit { amount: 5 }).await?;
/// let done = accounts.execute("bob", Deposit { amount: 7 }).await?;
/// // `done.position` is a position of the log that has `account-bob`, and of no other.
/// turnovers[bank.partition_of(&done.stream).name()].wait_for(done.position).await?;
/// assert_eq!(turnovers["east"].query(GetTurnover), 7);
///
/// // What is asked about all of them is added up from the answers of each.
/// for turnover in turnovers.values() {
///     turnover.catch_up().await?;
/// }
/// assert_eq!(turnovers.values().map(|turnover| turnover.query(GetTurnover)).sum::<u64>(), 12);
/// # Ok(()) }
/// ```
///
/// # What is given up
///
/// - **There is no order between events of two partitions.** Each has its own log and its own positions, and the same
///   position stands for different events in different partitions. What an append returns is a position of the partition
///   of its stream: wait for it in a read model that follows [this partition's log](Self::log_of), since in that of
///   another it has come too soon, too late, or never.
/// - **The log is read one partition at a time.** [`read_log`](super::EventStore::read_log) answers only where the
///   categories of its filter are all in one partition, with the events and positions of that one; any other read is refused with
///   [`ReadError::SeveralPartitions`](super::ReadError::SeveralPartitions). So this store does not
///   [subscribe](super::Subscribe) and keeps neither checkpoints nor read models: each [`PartitionLog`] does.
/// - **An append to several streams stays in one partition**, and is refused otherwise with
///   [`MultiAppendError::SeveralPartitions`](super::MultiAppendError::SeveralPartitions). The hash is that of the id
///   alone, so that `account-ada` and `order-ada` are in one partition, unless a category of them has its own.
/// - **An event id is unique in its partition**, not in all: rules 15 to 17 do not see that another partition has it.
///   A command that is [sent once](crate::Repository::execute_once) relies on ids within its stream, and is safe.
///   Ids by [`UuidV7`](crate::UuidV7) are unique anyway.
/// - **There are no inline projections**; read models follow the log of their partition.
///
/// # What must not change
///
/// A stream is where the partitions say, and is not looked for elsewhere.
/// Where a slot or a category is given to another partition before its streams are there, these read as empty and can be
/// created again: copy first, with [`copy_transform`](crate::copy::copy_transform) for each partition.
/// [`check_placement`](Self::check_placement) finds the common mistakes when a program starts.
///
/// Cloning gives another handle to the same stores.
pub struct PartitionedStore<S> {
    shared: Arc<Shared<S>>,
}

struct Shared<S> {
    partitions: Vec<Partition<S>>,
    routes: Routes,
}

impl<S> PartitionedStore<S> {
    /// These stores as one.
    ///
    /// Each [slot](super::HASH_SLOTS) belongs to one partition, also where all streams of today have a category with a
    /// partition of its own; no two have a name or a category in common.
    ///
    /// # Errors
    /// See [`InvalidPartitions`].
    pub fn new(partitions: impl IntoIterator<Item = Partition<S>>) -> Result<Self, InvalidPartitions> {
        let partitions: Vec<_> = partitions.into_iter().collect();
        let routes = Routes::of(&partitions)?;
        Ok(Self { shared: Arc::new(Shared { partitions, routes }) })
    }

    /// The partitions, as they were given.
    pub fn partitions(&self) -> &[Partition<S>] {
        &self.shared.partitions
    }

    /// The partition that has a stream, or would have it.
    pub fn partition_of(&self, stream: &StreamId) -> &Partition<S> {
        self.at(self.shared.routes.of_stream(stream))
    }

    /// The log of each partition, in the given order: a projection runs once for each.
    pub fn logs(&self) -> impl ExactSizeIterator<Item = PartitionLog<S>> {
        (0..self.partitions().len()).map(|index| PartitionLog::new(self, index))
    }

    /// The log of the partition of this name, if there is one.
    pub fn log(&self, name: &str) -> Option<PartitionLog<S>> {
        let index = self.partitions().iter().position(|partition| partition.name() == name)?;
        Some(PartitionLog::new(self, index))
    }

    /// The log that has a stream, or would have it: the positions of its events are those of this log.
    pub fn log_of(&self, stream: &StreamId) -> PartitionLog<S> {
        PartitionLog::new(self, self.shared.routes.of_stream(stream))
    }

    /// The log that has all streams of a category; `None` if they are in several.
    pub fn log_of_category(&self, category: &str) -> Option<PartitionLog<S>> {
        match *self.shared.routes.of_category(category) {
            [index] => Some(PartitionLog::new(self, index)),
            _ => None,
        }
    }

    fn at(&self, index: usize) -> &Partition<S> {
        &self.shared.partitions[index]
    }
}

impl<S> Clone for PartitionedStore<S> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<S> fmt::Debug for PartitionedStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartitionedStore").field("partitions", &self.partitions()).finish()
    }
}

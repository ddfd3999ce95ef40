//! Event sourcing and CQRS in one dependency: everything of [`es_core`], its derives, and a store picked by a URL.
//!
//! ```
//! use es::{Aggregate, Apply, Command, Event, Repository};
//!
//! #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Event)]
//! #[event(name = "money-deposited")]
//! struct MoneyDeposited {
//!     amount: u64,
//! }
//!
//! #[derive(Debug, Clone, Command)]
//! #[command(emits = MoneyDeposited)]
//! struct Deposit {
//!     amount: u64,
//! }
//!
//! #[derive(Debug, Default, Aggregate)]
//! #[aggregate(name = "account", id = String, error = std::convert::Infallible,
//!             events(MoneyDeposited), commands(Deposit))]
//! struct Account {
//!     balance: u64,
//! }
//!
//! impl Apply<MoneyDeposited> for Account {
//!     fn apply(&mut self, event: MoneyDeposited) {
//!         self.balance += event.amount;
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let accounts = Repository::<Account, _>::new(es::connect("memory:").await?);
//! accounts.execute("ada", Deposit { amount: 5 }).await?;
//! assert_eq!(accounts.load("ada").await?.state().balance, 5);
//! # Ok(()) }
//! ```
//!
//! Each kind of store is a feature of the same name; [`connect`] lists them.
//! The feature `app` adds `es::app`, which runs a whole application.
//! Libraries depend on es-core instead: it is smaller, and what they derive for it works here too.

mod connect;
mod full;

// A list by name would name what the derives of es-core are called, too, which must give way to those below.
#[doc(inline)]
pub use es_core::*;

#[cfg(feature = "derive")]
pub use es_derive::{
    FacadeAggregate as Aggregate, FacadeCommand as Command, FacadeEvent as Event, FacadeEventData as EventData,
    FacadeEventSet as EventSet, FacadeProcessManager as ProcessManager, FacadeProjection as Projection,
};

#[cfg(feature = "app")]
pub use es_app as app;
#[cfg(feature = "memory")]
pub use es_memory_store::MemoryStore;
#[cfg(feature = "nats")]
pub use es_nats_store as nats;
#[cfg(feature = "postgres")]
pub use es_postgres_store as postgres;
#[cfg(feature = "sqlite")]
pub use es_sqlite_store as sqlite;

pub use self::connect::{ConnectError, connect};
pub use self::full::{FullStore, Store};

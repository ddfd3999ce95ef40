//! The conformance suite: what every event store owes, as tests.
//!
//! [`store_conformance!`](crate::store_conformance) makes one test for each check, named by the number of the rule of
//! [the store contract](es_core::store#contract) and what it says.
//! Each test runs on tokio with one thread and with several, and without a runtime if the store needs none.
//!
//! ```
//! use es_memory_store::MemoryStore;
//!
//! es_testkit::store_conformance!(
//!     memory,
//!     [subscribe, checkpoints, multi_stream_append, snapshots, read_models, inline_append, leases, failures, any_executor],
//!     async || MemoryStore::new()
//! );
//! # fn main() {}
//! ```
//!
//! # Capabilities
//!
//! | name | the store | rules |
//! |---|---|---|
//! | `subscribe` | is [`Subscribe`](es_core::store::Subscribe) | 23 to 25 |
//! | `checkpoints` | is [`CheckpointStore`](es_core::store::CheckpointStore) | 26 to 29 |
//! | `multi_stream_append` | is [`MultiStreamAppend`](es_core::store::MultiStreamAppend) | 30 to 34 |
//! | `snapshots` | is [`SnapshotStore`](es_core::store::SnapshotStore) | S1 to S7 |
//! | `read_models` | is [`ReadModelStore`](es_core::store::ReadModelStore) | M1 to M11 |
//! | `inline_append` | is [`InlineAppend`](es_core::store::InlineAppend) | N1 to N3 |
//! | `leases` | is [`LeaseStore`](es_core::store::LeaseStore) | L1 to L6 |
//! | `failures` | is [`FailureStore`](es_core::store::FailureStore) | F1 to F7 |
//! | `transactions` | is [`Transact`](es_core::store::Transact) | T1 and T2 |
//! | `async_transactions` | is [`AsyncTransact`](es_core::store::AsyncTransact) | T1 and T2 |
//! | `ids_within_streams` | does *not* know an event id of another stream | 15 and 17 are held within each stream only |
//! | `second_handle` | can be opened twice at one place | all, between handles |
//! | `durable` | has what it had when it is opened again | all, after a restart |
//! | `any_executor` | needs no runtime | – |
//!
//! The tests of a capability that is not listed pass and print why they were skipped, so every store has the same tests.
//!
//! A store that can be opened more than once says where it is, and how it is opened there:
//!
//! ```
//! use es_memory_store::MemoryStore;
//!
//! es_testkit::store_conformance!(
//!     shared,
//!     [subscribe, second_handle],
//!     place = MemoryStore::new,
//!     open = async |place: &MemoryStore| place.clone()
//! );
//! # fn main() {}
//! ```
//!
//! A durable store gives a new folder as its place; what is at the place is dropped when the test ends.
//!
//! # What it relies on
//!
//! Each check uses streams, names and event ids of its own, so all may share one storage.
//! It sleeps nowhere, and what must happen is awaited for no longer than [`PATIENCE`].
//! Mutants prove it: stores that break one rule each, and the checks that notice; see `docs/conformance-mutants.md`.
//!
//! # A report
//!
//! [`Report`] runs the checks and keeps the column of a store in a table of rules and stores.

#![allow(clippy::cast_possible_truncation, reason = "the numbers of a check are small")]
#![allow(clippy::many_single_char_names, reason = "the streams of a check are called a, b and c")]

mod executor;
mod expected;
mod list;
mod numbered;
mod offered;
mod report;
mod rules;
mod run;
mod subject;
mod transactions;

mod appending;
mod checkpoints;
mod concurrency;
mod filters;
mod handles;
mod histories;
mod hostile;
mod inline;
mod leasing;
mod parking;
mod read_models;
mod reading;
mod scanning;
mod sending_again;
mod several_streams;
mod snapshots;
mod subscribing;
mod transacting;
mod visiting;

pub use self::executor::Executor;
pub use self::list::{Capability, Check, checks};
pub use self::offered::{Offered, Stores};
pub use self::report::Report;
pub use self::rules::RULES;
pub use self::run::{Backend, Outcome, PATIENCE, skip};
pub use self::subject::Subject;

/// Prints what a check left out.
fn note(reason: &str) {
    println!("left out: {reason}");
}

/// Holds an event store to [the contract of all stores](es_core::store#contract): a module with one test for each check.
///
/// The [module](crate::conformance) says what can stand in the list and how a store is opened.
#[macro_export]
macro_rules! store_conformance {
    ($backend:ident, [$($capability:ident),* $(,)?], $open:expr $(,)?) => {
        $crate::store_conformance!(
            $backend, [$($capability),*], place = || (), open = async |_: &()| { let open = $open; open().await }
        );
    };
    ($backend:ident, [$($capability:ident),* $(,)?], place = $place:expr, open = $open:expr $(,)?) => {
        $crate::__conformance_checks! {
            [$crate::__conformance_tests] { $backend [$($capability),*] ($place) ($open) }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_tests {
    (
        { $backend:ident [$($capability:ident),*] ($place:expr) ($open:expr) }
        $($group:ident: $needs:ident { $($check:ident),* $(,)? })*
    ) => {
        mod $backend {
            #[allow(unused_imports, reason = "what the expressions name may be in scope already")]
            use super::*;

            /// The store under test.
            #[allow(dead_code, reason = "its tests use it, and so may a report")]
            pub(super) fn backend() -> $crate::conformance::Backend {
                $crate::conformance::Backend::new(
                    stringify!($backend),
                    &[$(stringify!($capability)),*],
                    $place,
                    async |place: &_| {
                        let open = $open;
                        $crate::conformance::Offered::new(open(place).await)$(.$capability())*.stores()
                    },
                )
            }

            $($(
                #[test]
                fn $check() {
                    backend().test(stringify!($check));
                }
            )*)*
        }
    };
}

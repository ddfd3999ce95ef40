//! Every target keeps the contract, and the check tells those that do not.
#![cfg(feature = "conformance")]

mod in_memory;
#[cfg(feature = "kafka")]
mod kafka;
mod mutants;
#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "webhook")]
mod webhook;

use es_publish::conformance::{Subject, check};

async fn assert_sound(subject: &impl Subject) {
    let violations = check(subject).await;
    assert!(violations.is_empty(), "{violations:#?}");
}

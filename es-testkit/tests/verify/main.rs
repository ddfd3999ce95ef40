//! The laws of `verify!`: kept by a healthy aggregate, and each broken by one that is ill in one place.

#![allow(missing_docs, reason = "the domains of tests explain themselves by their names")]

mod commands;
mod counter;
mod events;
mod invariants;
mod kept;
mod states;

use std::fmt::Debug;

use es_core::{Aggregate, HandledBy};
use es_testkit::verify::{Law, Verify};

/// Few cases, since what is ill is ill at once.
fn verify<A>() -> Verify<A>
where
    A: Aggregate,
    A::Command: HandledBy<A> + Clone + Debug + Send + 'static,
    A::Event: PartialEq + Debug,
{
    Verify::new().cases(64).length(1..=12).seed(1)
}

/// What is said of the only law that is broken.
#[track_caller]
fn broken<A>(verify: &Verify<A>, law: Law) -> String
where
    A: Aggregate,
    A::Command: HandledBy<A> + Clone + Debug + Send + 'static,
    A::Event: PartialEq + Debug,
{
    let broken: Vec<_> = Law::ALL.into_iter().filter_map(|law| verify.check(law).err()).collect();
    let laws: Vec<_> = broken.iter().map(|broken| broken.law).collect();
    assert_eq!(laws, [law], "{broken:#?}");
    broken[0].to_string()
}

/// The message, of which how much was shrunk and by which chance is of no interest.
fn without_chance(message: &str) -> String {
    let lines = message.lines().map(|line| match line.split_once(", shrunk from ") {
        Some((before, after)) => {
            format!("{before}{}", after.trim_start_matches(|c: char| c != 't').replacen("to ", ", shrunk to ", 1))
        }
        None => line.to_owned(),
    });
    let lines: Vec<_> = lines.filter(|line| !line.starts_with('(')).collect();
    lines.join("\n")
}

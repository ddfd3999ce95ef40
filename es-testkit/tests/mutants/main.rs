//! The proof of the conformance suite: stores that break one rule each, and the checks that notice.

mod fault;
mod stores;
mod table;

use std::time::Duration;

use es_memory_store::MemoryStore;
use es_testkit::conformance::{Backend, Executor, Offered, Outcome, checks};

use self::fault::{Fault, Mutant};

const CAPABILITIES: &[&str] =
    &["subscribe", "checkpoints", "multi_stream_append", "second_handle", "durable", "any_executor"];

/// A mutant, and the checks that must notice it.
struct Case {
    breaks: &'static str,
    killed_by: &'static [&'static str],
    backend: Backend,
}

fn backend<F: Fault>(
    name: &'static str,
    make: impl Fn(&MemoryStore) -> Mutant<F> + Clone + Send + Sync + 'static,
) -> Backend {
    let open = async move |place: &MemoryStore| {
        let mutant = make(place);
        Offered::new(mutant).subscribe().checkpoints().multi_stream_append().stores()
    };
    Backend::new(name, CAPABILITIES, MemoryStore::new, open).patience(Duration::from_secs(20))
}

fn case<F: Fault + Default>(breaks: &'static str, killed_by: &'static [&'static str]) -> Case {
    let backend = backend("mutant", |place| Mutant { store: place.clone(), fault: F::default() });
    Case { breaks, killed_by, backend }
}

/// What a check says of a mutant, if it notices it.
fn kill(backend: &Backend, check: es_testkit::conformance::Check) -> Option<String> {
    match backend.run(check, Executor::MultiThread) {
        Outcome::Broken(seen) => Some(seen),
        Outcome::Kept | Outcome::Skipped(_) => None,
    }
}

#[test]
fn the_store_without_a_fault_passes_every_check() {
    struct None;
    impl Fault for None {}
    let sound = backend("sound", |place| Mutant { store: place.clone(), fault: None });
    for check in checks() {
        for executor in sound.executors() {
            assert_eq!(sound.run(check, *executor), Outcome::Kept, "{} on {executor:?}", check.name);
        }
    }
}

#[test]
fn every_mutant_is_noticed_by_the_checks_that_are_named() {
    let cases = stores::cases();
    assert!(cases.len() >= 10, "there are {} mutants", cases.len());
    std::panic::set_hook(Box::new(|_| {}));
    let mut survived = vec![];
    for case in &cases {
        assert!(!case.killed_by.is_empty(), "{}: nothing is named", case.breaks);
        for name in case.killed_by {
            let check = checks().into_iter().find(|check| check.name == *name);
            match check {
                Some(check) if kill(&case.backend, check).is_some() => {}
                Some(_) => survived.push(format!("{}: `{name}` does not notice it", case.breaks)),
                None => survived.push(format!("{}: there is no check `{name}`", case.breaks)),
            }
        }
    }
    drop(std::panic::take_hook());
    assert!(survived.is_empty(), "{}", survived.join("\n"));
}

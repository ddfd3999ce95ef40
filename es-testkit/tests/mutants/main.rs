//! The proof of the conformance suite: stores that break one rule each, and the checks that notice.

mod fault;
mod stores;
mod table;
mod transacting;

use std::time::Duration;

use es_memory_store::MemoryStore;
use es_testkit::conformance::{Backend, Executor, Offered, Outcome, checks};

use self::fault::{Fault, Mutant};

/// How long a mutant may leave a check waiting.
const PATIENCE: Duration = Duration::from_secs(4);

const CAPABILITIES: &[&str] = &[
    "subscribe",
    "checkpoints",
    "multi_stream_append",
    "snapshots",
    "read_models",
    "inline_append",
    "leases",
    "failures",
    "async_transactions",
    "second_handle",
    "durable",
    "any_executor",
];

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
        Offered::new(mutant)
            .subscribe()
            .checkpoints()
            .multi_stream_append()
            .snapshots()
            .read_models()
            .inline_append()
            .leases()
            .failures()
            .async_transactions()
            .stores()
    };
    Backend::new(name, CAPABILITIES, MemoryStore::new, open).patience(PATIENCE)
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

/// No fault.
struct Sound;
impl Fault for Sound {}

#[test]
fn the_store_without_a_fault_passes_every_check() {
    let sound = backend("sound", |place| Mutant { store: place.clone(), fault: Sound });
    for check in checks() {
        for executor in sound.executors() {
            assert_eq!(sound.run(check, *executor), Outcome::Kept, "{} on {executor:?}", check.name);
        }
    }
}

#[test]
fn all_checks_can_share_one_store_at_the_same_time() {
    let store = MemoryStore::new();
    let place = move || store.clone();
    let open = async |place: &MemoryStore| {
        Offered::new(Mutant { store: place.clone(), fault: Sound })
            .subscribe()
            .checkpoints()
            .multi_stream_append()
            .snapshots()
            .read_models()
            .inline_append()
            .leases()
            .failures()
            .async_transactions()
            .stores()
    };
    let shared = Backend::new("shared", CAPABILITIES, place, open);
    let tests: Vec<_> = checks()
        .chunks(30)
        .map(|part| {
            let (shared, part) = (shared.clone(), part.to_vec());
            std::thread::spawn(move || part.into_iter().for_each(|check| shared.test(check.name)))
        })
        .collect();
    for test in tests {
        test.join().expect("no rule is broken by sharing");
    }
}

#[test]
fn every_mutant_is_noticed_by_the_checks_that_the_table_says() {
    let cases = stores::cases();
    assert!(cases.len() >= 60, "there are {} mutants", cases.len());
    // A check that notices a mutant panics, which is nothing to be told of.
    std::panic::set_hook(Box::new(|_| {}));
    let result = table::check(&cases);
    drop(std::panic::take_hook());
    if let Err(survived) = result {
        panic!("{survived}");
    }
}

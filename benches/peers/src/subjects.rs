//! Who is measured.

use crate::measure::Sample;
use crate::workload::Workload;

/// Somebody who is measured.
#[derive(Debug, Clone, Copy)]
pub struct Subject {
    pub name: &'static str,
    /// The crates whose versions count.
    pub crates: &'static [&'static str],
    /// What it keeps and does differently, in a sentence or two.
    pub differs: &'static str,
    /// Whether its memory store keeps live objects where others keep bytes.
    pub keeps_objects: bool,
    pub run: fn(Workload, usize) -> Option<Sample>,
}

pub const SUBJECTS: &[Subject] = &[
    Subject {
        name: "by hand",
        crates: &["serde_json"],
        differs: "The limit: a vector of bytes with an index by stream; neither ids, times nor metadata.",
        keeps_objects: false,
        run: crate::by_hand::json,
    },
    Subject {
        name: "by hand, recorded",
        crates: &["uuid"],
        differs: "The limit that also makes and keeps what es-core does: for every event an id and a time, for every command its metadata.",
        keeps_objects: false,
        run: crate::by_hand::recorded,
    },
    Subject {
        name: "by hand, postcard",
        crates: &["postcard"],
        differs: "The limit with a positional format.",
        keeps_objects: false,
        run: crate::by_hand::postcard,
    },
    Subject {
        name: "by hand, CBOR",
        crates: &["ciborium"],
        differs: "The limit with a format that names its fields as JSON does.",
        keeps_objects: false,
        run: crate::by_hand::cbor,
    },
    Subject {
        name: "es-core",
        crates: &["es-core", "es-memory-store"],
        differs: "With its memory store and JSON. Every event has an id, a time and metadata, which the limit has not.",
        keeps_objects: false,
        run: crate::with_es_core::json,
    },
    Subject {
        name: "es-core, compact",
        crates: &["es-compact"],
        differs: "The same with the codec of `es-compact`.",
        keeps_objects: false,
        run: crate::with_es_core::compact,
    },
    Subject {
        name: "cqrs-es, persisted",
        crates: &["cqrs-es"],
        differs: "Its persisted store on a repository written here that keeps JSON text; every event goes through `serde_json::Value`. Its snapshot store applies the events of a command twice and comes to another balance, so commands with snapshots are not measured.",
        keeps_objects: false,
        run: crate::peer::run::<crate::with_cqrs_es::Persisted>,
    },
    Subject {
        name: "cqrs-es, MemStore",
        crates: &[],
        differs: "Its `MemStore` clones the whole stream for each append, prints each access to the standard output (which goes nowhere here), and does not notice conflicts.",
        keeps_objects: true,
        run: crate::peer::run::<crate::with_cqrs_es::InMemory>,
    },
    Subject {
        name: "eventually",
        crates: &["eventually"],
        differs: "The version on the registry, of 2020. Neither versions of events, snapshots nor metadata; a read of the log clones and sorts all of it.",
        keeps_objects: true,
        run: crate::peer::run::<crate::with_eventually::Eventually>,
    },
    Subject {
        name: "eventcore",
        crates: &["eventcore", "eventcore-memory"],
        differs: "Streams are read as live objects, the log as JSON; a command may span streams. No versions of events. Snapshots are those of its command state, every 100 events.",
        keeps_objects: true,
        run: crate::peer::run::<crate::with_eventcore::Eventcore>,
    },
    Subject {
        name: "mnesis",
        crates: &["mnesis", "mnesis-store", "mnesis-inmemory"],
        differs: "The newest version that builds with this compiler. Upcasters go from bytes to bytes; the cached command is its `execute` on an aggregate root kept at hand; it has no projection runner, so its log is read and decoded in a loop.",
        keeps_objects: false,
        run: crate::peer::run::<crate::with_mnesis::Mnesis>,
    },
    Subject {
        name: "esrs",
        crates: &["esrs"],
        differs: "It has a PostgreSQL store only; this one keeps JSON text in memory and goes through `serde_json::Value` as that one does. Neither snapshots nor a read across streams without a database.",
        keeps_objects: false,
        run: crate::peer::run::<crate::with_esrs::Esrs>,
    },
    Subject {
        name: "disintegrate",
        crates: &["disintegrate"],
        differs: "It has a PostgreSQL store only; this one keeps JSON text in memory, with an index by account. Every event holds the id of its account, by which it is queried, and a state asks its query again whether each event that was read is for it. Neither versions of events (what serde makes of a missing field is all there is) nor states that are kept at hand. Snapshots are taken when a state is read, after more than 200 events, as its own do it; its listeners run on PostgreSQL only, so one is fed in a loop.",
        keeps_objects: false,
        run: crate::peer::run::<crate::with_disintegrate::Disintegrate>,
    },
    Subject {
        name: "distributed",
        crates: &["distributed"],
        differs: "With none of its features, so without servers and databases; written without its macros. Payloads are bitcode, not JSON. A read clones the records of the whole stream, and an aggregate keeps them; with a snapshot it clones those after it, but looks through all. The cached command is one on an aggregate kept at hand. No read across streams: its projections are fed from an outbox.",
        keeps_objects: false,
        run: crate::peer::run::<crate::with_distributed::Distributed>,
    },
    Subject {
        name: "evento",
        crates: &["evento"],
        differs: "Its stores are databases, SQLite and fjall on a disk among them; this one keeps the same bytes in memory, which are bitcode, not JSON, and go neither through a database nor to another thread. Every event is read with its metadata and a cursor in text, a hundred to a page, and a projection is built for each load. Old versions are decoded, converted and encoded again before they are applied. A snapshot is taken after every read that found something; the cached command is a view with its snapshots in memory, which still asks for what came since. A stream has 65 535 events at most, so longer ones are not measured.",
        keeps_objects: false,
        run: crate::peer::run::<crate::with_evento::Evento>,
    },
];

pub fn subject(name: &str) -> Option<&'static Subject> {
    SUBJECTS.iter().find(|subject| subject.name == name)
}

/// Measures what the command line says, and prints it on one line of the standard error, since some peers print.
///
/// # Panics
/// On arguments that say nothing.
pub fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, workload, size] = &arguments[..] else { panic!("usage: NAME WORKLOAD SIZE") };
    let subject = subject(name).unwrap_or_else(|| panic!("`{name}` is no subject"));
    let workload = workload.parse().unwrap_or_else(|error| panic!("{error}"));
    let size = size.parse().unwrap_or_else(|error| panic!("{error}"));
    match (subject.run)(workload, size) {
        None => eprintln!("unsupported"),
        Some(Sample { operations, wall, cpu, allocations, held_bytes, check }) => {
            let (wall, cpu) = (wall.as_nanos(), cpu.as_nanos());
            eprintln!("measured {operations} {wall} {cpu} {allocations} {held_bytes} {check}");
        }
    }
}

impl Subject {
    /// Whether it is another framework.
    pub fn is_peer(&self) -> bool {
        !self.name.starts_with("by hand") && !self.name.starts_with("es-core")
    }
}

/// Who is not measured, and why.
pub const LEFT_OUT: &[(&str, &str)] = &[
    ("sourcery 0.2.0", "GPL-3.0-only; a program that is linked with it may only be passed on under that licence."),
    ("mnesis 0.5.3", "asks for a newer compiler than this workspace's; 0.3.1 is measured instead."),
];

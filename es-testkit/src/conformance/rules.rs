//! The rules in short, for messages and reports. What they say in full stands in [`es_core::store`].

/// How many rules there are for events; those of snapshots follow.
pub(super) const OF_EVENTS: usize = 36;

pub(super) const S1: usize = OF_EVENTS + 1;
pub(super) const S2: usize = OF_EVENTS + 2;
pub(super) const S3: usize = OF_EVENTS + 3;
pub(super) const S4: usize = OF_EVENTS + 4;
pub(super) const S5: usize = OF_EVENTS + 5;
pub(super) const S6: usize = OF_EVENTS + 6;
pub(super) const S7: usize = OF_EVENTS + 7;

/// How many rules there are before those of read models.
const OF_SNAPSHOTS: usize = S7;

pub(super) const M1: usize = OF_SNAPSHOTS + 1;
pub(super) const M2: usize = OF_SNAPSHOTS + 2;
pub(super) const M3: usize = OF_SNAPSHOTS + 3;
pub(super) const M4: usize = OF_SNAPSHOTS + 4;
pub(super) const M5: usize = OF_SNAPSHOTS + 5;
pub(super) const M6: usize = OF_SNAPSHOTS + 6;
pub(super) const M7: usize = OF_SNAPSHOTS + 7;
pub(super) const M8: usize = OF_SNAPSHOTS + 8;
pub(super) const M9: usize = OF_SNAPSHOTS + 9;
pub(super) const M10: usize = OF_SNAPSHOTS + 10;
pub(super) const M11: usize = OF_SNAPSHOTS + 11;

/// How many rules there are before those of inline projections.
const OF_READ_MODELS: usize = M11;

pub(super) const N1: usize = OF_READ_MODELS + 1;
pub(super) const N2: usize = OF_READ_MODELS + 2;
pub(super) const N3: usize = OF_READ_MODELS + 3;

/// How many rules come before those of leases.
const BEFORE_LEASES: usize = N3;

pub(super) const L1: usize = BEFORE_LEASES + 1;
pub(super) const L2: usize = BEFORE_LEASES + 2;
pub(super) const L3: usize = BEFORE_LEASES + 3;
pub(super) const L4: usize = BEFORE_LEASES + 4;
pub(super) const L5: usize = BEFORE_LEASES + 5;
pub(super) const L6: usize = BEFORE_LEASES + 6;

/// How many rules come before those of parked events.
const BEFORE_PARKING: usize = BEFORE_LEASES + 6;

pub(super) const F1: usize = BEFORE_PARKING + 1;
pub(super) const F2: usize = BEFORE_PARKING + 2;
pub(super) const F3: usize = BEFORE_PARKING + 3;
pub(super) const F4: usize = BEFORE_PARKING + 4;
pub(super) const F5: usize = BEFORE_PARKING + 5;
pub(super) const F6: usize = BEFORE_PARKING + 6;
pub(super) const F7: usize = BEFORE_PARKING + 7;

/// How many rules come before those of transactions.
const BEFORE_TRANSACTIONS: usize = F7;

pub(super) const T1: usize = BEFORE_TRANSACTIONS + 1;
pub(super) const T2: usize = BEFORE_TRANSACTIONS + 2;

/// The letters of the rules that are not those of events, and how many rules there are before each.
pub(super) const LETTERS: [(char, usize); 6] = [
    ('s', OF_EVENTS),
    ('m', OF_SNAPSHOTS),
    ('n', OF_READ_MODELS),
    ('l', BEFORE_LEASES),
    ('f', BEFORE_PARKING),
    ('t', BEFORE_TRANSACTIONS),
];

/// The rules, from the first on: those of events, of snapshots, of read models, of inline projections, of leases, of
/// parked events and of transactions.
pub const RULES: [&str; T2] = [
    "the events of one append are stored all or none, next to each other, in the given order",
    "versions are 1, 2, 3, … without gaps",
    "what is not as expected is a conflict and writes nothing; of several that expect one version, one succeeds",
    "an empty append writes nothing and creates nothing, but is checked",
    "two events with one id, and what exceeds the limits, are refused before anything is written",
    "ids, names, times, metadata and payloads are kept as they are given",
    "a stream without events reads as empty with version 0; reading creates nothing",
    "a stream is read in version order, the log in position order, backward in reverse",
    "`after` is exclusive, `up_to` inclusive, and a limit counts events that are returned",
    "positions start above 0 and increase in commit order; appends are not interleaved",
    "a reader that has seen a position never later finds a new event at or below it",
    "streams are told apart by their whole id",
    "a page holds everything up to `through`, and advances",
    "a stored event is read as itself",
    "an event id is unique in the store",
    "what has been sent before writes nothing and has its first outcome",
    "what has been sent before in part, in another order or to another stream is refused",
    "limits come before ids, and ids before what is expected; an empty append is new",
    "a filter selects by whole categories and names, before the limit counts",
    "backward gives what forward gives, in reverse; a limit leaves out the oldest",
    "`through` never goes beyond what has been read",
    "`is_end` says whether the range has been read to its end; `version` and `head` are those of the whole",
    "waiting ends when there is an event after the position, which a read then finds",
    "waiting may end early, but not for ever; dropping it does no harm",
    "no waiter is forgotten",
    "a checkpoint is loaded by its whole name and by no other",
    "a checkpoint that is not as expected is a conflict; of several that expect the same, one succeeds",
    "a save does not go backwards, a reset may; a conflict is reported first",
    "a deleted checkpoint is as never saved; the list is sorted by bytes",
    "events of several streams are stored all or none, in the given order",
    "a stream that takes part twice, a check of `Any` and events without expectation are refused",
    "every stream that is not as expected is listed, and nothing is written; checks create nothing",
    "several streams that were sent before have their first outcome",
    "the outcome names each stream with the version and position of its last event",
    "a stream that is said to be read as appended gives back what was appended, each event as one",
    "visiting shows what reading gives, in the same order",
    "a snapshot is kept as it is given, and seen whole or not at all",
    "the snapshot is loaded that has the stream, the fingerprint and the highest version at or below the given one",
    "a lower version that is saved late takes nothing away",
    "a version that is saved again replaces what was saved for it",
    "the two fingerprints under which something was saved last are kept",
    "deleting forgets all snapshots of a stream and nothing else; what is not there is no error",
    "snapshots neither look at events nor change them",
    "a row is kept as it is given, and loaded by the whole name of its read model and its whole key",
    "the writes and the checkpoint of a commit take effect together or not at all, in their order",
    "a checkpoint that is not as expected is a conflict and does not go back; no row changes then",
    "a put replaces the row and its index values, a deletion takes it from all indexes",
    "a scan by key is ordered by the bytes of the keys and keeps to its range",
    "a scan by index has the rows with a value in the range, ordered by value and then by key",
    "backward is the reverse; pages together are the whole scan",
    "rows and checkpoint are of one moment",
    "read models with other names have nothing to do with each other",
    "a dropped read model leaves no row, no index value and no checkpoint, and takes nothing else away",
    "read models are listed from their first commit until they are dropped, sorted by bytes",
    "after an append the projections have seen the whole log, and their checkpoints say so",
    "events and rows are written together or not at all",
    "an append with projections keeps the rules of appends",
    "a lease is given if nobody else holds it; of several owners one gets it",
    "the token grows with every grant, and the lease before it is lost",
    "a renewal keeps the token and ends at its own time; what is lost is not renewed",
    "a release ends the lease that is given and no other",
    "a lease that is not renewed ends by the clock of the store",
    "leases are told apart by whole names and owners; those that are held are listed",
    "the token grows with every claim",
    "only the last who has claimed changes what is parked",
    "what is parked is kept as it is given; parking it again changes nothing",
    "what goes beyond the capacity is refused",
    "a note counts an attempt, and replaces errors and last time",
    "removing forgets one event",
    "events are listed in the order of the log and by key, keys and counts by processor",
    "what is done in a transaction is there if it is committed, and only then",
    "a checkpoint that is saved in a transaction is that of the store, and nobody else's until the transaction ends",
];

/// What a rule is called: `12`, or `S1` for the first of snapshots, `L1` for the first of leases.
pub(super) fn called(number: usize) -> String {
    match LETTERS.iter().rev().find(|(_, before)| number > *before) {
        Some((letter, before)) => format!("{}{}", letter.to_ascii_uppercase(), number - before),
        None => number.to_string(),
    }
}

/// Panics: the store has broken a rule.
#[track_caller]
pub(super) fn broken(number: usize, seen: &str) -> ! {
    panic!("rule {} is broken ({}): {seen}", called(number), RULES[number - 1])
}

/// Holds the store to a rule, and says what was seen if it is broken.
macro_rules! rule {
    ($number:expr, $holds:expr, $($seen:tt)+) => {
        if !$holds {
            $crate::conformance::rules::broken($number, &format!($($seen)+));
        }
    };
}

/// Holds the store to a rule that says what must be seen.
macro_rules! same {
    ($number:expr, $seen:expr, $meant:expr, $($what:tt)+) => {
        match (&$seen, &$meant) {
            (seen, meant) => if *seen != *meant {
                let what = format!($($what)+);
                $crate::conformance::rules::broken($number, &format!("{what} is {seen:?}, not {meant:?}"));
            }
        }
    };
}

/// Takes a result of a kind apart; anything else breaks a rule.
macro_rules! ended {
    ($number:expr, $result:expr, $pattern:pat => $value:expr, $($what:tt)+) => {
        match $result {
            $pattern => $value,
            other => $crate::conformance::rules::broken($number, &format!("{} ended as {other:?}", format!($($what)+))),
        }
    };
}

pub(super) use {ended, rule, same};

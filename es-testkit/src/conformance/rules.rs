//! The rules in short, for messages and reports. What they say in full stands in [`es_core::store`].

/// How many rules there are for events; those of snapshots follow.
pub(super) const OF_EVENTS: usize = 35;

pub(super) const S1: usize = OF_EVENTS + 1;
pub(super) const S2: usize = OF_EVENTS + 2;
pub(super) const S3: usize = OF_EVENTS + 3;
pub(super) const S4: usize = OF_EVENTS + 4;
pub(super) const S5: usize = OF_EVENTS + 5;
pub(super) const S6: usize = OF_EVENTS + 6;
pub(super) const S7: usize = OF_EVENTS + 7;

/// How many rules come before those of leases.
pub(super) const BEFORE_LEASES: usize = OF_EVENTS + 7;

pub(super) const L1: usize = BEFORE_LEASES + 1;
pub(super) const L2: usize = BEFORE_LEASES + 2;
pub(super) const L3: usize = BEFORE_LEASES + 3;
pub(super) const L4: usize = BEFORE_LEASES + 4;
pub(super) const L5: usize = BEFORE_LEASES + 5;
pub(super) const L6: usize = BEFORE_LEASES + 6;

/// How many rules come before those of parked events.
pub(super) const BEFORE_PARKING: usize = BEFORE_LEASES + 6;

pub(super) const F1: usize = BEFORE_PARKING + 1;
pub(super) const F2: usize = BEFORE_PARKING + 2;
pub(super) const F3: usize = BEFORE_PARKING + 3;
pub(super) const F4: usize = BEFORE_PARKING + 4;
pub(super) const F5: usize = BEFORE_PARKING + 5;
pub(super) const F6: usize = BEFORE_PARKING + 6;
pub(super) const F7: usize = BEFORE_PARKING + 7;

/// The rules, from the first on: those of events, then those of snapshots, of leases and of parked events.
pub const RULES: [&str; BEFORE_PARKING + 7] = [
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
    "a snapshot is kept as it is given, and seen whole or not at all",
    "the snapshot is loaded that has the stream, the fingerprint and the highest version at or below the given one",
    "a lower version that is saved late takes nothing away",
    "a version that is saved again replaces what was saved for it",
    "the two fingerprints under which something was saved last are kept",
    "deleting forgets all snapshots of a stream and nothing else; what is not there is no error",
    "snapshots neither look at events nor change them",
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
];

/// What a rule is called: `12`, or `S1` for the first of snapshots, `L1` of leases, `F1` of parked events.
pub(super) fn called(number: usize) -> String {
    for (letter, before) in [('F', BEFORE_PARKING), ('L', BEFORE_LEASES), ('S', OF_EVENTS)] {
        if number > before {
            return format!("{letter}{}", number - before);
        }
    }
    number.to_string()
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

//! Runs one variant for so many rounds: `benches replay 4`; `benches --list` prints what is compared with what.
//!
//! `benches/instructions` runs every variant under callgrind and prints the table.
//! This program counts nothing itself: it only does the work.

mod account_by_hand;
mod account_derived;
mod hundred;
mod logs;
mod parcel;

use std::fmt::Debug;
use std::hint::black_box;

use es_core::{Aggregate, EventSet, Json, RecordedEvent};

/// A variant, what it is measured against, and the ratio that it should not exceed.
struct Comparison {
    title: &'static str,
    variant: &'static str,
    baseline: &'static str,
    target: Option<&'static str>,
}

const fn row(
    title: &'static str,
    variant: &'static str,
    baseline: &'static str,
    target: Option<&'static str>,
) -> Comparison {
    Comparison { title, variant, baseline, target }
}

const COMPARISONS: &[Comparison] = &[
    row("replay, current versions", "replay", "replay-by-hand", Some("1.02")),
    row("decode to the enum, then apply", "decode", "decode-by-hand", Some("1.05")),
    row("one hop by field", "one-hop", "one-hop-by-hand", Some("1.05")),
    row("two hops by field", "two-hops", "two-hops-by-hand", Some("1.05")),
    row("two hops by field, beside a direct one", "two-hops", "two-hops-direct", None),
    row("one hop `from = Old`", "from-hop", "from-hop-by-hand", Some("1.05")),
    row("one hop on JSON, beside a typed one", "json-hop", "json-hop-by-hand", None),
    row("a former name", "former-name", "former-name-by-hand", None),
    row("5 hops declared, none taken", "parcel-changed", "parcel-unchanged", Some("1.00")),
    row("event 1 of 100", "first-of-100", "first-of-100-by-hand", None),
    row("event 100 of 100", "last-of-100", "last-of-100-by-hand", None),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--list"] => {
            for Comparison { title, variant, baseline, target } in COMPARISONS {
                println!("{title}\t{variant}\t{baseline}\t{}", target.unwrap_or("-"));
            }
        }
        [variant, rounds] => match rounds.parse().ok().and_then(|rounds| run(variant, rounds)) {
            Some(state) => println!("{state}"),
            None => panic!("`{variant}` is no variant, or `{rounds}` no number"),
        },
        _ => panic!("usage: benches VARIANT ROUNDS, or benches --list"),
    }
}

/// Folds the stream of `variant` so many times, each time from the beginning, and shows the last state.
fn run(variant: &str, rounds: u32) -> Option<String> {
    use account_by_hand as by_hand;
    use account_derived as derived;

    let derived = |log: Vec<RecordedEvent>| fold(&log, rounds, replay::<derived::Account>);
    let by_hand = |log: Vec<RecordedEvent>| fold(&log, rounds, by_hand::Account::replay);
    let state = match variant {
        "replay" => derived(logs::current()),
        "replay-by-hand" => by_hand(logs::current()),
        "decode" => fold(&logs::current(), rounds, decode_and_apply::<derived::Account>),
        "decode-by-hand" => fold(&logs::current(), rounds, |state: &mut by_hand::Account, event| {
            by_hand::AccountEvent::decode(event).map(|event| state.apply(event))
        }),
        "one-hop" => derived(logs::deposits_v2()),
        "one-hop-by-hand" => by_hand(logs::deposits_v2()),
        "two-hops" => derived(logs::deposits_v1()),
        "two-hops-by-hand" => by_hand(logs::deposits_v1()),
        "two-hops-direct" => fold(&logs::deposits_v1(), rounds, by_hand::Account::replay_v1_directly),
        "from-hop" => derived(logs::withdrawals_v1()),
        "from-hop-by-hand" => by_hand(logs::withdrawals_v1()),
        "json-hop" => derived(logs::limits_v1()),
        "json-hop-by-hand" => by_hand(logs::limits_v1()),
        "former-name" => derived(logs::closings_under_their_former_name()),
        "former-name-by-hand" => by_hand(logs::closings_under_their_former_name()),
        "parcel-changed" => fold(&logs::parcels(6), rounds, replay::<parcel::changed::Scale>),
        "parcel-unchanged" => fold(&logs::parcels(1), rounds, replay::<parcel::unchanged::Scale>),
        "first-of-100" => fold(&logs::only(hundred::FIRST), rounds, replay::<hundred::Order>),
        "first-of-100-by-hand" => fold(&logs::only(hundred::FIRST), rounds, hundred::OrderByHand::replay),
        "last-of-100" => fold(&logs::only(hundred::LAST), rounds, replay::<hundred::Order>),
        "last-of-100-by-hand" => fold(&logs::only(hundred::LAST), rounds, hundred::OrderByHand::replay),
        _ => return None,
    };
    Some(state)
}

fn fold<S: Default + Debug, E: Debug>(
    log: &[RecordedEvent],
    rounds: u32,
    step: impl Fn(&mut S, &RecordedEvent) -> Result<(), E>,
) -> String {
    let mut last = S::default();
    for _ in 0..rounds {
        let mut state = S::default();
        for event in black_box(log) {
            step(&mut state, event).expect("the streams are written for these events");
        }
        last = black_box(state);
    }
    format!("{last:?}")
}

fn replay<A: Aggregate>(state: &mut A, event: &RecordedEvent) -> Result<(), es_core::DecodeError> {
    state.replay(&Json, event)
}

fn decode_and_apply<A: Aggregate>(state: &mut A, event: &RecordedEvent) -> Result<(), es_core::DecodeError> {
    for event in A::Event::decode(&Json, event)? {
        state.apply_event(event);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variant_computes_what_its_baseline_computes() {
        for Comparison { title, variant, baseline, .. } in COMPARISONS {
            let state = run(variant, 1).unwrap();
            assert_eq!(state, run(baseline, 1).unwrap(), "{title}");
            assert_ne!(state, run(variant, 0).unwrap(), "{title}");
        }
    }

    #[test]
    fn replay_and_decode_agree() {
        assert_eq!(run("replay", 1), run("decode", 1));
    }
}

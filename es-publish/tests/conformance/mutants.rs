//! The check notices each target that breaks one rule, by that rule.

use std::collections::BTreeSet;

use es_publish::conformance::check;

use crate::in_memory::{Fault, InMemory};

#[tokio::test]
async fn each_broken_rule_is_noticed() {
    for (fault, rules) in [
        (Fault::LosesEveryNinth, [1].as_slice()),
        (Fault::LosesWhatIsSentInAnOutage, &[3]),
        (Fault::SwapsNeighbours, &[2]),
        (Fault::RefusesRepeats, &[5]),
        (Fault::RenamesRepeats, &[5]),
        (Fault::ForgetsExtensions, &[4]),
        (Fault::MangledText, &[4]),
        (Fault::CutsLargeData, &[3]),
        (Fault::IsStuckAfterADroppedCall, &[1]),
    ] {
        let violations = check(&InMemory::new(Some(fault))).await;
        let broken: BTreeSet<_> = violations.iter().map(|violation| violation.rule).collect();
        assert!(rules.iter().all(|rule| broken.contains(rule)), "{fault:?} was not noticed: {violations:#?}");
    }
}

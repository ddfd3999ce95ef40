//! Which call goes wrong, and how: decided by the seed and the number of the call, and by nothing else.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::fault::{Fault, Operation};

type Delay = Arc<dyn Fn(Operation, u64) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// The faults to come.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) scripted: HashMap<(Operation, u64), Fault>,
    pub(super) chances: Vec<(Operation, Fault, f64)>,
    pub(super) yields: u32,
    pub(super) delay: Option<Delay>,
}

impl Plan {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, scripted: HashMap::new(), chances: Vec::new(), yields: 0, delay: None }
    }

    /// What goes wrong with a call; the script comes first, then the chances in the order in which they were given.
    pub(super) fn fault(&self, operation: Operation, call: u64) -> Option<Fault> {
        if let Some(fault) = self.scripted.get(&(operation, call)) {
            return Some(*fault);
        }
        let of_operation = self.chances.iter().zip(1_u64..).filter(|((of, ..), _)| *of == operation);
        let mut drawn =
            of_operation.map(|((_, fault, chance), salt)| (fault, chance, self.draw(operation, call, salt)));
        drawn
            .find(|(_, chance, drawn)| f64::from(*drawn) / (f64::from(u32::MAX) + 1.0) < **chance)
            .map(|(fault, ..)| *fault)
    }

    /// How many times a call lets other tasks run before it begins.
    pub(super) fn yields(&self, operation: Operation, call: u64) -> u32 {
        match self.yields.checked_add(1) {
            Some(choices) => self.draw(operation, call, 0) % choices,
            None => self.draw(operation, call, 0),
        }
    }

    fn draw(&self, operation: Operation, call: u64, salt: u64) -> u32 {
        let mut mixed = self.seed;
        for part in [operation as u64, call, salt] {
            mixed = mix(mixed ^ part);
        }
        (mixed >> 32) as u32
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): each bit of the result depends on each bit of the input.
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, scripted, chances, yields, delay: _ } = self;
        f.debug_struct("Plan")
            .field("seed", seed)
            .field("scripted", scripted)
            .field("chances", chances)
            .field("yields", yields)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chance_is_kept_and_depends_on_the_seed_and_the_call_alone() {
        let mut plan = Plan::new(7);
        plan.chances.push((Operation::Append, Fault::Before, 0.25));
        let hits =
            |plan: &Plan| (1..=4000).filter(|call| plan.fault(Operation::Append, *call).is_some()).collect::<Vec<_>>();
        let first = hits(&plan);
        assert!((900..1100).contains(&first.len()), "{} of 4000", first.len());
        assert_eq!(hits(&plan), first);
        assert_ne!(hits(&Plan { seed: 8, ..plan.clone() }), first);
        assert!((1..=4000).all(|call| plan.fault(Operation::ReadLog, call).is_none()));
    }

    #[test]
    fn certain_and_impossible_chances_are_just_that() {
        let with = |chance| Plan { chances: vec![(Operation::Append, Fault::After, chance)], ..Plan::new(1) };
        assert!((1..=1000).all(|call| with(1.0).fault(Operation::Append, call) == Some(Fault::After)));
        for never in [0.0, -1.0, f64::NAN] {
            assert!((1..=1000).all(|call| with(never).fault(Operation::Append, call).is_none()));
        }
    }

    #[test]
    fn the_number_of_yields_has_a_bound_and_varies() {
        let plan = Plan { yields: 3, ..Plan::new(1) };
        let seen: std::collections::BTreeSet<_> = (1..100).map(|call| plan.yields(Operation::Append, call)).collect();
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3]);
    }
}

//! One of several strategies. Unlike proptest's `Union` it makes a value of the chosen one only, which is many times
//! faster, and never shrinks to a value of another.

use std::fmt::Debug;

use proptest::strategy::{BoxedStrategy, NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

#[derive(Debug)]
pub(super) struct OneOf<T>(Vec<(u32, BoxedStrategy<T>)>);

impl<T: Debug> OneOf<T> {
    /// Each as often as its weight says; there is at least one.
    pub(super) fn weighted(options: Vec<(u32, BoxedStrategy<T>)>) -> Self {
        Self(options)
    }

    /// Each as often as the others; there is at least one.
    pub(super) fn new(options: Vec<BoxedStrategy<T>>) -> Self {
        Self::weighted(options.into_iter().map(|option| (1, option)).collect())
    }
}

impl<T: Debug> Strategy for OneOf<T> {
    type Tree = Box<dyn ValueTree<Value = T>>;
    type Value = T;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let total: u32 = self.0.iter().map(|(weight, _)| weight).sum();
        let mut left = (0..total.max(1)).new_tree(runner)?.current();
        for (weight, option) in &self.0 {
            if left < *weight {
                return option.new_tree(runner);
            }
            left -= weight;
        }
        Err("there is nothing to choose from".into())
    }
}

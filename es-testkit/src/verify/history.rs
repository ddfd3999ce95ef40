//! Random sequences of commands that get somewhere: most steps are looked for among several commands until the aggregate
//! accepts one, so that what needs many steps is reached; the others are what comes, so that refusals are met, too.

use std::fmt::Debug;
use std::ops::RangeInclusive;

use es_core::{Aggregate, HandledBy};
use proptest::strategy::{BoxedStrategy, NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::quiet::catch;

/// How many commands are looked at for one that is accepted.
const LOOKED_AT: usize = 12;

pub(super) struct Histories<A: Aggregate> {
    pub(super) command: BoxedStrategy<A::Command>,
    pub(super) length: RangeInclusive<usize>,
}

impl<A: Aggregate> Debug for Histories<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Histories").field("length", &self.length).finish_non_exhaustive()
    }
}

type CommandTree<C> = Box<dyn ValueTree<Value = C>>;

impl<A> Strategy for Histories<A>
where
    A: Aggregate,
    A::Command: HandledBy<A> + Clone + Debug + 'static,
{
    type Tree = HistoryTree<A::Command>;
    type Value = Vec<A::Command>;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let length = self.length.clone().new_tree(runner)?.current();
        let mut preview = Some(Preview { state: A::default(), exists: false });
        let mut commands = Vec::with_capacity(length);
        for _ in 0..length {
            let looks = if (0..4_u8).new_tree(runner)?.current() == 0 { 1 } else { LOOKED_AT };
            let mut tree = self.command.new_tree(runner)?;
            for look in 0..looks {
                if look > 0 {
                    tree = self.command.new_tree(runner)?;
                }
                let Some(before) = &mut preview else { break };
                let command = tree.current();
                // Code that panics here panics in the test of the law again, which tells it.
                match catch(|| before.accepts(command)) {
                    Ok(true) => break,
                    Ok(false) => {}
                    Err(_) => preview = None,
                }
            }
            commands.push(tree);
        }
        Ok(HistoryTree::new(commands))
    }
}

/// The aggregate as it will be.
struct Preview<A> {
    state: A,
    exists: bool,
}

impl<A: Aggregate> Preview<A> {
    fn accepts(&mut self, command: A::Command) -> bool
    where
        A::Command: HandledBy<A>,
    {
        if command.creates() && self.exists {
            return false;
        }
        let Ok(events) = command.handled_by(&self.state) else { return false };
        let is_something = !events.is_empty();
        self.exists |= is_something;
        events.into_iter().for_each(|event| self.state.apply_event(event));
        is_something
    }
}

/// Shrinks by leaving commands out, many at a time at first, and then by simplifying those that are left.
pub(super) struct HistoryTree<C> {
    commands: Vec<CommandTree<C>>,
    /// The places of those that are not left out.
    kept: Vec<usize>,
    next: Shrink,
    undo: Option<Undo>,
}

#[derive(Clone, Copy)]
enum Shrink {
    /// Leave out `size` of the kept that end at `end`.
    LeaveOut {
        size: usize,
        end: usize,
    },
    Simplify(usize),
}

enum Undo {
    PutBack { at: usize, left_out: Vec<usize> },
    Complicate(usize),
}

impl<C> HistoryTree<C> {
    fn new(commands: Vec<CommandTree<C>>) -> Self {
        let length = commands.len();
        let next = Shrink::LeaveOut { size: length.div_ceil(2), end: length };
        Self { commands, kept: (0..length).collect(), next, undo: None }
    }
}

impl<C: Debug> ValueTree for HistoryTree<C> {
    type Value = Vec<C>;

    fn current(&self) -> Vec<C> {
        self.kept.iter().map(|at| self.commands[*at].current()).collect()
    }

    fn simplify(&mut self) -> bool {
        loop {
            match self.next {
                Shrink::LeaveOut { size: 0, .. } => self.next = Shrink::Simplify(0),
                Shrink::LeaveOut { size, end: 0 } => {
                    self.next = Shrink::LeaveOut { size: size / 2, end: self.kept.len() };
                }
                Shrink::LeaveOut { size, end } => {
                    let end = end.min(self.kept.len());
                    let at = end.saturating_sub(size);
                    self.next = Shrink::LeaveOut { size, end: at };
                    if at < end {
                        let left_out = self.kept.drain(at..end).collect();
                        self.undo = Some(Undo::PutBack { at, left_out });
                        return true;
                    }
                }
                Shrink::Simplify(at) => {
                    let Some(command) = self.kept.get(at) else { return false };
                    if self.commands[*command].simplify() {
                        self.undo = Some(Undo::Complicate(at));
                        return true;
                    }
                    self.next = Shrink::Simplify(at + 1);
                }
            }
        }
    }

    fn complicate(&mut self) -> bool {
        match self.undo.take() {
            None => false,
            Some(Undo::PutBack { at, left_out }) => {
                self.kept.splice(at..at, left_out);
                true
            }
            Some(Undo::Complicate(at)) => {
                let is_other = self.commands[self.kept[at]].complicate();
                self.undo = is_other.then_some(Undo::Complicate(at));
                is_other
            }
        }
    }
}

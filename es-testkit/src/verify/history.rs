//! Random sequences of commands that get somewhere: for most steps several commands are looked at, and that is taken which
//! the aggregate accepts and which was taken least often, so that what needs many steps is reached, and what ends it
//! does not come too early; the other steps are what comes, so that refusals are met, too.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Debug;
use std::ops::RangeInclusive;

use es_core::{Aggregate, Events, HandledBy};
use proptest::strategy::{BoxedStrategy, NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::quiet::catch;

/// How many commands are looked at.
const LOOKED_AT: usize = 16;

/// So much rarer is a command that ends a history.
const END: u64 = 16;

pub(super) struct Histories<A: Aggregate> {
    command: BoxedStrategy<A::Command>,
    length: RangeInclusive<usize>,
    /// How often each command was taken because it is accepted; more often, if nothing was accepted after it.
    chosen: RefCell<HashMap<&'static str, u64>>,
}

impl<A: Aggregate> Histories<A> {
    pub(super) fn new(command: BoxedStrategy<A::Command>, length: RangeInclusive<usize>) -> Self {
        Self { command, length, chosen: RefCell::default() }
    }
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
        let (mut commands, mut latest) = (Vec::with_capacity(length), None);
        for _ in 0..length {
            let looks = if (0..4_u8).new_tree(runner)?.current() == 0 { 1 } else { LOOKED_AT };
            let (mut rarest, mut refused): (Option<Accepted<A>>, _) = (None, None);
            for _ in 0..looks {
                let tree = self.command.new_tree(runner)?;
                // Code that panics here panics in the test of the law again, which tells it.
                let decided = preview.as_ref().map(|before| catch(|| before.decide(tree.current())));
                match decided {
                    Some(Ok(Some((name, events)))) => {
                        let times = self.chosen.borrow().get(name).copied().unwrap_or_default();
                        if rarest.as_ref().is_none_or(|rarest| times < rarest.times) {
                            rarest = Some(Accepted { name, times, events, tree });
                        }
                    }
                    Some(Ok(None)) => refused = Some(tree),
                    Some(Err(_)) | None => {
                        (preview, rarest, refused) = (None, None, Some(tree));
                        break;
                    }
                }
            }
            if let Some(Accepted { name, events, tree, .. }) = rarest {
                *self.chosen.borrow_mut().entry(name).or_default() += 1;
                latest = Some(name);
                preview = preview.and_then(|before| catch(|| before.after(events)).ok());
                commands.push(tree);
            } else {
                commands.extend(refused);
                if let (true, Some(end)) = (looks > 1, latest.take()) {
                    *self.chosen.borrow_mut().entry(end).or_default() += END;
                }
            }
        }
        Ok(HistoryTree::new(commands))
    }
}

/// A command that was looked at.
struct Accepted<A: Aggregate> {
    name: &'static str,
    /// How often others of its name were taken.
    times: u64,
    events: Events<A::Event>,
    tree: CommandTree<A::Command>,
}

/// The aggregate as it will be.
struct Preview<A> {
    state: A,
    exists: bool,
}

impl<A: Aggregate> Preview<A> {
    /// The name of the command and what happens, if something does.
    fn decide(&self, command: A::Command) -> Option<(&'static str, Events<A::Event>)>
    where
        A::Command: HandledBy<A>,
    {
        if command.creates() && self.exists {
            return None;
        }
        let name = command.name();
        command.handled_by(&self.state).ok().filter(|events| !events.is_empty()).map(|events| (name, events))
    }

    fn after(mut self, events: Events<A::Event>) -> Self {
        events.into_iter().for_each(|event| self.state.apply_event(event));
        self.exists = true;
        self
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

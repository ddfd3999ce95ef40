//! The laws about what commands do, each on one sequence of commands.

use std::fmt::Debug;

use es_core::{Aggregate, HandledBy, Json};

use super::compare::Comparison;
use super::law::Law;
use super::life::{Happened, Life, replayed};
use crate::aggregate::broken_invariant;
use crate::round_trip::causes;

/// Executes `commands` and says which part of the law does not hold.
pub(super) fn check<A>(law: Law, life: &mut Life<'_, A>, commands: Vec<A::Command>) -> Result<(), String>
where
    A: Aggregate,
    A::Command: HandledBy<A> + Clone + Debug + Send,
    A::Event: Debug,
{
    match law {
        Law::RefusalWritesNothing => return refusal_writes_nothing(life, commands),
        Law::InvariantsHold => return execute_all(life, commands, &invariants_hold),
        _ => execute_all(life, commands, &|_| Ok(()))?,
    }
    match law {
        Law::SnapshotAndTailEqualReplay => snapshot_and_tail(life),
        Law::HandlingEqualsReloading => handling_equals_reloading(life),
        _ => replay_is_deterministic(life),
    }
}

fn execute_all<A>(
    life: &mut Life<'_, A>,
    commands: Vec<A::Command>,
    see: &dyn Fn(&Happened<'_, A>) -> Result<(), String>,
) -> Result<(), String>
where
    A: Aggregate,
    A::Command: HandledBy<A> + Clone + Debug + Send,
    A::Event: Debug,
{
    commands.into_iter().try_for_each(|command| life.execute(command, see).map(drop))
}

fn invariants_hold<A: Aggregate>(happened: &Happened<'_, A>) -> Result<(), String> {
    let Happened { version, name, schema_version, shown, state } = *happened;
    let Some(broken) = broken_invariant(state, version, name, schema_version) else { return Ok(()) };
    let state = Comparison::<A>::new().shown(state).map(|state| format!("\nThe state is then:\n{state}"));
    Err(format!("{broken}:\n{shown}{}", state.unwrap_or_default()))
}

fn refusal_writes_nothing<A>(life: &mut Life<'_, A>, commands: Vec<A::Command>) -> Result<(), String>
where
    A: Aggregate,
    A::Command: HandledBy<A> + Clone + Debug + Send,
    A::Event: Debug,
{
    let comparison = Comparison::new();
    for command in commands {
        let name = command.name();
        let before = life.heads()?;
        if life.execute(command, &|_| Ok(()))? {
            continue;
        }
        let after = life.heads()?;
        if before != after {
            let ((version, head), (version_after, head_after)) = (before, after);
            return Err(format!(
                "`{name}` was refused, and all the same something was written: the stream was at version {version}, the \
                 log at position {head}; now they are at {version_after} and {head_after}"
            ));
        }
        if comparison.means().is_some() {
            let stored = life.reloaded()?;
            // What creates has read nothing.
            let kept = life.kept()?;
            let headline = format!("`{name}` was refused, and all the same its handler changed the state it was shown");
            comparison.check(&headline, stored.state(), kept)?;
        }
    }
    Ok(())
}

fn handling_equals_reloading<A>(life: &mut Life<'_, A>) -> Result<(), String>
where
    A: Aggregate,
    A::Command: HandledBy<A> + Clone + Debug + Send,
    A::Event: Debug,
{
    let (comparison, stored) = (Comparison::new(), life.reloaded()?);
    let headline = "the events that the handlers returned make another state than those that were stored";
    comparison.check(headline, stored.state(), &life.applied)?;
    let headline = "the state that was kept while commands were handled is another than the one that is loaded";
    comparison.check(headline, stored.state(), life.kept()?)
}

fn replay_is_deterministic<A>(life: &Life<'_, A>) -> Result<(), String>
where
    A: Aggregate,
    A::Command: HandledBy<A> + Clone + Debug + Send,
    A::Event: Debug,
{
    let events = life.stored()?;
    let (first, second) = (replayed(A::default(), &events)?, replayed(A::default(), &events)?);
    Comparison::new().check("two replays of the same events make different states", &first, &second)
}

fn snapshot_and_tail<A>(life: &Life<'_, A>) -> Result<(), String>
where
    A: Aggregate,
    A::Command: HandledBy<A> + Clone + Debug + Send,
    A::Event: Debug,
{
    let (comparison, events, state) = (Comparison::new(), life.stored()?, A::abilities().state);
    let (Some(write), Some(read)) = (state.write, state.read) else { return Ok(()) };
    let whole = replayed(A::default(), &events)?;
    let mut at_cut = A::default();
    for cut in 0..=events.len() {
        let written = write(&at_cut).map_err(|error| format!("the state cannot be written: {}", causes(&error)))?;
        let snapshot = read(&written).map_err(|error| {
            let written = String::from_utf8_lossy(&written);
            format!("the state cannot be read back: {}\n{written}", causes(&error))
        })?;
        let restored = replayed(snapshot, &events[cut..])?;
        let headline = format!(
            "a snapshot after event {cut} of {}, and the events after it, make another state than all events",
            events.len()
        );
        comparison.check(&headline, &whole, &restored)?;
        if let Some(event) = events.get(cut) {
            at_cut.replay(&Json, event).map_err(|error| causes(&error))?;
        }
    }
    Ok(())
}

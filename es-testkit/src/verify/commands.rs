//! Random commands: JSON of the shape of each, read as serde reads it.

use std::fmt::Debug;

use es_core::{Aggregate, CommandAbilities};
use proptest::strategy::{BoxedStrategy, Strategy};
use serde_json::Value;

use super::one_of::OneOf;
use super::quiet::catch;
use super::readable::readable;
use super::words::Words;

/// Any command of the aggregate, each as often as the others; `None` if it has none.
///
/// # Errors
/// Which commands cannot be made, and what to write instead.
pub(super) fn any_command<A>() -> Result<Option<BoxedStrategy<A::Command>>, String>
where
    A: Aggregate,
    A::Command: Debug + 'static,
{
    let words = Words::of(&A::MODEL);
    let (mut strategies, mut problems) = (Vec::new(), Vec::new());
    for command in A::abilities().commands {
        match of_one(&command, &words) {
            Ok(strategy) => strategies.push(strategy),
            Err(problem) => problems.push(format!("`{}`: {problem}", command.model.type_name)),
        }
    }
    if problems.is_empty() {
        return Ok((!strategies.is_empty()).then(|| OneOf::new(strategies).boxed()));
    }
    Err(format!(
        "commands of `{name}` cannot be made at random:\n  {}\n\
         Or make them yourself: `verify!({name}, commands = any_command())`, where `any_command` returns a proptest \
         `Strategy` of the set of its commands.",
        problems.join("\n  "),
        name = A::MODEL.type_name,
    ))
}

fn of_one<C: Debug + 'static>(command: &CommandAbilities<C>, words: &Words) -> Result<BoxedStrategy<C>, String> {
    let Some(read) = command.read else {
        return Err("it cannot be read from JSON; derive `serde::Deserialize` for it".to_owned());
    };
    let read = move |payload: &Value| match catch(|| read(payload.to_string().as_bytes())) {
        Ok(Ok(command)) => Ok(command),
        Ok(Err(error)) => Err(error.to_string()),
        Err(panic) => Err(panic),
    };
    let payloads = readable(&(command.shape)(), words, |payload| read(payload).map(drop))?;
    let reason = format!("`{}` refused the payload", command.model.type_name);
    Ok(payloads.prop_filter_map(reason, move |payload| read(&payload).ok()).boxed())
}

//! What a process wants to be done, in the order in which it says it.

use std::fmt;
use std::marker::PhantomData;

use super::effect::{Effect, ScheduledDeadline, SentCommand};
use super::json_text::JsonText;
use super::{IdOf, ProcessManager, ScheduledBy, SentBy};
use crate::aggregate::Aggregate;
use crate::codec::{CodecError, Json};
use crate::command::Command;
use crate::model::CommandModel;
use crate::stream::{InvalidStreamId, StreamId};
use crate::time::Timestamp;

/// What process `P` wants to be done: commands, deadlines, its end.
///
/// It is recorded as a whole before anything of it is done.
/// Commands are sent one after the other, in this order; a refused one comes back as [`Rejected`](super::Rejected), and
/// does not keep those after it.
pub struct Reaction<P> {
    effects: Vec<Effect>,
    error: Option<ReactionError>,
    process: PhantomData<fn() -> P>,
}

impl<P> Reaction<P> {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { effects: Vec::new(), error: None, process: PhantomData }
    }

    /// Nothing is to be done.
    #[must_use]
    pub const fn none() -> Self {
        Self::new()
    }

    /// All of it, in order.
    ///
    /// # Errors
    /// The first part that cannot be done.
    pub fn into_effects(self) -> Result<Vec<Effect>, ReactionError> {
        match self.error {
            None => Ok(self.effects),
            Some(error) => Err(error),
        }
    }

    fn add(mut self, effect: Result<Effect, ReactionError>) -> Self {
        match effect {
            Ok(effect) => self.effects.push(effect),
            Err(error) => self.error = self.error.or(Some(error)),
        }
        self
    }
}

#[allow(clippy::needless_pass_by_value, reason = "what is sent is given away")]
impl<P: ProcessManager> Reaction<P> {
    /// Sends a command to the aggregate of type `A` with this id.
    #[must_use]
    pub fn send<A: Aggregate>(self, id: impl IdOf<A>, command: impl SentBy<P, A>) -> Self {
        self.add(sent::<A>(&id, &command))
    }

    /// Sets a deadline, which is reached at `due` or as soon after as somebody looks; what is past is due at once.
    #[must_use]
    pub fn schedule<D: ScheduledBy<P>>(self, deadline: D, due: Timestamp) -> Self {
        let name = D::MODEL.type_name;
        let payload = deadline.encode(&Json).and_then(|bytes| JsonText::parse(&bytes));
        self.add(match payload {
            Ok(payload) => Ok(Effect::Schedule(ScheduledDeadline {
                name: D::NAME.to_owned(),
                schema_version: D::VERSION,
                due,
                payload,
            })),
            Err(cause) => Err(ReactionError::Encode { name, cause }),
        })
    }

    /// Drops all deadlines of this type that the process has; none is no mistake.
    #[must_use]
    pub fn cancel<D: ScheduledBy<P>>(self) -> Self {
        let names = D::ALIASES.iter().chain([&D::NAME]);
        names.fold(self, |reaction, name| reaction.add(Ok(Effect::Cancel { name: Some((*name).to_owned()) })))
    }

    /// Drops all deadlines that the process has; none is no mistake.
    #[must_use]
    pub fn cancel_all(self) -> Self {
        self.add(Ok(Effect::Cancel { name: None }))
    }

    /// Ends the process: no event and no deadline reaches it any more, but the refusal of a command does.
    #[must_use]
    pub fn end(self) -> Self {
        self.add(Ok(Effect::End))
    }
}

fn sent<A: Aggregate>(
    id: &impl fmt::Display,
    command: &(impl Command + serde::Serialize),
) -> Result<Effect, ReactionError> {
    let CommandModel { name, version, .. } = model_of(command);
    let stream = StreamId::new(A::NAME, id).map_err(|cause| ReactionError::Id { command: name, cause })?;
    let payload = JsonText::of(command).map_err(|cause| ReactionError::Encode { name, cause })?;
    Ok(Effect::SendCommand(SentCommand {
        aggregate: A::NAME.to_owned(),
        id: stream.id().to_owned(),
        command: name.to_owned(),
        schema_version: version,
        payload,
    }))
}

fn model_of<M: Command>(_: &M) -> CommandModel {
    M::MODEL
}

impl<P> Default for Reaction<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P> fmt::Debug for Reaction<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reaction").field("effects", &self.effects).field("error", &self.error).finish()
    }
}

/// Why a reaction cannot be recorded; nothing of it is done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReactionError {
    /// A command is sent to what is no stream.
    #[error("`{command}` is sent to an id that does not name a stream")]
    Id {
        /// The name of the command.
        command: &'static str,
        /// The broken rule.
        #[source]
        cause: InvalidStreamId,
    },
    /// A command or a deadline cannot be written as JSON.
    #[error("`{name}` cannot be written as JSON")]
    Encode {
        /// The name of its type.
        name: &'static str,
        /// The error of the codec.
        #[source]
        cause: CodecError,
    },
}

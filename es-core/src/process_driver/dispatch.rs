//! Dispatching: the commands of a reaction are sent, each once, and what became of them is appended.

use std::pin::Pin;

use super::ProcessDriver;
use super::error::ProcessError;
use super::history::History;
use super::react::ATTEMPTS;
use super::record::{self, Dispatched, Id, Outcome, Reached};
use crate::aggregate::Aggregate;
use crate::codec::Codec;
use crate::command::HandledBy;
use crate::envelope::RecordedEvent;
use crate::id::MessageId;
use crate::metadata::Metadata;
use crate::process::{CommandVisitor, Effect, ProcessManager, ReactionError, SentCommand};
use crate::repository::{ExecuteError, Repository};
use crate::store::{AppendError, EventStore};
use crate::stream::StreamId;

impl<P: ProcessManager, S: EventStore + Clone + 'static, C: Codec> ProcessDriver<P, S, C> {
    /// Sends the commands of a reaction, unless it is on record that they have been sent.
    ///
    /// Somebody else may send them at the same time: they are executed once all the same.
    ///
    /// A command that has written nothing would be decided again if it were sent again.
    /// So it is on record what became of it before the next one is sent, whose effect cannot come before it then.
    pub(super) async fn dispatch(&self, recorded: &RecordedEvent) -> Result<(), ProcessError> {
        let reacted: record::Reacted = record::read(recorded)?;
        if !reacted.effects.iter().any(|effect| matches!(effect, Effect::SendCommand(_))) {
            return Ok(());
        }
        let (process, reaction) = (&recorded.stream, recorded.id);
        let mut history = self.history(process).await?;
        let dangling = || ProcessError::Dangling { process: process.clone(), version: recorded.version, id: reaction };
        let commands = history.commands(reaction).ok_or_else(dangling)?;
        let mut outcomes = history.outcomes(reaction).map(<[_]>::to_vec).unwrap_or_default();
        if outcomes.len() >= commands.len() {
            self.keep(history);
            return Ok(());
        }
        loop {
            let Some((effect, sent, command)) = commands.get(outcomes.len()) else { return Ok(()) };
            let Sent { outcome, has_written } = self.send(recorded, *effect, sent, command).await?;
            outcomes.push(outcome);
            if outcomes.len() == commands.len() || !has_written {
                outcomes = self.note(history, recorded, &commands, outcomes).await?;
                if outcomes.len() >= commands.len() {
                    return Ok(());
                }
                history = self.history(process).await?;
            }
        }
    }

    /// Appends what became of commands, as far as they have been sent, and once it is all of them, the reactions to those
    /// that were refused; returns what is on record.
    async fn note(
        &self,
        mut history: History<P>,
        recorded: &RecordedEvent,
        commands: &[(usize, SentCommand, RecordedEvent)],
        outcomes: Vec<Outcome>,
    ) -> Result<Vec<Outcome>, ProcessError> {
        let (process, reaction) = (&recorded.stream, recorded.id);
        let is_whole = outcomes.len() == commands.len();
        for _ in 0..ATTEMPTS {
            if let Some(others) = history.outcomes(reaction) {
                if !others.iter().zip(&outcomes).all(|(other, own)| is_accepted(other) == is_accepted(own)) {
                    return Err(ProcessError::OutcomesDiffer { process: process.clone(), version: recorded.version });
                }
                if others.len() >= outcomes.len() {
                    let others = others.to_vec();
                    self.keep(history);
                    return Ok(others);
                }
            }
            let at = self.clock.now();
            let dispatched = Dispatched { reaction: Id(reaction), outcomes: outcomes.clone() };
            let written = record::record_dispatched(at, recorded.follow_up(), &dispatched, is_whole);
            let mut new = vec![written.map_err(|cause| ProcessError::Reaction {
                process: process.clone(),
                input: recorded.name.clone(),
                cause: ReactionError::Encode { name: "process-dispatched", cause },
            })?];
            let refused = commands.iter().zip(&outcomes).filter(|_| is_whole);
            for ((effect, ..), outcome) in refused {
                let Outcome::Rejected { reason } = outcome else { continue };
                let (effect, reason) = (*effect, reason.clone());
                let arrived = history.rejected(reaction, effect, reason.clone(), at, recorded.version)?;
                let to = Reached::Rejected { reaction: Id(reaction), effect, reason };
                let id = record::of_rejection(reaction, effect);
                new.push(self.decide(&mut history, &arrived, to, id, at, false)?);
            }
            if self.append(&history, new).await? {
                self.keep(history);
                return Ok(outcomes);
            }
            history = self.history(process).await?;
        }
        Err(ProcessError::Conflict { process: process.clone(), attempts: ATTEMPTS })
    }

    /// Sends one command; it has the metadata of the reaction, so it was caused by what the process reacted to.
    async fn send(
        &self,
        reaction: &RecordedEvent,
        effect: usize,
        sent: &SentCommand,
        command: &RecordedEvent,
    ) -> Result<Sent, ProcessError> {
        let unreadable = |cause| ProcessError::unreadable_command(command, &sent.aggregate, cause);
        let target = StreamId::new(&sent.aggregate, &sent.id);
        let target = target.map_err(|cause| unreadable(record::broken(command, cause)))?;
        let envoy = Envoy {
            driver: self,
            target: target.clone(),
            command_id: record::command_id(reaction.id, effect),
            metadata: reaction.metadata.clone(),
        };
        let sending = P::visit_command(&sent.aggregate, command, envoy).map_err(unreadable)?;
        sending.await.map_err(|Failed { is_transient, cause }| ProcessError::Command {
            process: reaction.stream.clone(),
            command: command.name.clone(),
            target,
            is_transient,
            cause,
        })
    }
}

fn is_accepted(outcome: &Outcome) -> bool {
    *outcome == Outcome::Accepted
}

/// Carries a command to its aggregate, once it is known which that is.
struct Envoy<'d, P, S, C> {
    driver: &'d ProcessDriver<P, S, C>,
    target: StreamId,
    command_id: MessageId,
    metadata: Metadata,
}

/// A command was executed or refused.
struct Sent {
    outcome: Outcome,
    /// Whether the stream of the aggregate tells, so that it does nothing if it is sent again.
    has_written: bool,
}

/// The command was neither executed nor refused.
struct Failed {
    is_transient: bool,
    cause: Box<dyn std::error::Error + Send + Sync>,
}

impl<'d, P: ProcessManager, S: EventStore + Clone + 'static, C: Codec> CommandVisitor for Envoy<'d, P, S, C> {
    type Output = Pin<Box<dyn Future<Output = Result<Sent, Failed>> + Send + 'd>>;

    fn visit<A: Aggregate, M: HandledBy<A> + Clone + Send + 'static>(self, command: M) -> Self::Output {
        let Self { driver, target, command_id, metadata } = self;
        let aggregates = Repository::<A, S, C>::with_codec(driver.store.clone(), driver.codec.clone());
        let clock = std::sync::Arc::clone(&driver.clock);
        let aggregates = aggregates.with_clock(move || clock.now());
        Box::pin(async move {
            match aggregates.execute_once_on(target, &command_id, command, metadata).await {
                Ok(executed) => Ok(Sent { outcome: Outcome::Accepted, has_written: !executed.events.is_empty() }),
                Err(refused @ (ExecuteError::Rejected(_) | ExecuteError::AlreadyExists { .. })) => {
                    Ok(Sent { outcome: Outcome::Rejected { reason: refused.to_string() }, has_written: false })
                }
                Err(error) => {
                    let is_transient = matches!(
                        &error,
                        ExecuteError::Conflict { .. }
                            | ExecuteError::Read { .. }
                            | ExecuteError::Append(AppendError::Store { .. })
                    );
                    Err(Failed { is_transient, cause: Box::new(error) })
                }
            }
        })
    }
}

//! Dispatching: the commands of a reaction are sent, each once, and what became of them is appended.

use std::pin::Pin;

use super::ProcessDriver;
use super::error::ProcessError;
use super::react::ATTEMPTS;
use super::record::{self, DISPATCHED, Dispatched, Id, Outcome, Reached};
use crate::aggregate::Aggregate;
use crate::codec::Codec;
use crate::command::HandledBy;
use crate::decode_error::{DecodeError, DecodeReason};
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
    pub(super) async fn dispatch(&self, recorded: &RecordedEvent) -> Result<(), ProcessError> {
        let reacted: record::Reacted = record::read(recorded)?;
        if !reacted.effects.iter().any(|effect| matches!(effect, Effect::SendCommand(_))) {
            return Ok(());
        }
        let (process, reaction) = (&recorded.stream, recorded.id);
        let mut history = self.history(process).await?;
        if history.outcomes(reaction).is_some() {
            return Ok(());
        }
        let dangling = || ProcessError::Dangling { process: process.clone(), version: recorded.version, id: reaction };
        let (mut outcomes, mut refused) = (Vec::new(), Vec::new());
        for (effect, sent, command) in history.commands(reaction).ok_or_else(dangling)? {
            let outcome = self.send(recorded, effect, sent, &command).await?;
            if let Outcome::Rejected { reason } = &outcome {
                refused.push((effect, reason.clone()));
            }
            outcomes.push(outcome);
        }
        for _ in 0..ATTEMPTS {
            if let Some(others) = history.outcomes(reaction) {
                let same = others.iter().zip(&outcomes).all(|(other, own)| is_accepted(other) == is_accepted(own));
                let differ = || ProcessError::OutcomesDiffer { process: process.clone(), version: recorded.version };
                return if same { Ok(()) } else { Err(differ()) };
            }
            let at = self.clock.now();
            let mut new = Vec::new();
            let outcome = Dispatched { reaction: Id(reaction), outcomes: outcomes.clone() };
            let id = record::of_dispatch(reaction, &outcomes);
            let written = record::record(DISPATCHED, id, at, recorded.follow_up(), &outcome);
            new.push(written.map_err(|cause| ProcessError::Reaction {
                process: process.clone(),
                input: recorded.name.clone(),
                cause: ReactionError::Encode { name: "process-dispatched", cause },
            })?);
            for (effect, reason) in &refused {
                let (effect, reason) = (*effect, reason.clone());
                let arrived = history.rejected(reaction, effect, reason.clone(), at, recorded.version)?;
                let to = Reached::Rejected { reaction: Id(reaction), effect, reason };
                let id = record::of_rejection(reaction, effect);
                new.push(self.decide(&mut history, &arrived, to, id, at, false)?);
            }
            if self.append(&history, new).await? {
                return Ok(());
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
    ) -> Result<Outcome, ProcessError> {
        let unknown = |cause| DecodeError::new(command, DecodeReason::Payload(crate::codec::CodecError::new(cause)));
        let target = StreamId::new(&sent.aggregate, &sent.id).map_err(|cause| unknown(cause.to_string()))?;
        let envoy = Envoy {
            driver: self,
            target: target.clone(),
            command_id: record::command_id(reaction.id, effect),
            metadata: reaction.metadata.clone(),
        };
        let sending = P::visit_command(&sent.aggregate, command, envoy)?;
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

/// The command was neither executed nor refused.
struct Failed {
    is_transient: bool,
    cause: Box<dyn std::error::Error + Send + Sync>,
}

impl<'d, P: ProcessManager, S: EventStore + Clone + 'static, C: Codec> CommandVisitor for Envoy<'d, P, S, C> {
    type Output = Pin<Box<dyn Future<Output = Result<Outcome, Failed>> + Send + 'd>>;

    fn visit<A: Aggregate, M: HandledBy<A> + Clone + Send + 'static>(self, command: M) -> Self::Output {
        let Self { driver, target, command_id, metadata } = self;
        let aggregates = Repository::<A, S, C>::with_codec(driver.store.clone(), driver.codec.clone());
        let clock = std::sync::Arc::clone(&driver.clock);
        let aggregates = aggregates.with_clock(move || clock.now());
        Box::pin(async move {
            match aggregates.execute_once_on(target, &command_id, command, metadata).await {
                Ok(_) => Ok(Outcome::Accepted),
                Err(refused @ (ExecuteError::Rejected(_) | ExecuteError::AlreadyExists { .. })) => {
                    Ok(Outcome::Rejected { reason: refused.to_string() })
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

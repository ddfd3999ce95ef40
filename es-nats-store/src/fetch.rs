//! Reading messages in order, many with one request, and never fewer than there are.
//!
//! Any server that has a replica answers, which is fast, but it may be behind. Who reads therefore names a message that
//! the leader has; what ends before it is asked for again, the next message of the leader itself.

use async_nats::{Message, StatusCode};
use futures_util::StreamExt as _;
use serde::Serialize;

use crate::error::NatsError;
use crate::js::{ATTEMPT, Failure, Js, Stored, Which, answer, is_deletion};

/// How many messages one request asks for at most.
const MOST: u64 = 512;
/// How many bytes one request asks for at most; one message comes in any case.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

#[derive(Serialize)]
struct Many<'a> {
    seq: u64,
    next_by_subj: &'a str,
    batch: u64,
    max_bytes: u64,
}

/// The messages of some subjects from a sequence on, in order.
#[derive(Debug)]
pub(crate) struct Fetch<'a> {
    js: &'a Js,
    stream: &'a str,
    subjects: &'a str,
    /// What has not been read yet begins here.
    next: u64,
    /// A message of these subjects that is there.
    known: u64,
}

impl<'a> Fetch<'a> {
    /// From `from` to `known`, which is the sequence of one of them, as far as the leader knows.
    pub(crate) fn new(js: &'a Js, stream: &'a str, subjects: &'a str, from: u64, known: u64) -> Self {
        Self { js, stream, subjects, next: from, known }
    }

    /// Whether the known one has been read.
    pub(crate) fn is_done(&self) -> bool {
        self.next > self.known
    }

    /// Some more, `wanted` at most and at least one, until [`is_done`](Self::is_done). May go beyond the known one.
    pub(crate) async fn more(&mut self, wanted: u64) -> Result<Vec<Stored>, NatsError> {
        if self.is_done() {
            return Ok(Vec::new());
        }
        let question =
            Many { seq: self.next, next_by_subj: self.subjects, batch: wanted.clamp(1, MOST), max_bytes: MOST_BYTES };
        let mut messages = self.js.patiently(|| self.js.many(self.stream, &question)).await?;
        if messages.is_empty() {
            // The replica that was asked is behind.
            let which = Which { seq: Some(self.next), last_by_subj: None, next_by_subj: Some(self.subjects) };
            messages.extend(self.js.of_leader(self.stream, which).await?);
        }
        let Some(last) = messages.last() else {
            let problem = format!("message {} was there, and is not", self.known);
            return Err(NatsError::Broken { stream: self.stream.to_owned(), sequence: self.known, problem });
        };
        self.next = last.sequence + 1;
        Ok(messages)
    }
}

impl Js {
    /// One attempt to read many messages from whichever server answers.
    async fn many(&self, stream: &str, question: &Many<'_>) -> Result<Vec<Stored>, Failure> {
        let subject = format!("$JS.API.DIRECT.GET.{stream}");
        let question = serde_json::to_vec(question).map_err(|error| answer(&subject, &error.to_string()))?;
        let (inbox, passing) = (self.client.new_inbox(), |error: &dyn ToString| Failure::Passing(error.to_string()));
        let mut answers = self.client.subscribe(inbox.clone()).await.map_err(|error| passing(&error))?;
        let asked = self.client.publish_with_reply(subject.clone(), inbox, question.into()).await;
        asked.map_err(|error| passing(&error))?;
        let (mut messages, mut previous) = (Vec::<Stored>::new(), None);
        loop {
            let next = tokio::time::timeout(ATTEMPT, answers.next()).await;
            let message = next.map_err(|_| passing(&"no answer"))?.ok_or(NatsError::Closed)?;
            match message.status.map(|status| status.as_u16()) {
                None | Some(200) => {}
                // The end, or nothing there.
                Some(204 | 404) => return Ok(messages),
                Some(503) => return Err(passing(&"no server has the stream")),
                Some(code) => {
                    let said = format!("{code} {}", message.description.unwrap_or_default());
                    return Err(answer(&subject, &said).into());
                }
            }
            let (stored, before) = stored(&subject, message)?;
            // The connection drops messages that nobody takes; each says which came before it.
            if before != previous && previous.is_some() {
                return Err(passing(&"messages were dropped on the way"));
            }
            previous = Some(stored.sequence);
            messages.push(stored);
        }
    }

    /// The message with a sequence, from whichever server answers.
    pub(crate) async fn at(&self, stream: &str, sequence: u64) -> Result<Option<Stored>, NatsError> {
        let subject = format!("$JS.API.DIRECT.GET.{stream}");
        let which = || Which { seq: Some(sequence), last_by_subj: None, next_by_subj: None };
        let found = self
            .patiently(|| async {
                let message = self.raw(&subject, &which()).await?;
                if message.status == Some(StatusCode::NOT_FOUND) {
                    return Ok(None);
                }
                Ok(Some(stored(&subject, message)?.0))
            })
            .await?;
        match found {
            Some(found) => Ok(Some(found)),
            None => self.of_leader(stream, which()).await,
        }
    }
}

/// A message that came directly, and the sequence of the one that was sent before it.
fn stored(asked: &str, message: Message) -> Result<(Stored, Option<u64>), NatsError> {
    let headers = message.headers.unwrap_or_default();
    let number = |name: &str| headers.get(name).and_then(|value| value.as_str().parse::<u64>().ok());
    let sequence = number("Nats-Sequence").ok_or_else(|| answer(asked, "a message has no sequence"))?;
    let subject = headers.get("Nats-Subject").ok_or_else(|| answer(asked, "a message has no subject"))?;
    let is_deletion = headers.get("KV-Operation").is_some_and(|value| is_deletion("KV-Operation", value.as_str()));
    let subject = subject.as_str().to_owned();
    Ok((Stored { sequence, subject, payload: message.payload, is_deletion }, number("Nats-Last-Sequence")))
}

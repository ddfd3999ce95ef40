//! The few requests of JetStream that this store makes, each made again until it is answered or patience ends.
//!
//! Knows sequences, subjects and bytes, and no events.

use std::future::Future;
use std::time::{Duration, Instant};

use async_nats::client::RequestErrorKind;
use async_nats::{Client, HeaderMap, Message, Request};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::NatsError;

/// How long one attempt waits for its answer.
pub(crate) const ATTEMPT: Duration = Duration::from_secs(3);
/// How long after the first failed attempt the next begins; later ones wait longer.
const PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

const NO_MESSAGE: u64 = 10_037;
const NO_STREAM: u64 = 10_059;
const WRONG_LAST: [u64; 2] = [10_071, 10_164];
/// JetStream is not enabled, for the server or the account, or the disk, the account or the stream is full: these come
/// with the status of what passes, and do not.
const LASTING: [u64; 4] = [10_023, 10_039, 10_076, 10_077];
/// The server that answers leads no more, the stream has no leader, a batch was cut in two by a change of leaders, or too
/// much is under way.
const PASSING: [u64; 6] = [10_009, 10_118, 10_167, 10_176, 10_210, 10_211];

/// A connection, and how long it is worth trying.
#[derive(Debug, Clone)]
pub(crate) struct Js {
    pub(crate) client: Client,
    pub(crate) patience: Duration,
}

/// A stored message.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) sequence: u64,
    pub(crate) subject: String,
    pub(crate) payload: Bytes,
    /// Whether it says that its key is deleted, in a bucket.
    pub(crate) is_deletion: bool,
}

/// What came of a message that expects something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Published {
    /// It is stored with this sequence.
    At(u64),
    /// Something else than expected is there, and it is not stored.
    NotAsExpected,
}

/// Why an attempt failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Another attempt may succeed.
    Passing(String),
    Lasting(NatsError),
}

impl From<NatsError> for Failure {
    fn from(error: NatsError) -> Self {
        Self::Lasting(error)
    }
}

/// What JetStream answers if it refuses.
#[derive(Debug, Deserialize)]
pub(crate) struct Refusal {
    #[serde(default)]
    pub(crate) code: u64,
    #[serde(default)]
    pub(crate) err_code: u64,
    #[serde(default)]
    pub(crate) description: String,
}

#[derive(Deserialize)]
struct Refused {
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Ack {
    seq: u64,
}

#[derive(Deserialize)]
struct Got {
    message: GotMessage,
}

#[derive(Deserialize)]
struct GotMessage {
    subject: String,
    seq: u64,
    #[serde(default)]
    hdrs: String,
    #[serde(default)]
    data: String,
}

/// Which message is meant.
#[derive(Serialize)]
pub(crate) struct Which<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_by_subj: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_by_subj: Option<&'a str>,
}

impl Js {
    /// Makes attempts until one succeeds, fails for good, or patience ends.
    pub(crate) async fn patiently<T, F>(&self, mut attempt: impl FnMut() -> F) -> Result<T, NatsError>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let (start, mut pause) = (Instant::now(), PAUSE);
        loop {
            match attempt().await {
                Ok(done) => return Ok(done),
                Err(Failure::Lasting(error)) => return Err(error),
                Err(Failure::Passing(last)) if start.elapsed() + pause >= self.patience => {
                    return Err(NatsError::NoAnswer { patience: self.patience, last });
                }
                Err(Failure::Passing(_)) => tokio::time::sleep(pause).await,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Sends a message that is not answered.
    pub(crate) async fn send(&self, subject: &str, headers: HeaderMap, payload: Bytes) -> Result<(), Failure> {
        let sent = self.client.publish_with_headers(subject.to_owned(), headers, payload).await;
        sent.map_err(|error| Failure::Passing(error.to_string()))
    }

    /// One attempt to get an answer.
    pub(crate) async fn ask(
        &self,
        subject: &str,
        headers: Option<HeaderMap>,
        payload: Bytes,
    ) -> Result<Message, Failure> {
        let request = Request { payload: Some(payload), headers, timeout: Some(Some(ATTEMPT)), inbox: None };
        let (bytes, limit) = (request.payload.as_ref().map_or(0, Bytes::len), self.client.max_payload());
        self.client.send_request(subject.to_owned(), request).await.map_err(|error| match error.kind() {
            RequestErrorKind::MaxPayloadExceeded => NatsError::TooLarge { bytes, limit }.into(),
            RequestErrorKind::InvalidSubject => answer(subject, "the subject is invalid").into(),
            RequestErrorKind::Other if self.is_closed() => NatsError::Closed.into(),
            _ => Failure::Passing(error.to_string()),
        })
    }

    fn is_closed(&self) -> bool {
        matches!(self.client.connection_state(), async_nats::connection::State::Disconnected)
            && self.client.try_server_info().is_none()
    }

    /// One attempt to get an answer in JSON: `Ok(Err)` if JetStream refuses.
    pub(crate) async fn attempt<T: DeserializeOwned>(
        &self,
        subject: &str,
        question: &impl Serialize,
    ) -> Result<Result<T, Refusal>, Failure> {
        let message = self.raw(subject, question).await?;
        parsed(subject, &message.payload)
    }

    /// One attempt to get an answer that need not be JSON.
    pub(crate) async fn raw(&self, subject: &str, question: &impl Serialize) -> Result<Message, Failure> {
        let question = serde_json::to_vec(question).map_err(|error| answer(subject, &error.to_string()))?;
        self.ask(subject, None, question.into()).await
    }

    /// An answer in JSON: `Ok(Err)` if JetStream refuses.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        subject: &str,
        question: &impl Serialize,
    ) -> Result<Result<T, Refusal>, NatsError> {
        self.patiently(|| self.attempt(subject, question)).await
    }

    /// Stores a message if the last one of its subject has the sequence `last`, 0 for none.
    ///
    /// It is sent again if the answer is missing. What it expects makes sure that it is stored once at most; but if it
    /// was stored unheard, the answer to the second is `NotAsExpected`.
    pub(crate) async fn publish(
        &self,
        subject: &str,
        last: u64,
        mut headers: HeaderMap,
        payload: Bytes,
    ) -> Result<Published, NatsError> {
        headers.insert(async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, last.to_string());
        self.patiently(|| async {
            let message = self.ask(subject, Some(headers.clone()), payload.clone()).await?;
            published(subject, &message.payload)
        })
        .await
    }

    /// The message of a stream that the leader has; `None` if it has none.
    pub(crate) async fn of_leader(&self, stream: &str, which: Which<'_>) -> Result<Option<Stored>, NatsError> {
        let subject = format!("$JS.API.STREAM.MSG.GET.{stream}");
        match self.call::<Got>(&subject, &which).await? {
            Ok(Got { message }) => message.stored(&subject).map(Some),
            Err(refusal) if refusal.err_code == NO_MESSAGE => Ok(None),
            Err(refusal) => Err(refused(stream, refusal)),
        }
    }

    /// The last message of a subject, as the leader has it.
    pub(crate) async fn last(&self, stream: &str, subject: &str) -> Result<Option<Stored>, NatsError> {
        self.of_leader(stream, Which { seq: None, last_by_subj: Some(subject), next_by_subj: None }).await
    }
}

/// What the answer to a message that expects something says.
pub(crate) fn published(subject: &str, payload: &[u8]) -> Result<Published, Failure> {
    match parsed::<Ack>(subject, payload)? {
        Ok(Ack { seq }) => Ok(Published::At(seq)),
        Err(refusal) if WRONG_LAST.contains(&refusal.err_code) => Ok(Published::NotAsExpected),
        Err(refusal) => Err(refused(subject, refusal).into()),
    }
}

/// An answer in JSON, a refusal, or the failure that it tells of.
fn parsed<T: DeserializeOwned>(subject: &str, payload: &[u8]) -> Result<Result<T, Refusal>, Failure> {
    let refused: Refused = serde_json::from_slice(payload).map_err(|error| answer(subject, &error.to_string()))?;
    match refused.error {
        // The leader is being elected, or the server has just started.
        Some(refusal)
            if PASSING.contains(&refusal.err_code) || refusal.code == 503 && !LASTING.contains(&refusal.err_code) =>
        {
            Err(Failure::Passing(refusal.description))
        }
        Some(refusal) => Ok(Err(refusal)),
        None => serde_json::from_slice(payload).map(Ok).map_err(|error| answer(subject, &error.to_string()).into()),
    }
}

/// A refusal as an error.
pub(crate) fn refused(stream: &str, refusal: Refusal) -> NatsError {
    if refusal.err_code == NO_STREAM {
        return NatsError::StreamMissing { stream: stream.to_owned() };
    }
    NatsError::Refused { code: refusal.err_code, description: refusal.description }
}

pub(crate) fn answer(subject: &str, problem: &str) -> NatsError {
    NatsError::Answer { subject: subject.to_owned(), problem: problem.to_owned() }
}

impl GotMessage {
    fn stored(self, asked: &str) -> Result<Stored, NatsError> {
        use base64::Engine as _;
        let bytes = |text: &str| {
            let decoded = base64::engine::general_purpose::STANDARD.decode(text);
            decoded.map_err(|error| answer(asked, &error.to_string()))
        };
        let (payload, headers) = (bytes(&self.data)?.into(), bytes(&self.hdrs)?);
        let is_deletion = String::from_utf8_lossy(&headers)
            .lines()
            .any(|line| line.split_once(':').is_some_and(|(name, value)| is_deletion(name, value.trim())));
        Ok(Stored { sequence: self.seq, subject: self.subject, payload, is_deletion })
    }
}

/// Whether a header says that a key of a bucket is deleted.
pub(crate) fn is_deletion(name: &str, value: &str) -> bool {
    name == "KV-Operation" && matches!(value, "DEL" | "PURGE")
}

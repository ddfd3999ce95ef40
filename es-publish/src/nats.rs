//! NATS: to JetStream, which keeps messages and says so, or to whoever listens at the moment.
//!
//! Knows subjects, headers and acknowledgements; connections and streams are yours.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use async_nats::jetstream::context::{PublishError as JetStreamError, PublishErrorKind as JetStreamKind};
use async_nats::jetstream::{self, ErrorCode};
use async_nats::subject::SubjectError;
use async_nats::{Client, HeaderMap, PublishError as CoreError, PublishErrorKind as CoreKind};
use async_trait::async_trait;
use futures_util::StreamExt as _;

use crate::binding::{Binding, ContentMode};
use crate::target::{Message, PublishError, Target};

/// How long the server may take to say that it has a message of core NATS.
const PATIENCE: Duration = Duration::from_secs(5);

type Subjects = Arc<dyn Fn(&Message) -> String + Send + Sync>;

/// Publishes to NATS.
///
/// | | what `Ok` says | to whom |
/// |---|---|---|
/// | [`jetstream`](NatsTarget::jetstream) | a stream has stored the message, on as many servers as it has replicas | everybody, whenever they come |
/// | [`core`](NatsTarget::core) | the server has got the message | who listens at the moment; **what nobody listens to is lost** |
///
/// JetStream is given source and id of the event as `Nats-Msg-Id`, by which it drops what is published again within its
/// window of two minutes, unless the stream has another.
/// A subject of which no stream exists is [unavailable](PublishError::Unavailable): make the stream, and go on.
/// A message that is larger than server or stream accept is refused.
///
/// The connection is yours, with its credentials and TLS; it connects again by itself.
///
/// ```no_run
/// use es_publish::nats::NatsTarget;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = async_nats::connect("nats://localhost:4222").await?;
/// // Events of `account-ada` go to the subject `bank.account`.
/// let target = NatsTarget::jetstream(client, "bank");
/// # let _ = target;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct NatsTarget {
    client: Client,
    jetstream: Option<jetstream::Context>,
    subjects: Subjects,
    mode: ContentMode,
}

impl NatsTarget {
    /// Publishes to the streams of JetStream, on subjects of a prefix and the category: `bank.account`.
    pub fn jetstream(client: Client, prefix: &str) -> Self {
        let jetstream = Some(jetstream::new(client.clone()));
        Self { jetstream, ..Self::core(client, prefix) }
    }

    /// Publishes to who listens at the moment, on subjects of a prefix and the category: `bank.account`.
    pub fn core(client: Client, prefix: &str) -> Self {
        let prefix = prefix.to_owned();
        let subjects = move |message: &Message| format!("{prefix}.{}", token(&message.category));
        Self { client, jetstream: None, subjects: Arc::new(subjects), mode: ContentMode::Binary }
    }

    /// Publishes on the subject that `subject` makes of a message; [`token`] makes any text a part of one.
    #[must_use]
    pub fn with_subjects(self, subject: impl Fn(&Message) -> String + Send + Sync + 'static) -> Self {
        Self { subjects: Arc::new(subject), ..self }
    }

    /// Where the attributes are; in headers, unless something else is said.
    #[must_use]
    pub fn with_mode(self, mode: ContentMode) -> Self {
        Self { mode, ..self }
    }

    /// Returns when the server has got what was published before on this connection.
    async fn round_trip(&self, connects: u64) -> Result<(), PublishError> {
        let inbox = self.client.new_inbox();
        let asked = async {
            let mut answers = self.client.subscribe(inbox.clone()).await.map_err(PublishError::unavailable)?;
            self.client.publish(inbox, Vec::new().into()).await.map_err(PublishError::unavailable)?;
            answers.next().await.ok_or_else(|| PublishError::unavailable("the connection was closed"))
        };
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(answer) => answer?,
            Err(_) => return Err(PublishError::unavailable("the server did not answer in time")),
        };
        if self.client.statistics().connects.load(Relaxed) != connects {
            // What was on its way when the connection broke may be lost, though the answer came over the next one.
            return Err(PublishError::unavailable("the connection broke meanwhile"));
        }
        Ok(())
    }
}

#[async_trait]
impl Target for NatsTarget {
    fn name(&self) -> &'static str {
        "nats"
    }

    async fn publish(&self, message: &Message) -> Result<(), PublishError> {
        let encoded = Binding::Nats.encode(&message.event, self.mode).map_err(PublishError::refused)?;
        let mut headers = HeaderMap::new();
        for (name, value) in encoded.headers {
            headers.insert(name, value);
        }
        let (subject, body) = ((self.subjects)(message), encoded.body.unwrap_or_default());
        let Some(jetstream) = &self.jetstream else {
            let connects = self.client.statistics().connects.load(Relaxed);
            self.client.publish_with_headers(subject, headers, body).await.map_err(of_core)?;
            return self.round_trip(connects).await;
        };
        // No source has a space, so this tells any two events apart.
        let id = format!("{} {}", message.event.source(), crate::cloud_event::encode(message.event.id()));
        let publish = jetstream::message::PublishMessage::build().headers(headers).message_id(id).payload(body);
        jetstream.send_publish(subject, publish).await.map_err(of_jetstream)?.await.map_err(of_jetstream)?;
        Ok(())
    }
}

/// Any text as one token of a subject: what separates tokens or stands for others becomes `_`.
///
/// ```
/// assert_eq!(es_publish::nats::token("loan.v2 *"), "loan_v2__");
/// ```
pub fn token(text: &str) -> String {
    let plain = |c: char| if c.is_whitespace() || c.is_control() || matches!(c, '.' | '*' | '>') { '_' } else { c };
    text.chars().map(plain).collect()
}

fn of_core(error: CoreError) -> PublishError {
    match error.kind() {
        CoreKind::MaxPayloadExceeded | CoreKind::InvalidSubject => PublishError::refused(error),
        CoreKind::Send => PublishError::unavailable(error),
    }
}

fn of_jetstream(error: JetStreamError) -> PublishError {
    let is_of_message = error.source().is_some_and(|cause| {
        let of_server = cause.downcast_ref::<jetstream::Error>().map(jetstream::Error::error_code);
        of_server == Some(ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM) || cause.is::<SubjectError>()
    });
    if error.kind() == JetStreamKind::MaxPayloadExceeded || is_of_message {
        PublishError::refused(error)
    } else {
        PublishError::unavailable(error)
    }
}

impl fmt::Debug for NatsTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsTarget")
            .field("jetstream", &self.jetstream.is_some())
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

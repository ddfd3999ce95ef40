//! Kafka: one record for each event, with the stream as its key, so that a stream keeps its order.
//!
//! Knows records and delivery reports; topics are yours.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer as _};
use rdkafka::util::Timeout;

use crate::binding::{Binding, ContentMode};
use crate::target::{Message, PublishError, Target};

/// How long to wait for room in the producer's queue.
const PATIENCE: Duration = Duration::from_secs(30);

/// What this target needs to keep its promises.
const REQUIRED: [(&str, &str); 2] = [("enable.idempotence", "true"), ("acks", "all")];
/// What it takes unless the configuration says something else.
///
/// Keys go to the partitions to which Java's clients send them.
const DEFAULTS: [(&str, &str); 3] =
    [("linger.ms", "1"), ("message.timeout.ms", "30000"), ("partitioner", "murmur2_random")];

type Topics = Arc<dyn Fn(&Message) -> String + Send + Sync>;

/// Publishes to Kafka.
///
/// `Ok` says that all replicas that are in sync have the record (`acks=all`), once and in order (`enable.idempotence`).
/// The key of a record is the [key](Message::key) of the message, the stream, so the events of a stream are in one
/// partition; more partitions later end that order, as with any key.
/// In binary mode, an event without data is a record without a value: a tombstone to a compacted topic.
///
/// A topic that does not exist and rights that are missing are [unavailable](PublishError::Unavailable): set them up, and
/// go on. A record that is too large or that the broker calls invalid is refused.
///
/// ```
/// use es_publish::kafka::KafkaTarget;
///
/// // Events of accounts go to the topic `bank.account`.
/// let target = KafkaTarget::new("localhost:9092", "bank")?.with_topics(|message| format!("bank.{}", message.category));
/// # let _ = target;
/// # Ok::<(), es_publish::kafka::InvalidKafka>(())
/// ```
#[derive(Clone)]
pub struct KafkaTarget {
    config: ClientConfig,
    producer: Arc<Mutex<FutureProducer>>,
    topics: Topics,
    mode: ContentMode,
}

impl KafkaTarget {
    /// Publishes to one topic of the cluster that these brokers belong to: `host:port`, separated by commas.
    ///
    /// # Errors
    /// See [`InvalidKafka`].
    pub fn new(brokers: &str, topic: &str) -> Result<Self, InvalidKafka> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", brokers);
        Self::with_config(config, topic)
    }

    /// Publishes to one topic, with a configuration of your own: for TLS and SASL, for example.
    ///
    /// # Errors
    /// See [`InvalidKafka`].
    pub fn with_config(mut config: ClientConfig, topic: &str) -> Result<Self, InvalidKafka> {
        for (name, required) in REQUIRED {
            let is_same = |value: &str| value == required || (name == "acks" && value == "-1");
            match config.get(name).or_else(|| config.get("request.required.acks").filter(|_| name == "acks")) {
                Some(value) if !is_same(value) => {
                    return Err(InvalidKafka::Required { name, required, value: value.to_owned() });
                }
                _ => {}
            }
            config.set(name, required);
        }
        config.remove("request.required.acks");
        for (name, value) in DEFAULTS {
            if config.get(name).is_none() {
                config.set(name, value);
            }
        }
        let producer = config.create().map_err(InvalidKafka::Config)?;
        let topic = topic.to_owned();
        let (producer, topics) = (Arc::new(Mutex::new(producer)), Arc::new(move |_: &Message| topic.clone()));
        Ok(Self { config, producer, topics, mode: ContentMode::Binary })
    }

    /// Publishes to the topic that `topic` makes of a message; the same for all messages of a stream.
    #[must_use]
    pub fn with_topics(self, topic: impl Fn(&Message) -> String + Send + Sync + 'static) -> Self {
        Self { topics: Arc::new(topic), ..self }
    }

    /// Where the attributes are; in headers, unless something else is said.
    #[must_use]
    pub fn with_mode(self, mode: ContentMode) -> Self {
        Self { mode, ..self }
    }

    /// The producer; a new one, if a fatal error has ended the last one.
    fn producer(&self) -> Result<FutureProducer, KafkaError> {
        let mut producer = self.producer.lock().unwrap_or_else(PoisonError::into_inner);
        if producer.client().fatal_error().is_some() {
            *producer = self.config.create()?;
        }
        Ok(producer.clone())
    }
}

#[async_trait]
impl Target for KafkaTarget {
    fn name(&self) -> &'static str {
        "kafka"
    }

    async fn publish(&self, message: &Message) -> Result<(), PublishError> {
        let encoded = Binding::Kafka.encode(&message.event, self.mode).map_err(PublishError::refused)?;
        let mut headers = OwnedHeaders::new_with_capacity(encoded.headers.len());
        for (key, value) in &encoded.headers {
            headers = headers.insert(Header { key, value: Some(value) });
        }
        let topic = (self.topics)(message);
        let mut record = FutureRecord::to(&topic).key(message.key.as_str()).headers(headers);
        if let Some(time) = message.event.time() {
            record = record.timestamp(time.as_micros().div_euclid(1_000));
        }
        if let Some(body) = &encoded.body {
            record = record.payload(&body[..]);
        }
        let producer = self.producer().map_err(PublishError::unavailable)?;
        match producer.send(record, Timeout::After(PATIENCE)).await {
            Ok(_) => Ok(()),
            Err((error, _)) if is_of_message(&error) => Err(PublishError::refused(error)),
            Err((error, _)) => Err(PublishError::unavailable(error)),
        }
    }
}

/// Whether the same record would be refused again.
fn is_of_message(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::MessageSizeTooLarge
                | RDKafkaErrorCode::InvalidMessageSize
                | RDKafkaErrorCode::InvalidMessage
                | RDKafkaErrorCode::InvalidRecord
                | RDKafkaErrorCode::InvalidTopic
        )
    )
}

impl fmt::Debug for KafkaTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The configuration may have passwords in it.
        f.debug_struct("KafkaTarget")
            .field("brokers", &self.config.get("bootstrap.servers"))
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKafka {
    /// It would break a promise of the target.
    #[error("`{name}` is `{value}`, but events are lost or overtaken unless it is `{required}`")]
    Required {
        /// The name of the setting.
        name: &'static str,
        /// What it has to be.
        required: &'static str,
        /// What it is.
        value: String,
    },
    /// librdkafka refuses it.
    #[error("the configuration cannot be used")]
    Config(#[source] KafkaError),
}

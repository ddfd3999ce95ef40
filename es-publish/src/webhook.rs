//! Webhooks: events as HTTP requests to whoever wants them, signed, repeated with pauses, and never hurried.
//!
//! Knows what a receiver's answer means; which events it gets is not decided here.

mod answer;
mod pauses;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use es_core::{Clock, SystemClock};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Url, redirect};
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::binding::{Binding, ContentMode, Encoded};
use crate::cloud_event;
use crate::target::{Message, PublishError, Target};
use crate::webhook_signature::SigningKeys;

use self::answer::Answer;
use self::pauses::Pauses;

type Timer = Arc<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// A receiver of webhooks: each event is one POST request.
///
/// | answer | what follows |
/// |---|---|
/// | 200 to 299 | the message is taken |
/// | no answer in time, no connection, 408, 409, 425, 429, 500 to 599 | it is sent [again](WebhookTarget::with_attempts), after pauses that grow from 0.5 s to 30 s, or as long as `Retry-After` says |
/// | 401, 403, 404, 405, 407, 410, 300 to 399 | something is wrong with the receiver's address or the credentials: [unavailable](PublishError::Unavailable) at once, so that nothing is parked until somebody looks |
/// | 400, 413, 415, 422 and others | something is wrong with the message: [refused](PublishError::Refused) |
///
/// A receiver that says `Retry-After` is left alone for so long, also with other messages; if that is longer than
/// [a minute](WebhookTarget::with_longest_wait), calls fail at once until then.
/// Redirects are not followed, since a signed message goes to nobody but whom it was signed for.
/// A URL that a customer has chosen may lead into your own network: check it before.
///
/// Events are sent in [structured mode](ContentMode::Structured) unless something else is said: the signature covers the
/// body, and so all attributes.
/// `webhook-id` is the id of the event, so it is the same when a message is sent again; `webhook-timestamp` is the time
/// of the attempt.
///
/// ```
/// use es_publish::webhook::WebhookTarget;
/// use es_publish::webhook_signature::{SigningKey, SigningKeys};
///
/// let key = SigningKey::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
/// let target = WebhookTarget::new("https://example.com/hooks")?
///     .signed_with(SigningKeys::new(key))
///     .with_header("authorization", "Bearer abc")?;
/// # let _ = target;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct WebhookTarget {
    client: Client,
    url: Url,
    headers: HeaderMap,
    keys: Option<SigningKeys>,
    mode: ContentMode,
    timeout: Duration,
    longest_wait: Duration,
    pauses: Pauses,
    clock: Arc<dyn Clock>,
    timer: Timer,
    not_before: Arc<Mutex<Option<Instant>>>,
}

impl WebhookTarget {
    /// The receiver at an address that begins with `https://`, or with `http://` within your own network.
    ///
    /// Certificates are checked as the operating system does.
    /// TLS is that of the process's default provider of `rustls`, or `ring` where there is none.
    ///
    /// # Errors
    /// The text is no such address, or the operating system's certificates cannot be read.
    pub fn new(url: &str) -> Result<Self, InvalidWebhook> {
        let url = Url::parse(url).map_err(|cause| InvalidWebhook::Url { cause: cause.into() })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(InvalidWebhook::Scheme { scheme: url.scheme().to_owned() });
        }
        let client = Client::builder()
            .tls_backend_preconfigured(tls(url.scheme() == "https")?)
            .redirect(redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .user_agent(concat!("es-publish/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|cause| InvalidWebhook::Client { cause: cause.into() })?;
        Ok(Self {
            client,
            url,
            headers: HeaderMap::new(),
            keys: None,
            mode: ContentMode::Structured,
            timeout: Duration::from_secs(15),
            longest_wait: Duration::from_secs(60),
            pauses: Pauses::default(),
            clock: Arc::new(SystemClock),
            timer: Arc::new(|pause| Box::pin(tokio::time::sleep(pause))),
            not_before: Arc::default(),
        })
    }

    /// Signs each message with these secrets, as [Standard Webhooks](crate::webhook_signature) says.
    #[must_use]
    pub fn signed_with(self, keys: SigningKeys) -> Self {
        Self { keys: Some(keys), ..self }
    }

    /// Sends another header with each message; it is not shown in errors, spans or `Debug`.
    ///
    /// # Errors
    /// The name or the value is none of a header.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, InvalidWebhook> {
        let invalid = || InvalidWebhook::Header { name: name.to_owned() };
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
        let mut value = HeaderValue::from_str(value).map_err(|_| invalid())?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Where the attributes are; a signature does not cover what stands in headers.
    #[must_use]
    pub fn with_mode(self, mode: ContentMode) -> Self {
        Self { mode, ..self }
    }

    /// How long one attempt may take, with the answer; 15 s unless something else is said.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// How often a message is sent before it counts as failed for this time; 5 unless something else is said, and 0 is
    /// taken as 1.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.pauses.attempts = attempts.max(1);
        self
    }

    /// The pause after the first failed attempt, which doubles with each, and the longest one.
    ///
    /// Up to half of each is left out at random, so that many senders do not come back at once.
    #[must_use]
    pub fn with_pauses(mut self, first: Duration, longest: Duration) -> Self {
        (self.pauses.first, self.pauses.longest) = (first, longest);
        self
    }

    /// Waits as long as a receiver asks for, up to this; 60 s unless something else is said.
    #[must_use]
    pub fn with_longest_wait(self, wait: Duration) -> Self {
        Self { longest_wait: wait, ..self }
    }

    /// Takes the time of attempts from `clock`.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Pauses with the future that `timer` makes, instead of Tokio's timer.
    #[must_use]
    pub fn with_timer<F>(self, timer: impl Fn(Duration) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self { timer: Arc::new(move |pause| Box::pin(timer(pause))), ..self }
    }

    /// How much longer the receiver wants to be left alone.
    fn left_alone_for(&self) -> Option<Duration> {
        let not_before = *self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        not_before?.checked_duration_since(Instant::now()).filter(|wait| !wait.is_zero())
    }

    fn leave_alone_for(&self, wait: Duration) {
        let mut not_before = self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        *not_before = (*not_before).max(Instant::now().checked_add(wait));
    }

    fn headers(&self, message: &Message, encoded: &Encoded) -> Result<HeaderMap, PublishError> {
        let mut headers = self.headers.clone();
        let mut add = |name: &str, value: &str| {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(PublishError::refused)?;
            headers.insert(name, HeaderValue::from_str(value).map_err(PublishError::refused)?);
            Ok(())
        };
        for (name, value) in &encoded.headers {
            add(name, value)?;
        }
        if let Some(keys) = &self.keys {
            // A `.` ends the id in what is signed.
            let id = cloud_event::encode(message.event.id()).replace('.', "%2E");
            let (now, body) = (self.clock.now(), encoded.body.as_deref().unwrap_or_default());
            add("webhook-signature", &keys.sign(&id, now, body))?;
            add("webhook-timestamp", &SigningKeys::seconds(now).to_string())?;
            add("webhook-id", &id)?;
        }
        Ok(headers)
    }

    async fn attempt(&self, message: &Message, encoded: &Encoded) -> Result<Answer, PublishError> {
        let request = self
            .client
            .post(self.url.clone())
            .headers(self.headers(message, encoded)?)
            .body(encoded.body.clone().unwrap_or_default())
            .timeout(self.timeout);
        Ok(match request.send().await {
            Ok(response) => Answer::of(response, self.clock.now()).await,
            // An address may have a password in it.
            Err(cause) => Answer::Again { retry_after: None, cause: cause.without_url().into() },
        })
    }
}

#[async_trait]
impl Target for WebhookTarget {
    fn name(&self) -> &'static str {
        "webhook"
    }

    async fn publish(&self, message: &Message) -> Result<(), PublishError> {
        let encoded = Binding::Http.encode(&message.event, self.mode).map_err(PublishError::refused)?;
        let mut failed = 0;
        loop {
            if let Some(wait) = self.left_alone_for() {
                if wait > self.longest_wait {
                    let cause = "the receiver wants to be left alone".into();
                    return Err(PublishError::Unavailable { retry_after: Some(wait), cause });
                }
                (self.timer)(wait).await;
            }
            let (retry_after, cause) = match self.attempt(message, &encoded).await? {
                Answer::Taken => return Ok(()),
                Answer::Refused { cause } => return Err(PublishError::Refused { cause }),
                Answer::Misdirected { cause } => return Err(PublishError::Unavailable { retry_after: None, cause }),
                // At once is no time to leave it alone for.
                Answer::Again { retry_after, cause } => (retry_after.filter(|wait| !wait.is_zero()), cause),
            };
            failed += 1;
            if let Some(wait) = retry_after {
                self.leave_alone_for(wait);
            }
            let is_too_long = retry_after.is_some_and(|wait| wait > self.longest_wait);
            if is_too_long || failed >= self.pauses.attempts {
                return Err(PublishError::Unavailable { retry_after, cause });
            }
            if retry_after.is_none() {
                (self.timer)(self.pauses.after(failed)).await;
            }
        }
    }
}

fn tls(is_used: bool) -> Result<rustls::ClientConfig, InvalidWebhook> {
    let unusable = |cause: rustls::Error| InvalidWebhook::Client { cause: cause.into() };
    let provider = rustls::crypto::CryptoProvider::get_default().cloned();
    let provider = provider.unwrap_or_else(|| Arc::new(rustls::crypto::ring::default_provider()));
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?;
    if !is_used {
        // Certificates may be missing where nobody needs them.
        return Ok(config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth());
    }
    Ok(config.with_platform_verifier().map_err(unusable)?.with_no_client_auth())
}

impl fmt::Debug for WebhookTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookTarget")
            .field("host", &self.url.host_str())
            .field("mode", &self.mode)
            .field("is_signed", &self.keys.is_some())
            .field("timeout", &self.timeout)
            .field("attempts", &self.pauses.attempts)
            .finish_non_exhaustive()
    }
}

/// Why webhooks cannot be sent there. Says nothing of the address, which may have a password in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidWebhook {
    /// The text is no URL.
    #[error("the address of a webhook is no URL")]
    Url {
        /// What is wrong with it.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The URL is not one of HTTP.
    #[error("webhooks go to addresses with `https` or `http`, not `{scheme}`")]
    Scheme {
        /// What the URL begins with.
        scheme: String,
    },
    /// A header is none.
    #[error("`{name}` or its value is no header")]
    Header {
        /// Its name.
        name: String,
    },
    /// The client could not be set up.
    #[error("the HTTP client could not be set up")]
    Client {
        /// Why.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
}

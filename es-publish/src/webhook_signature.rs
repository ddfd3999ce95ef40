//! Signatures of webhooks as [Standard Webhooks](https://www.standardwebhooks.com) has them: for senders and receivers.
//!
//! Knows bytes and times; it sends nothing.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use es_core::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const MICROS_PER_SECOND: i64 = 1_000_000;
/// What a secret begins with where people see it.
const PREFIX: &str = "whsec_";

/// A secret that sender and receiver share: 24 to 64 bytes, one for each receiver.
///
/// Its text is `whsec_` and Base64; `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey(Vec<u8>);

impl SigningKey {
    /// Reads the text of a secret, with or without `whsec_`.
    ///
    /// # Errors
    /// It is no Base64, or has less than 24 or more than 64 bytes.
    pub fn new(text: &str) -> Result<Self, InvalidSigningKey> {
        let text = text.strip_prefix(PREFIX).unwrap_or(text);
        Self::from_bytes(STANDARD.decode(text).map_err(|_| InvalidSigningKey::Base64)?)
    }

    /// Takes the bytes of a secret, which are random.
    ///
    /// # Errors
    /// There are less than 24 or more than 64.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Result<Self, InvalidSigningKey> {
        let bytes = bytes.into();
        if !(24..=64).contains(&bytes.len()) {
            return Err(InvalidSigningKey::Length { bytes: bytes.len() });
        }
        Ok(Self(bytes))
    }

    fn mac(&self, id: &str, seconds: i64, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body);
        mac
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

/// Why a text is no secret. Says nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the message of each variant is its documentation")]
pub enum InvalidSigningKey {
    #[error("the secret of a webhook is Base64 text after `whsec_`")]
    Base64,
    #[error("the secret of a webhook has 24 to 64 bytes, this one has {bytes}")]
    Length { bytes: usize },
}

/// The secrets that hold at present: while one is replaced by another, both.
///
/// A sender signs with each, and a receiver accepts what is signed with any.
///
/// ```
/// use es_core::Timestamp;
/// use es_publish::webhook_signature::{SigningKey, SigningKeys};
///
/// let new = SigningKey::from_bytes(*b"thirty-two random bytes, or more")?;
/// let old = SigningKey::from_bytes(*b"those that are being replaced...")?;
/// let now = Timestamp::from_micros(1_700_000_000_000_000);
/// let signature = SigningKeys::new(new).and(old.clone()).sign("msg-1", now, b"{}");
///
/// // A receiver that knows only the old one so far:
/// SigningKeys::new(old).verify("msg-1", "1700000000", &signature, b"{}", now)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct SigningKeys {
    keys: Vec<SigningKey>,
    tolerance: Duration,
}

impl SigningKeys {
    /// One secret.
    pub fn new(key: SigningKey) -> Self {
        Self { keys: vec![key], tolerance: Duration::from_secs(5 * 60) }
    }

    /// Another one that holds beside.
    #[must_use]
    pub fn and(mut self, key: SigningKey) -> Self {
        self.keys.push(key);
        self
    }

    /// How far a timestamp may be from the receiver's clock, in both directions; 5 minutes unless something else is said.
    ///
    /// What is older may be an old message that somebody has kept and sends again.
    #[must_use]
    pub fn with_tolerance(self, tolerance: Duration) -> Self {
        Self { tolerance, ..self }
    }

    /// The value of the header `webhook-signature`, for a message that is sent at `now`; `webhook-timestamp` is `now` in
    /// [seconds](Self::seconds), and `webhook-id` is `id`, which has no `.` in it.
    pub fn sign(&self, id: &str, now: Timestamp, body: &[u8]) -> String {
        let sign = |key: &SigningKey| {
            let code = key.mac(id, Self::seconds(now), body).finalize().into_bytes();
            format!("v1,{}", STANDARD.encode(code))
        };
        self.keys.iter().map(sign).collect::<Vec<_>>().join(" ")
    }

    /// Whole seconds since the Unix epoch.
    pub const fn seconds(time: Timestamp) -> i64 {
        time.as_micros().div_euclid(MICROS_PER_SECOND)
    }

    /// Says whether a message is from who knows one of the secrets, and was sent a short while ago.
    ///
    /// The arguments are the headers `webhook-id`, `webhook-timestamp` and `webhook-signature`, and the body as it came,
    /// byte by byte. Signatures are compared in constant time.
    ///
    /// # Errors
    /// See [`SignatureError`]; answer with 401, and do nothing of what the message says.
    pub fn verify(
        &self,
        id: &str,
        timestamp: &str,
        signatures: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), SignatureError> {
        let sent_at: i64 = timestamp.parse().map_err(|_| SignatureError::Timestamp)?;
        // Written otherwise, it is not what was signed.
        if sent_at.to_string() != timestamp {
            return Err(SignatureError::Timestamp);
        }
        let apart = Self::seconds(now).abs_diff(sent_at);
        if apart > self.tolerance.as_secs() {
            return Err(SignatureError::NotNow { seconds: apart });
        }
        let codes = signatures.split(' ').filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok());
        let mut is_known = false;
        for code in codes {
            for key in &self.keys {
                is_known |= key.mac(id, sent_at, body).verify_slice(&code).is_ok();
            }
        }
        if is_known { Ok(()) } else { Err(SignatureError::Unknown) }
    }

    /// As [`verify`](Self::verify), with the headers of the request.
    ///
    /// # Errors
    /// See [`SignatureError`].
    pub fn verify_headers<'a>(
        &self,
        headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), SignatureError> {
        const HEADERS: [&str; 3] = ["webhook-id", "webhook-timestamp", "webhook-signature"];
        let mut found: [Option<&str>; 3] = [None; 3];
        for (name, value) in headers {
            if let Some(place) = HEADERS.iter().position(|header| name.eq_ignore_ascii_case(header)) {
                found[place] = std::str::from_utf8(value).ok().map(str::trim);
            }
        }
        let value = |place: usize| found[place].ok_or(SignatureError::Missing { header: HEADERS[place] });
        self.verify(value(0)?, value(1)?, value(2)?, body, now)
    }
}

/// Why a message is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the message of each variant is its documentation")]
pub enum SignatureError {
    #[error("the header `{header}` is missing")]
    Missing { header: &'static str },
    #[error("the header `webhook-timestamp` is no number of seconds")]
    Timestamp,
    #[error("the message was sent {seconds} s before or after now")]
    NotNow { seconds: u64 },
    #[error("no signature of the message was made with a secret that is known here")]
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SigningKey {
        SigningKey::from_bytes([byte; 32]).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * MICROS_PER_SECOND)
    }

    /// The example of the reference implementations.
    #[test]
    fn signatures_are_those_of_the_standard() {
        let keys = SigningKeys::new(SigningKey::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", br#"{"test": 2432232314}"#);
        let signature = keys.sign(id, at(1_614_265_330), body);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(keys.verify(id, "1614265330", &signature, body, at(1_614_265_330)), Ok(()));
    }

    #[test]
    fn any_of_the_keys_will_do_and_no_other() {
        let signature = SigningKeys::new(key(1)).and(key(2)).sign("m", at(1000), b"body");
        for known in [1, 2] {
            assert_eq!(SigningKeys::new(key(known)).verify("m", "1000", &signature, b"body", at(1000)), Ok(()));
        }
        let verdict = SigningKeys::new(key(3)).verify("m", "1000", &signature, b"body", at(1000));
        assert_eq!(verdict, Err(SignatureError::Unknown));
        let verdict = SigningKeys::new(key(3)).and(key(2)).verify("m", "1000", &signature, b"body", at(1000));
        assert_eq!(verdict, Ok(()));
    }

    #[test]
    fn whatever_is_changed_is_noticed() {
        let keys = SigningKeys::new(key(1));
        let signature = keys.sign("m", at(1000), b"body");
        let verify = |id, time, signature, body: &[u8]| keys.verify(id, time, signature, body, at(1000));
        assert_eq!(verify("m", "1000", &signature, b"body"), Ok(()));
        assert_eq!(verify("n", "1000", &signature, b"body"), Err(SignatureError::Unknown));
        assert_eq!(verify("m", "1001", &signature, b"body"), Err(SignatureError::Unknown));
        assert_eq!(verify("m", "1000", &signature, b"bodY"), Err(SignatureError::Unknown));
        let asymmetric = signature.replace("v1,", "v1a,");
        for wrong in ["", "v1,", "v1", "v2,AAAA", "v1,!!!", &asymmetric, &signature[..20]] {
            assert_eq!(verify("m", "1000", wrong, b"body"), Err(SignatureError::Unknown), "{wrong}");
        }
        for wrong in ["", "+1000", "01000", "1e3", " 1000"] {
            assert_eq!(verify("m", wrong, &signature, b"body"), Err(SignatureError::Timestamp), "{wrong}");
        }
    }

    #[test]
    fn old_and_early_messages_are_not_believed() {
        let keys = SigningKeys::new(key(1));
        let signature = keys.sign("m", at(1000), b"body");
        for (now, verdict) in [
            (1300, Ok(())),
            (700, Ok(())),
            (1301, Err(SignatureError::NotNow { seconds: 301 })),
            (699, Err(SignatureError::NotNow { seconds: 301 })),
        ] {
            assert_eq!(keys.verify("m", "1000", &signature, b"body", at(now)), verdict);
        }
    }

    #[test]
    fn headers_are_found_in_any_case() {
        let keys = SigningKeys::new(key(1));
        let signature = keys.sign("m", at(1000), b"body");
        let mut headers = vec![("Webhook-Id", "m"), ("WEBHOOK-TIMESTAMP", "1000"), ("webhook-signature", &signature)];
        let verify = |headers: &[(&'static str, &str)]| {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
            keys.verify_headers(headers, b"body", at(1000))
        };
        assert_eq!(verify(&headers), Ok(()));
        headers.remove(0);
        assert_eq!(verify(&headers), Err(SignatureError::Missing { header: "webhook-id" }));
    }

    #[test]
    fn secrets_have_a_form_and_are_not_shown() {
        assert_eq!(SigningKey::new("whsec_!"), Err(InvalidSigningKey::Base64));
        assert_eq!(SigningKey::from_bytes([1; 23]), Err(InvalidSigningKey::Length { bytes: 23 }));
        assert_eq!(SigningKey::from_bytes([1; 65]), Err(InvalidSigningKey::Length { bytes: 65 }));
        assert_eq!(SigningKey::new(&format!("whsec_{}", STANDARD.encode([7; 32]))), Ok(key(7)));
        assert_eq!(format!("{:?}", key(7)), "SigningKey(…)");
    }
}

//! What a receiver's answer means for the message, and for those after it.

use std::error::Error;
use std::time::Duration;

use es_core::Timestamp;
use reqwest::header::RETRY_AFTER;
use reqwest::{Response, StatusCode};

/// So much of an answer is read, so that the connection can be used again, and an error can say what the receiver said.
const MOST_READ: usize = 16 * 1024;
const MOST_SHOWN: usize = 200;

pub(super) enum Answer {
    /// The message has arrived.
    Taken,
    /// It may be taken later.
    Again { retry_after: Option<Duration>, cause: Box<dyn Error + Send + Sync> },
    /// No message will be taken until somebody has changed something.
    Misdirected { cause: Box<dyn Error + Send + Sync> },
    /// This message will never be taken.
    Refused { cause: Box<dyn Error + Send + Sync> },
}

/// What the receiver answered.
#[derive(Debug, thiserror::Error)]
#[error("the receiver answered {status}{}{said}", if said.is_empty() { "" } else { ": " })]
struct Answered {
    status: u16,
    said: String,
}

impl Answer {
    pub(super) async fn of(response: Response, now: Timestamp) -> Self {
        let status = response.status();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| wait(value.to_str().ok()?, now));
        let said = said(response).await;
        if status.is_success() {
            return Self::Taken;
        }
        let cause = Answered { status: status.as_u16(), said }.into();
        match status {
            StatusCode::REQUEST_TIMEOUT
            | StatusCode::CONFLICT
            | StatusCode::TOO_EARLY
            | StatusCode::TOO_MANY_REQUESTS => Self::Again { retry_after, cause },
            _ if status.is_server_error() => Self::Again { retry_after, cause },
            StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::NOT_FOUND
            | StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::PROXY_AUTHENTICATION_REQUIRED
            | StatusCode::GONE => Self::Misdirected { cause },
            _ if status.is_client_error() => Self::Refused { cause },
            _ => Self::Misdirected { cause },
        }
    }
}

/// The beginning of what the receiver said, without what would break a line of a log.
async fn said(mut response: Response) -> String {
    let mut body = Vec::new();
    while body.len() < MOST_READ {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    let text = String::from_utf8_lossy(&body);
    text.chars().filter(|c| !c.is_control()).take(MOST_SHOWN).collect()
}

/// A number of seconds, or a date.
fn wait(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let since_epoch = httpdate::parse_http_date(value).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    let now = Duration::from_micros(u64::try_from(now.as_micros()).ok()?);
    Some(since_epoch.saturating_sub(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_a_number_of_seconds_or_a_date() {
        let now = Timestamp::from_micros(784_111_777_000_000 - 5_000_000);
        assert_eq!(wait("120", now), Some(Duration::from_secs(120)));
        assert_eq!(wait(" 0 ", now), Some(Duration::ZERO));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(Duration::from_secs(5)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:30 GMT", now), Some(Duration::ZERO));
        for none in ["", "-1", "1.5", "soon"] {
            assert_eq!(wait(none, now), None, "{none}");
        }
    }
}

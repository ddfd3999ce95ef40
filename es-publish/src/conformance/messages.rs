//! The messages that targets are tried with.

use es_core::Timestamp;

use crate::cloud_event::{AttributeError, CloudEvent};
use crate::target::Message;

/// So many messages of one key.
pub(super) fn numbered(key: &str, count: usize) -> Vec<Message> {
    let message = |number: usize| {
        let event = CloudEvent::new(format!("{key}-{number}"), "/conformance", "com.example.numbered")?
            .with_subject(key)?
            .with_data("application/json", number.to_string())?;
        Ok(message(key, event))
    };
    (0..count).map(message).collect::<Result<_, AttributeError>>().expect("these attributes keep the rules")
}

/// Messages with everything that encodings stumble over.
pub(super) fn odd() -> Vec<Message> {
    let made = || -> Result<_, AttributeError> {
        let ty = "com.example.odd";
        let texts = CloudEvent::new("odd-\"texts\" 100 %", "/conformance/a%20b?c#d", ty)?
            .with_subject("Euro € 😀 \\ %41 \"quoted\", ; = : ' ")?
            .with_extension("correlationid", "tab-less & <odd>")?
            .with_extension("flag", true)?
            .with_extension("number", i32::MIN)?
            .with_time(Timestamp::from_micros(1_700_000_000_000_001))?
            .with_data_schema("https://example.com/a.v1.json")?
            .with_data("application/json", "{ \"b\": 1.10,\n \"a\": \"é\" }")?;
        let bytes = CloudEvent::new("odd-bytes", "/conformance", ty)?
            .with_data("application/octet-stream", (0..=255).collect::<Vec<u8>>())?;
        let long = CloudEvent::new("odd-long", "/conformance", ty)?
            .with_data("application/json", format!("\"{}\"", "x".repeat(200_000)))?;
        let bare = CloudEvent::new("odd-bare", "/conformance", ty)?;
        Ok(vec![texts, bytes, long, bare])
    };
    let events = made().expect("these attributes keep the rules");
    events.into_iter().map(|event| message("odd", event)).collect()
}

/// A message that many a target does not accept.
pub(super) fn too_large() -> Message {
    let event = CloudEvent::new("large", "/conformance", "com.example.large")
        .and_then(|event| event.with_data("application/octet-stream", vec![7; 12_000_000]));
    message("large", event.expect("these attributes keep the rules"))
}

fn message(key: &str, event: CloudEvent) -> Message {
    Message { event, key: format!("conformance-{key}"), category: "conformance".to_owned() }
}

//! Webhooks against a receiver on this machine that fails, delays, throttles and hangs up.
#![cfg(feature = "webhook")]

mod answers;
mod receiver;
mod requests;
mod waiting;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use es_publish::webhook::WebhookTarget;
use es_publish::{CloudEvent, Message};

fn message(id: &str) -> Message {
    let event = CloudEvent::new(id, "/bank", "com.example.account-opened")
        .unwrap()
        .with_subject("account-Zoë \"100 %\"")
        .unwrap()
        .with_extension("streamversion", "1")
        .unwrap()
        .with_data("application/json", r#"{"owner": "Zoë"}"#)
        .unwrap();
    Message { event, key: "account-1".to_owned(), category: "account".to_owned() }
}

/// The pauses that a target would have made; it makes none.
#[derive(Debug, Clone, Default)]
struct Pauses(Arc<Mutex<Vec<Duration>>>);

impl Pauses {
    fn of(&self, target: WebhookTarget) -> WebhookTarget {
        let pauses = self.clone();
        target.with_timer(move |pause| {
            pauses.0.lock().unwrap().push(pause);
            std::future::ready(())
        })
    }

    /// In whole seconds, rounded up.
    fn seconds(&self) -> Vec<u64> {
        self.0.lock().unwrap().iter().map(|pause| (*pause + Duration::from_nanos(999_999_999)).as_secs()).collect()
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

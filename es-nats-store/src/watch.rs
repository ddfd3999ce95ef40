//! The wake-up of those who wait for the log to grow: a consumer of message headers that lives while somebody waits.
//!
//! The consumer is a hint. It may be lost with its server; then another is made, and the leader is asked what was missed.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use async_nats::{Message, Subscriber};
use event_listener::{Event, EventListener};
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};

use crate::error::NatsError;
use crate::js::refused;
use crate::store::Shared;

/// How often the server says that it is there while nothing happens.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// After how long without a sign another consumer is made.
const SILENCE: Duration = Duration::from_secs(3);

#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// The highest sequence that was seen.
    head: AtomicU64,
    grown: Event,
    waiting: AtomicUsize,
    is_running: AtomicBool,
    /// Why nobody looks any more, if asking again would not help.
    failed: Mutex<Option<NatsError>>,
}

impl Watch {
    pub(crate) fn head(&self) -> u64 {
        self.head.load(Ordering::SeqCst)
    }

    /// There is a message with events and this sequence.
    pub(crate) fn grown(&self, sequence: u64) {
        if self.head.fetch_max(sequence, Ordering::SeqCst) < sequence {
            self.grown.notify(usize::MAX);
        }
    }

    fn failed(&self) -> MutexGuard<'_, Option<NatsError>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn listen(&self) -> EventListener {
        self.grown.listen()
    }
}

/// Somebody waits as long as this lives.
pub(crate) struct Waiting(Arc<Shared>);

impl Waiting {
    pub(crate) fn begin(shared: &Arc<Shared>) -> Self {
        shared.watch.waiting.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(shared))
    }

    /// Why those who looked last have given up, if nobody looks since.
    pub(crate) fn failed(&self) -> Option<NatsError> {
        self.0.watch.failed().clone()
    }

    /// Makes sure that somebody looks; who has listened before is then told of what comes, and if nobody looks any more.
    pub(crate) fn look(&self) {
        let watch = &self.0.watch;
        if !watch.is_running.swap(true, Ordering::SeqCst) {
            // From here on nobody looks if this is dropped, also if the task is never polled.
            let looking = Looking(Arc::downgrade(&self.0));
            *watch.failed() = None;
            tokio::spawn(look(looking));
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.watch.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Says that nobody looks any more, however the task ends: also when its runtime goes away before it has begun.
struct Looking(Weak<Shared>);

impl Drop for Looking {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade() {
            shared.watch.is_running.store(false, Ordering::SeqCst);
            // Those who wait begin again, and one of them looks.
            shared.watch.grown.notify(usize::MAX);
        }
    }
}

async fn look(looking: Looking) {
    let shared = &looking.0;
    while let Some(strong) = shared.upgrade() {
        if strong.watch.waiting.load(Ordering::SeqCst) == 0 {
            return;
        }
        match signs(&strong).await {
            Ok(signs) => {
                drop(strong);
                follow(shared, signs).await;
            }
            // The servers may be back at any time.
            Err(NatsError::NoAnswer { .. }) => {
                drop(strong);
                tokio::time::sleep(HEARTBEAT).await;
            }
            Err(error) => {
                *strong.watch.failed() = Some(error);
                return;
            }
        }
    }
}

/// A consumer, once what came before it was there is known.
async fn signs(shared: &Shared) -> Result<Subscriber, NatsError> {
    let signs = consumer(shared).await?;
    shared.head().await?;
    Ok(signs)
}

/// Until there is no sign of the consumer, or nobody waits.
async fn follow(shared: &Weak<Shared>, mut signs: Subscriber) {
    let mut is_idle = false;
    while let Ok(Some(sign)) = tokio::time::timeout(SILENCE, signs.next()).await {
        let Some(shared) = shared.upgrade() else { return };
        if let Some(sequence) = sequence(&sign) {
            shared.watch.grown(sequence);
        }
        // Some linger between two waits; at the second heartbeat without a waiter nobody does.
        let is_heartbeat = sign.status.is_some();
        if is_heartbeat && shared.watch.waiting.load(Ordering::SeqCst) == 0 {
            if std::mem::replace(&mut is_idle, true) {
                return;
            }
        } else {
            is_idle = false;
        }
    }
}

/// The sequence that a message or a heartbeat tells of.
fn sequence(sign: &Message) -> Option<u64> {
    if sign.status.is_some() {
        return sign.headers.as_ref()?.get("Nats-Last-Stream")?.as_str().parse().ok();
    }
    // `$JS.ACK.<stream>.<consumer>.<delivered>.<sequence>…`, with two more tokens in front of the stream since 2.11.
    let tokens: Vec<&str> = sign.reply.as_ref()?.split('.').collect();
    tokens.get(if tokens.len() > 9 { 7 } else { 5 })?.parse().ok()
}

#[derive(Serialize)]
struct NewConsumer<'a> {
    stream_name: &'a str,
    config: Config,
}

#[derive(Serialize)]
struct Config {
    deliver_subject: String,
    deliver_policy: &'static str,
    opt_start_seq: u64,
    ack_policy: &'static str,
    filter_subject: String,
    headers_only: bool,
    mem_storage: bool,
    num_replicas: usize,
    idle_heartbeat: u128,
    inactive_threshold: u128,
}

#[derive(Deserialize)]
struct Made {}

/// A consumer of what comes after what was seen; the server forgets it soon after nobody listens.
async fn consumer(shared: &Shared) -> Result<Subscriber, NatsError> {
    let (js, stream) = (&shared.js, shared.names.store.as_str());
    let inbox = js.client.new_inbox();
    let signs = js.client.subscribe(inbox.clone()).await.map_err(|_| NatsError::Closed)?;
    let config = Config {
        deliver_subject: inbox,
        deliver_policy: "by_start_sequence",
        opt_start_seq: shared.watch.head() + 1,
        ack_policy: "none",
        filter_subject: shared.names.of_events(),
        headers_only: true,
        mem_storage: true,
        num_replicas: 1,
        idle_heartbeat: HEARTBEAT.as_nanos(),
        inactive_threshold: (SILENCE * 2).as_nanos(),
    };
    let new = NewConsumer { stream_name: stream, config };
    let made = js.call::<Made>(&format!("$JS.API.CONSUMER.CREATE.{stream}"), &new).await?;
    made.map(|_| signs).map_err(|refusal| refused(stream, refusal))
}

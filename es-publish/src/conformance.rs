//! What every target owes, as a check: for authors of targets.
//!
//! Knows the [contract](Target) of targets and a way to see what arrived; it proves itself on targets that break one
//! rule each.

mod messages;

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use async_trait::async_trait;
use futures_util::future::join_all;

use crate::cloud_event::CloudEvent;
use crate::target::{Message, Target};

use self::messages::{numbered, odd, too_large};

/// A target, and how to see what it does.
#[async_trait]
pub trait Subject: Send + Sync {
    /// The target.
    fn target(&self) -> &dyn Target;

    /// What has arrived so far, in the order of arrival within each key; waits, as long as is reasonable, until each
    /// of `ids` has arrived.
    async fn arrived(&self, ids: &[String]) -> Vec<CloudEvent>;

    /// Makes whatever is behind the target unreachable; `false`, if that cannot be done, which is printed.
    async fn cut(&self) -> bool;

    /// Makes it reachable again.
    async fn mend(&self);
}

/// A rule of the [contract](Target) that a target has broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The number of the rule.
    pub rule: u8,
    /// What was seen.
    pub seen: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {}: {}", self.rule, self.seen)
    }
}

/// How many keys, and how many messages of each.
const KEYS: usize = 4;
const EACH: usize = 15;
/// How often a message is published after an outage.
const ATTEMPTS: usize = 50;

/// Holds a target to its contract, and says what it has broken; nothing, if it is sound.
///
/// ```
/// # use es_publish::conformance::{Subject, check};
/// # async fn example(subject: impl Subject) {
/// let violations = check(&subject).await;
/// assert!(violations.is_empty(), "{violations:#?}");
/// # }
/// ```
pub async fn check(subject: &impl Subject) -> Vec<Violation> {
    let mut violations = Vec::new();
    arrive_whole(subject, &mut violations).await;
    arrive_in_order(subject, &mut violations).await;
    are_accepted_again(subject, &mut violations).await;
    survive_a_dropped_call(subject, &mut violations).await;
    are_not_dropped_in_silence(subject, &mut violations).await;
    violations
}

async fn publish(subject: &impl Subject, message: &Message, violations: &mut Vec<Violation>) {
    if let Err(error) = subject.target().publish(message).await {
        let seen = format!("`{}` was not taken, though nothing was wrong: {error:?}", message.event.id());
        violations.push(Violation { rule: 1, seen });
    }
}

fn id(message: &Message) -> String {
    message.event.id().to_owned()
}

/// Rules 1 and 4.
async fn arrive_whole(subject: &impl Subject, violations: &mut Vec<Violation>) {
    let messages = odd();
    for message in &messages {
        publish(subject, message, violations).await;
    }
    let arrived = subject.arrived(&messages.iter().map(id).collect::<Vec<_>>()).await;
    for message in &messages {
        let expected = comparable(&message.event);
        match arrived.iter().find(|event| event.id() == message.event.id()) {
            None => violations.push(Violation { rule: 1, seen: format!("`{}` never arrived", message.event.id()) }),
            Some(event) if comparable(event) != expected => {
                let seen = format!("`{}` arrived as {:?} instead of {expected:?}", id(message), comparable(event));
                violations.push(Violation { rule: 4, seen });
            }
            Some(_) => {}
        }
    }
}

/// Attributes as text, since some transports have no other, and no data as empty data.
fn comparable(event: &CloudEvent) -> (Vec<(String, String)>, Vec<u8>) {
    let attributes = event.attributes().map(|(name, value)| (name.to_owned(), value)).collect();
    (attributes, event.data().map(|data| data.to_vec()).unwrap_or_default())
}

/// Rules 1, 2 and 6.
async fn arrive_in_order(subject: &impl Subject, violations: &mut Vec<Violation>) {
    let keys: Vec<Vec<Message>> = (0..KEYS).map(|key| numbered(&format!("order-{key}"), EACH)).collect();
    let one_key = |messages: Vec<Message>| async move {
        let mut violations = Vec::new();
        for message in &messages {
            publish(subject, message, &mut violations).await;
        }
        violations
    };
    violations.extend(join_all(keys.iter().cloned().map(one_key)).await.into_iter().flatten());
    let ids: Vec<_> = keys.iter().flatten().map(id).collect();
    let arrived = subject.arrived(&ids).await;
    for messages in &keys {
        in_order(&arrived, messages, violations);
    }
}

/// What arrived of these messages, each when it first did, is all of them in their order.
fn in_order(arrived: &[CloudEvent], messages: &[Message], violations: &mut Vec<Violation>) {
    let expected: Vec<_> = messages.iter().map(id).collect();
    let mut seen: Vec<String> = Vec::new();
    for event in arrived.iter().filter(|event| expected.iter().any(|id| id == event.id())) {
        if !seen.iter().any(|id| id == event.id()) {
            seen.push(event.id().to_owned());
        }
    }
    let lost: Vec<_> = expected.iter().filter(|id| !seen.contains(id)).collect();
    if !lost.is_empty() {
        violations.push(Violation { rule: 1, seen: format!("{lost:?} never arrived") });
    } else if seen != expected {
        violations.push(Violation { rule: 2, seen: format!("messages of one key arrived as {seen:?}") });
    }
}

/// Rule 5.
async fn are_accepted_again(subject: &impl Subject, violations: &mut Vec<Violation>) {
    let [first, second] = [0, 1].map(|number| numbered("again", 2).swap_remove(number));
    for message in [&first, &second, &first, &second] {
        if let Err(error) = subject.target().publish(message).await {
            let seen = format!("`{}` was not taken when it came again: {error:?}", message.event.id());
            violations.push(Violation { rule: 5, seen });
        }
    }
    let arrived = subject.arrived(&[id(&first), id(&second)]).await;
    in_order(&arrived, &[first.clone(), second.clone()], violations);
    let known = [&first, &second].map(|message| (message.event.source(), message.event.id()));
    for event in arrived.iter().filter(|event| event.subject() == first.event.subject()) {
        if !known.contains(&(event.source(), event.id())) {
            let seen = format!("a repeat arrived as `{}` of `{}`", event.id(), event.source());
            violations.push(Violation { rule: 5, seen });
        }
    }
}

/// Rule 6.
async fn survive_a_dropped_call(subject: &impl Subject, violations: &mut Vec<Violation>) {
    let messages = numbered("dropped", 4);
    {
        let mut call = pin!(subject.target().publish(&messages[0]));
        // Polled once, and then forgotten.
        let _ = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }
    for message in &messages {
        publish(subject, message, violations).await;
    }
    let arrived = subject.arrived(&messages.iter().map(id).collect::<Vec<_>>()).await;
    in_order(&arrived, &messages, violations);
}

/// Rule 3.
async fn are_not_dropped_in_silence(subject: &impl Subject, violations: &mut Vec<Violation>) {
    let large = too_large();
    if subject.target().publish(&large).await.is_ok() {
        let arrived = subject.arrived(&[id(&large)]).await;
        if !arrived.iter().any(|event| comparable(event) == comparable(&large.event)) {
            let seen = "a message of 12 MB was taken, and did not arrive as it was".to_owned();
            violations.push(Violation { rule: 3, seen });
        }
    }
    if !subject.cut().await {
        println!("skipped: what `{}` does when it reaches nobody", subject.target().name());
        return;
    }
    let [during, after] = [0, 1].map(|number| numbered("outage", 2).swap_remove(number));
    let is_taken = subject.target().publish(&during).await.is_ok();
    subject.mend().await;
    if is_taken {
        let arrived = subject.arrived(&[id(&during)]).await;
        if !arrived.iter().any(|event| event.id() == during.event.id()) {
            let seen = "a message was taken while nobody could be reached, and never arrived".to_owned();
            violations.push(Violation { rule: 3, seen });
        }
    }
    for message in [&during, &after] {
        // Connections take their time to come back.
        for _ in 1..ATTEMPTS {
            if subject.target().publish(message).await.is_ok() {
                break;
            }
        }
        publish(subject, message, violations).await;
    }
    let arrived = subject.arrived(&[id(&during), id(&after)]).await;
    in_order(&arrived, &[during, after], violations);
}

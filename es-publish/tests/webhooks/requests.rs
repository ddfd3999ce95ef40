//! What is sent.

use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

use es_core::Timestamp;
use es_publish::webhook::WebhookTarget;
use es_publish::webhook_signature::{SignatureError, SigningKey, SigningKeys};
use es_publish::{Binding, ContentMode, Target};

use crate::receiver::{Receiver, Reply};
use crate::{Pauses, message};

fn keys(byte: u8) -> SigningKeys {
    SigningKeys::new(SigningKey::from_bytes([byte; 32]).unwrap())
}

#[tokio::test]
async fn an_event_comes_as_one_post_that_reads_back() {
    for (mode, content_type) in [
        (ContentMode::Structured, "application/cloudevents+json; charset=UTF-8"),
        (ContentMode::Binary, "application/json"),
    ] {
        let receiver = Receiver::new([]).await;
        receiver.target().with_mode(mode).publish(&message("1")).await.unwrap();
        let [request] = receiver.requests().try_into().unwrap();
        assert_eq!(request.line, "POST /hook?a=b HTTP/1.1");
        assert_eq!(request.header("content-type"), Some(content_type));
        let event = Binding::Http.decode(request.all(), request.body.clone()).unwrap();
        assert_eq!(event, message("1").event);
    }
}

#[tokio::test]
async fn a_signed_request_is_believed_and_a_changed_one_is_not() {
    let now = || Timestamp::from_micros(1_700_000_000_000_000);
    let receiver = Receiver::new([]).await;
    let target = receiver.target().with_clock(now).signed_with(keys(1).and(SigningKey::from_bytes([2; 32]).unwrap()));
    target.publish(&message("a.b")).await.unwrap();
    let [request] = receiver.requests().try_into().unwrap();
    assert_eq!(request.header("webhook-id"), Some("a%2Eb"));
    assert_eq!(request.header("webhook-timestamp"), Some("1700000000"));
    for known in [1, 2] {
        assert_eq!(keys(known).verify_headers(request.all(), &request.body, now()), Ok(()));
    }
    let mut changed = request.body.clone();
    changed[10] ^= 1;
    assert_eq!(keys(1).verify_headers(request.all(), &changed, now()), Err(SignatureError::Unknown));
}

#[tokio::test]
async fn each_attempt_has_the_same_id_and_its_own_time() {
    let seconds = AtomicI64::new(1_000);
    let clock = move || Timestamp::from_micros(seconds.fetch_add(10, SeqCst) * 1_000_000);
    let receiver = Receiver::new([Reply::Status(500, "")]).await;
    let target = Pauses::default().of(receiver.target()).with_clock(clock).signed_with(keys(1));
    target.publish(&message("1")).await.unwrap();
    let requests = receiver.requests();
    let times: Vec<i64> =
        requests.iter().map(|request| request.header("webhook-timestamp").unwrap().parse().unwrap()).collect();
    assert!(times[0] < times[1], "{times:?}");
    assert!(requests.iter().all(|request| request.header("webhook-id") == Some("1")));
    for (request, time) in requests.iter().zip(times) {
        let now = Timestamp::from_micros(time * 1_000_000);
        assert_eq!(keys(1).verify_headers(request.all(), &request.body, now), Ok(()));
    }
}

#[tokio::test]
async fn headers_of_the_user_go_along_and_are_not_shown() {
    let receiver = Receiver::new([]).await;
    let target = receiver.target().with_header("Authorization", "Bearer secret").unwrap();
    target.publish(&message("1")).await.unwrap();
    assert_eq!(receiver.requests()[0].header("authorization"), Some("Bearer secret"));
    assert!(!format!("{target:?}").contains("secret"), "{target:?}");
}

#[test]
fn a_wrong_address_is_refused_and_not_shown() {
    for (url, message) in [
        ("no address:password", "the address of a webhook is no URL"),
        ("ftp://ada:password@example.com", "webhooks go to addresses with `https` or `http`, not `ftp`"),
    ] {
        let error = WebhookTarget::new(url).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(!format!("{error:?}").contains("password"), "{error:?}");
    }
    let target = WebhookTarget::new("https://ada:password@example.com/").unwrap();
    assert!(!format!("{target:?}").contains("password"), "{target:?}");
    assert!(target.with_header("a b", "c").unwrap_err().to_string().contains("`a b`"));
}

//! What the receiver's answer means.

use std::error::Error;
use std::time::Duration;

use es_publish::{PublishError, Target};

use crate::receiver::{Receiver, Reply};
use crate::{Pauses, message};

#[derive(Debug, PartialEq)]
enum Outcome {
    Taken,
    Unavailable,
    Refused,
}

async fn outcome(status: u16) -> (Outcome, usize) {
    let receiver = Receiver::new(vec![Reply::Status(status, "location: /elsewhere\r\n"); 3]).await;
    let target = Pauses::default().of(receiver.target()).with_attempts(3);
    let outcome = match target.publish(&message("1")).await {
        Ok(()) => Outcome::Taken,
        Err(PublishError::Unavailable { .. }) => Outcome::Unavailable,
        Err(PublishError::Refused { .. }) => Outcome::Refused,
        Err(other) => panic!("{other:?}"),
    };
    (outcome, receiver.requests().len())
}

#[tokio::test]
async fn each_status_means_one_thing() {
    for status in [200, 201, 202, 204] {
        assert_eq!(outcome(status).await, (Outcome::Taken, 1), "{status}");
    }
    for status in [408, 409, 425, 429, 500, 502, 503, 504, 599] {
        assert_eq!(outcome(status).await, (Outcome::Unavailable, 3), "{status}");
    }
    for status in [301, 302, 307, 308, 401, 403, 404, 405, 407, 410] {
        assert_eq!(outcome(status).await, (Outcome::Unavailable, 1), "{status}");
    }
    for status in [400, 413, 415, 422, 451] {
        assert_eq!(outcome(status).await, (Outcome::Refused, 1), "{status}");
    }
}

#[tokio::test]
async fn an_error_says_what_the_receiver_said() {
    let receiver = Receiver::new([Reply::Status(422, "")]).await;
    let error = receiver.target().publish(&message("1")).await.unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "the receiver answered 422: so be ");
}

#[tokio::test]
async fn a_receiver_that_hangs_up_or_says_nothing_is_asked_again() {
    let receiver = Receiver::new([Reply::HangUp, Reply::Silence, Reply::Status(503, "")]).await;
    let pauses = Pauses::default();
    let target = pauses.of(receiver.target()).with_timeout(Duration::from_millis(200));
    target.publish(&message("1")).await.unwrap();
    let bodies: Vec<_> = receiver.requests().into_iter().map(|request| request.body).collect();
    assert_eq!(bodies.len(), 4);
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(pauses.count(), 3);
}

#[tokio::test]
async fn nobody_there_is_an_error_without_the_address() {
    let address = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let target =
        es_publish::webhook::WebhookTarget::new(&format!("http://ada:password@{address}/hooks?token=password"))
            .unwrap();
    let error = Pauses::default().of(target).with_attempts(2).publish(&message("1")).await.unwrap_err();
    assert!(matches!(error, PublishError::Unavailable { .. }), "{error:?}");
    assert!(!format!("{error:?}").contains("password"), "{error:?}");
}

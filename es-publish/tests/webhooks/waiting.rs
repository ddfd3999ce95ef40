//! How long a receiver is left alone.

use std::time::Duration;

use es_publish::{PublishError, Target};

use crate::receiver::{Receiver, Reply};
use crate::{Pauses, message};

#[tokio::test]
async fn pauses_grow_and_attempts_end() {
    let (receiver, pauses) = (Receiver::new(vec![Reply::Status(500, ""); 9]).await, Pauses::default());
    let target = pauses.of(receiver.target()).with_pauses(Duration::from_secs(8), Duration::from_secs(20));
    target.publish(&message("1")).await.unwrap_err();
    assert_eq!(receiver.requests().len(), 5);
    let seconds = pauses.seconds();
    assert_eq!(seconds.len(), 4);
    for (pause, range) in seconds.iter().zip([4..=8, 8..=16, 10..=20, 10..=20]) {
        assert!(range.contains(pause), "{seconds:?}");
    }
}

#[tokio::test]
async fn retry_after_is_waited_for_instead_of_a_pause() {
    let (receiver, pauses) = (Receiver::new([Reply::Status(429, "Retry-After: 7\r\n")]).await, Pauses::default());
    pauses.of(receiver.target()).publish(&message("1")).await.unwrap();
    assert_eq!(pauses.seconds(), [7]);
}

#[tokio::test]
async fn a_receiver_that_asks_for_no_pause_gets_one() {
    let (receiver, pauses) = (Receiver::new([Reply::Status(503, "Retry-After: 0\r\n")]).await, Pauses::default());
    pauses.of(receiver.target()).publish(&message("1")).await.unwrap();
    assert_eq!(pauses.count(), 1);
}

#[tokio::test]
async fn other_messages_wait_as_well() {
    let (receiver, pauses) = (Receiver::new([Reply::Status(503, "retry-after: 50\r\n")]).await, Pauses::default());
    let target = pauses.of(receiver.target()).with_attempts(1);
    target.publish(&message("1")).await.unwrap_err();
    assert_eq!(pauses.count(), 0);
    target.clone().publish(&message("2")).await.unwrap();
    assert_eq!(pauses.seconds(), [50]);
}

#[tokio::test]
async fn a_receiver_that_wants_to_be_left_alone_for_long_is_not_asked_meanwhile() {
    let (receiver, pauses) = (Receiver::new([Reply::Status(429, "retry-after: 3600\r\n")]).await, Pauses::default());
    let target = pauses.of(receiver.target());
    for _ in 0..2 {
        let error = target.publish(&message("1")).await.unwrap_err();
        let PublishError::Unavailable { retry_after: Some(wait), .. } = error else { panic!("{error:?}") };
        assert!(wait > Duration::from_secs(3_500), "{wait:?}");
    }
    assert_eq!((receiver.requests().len(), pauses.count()), (1, 0));
}

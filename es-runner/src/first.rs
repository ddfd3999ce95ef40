//! Two futures, of which one is waited for.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// Which of two ended first.
pub(crate) enum First<A, B> {
    One(A),
    Other(B),
}

/// Waits for the first of two, and drops the other; if both have ended, it is the one.
pub(crate) async fn first<A, B>(one: impl Future<Output = A>, other: impl Future<Output = B>) -> First<A, B> {
    let (mut one, mut other) = (pin!(one), pin!(other));
    poll_fn(|cx| {
        if let Poll::Ready(done) = one.as_mut().poll(cx) {
            return Poll::Ready(First::One(done));
        }
        other.as_mut().poll(cx).map(First::Other)
    })
    .await
}

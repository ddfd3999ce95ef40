//! Waiting for the log to grow where who looks for all goes away, or the connection does.

mod common;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use common::{event, name, stream};
use es_core::store::{EventStore as _, ReadError, Subscribe as _};
use es_core::{ExpectedVersion, Position};
use es_nats_store::{NatsError, NatsStore, async_nats};
use test_servers::Nats;
use tokio::runtime::{Builder, Handle, Runtime};

/// A failure rather than a test that never ends.
const FOR_EVER: Duration = Duration::from_secs(60);

/// Polls until a task that looks has been started, which has not been polled then.
async fn until_somebody_is_to_look<F: Future>(mut waiting: Pin<&mut F>) {
    poll_fn(|cx| {
        assert!(waiting.as_mut().poll(cx).is_pending(), "nothing has been appended");
        if Handle::current().metrics().num_alive_tasks() > 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// For those who wait; the connection has another.
fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn a_runtime_that_ends_before_it_looks_holds_up_no_other() {
    let Some(server) = Nats::shared() else { return };
    let (connection, name) = (Runtime::new().unwrap(), name());
    let connect = async || NatsStore::options().name(&name).connect(&server.url()).await;
    let (store, other) = (connection.block_on(connect()).unwrap(), connection.block_on(connect()).unwrap());
    let ended = runtime();
    ended.block_on(until_somebody_is_to_look(pin!(store.appended_after(Position::START))));
    drop(ended);
    runtime().block_on(async {
        let mut waiting = pin!(tokio::time::timeout(FOR_EVER, store.appended_after(Position::START)));
        until_somebody_is_to_look(waiting.as_mut()).await;
        // Through another handle, so that only who looks is told.
        other.append(&stream("account-a"), ExpectedVersion::Any, vec![event(1)]).await.unwrap();
        waiting.await.expect("somebody looks").unwrap();
    });
}

#[test]
fn who_waits_on_a_connection_that_is_closed_is_told() {
    let Some(server) = Nats::shared() else { return };
    let connection = Runtime::new().unwrap();
    let client = connection.block_on(async_nats::connect(server.url())).unwrap();
    let options = NatsStore::options().name(name()).patience(Duration::from_secs(2));
    let store = connection.block_on(options.open(client.clone())).unwrap();
    runtime().block_on(async {
        let mut waiting = pin!(tokio::time::timeout(FOR_EVER, store.appended_after(Position::START)));
        until_somebody_is_to_look(waiting.as_mut()).await;
        client.drain().await.unwrap();
        let told = waiting.await.expect("an answer");
        let Err(ReadError::Store { cause }) = told else { panic!("{told:?}") };
        assert!(matches!(cause.downcast_ref(), Some(NatsError::Closed)), "{cause:?}");
    });
}

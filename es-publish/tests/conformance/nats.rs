//! NATS: a real server, which is killed and comes back.

use std::sync::Mutex;
use std::time::Duration;

use async_nats::jetstream;
use async_trait::async_trait;
use es_publish::conformance::Subject;
use es_publish::nats::NatsTarget;
use es_publish::{Binding, CloudEvent, ContentMode, Target};
use futures_util::StreamExt;
use test_servers::Nats;

struct OnServer {
    server: Mutex<Nats>,
    target: NatsTarget,
    arrivals: Arrivals,
}

enum Arrivals {
    Stored(Box<jetstream::stream::Stream>),
    Heard(tokio::sync::Mutex<(async_nats::Subscriber, Vec<CloudEvent>)>),
}

async fn connect(server: &Nats) -> async_nats::Client {
    let options = async_nats::ConnectOptions::new().reconnect_delay_callback(|_| Duration::from_millis(20));
    options.connect(server.url()).await.unwrap()
}

fn event(headers: Option<&async_nats::HeaderMap>, payload: bytes::Bytes) -> CloudEvent {
    let pairs = headers.into_iter().flat_map(async_nats::HeaderMap::iter);
    let pairs =
        pairs.flat_map(|(name, values)| values.iter().map(move |value| (name.as_ref(), value.as_str().as_bytes())));
    Binding::Nats.decode(pairs, payload).unwrap()
}

impl OnServer {
    async fn jetstream(server: Nats, mode: ContentMode) -> Self {
        let client = connect(&server).await;
        let config = jetstream::stream::Config {
            name: "BANK".to_owned(),
            subjects: vec!["bank.>".to_owned()],
            ..jetstream::stream::Config::default()
        };
        let stream = jetstream::new(client.clone()).create_stream(config).await.unwrap();
        let target = NatsTarget::jetstream(client, "bank").with_mode(mode);
        Self { server: Mutex::new(server), target, arrivals: Arrivals::Stored(Box::new(stream)) }
    }

    async fn core(server: Nats) -> Self {
        let client = connect(&server).await;
        let subscriber = client.subscribe("bank.>").await.unwrap();
        client.flush().await.unwrap();
        let arrivals = Arrivals::Heard(tokio::sync::Mutex::new((subscriber, Vec::new())));
        Self { server: Mutex::new(server), target: NatsTarget::core(client, "bank"), arrivals }
    }
}

#[async_trait]
impl Subject for OnServer {
    fn target(&self) -> &dyn Target {
        &self.target
    }

    async fn arrived(&self, ids: &[String]) -> Vec<CloudEvent> {
        match &self.arrivals {
            Arrivals::Stored(stream) => {
                let last = stream.get_info().await.unwrap().state.last_sequence;
                let mut events = Vec::new();
                for sequence in 1..=last {
                    let message = stream.get_raw_message(sequence).await.unwrap();
                    events.push(event(Some(&message.headers), message.payload));
                }
                events
            }
            Arrivals::Heard(heard) => {
                let (subscriber, events) = &mut *heard.lock().await;
                while !ids.iter().all(|id| events.iter().any(|event| event.id() == id)) {
                    match tokio::time::timeout(Duration::from_secs(10), subscriber.next()).await {
                        Ok(Some(message)) => events.push(event(message.headers.as_ref(), message.payload)),
                        _ => break,
                    }
                }
                events.clone()
            }
        }
    }

    async fn cut(&self) -> bool {
        self.server.lock().unwrap().kill();
        true
    }

    async fn mend(&self) {
        self.server.lock().unwrap().restart();
    }
}

#[tokio::test]
async fn jetstream_keeps_the_contract() {
    for mode in [ContentMode::Binary, ContentMode::Structured] {
        let Some(server) = Nats::start("jetstream: enabled") else { return };
        crate::assert_sound(&OnServer::jetstream(server, mode).await).await;
    }
}

#[tokio::test]
async fn core_keeps_the_contract_towards_who_listens() {
    let Some(server) = Nats::start("") else { return };
    crate::assert_sound(&OnServer::core(server).await).await;
}

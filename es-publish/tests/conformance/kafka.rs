//! Kafka: brokers of librdkafka's own in this process, which go down and come back.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use es_publish::conformance::Subject;
use es_publish::kafka::KafkaTarget;
use es_publish::{Binding, CloudEvent, ContentMode, Target};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message as _};
use rdkafka::mocking::MockCluster;

const TOPIC: &str = "bank";

/// Brokers, which live on a thread of their own.
struct Cluster {
    address: String,
    /// Whether they are to be up, and whom to tell that they are.
    up: mpsc::Sender<(bool, mpsc::Sender<()>)>,
}

impl Cluster {
    fn start() -> Self {
        let (address, started) = mpsc::channel();
        let (up, asked) = mpsc::channel::<(bool, mpsc::Sender<()>)>();
        thread::spawn(move || {
            let cluster = MockCluster::new(3).unwrap();
            cluster.create_topic(TOPIC, 4, 3).unwrap();
            address.send(cluster.bootstrap_servers()).unwrap();
            for (is_up, done) in asked {
                for broker in 1..=3 {
                    if is_up { cluster.broker_up(broker) } else { cluster.broker_down(broker) }.unwrap();
                }
                done.send(()).unwrap();
            }
        });
        Self { address: started.recv().unwrap(), up }
    }

    fn set_up(&self, is_up: bool) {
        let (done, is_done) = mpsc::channel();
        self.up.send((is_up, done)).unwrap();
        is_done.recv().unwrap();
    }
}

struct OnCluster {
    cluster: Cluster,
    target: KafkaTarget,
}

impl OnCluster {
    fn new(mode: ContentMode) -> Self {
        let cluster = Cluster::start();
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &cluster.address);
        // An outage is to be over soon.
        config.set("message.timeout.ms", "3000").set("reconnect.backoff.max.ms", "100");
        let target = KafkaTarget::with_config(config, TOPIC).unwrap().with_mode(mode);
        Self { cluster, target }
    }

    /// All records of the topic, those of a partition in their order.
    fn records(&self, expected: &[String]) -> Vec<CloudEvent> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.cluster.address)
            .set("group.id", "none")
            .create()
            .unwrap();
        let mut all = rdkafka::TopicPartitionList::new();
        for partition in 0..4 {
            all.add_partition_offset(TOPIC, partition, rdkafka::Offset::Beginning).unwrap();
        }
        consumer.assign(&all).unwrap();
        let mut events: Vec<CloudEvent> = Vec::new();
        let has_all = |events: &[CloudEvent]| expected.iter().all(|id| events.iter().any(|event| event.id() == id));
        // The first records take a while; after the last expected one, repeats may follow.
        let mut idle = 0;
        while idle < if has_all(&events) { 2 } else { 60 } {
            let Some(record) = consumer.poll(Duration::from_millis(250)) else {
                idle += 1;
                continue;
            };
            let Ok(record) = record else { continue };
            idle = 0;
            let headers = record.headers().unwrap();
            let pairs = headers.iter().map(|header| (header.key, header.value.unwrap_or_default()));
            let body = record.payload().map(<[u8]>::to_vec).unwrap_or_default();
            events.push(Binding::Kafka.decode(pairs, body).unwrap());
        }
        events
    }
}

#[async_trait]
impl Subject for OnCluster {
    fn target(&self) -> &dyn Target {
        &self.target
    }

    async fn arrived(&self, ids: &[String]) -> Vec<CloudEvent> {
        self.records(ids)
    }

    async fn cut(&self) -> bool {
        self.cluster.set_up(false);
        true
    }

    async fn mend(&self) {
        self.cluster.set_up(true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_keeps_the_contract() {
    for mode in [ContentMode::Binary, ContentMode::Structured] {
        crate::assert_sound(&OnCluster::new(mode)).await;
    }
}

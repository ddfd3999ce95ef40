//! What Kafka adds to the contract of targets: keys, partitions, tombstones, and settings that would break promises.
#![cfg(feature = "kafka")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use es_publish::kafka::{InvalidKafka, KafkaTarget};
use es_publish::{CloudEvent, Message, PublishError, Target};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message as _;
use rdkafka::mocking::MockCluster;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

fn message(id: &str, key: &str) -> Message {
    let event = CloudEvent::new(id, "/bank", "com.example.account-opened").unwrap();
    Message { event, key: key.to_owned(), category: "account".to_owned() }
}

/// Key, partition and value of so many records.
fn records(brokers: &str, topic: &str, count: usize) -> Vec<(String, i32, Option<Vec<u8>>)> {
    let mut config = ClientConfig::new();
    let consumer: BaseConsumer = config.set("bootstrap.servers", brokers).set("group.id", "none").create().unwrap();
    let mut all = rdkafka::TopicPartitionList::new();
    for partition in 0..4 {
        all.add_partition_offset(topic, partition, rdkafka::Offset::Beginning).unwrap();
    }
    consumer.assign(&all).unwrap();
    let mut records = Vec::new();
    while records.len() < count {
        let record = consumer.poll(Duration::from_secs(20)).expect("a record is missing").unwrap();
        let key = String::from_utf8(record.key().unwrap().to_vec()).unwrap();
        records.push((key, record.partition(), record.payload().map(<[u8]>::to_vec)));
    }
    records
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_stays_in_one_partition_and_no_data_is_a_tombstone() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("bank.account", 4, 1).unwrap();
    let brokers = cluster.bootstrap_servers();
    let target = KafkaTarget::new(&brokers, "unused").unwrap();
    let target = target.with_topics(|message| format!("bank.{}", message.category));
    for number in 0..40 {
        target.publish(&message(&number.to_string(), &format!("account-{}", number % 8))).await.unwrap();
    }
    let mut with_data = message("40", "account-0");
    with_data.event = with_data.event.with_data("text/plain", "x").unwrap();
    target.publish(&with_data).await.unwrap();

    let mut partitions = BTreeMap::<_, BTreeSet<_>>::new();
    let records = records(&brokers, "bank.account", 41);
    for (key, partition, _) in &records {
        partitions.entry(key.clone()).or_default().insert(*partition);
    }
    assert_eq!(partitions.len(), 8);
    assert!(partitions.values().all(|of_key| of_key.len() == 1), "{partitions:?}");
    assert!(partitions.values().collect::<BTreeSet<_>>().len() > 1, "all keys are in one partition");
    // As Java's default partitioner has it: murmur2 of the key, without the sign, modulo 4.
    let expected = |key: &str| i32::try_from((murmur2(key.as_bytes()) & 0x7fff_ffff) % 4).unwrap();
    assert!(records.iter().all(|(key, partition, _)| *partition == expected(key)));
    let values: Vec<_> = records.into_iter().filter_map(|(.., value)| value).collect();
    assert_eq!(values, [b"x"]);
}

/// The hash of Java's clients, from its description.
fn murmur2(bytes: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut hash = 0x9747_b28c ^ u32::try_from(bytes.len()).unwrap();
    let mut chunks = bytes.chunks_exact(4);
    for chunk in &mut chunks {
        let mut k = u32::from_le_bytes(chunk.try_into().unwrap()).wrapping_mul(M);
        k = (k ^ (k >> 24)).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ k;
    }
    let rest = chunks.remainder();
    if !rest.is_empty() {
        for (place, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * place);
        }
        hash = hash.wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_broker_says_decides_between_later_and_never() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("bank", 1, 1).unwrap();
    let target = KafkaTarget::new(&cluster.bootstrap_servers(), "bank").unwrap();
    target.publish(&message("1", "account-1")).await.unwrap();
    let errors = [
        (RDKafkaRespErr::RD_KAFKA_RESP_ERR_INVALID_RECORD, true),
        (RDKafkaRespErr::RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, false),
        // Ends the producer.
        (RDKafkaRespErr::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, false),
    ];
    for (error, is_refused) in errors {
        cluster.request_errors(RDKafkaApiKey::Produce, &[error]);
        let result = target.publish(&message("2", "account-1")).await.unwrap_err();
        assert_eq!(matches!(result, PublishError::Refused { .. }), is_refused, "{result:?}");
        // And it goes on.
        target.publish(&message("2", "account-1")).await.unwrap();
    }
    let mut large = message("3", "account-1");
    large.event = large.event.with_data("text/plain", vec![b'x'; 2_000_000]).unwrap();
    assert!(matches!(target.publish(&large).await, Err(PublishError::Refused { .. })));
}

#[test]
fn settings_that_would_lose_or_overtake_events_are_refused() {
    for (setting, value) in [("acks", "1"), ("request.required.acks", "0"), ("enable.idempotence", "false")] {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", "localhost:1").set(setting, value);
        let error = KafkaTarget::with_config(config, "bank").unwrap_err();
        assert!(matches!(&error, InvalidKafka::Required { value: is, .. } if is == value), "{error:?}");
    }
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", "localhost:1").set("acks", "-1").set("sasl.password", "secret");
    let target = KafkaTarget::with_config(config, "bank");
    assert!(!format!("{target:?}").contains("secret"), "{target:?}");
    assert!(matches!(
        KafkaTarget::new("", "bank").and_then(|_| {
            let mut config = ClientConfig::new();
            KafkaTarget::with_config(config.set("no.such.setting", "1").clone(), "bank")
        }),
        Err(InvalidKafka::Config(_))
    ));
}

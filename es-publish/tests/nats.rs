//! What NATS adds to the contract of targets: subjects, and repeats that JetStream drops.
#![cfg(feature = "nats")]

use async_nats::jetstream::{self, stream};
use es_publish::nats::{NatsTarget, token};
use es_publish::{CloudEvent, Message, PublishError, Target};
use test_servers::Nats;

fn message(id: &str, source: &str, category: &str) -> Message {
    let event = CloudEvent::new(id, source, "com.example.account-opened").unwrap();
    Message { event, key: "account-ada".to_owned(), category: category.to_owned() }
}

async fn stream(client: &async_nats::Client, name: &str, most_bytes: i32) -> stream::Stream {
    let config = stream::Config {
        name: name.to_owned(),
        subjects: vec![format!("{name}.>")],
        max_message_size: most_bytes,
        ..stream::Config::default()
    };
    jetstream::new(client.clone()).create_stream(config).await.unwrap()
}

#[tokio::test]
async fn repeats_are_stored_once_and_other_sources_are_no_repeats() {
    let Some(server) = Nats::shared() else { return };
    let client = async_nats::connect(server.url()).await.unwrap();
    let stored = stream(&client, "repeats", -1).await;
    let target = NatsTarget::jetstream(client, "repeats");
    for (id, source) in [("1", "/a"), ("2", "/a"), ("1", "/a"), ("1", "/b"), ("2", "/a")] {
        target.publish(&message(id, source, "account")).await.unwrap();
    }
    assert_eq!(stored.get_info().await.unwrap().state.messages, 3);
}

#[tokio::test]
async fn subjects_are_made_of_the_category_or_as_the_user_says() {
    let Some(server) = Nats::shared() else { return };
    let client = async_nats::connect(server.url()).await.unwrap();
    let stored = stream(&client, "subjects", -1).await;
    let target = NatsTarget::jetstream(client, "subjects");
    target.publish(&message("1", "/a", "loan.v2 *")).await.unwrap();
    let own = target.with_subjects(|message| format!("subjects.own.{}", token(&message.key)));
    own.publish(&message("2", "/a", "account")).await.unwrap();
    let mut subjects = Vec::new();
    for sequence in 1..=2 {
        subjects.push(stored.get_raw_message(sequence).await.unwrap().subject.to_string());
    }
    assert_eq!(subjects, ["subjects.loan_v2__", "subjects.own.account-ada"]);
}

#[tokio::test]
async fn without_a_stream_nothing_is_lost_and_what_is_too_large_is_refused() {
    let Some(server) = Nats::shared() else { return };
    let client = async_nats::connect(server.url()).await.unwrap();
    let nowhere = NatsTarget::jetstream(client.clone(), "nowhere").publish(&message("1", "/a", "account")).await;
    assert!(matches!(nowhere, Err(PublishError::Unavailable { .. })), "{nowhere:?}");

    stream(&client, "small", 500).await;
    let mut large = message("1", "/a", "account");
    large.event = large.event.with_data("text/plain", vec![b'x'; 1000]).unwrap();
    let target = NatsTarget::jetstream(client, "small");
    // The stream's limit, then the server's.
    for bytes in [1_000, 2_000_000] {
        large.event = large.event.with_data("text/plain", vec![b'x'; bytes]).unwrap();
        let refused = target.publish(&large).await;
        assert!(matches!(refused, Err(PublishError::Refused { .. })), "{bytes}: {refused:?}");
    }
    let misnamed = target.with_subjects(|_| "two words".to_owned()).publish(&message("1", "/a", "account")).await;
    assert!(matches!(misnamed, Err(PublishError::Refused { .. })), "{misnamed:?}");
}

#[tokio::test]
async fn core_is_not_disturbed_by_who_listens_to_everything() {
    let Some(server) = Nats::shared() else { return };
    let client = async_nats::connect(server.url()).await.unwrap();
    let _everything = client.subscribe(">").await.unwrap();
    NatsTarget::core(client, "core").publish(&message("1", "/a", "account")).await.unwrap();
}

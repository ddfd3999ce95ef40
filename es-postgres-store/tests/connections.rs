//! Lost connections, and servers that refuse: what the error says, and that the store goes on.

mod common;
#[path = "common/proxy.rs"]
mod proxy;

use std::time::Duration;

use common::{cause, client, event, fresh, numbers, stream};
use es_core::store::{AppendError, EventStore, ReadLog, ReadStream};
use es_core::{ExpectedVersion, Version};
use es_postgres_store::{OpenError, PostgresError, PostgresStore};
use proxy::Proxy;
use test_servers::Postgres;

/// Cuts the connection at more and more bytes of an append; each is sent again until it is acknowledged.
#[tokio::test(flavor = "multi_thread")]
async fn an_append_that_is_cut_anywhere_has_a_known_outcome_when_it_is_sent_again() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.database();
    let proxy = Proxy::start(server.port()).await;
    let through = url.replace(&format!(":{}/", server.port()), &format!(":{}/", proxy.port));
    let (store, direct) =
        (PostgresStore::connect(&through).await.unwrap(), PostgresStore::connect(&url).await.unwrap());
    let id = stream("account-a");
    store.append(&id, ExpectedVersion::Any, vec![event(1)]).await.unwrap();
    let (mut number, mut failed, mut written) = (1, 0, 0);
    for requests in [true, false] {
        for bytes in (0..900).step_by(25) {
            number += 1;
            let expected = ExpectedVersion::Exact(Version::new(number - 1));
            if requests {
                proxy.cut_requests_after(bytes);
            } else {
                proxy.cut_answers_after(bytes);
            }
            let first = store.append(&id, expected, vec![event(number)]).await;
            let was_cut = proxy.heal();
            match first {
                Ok(appended) => assert_eq!(appended.version, Version::new(number)),
                Err(error) => {
                    assert!(was_cut, "{error:?}");
                    assert!(matches!(&error, AppendError::Store { stream, .. } if *stream == id), "{error:?}");
                    assert!(
                        matches!(
                            cause(&error),
                            PostgresError::ConnectionLost { .. } | PostgresError::Unreachable { .. }
                        ),
                        "{error:?}"
                    );
                    failed += 1;
                    let version = direct.read_stream(&id, ReadStream::all().limit(0)).await.unwrap().version;
                    written += u64::from(version == Version::new(number));
                    let again = store.append(&id, expected, vec![event(number)]).await.unwrap();
                    assert_eq!(again.version, Version::new(number), "sent again, it is there once");
                }
            }
        }
    }
    assert!(failed > 10 && written > 0 && written < failed, "{failed} failed, {written} of them were written");
    let page = direct.read_stream(&id, ReadStream::all()).await.unwrap();
    assert_eq!(numbers(&page.events), (1..=number).collect::<Vec<_>>());
}

#[tokio::test]
async fn each_refusal_of_the_server_is_told_apart_and_says_what_to_do() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.database();
    let connect = async |url: String| PostgresStore::connect(&url).await.unwrap_err();
    let error = connect(url.replace("postgres:secret@", "nobody:wrong@")).await;
    assert!(matches!(&error, OpenError::Store(PostgresError::Credentials { .. })), "{error:?}");
    let error = connect(url.replace("/test_", "/no_")).await;
    assert!(matches!(&error, OpenError::Store(PostgresError::NoDatabase { .. })), "{error:?}");
    let error = connect("postgres://postgres@127.0.0.1:1/bank".to_owned()).await;
    assert!(matches!(&error, OpenError::Store(PostgresError::Unreachable { .. })), "{error:?}");
    let error = connect("postgres://[".to_owned()).await;
    assert!(matches!(&error, OpenError::Url { .. }), "{error:?}");
    let admin = client(&url).await;
    admin.batch_execute("CREATE ROLE few LOGIN PASSWORD 'few' CONNECTION LIMIT 1").await.unwrap();
    let few = url.replace("postgres:secret@", "few:few@");
    let error = connect(few.clone()).await;
    assert!(matches!(&error, OpenError::Store(PostgresError::Denied { .. })), "{error:?}");
    let _one = client(&few).await;
    let error = connect(few).await;
    assert!(matches!(&error, OpenError::Store(PostgresError::TooManyConnections { .. })), "{error:?}");
    admin.batch_execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0").await.unwrap();
    let error = connect(server.url("latin")).await;
    assert!(matches!(&error, OpenError::Encoding { found } if found == "LATIN1"), "{error:?}");
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_given_up_and_a_pool_that_is_empty_says_so() {
    let Some((url, holder)) = fresh().await else { return };
    let short = Duration::from_secs(2);
    let options = PostgresStore::options().statement_timeout(short).connect_timeout(short * 2).connections(1);
    let store = options.connect(&url).await.unwrap();
    let id = stream("account-a");
    let tx = holder.begin().await.unwrap();
    tx.append(&id, ExpectedVersion::Any, vec![event(1)]).await.unwrap();
    let error = store.append(&id, ExpectedVersion::Any, vec![event(2)]).await.unwrap_err();
    assert!(matches!(cause(&error), PostgresError::Timeout { after } if *after == short), "{error:?}");
    tx.commit().await.unwrap();
    assert_eq!(store.append(&id, ExpectedVersion::Any, vec![event(2)]).await.unwrap().version, Version::new(2));
    let _only = store.begin().await.unwrap();
    let error = store.read_log(ReadLog::all()).await.unwrap_err();
    assert!(matches!(cause(&error), PostgresError::PoolExhausted { connections: 1, .. }), "{error:?}");
}

#[tokio::test]
async fn a_transaction_that_is_not_read_committed_is_refused() {
    let Some((url, store)) = fresh().await else { return };
    let mut user = client(&url).await;
    let tx = user
        .build_transaction()
        .isolation_level(es_postgres_store::tokio_postgres::IsolationLevel::RepeatableRead)
        .start()
        .await
        .unwrap();
    let error = store.append_in(&tx, &stream("account-a"), ExpectedVersion::Any, vec![event(1)]).await.unwrap_err();
    assert!(matches!(cause(&error), PostgresError::Isolation { .. }), "{error:?}");
}

#[tokio::test]
async fn what_fails_in_a_transaction_is_not_committed_in_part() {
    let Some((_, store)) = fresh().await else { return };
    let tx = store.begin().await.unwrap();
    tx.append(&stream("account-a"), ExpectedVersion::Any, vec![event(1)]).await.unwrap();
    assert!(tx.client().batch_execute("SELECT 1 / 0").await.is_err());
    assert!(matches!(tx.commit().await, Err(PostgresError::RolledBack { .. })));
    assert!(store.read_log(ReadLog::all()).await.unwrap().events.is_empty());
}

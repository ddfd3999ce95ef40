//! Encryption: a server that is trusted is talked to through it, another is refused.
#![cfg(feature = "rustls")]

mod common;

use std::error::Error;
use std::sync::Arc;

use common::{event, stream};
use es_core::ExpectedVersion;
use es_core::store::EventStore;
use es_postgres_store::rustls::pki_types::{CertificateDer, pem::PemObject as _};
use es_postgres_store::rustls::{ClientConfig, RootCertStore, crypto::ring};
use es_postgres_store::{OpenError, PostgresError, PostgresStore};
use test_servers::Postgres;

fn server() -> Option<Postgres> {
    Postgres::encrypted(include_str!("fixtures/server.pem"), include_str!("fixtures/server-key.pem"))
}

/// Whom the certificate of the server is from is trusted, and nobody else.
fn trusting() -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(include_bytes!("fixtures/authority.pem")).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    config.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots).with_no_client_auth()
}

async fn is_encrypted(store: &PostgresStore) -> bool {
    let tx = store.begin().await.unwrap();
    let row = tx.client().query_one("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[]).await.unwrap();
    row.get(0)
}

#[tokio::test]
async fn a_trusted_server_is_talked_to_in_secret_as_the_url_says() {
    let Some(server) = server() else { return };
    let url = server.database();
    for (mode, meant) in [("require", true), ("prefer", true), ("disable", false)] {
        let url = format!("{url}?sslmode={mode}");
        let store = PostgresStore::options().tls(trusting()).connect(&url).await.unwrap();
        assert_eq!(is_encrypted(&store).await, meant, "{mode}");
        let appended = store.append(&stream(&format!("account-{mode}")), ExpectedVersion::NoStream, vec![]).await;
        appended.unwrap();
    }
    let store = PostgresStore::connect(&url).await.unwrap();
    assert!(!is_encrypted(&store).await, "nothing was said");
    store.append(&stream("account-a"), ExpectedVersion::NoStream, vec![event(1)]).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_trusted_or_has_another_name_is_refused() {
    let Some(server) = server() else { return };
    let url = format!("{}?sslmode=require", server.database());
    let refused = |error: OpenError| {
        let OpenError::Store(error @ PostgresError::Tls { .. }) = error else { panic!("{error:?}") };
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    };
    // Nobody's operating system trusts the authority of the tests.
    let text = refused(PostgresStore::connect(&url).await.unwrap_err());
    assert!(text.contains("certificate"), "{text}");
    let another = format!("{}&hostaddr=127.0.0.1", url.replace("127.0.0.1", "db.example"));
    let text = refused(PostgresStore::options().tls(trusting()).connect(&another).await.unwrap_err());
    assert!(text.contains("not valid for name"), "{text}");
    let named = another.replace("db.example", "localhost");
    PostgresStore::options().tls(trusting()).connect(&named).await.unwrap();
}

#[tokio::test]
async fn a_server_that_cannot_encrypt_is_refused_if_it_must() {
    let Some(server) = Postgres::shared() else { return };
    let url = format!("{}?sslmode=require", server.database());
    let error = PostgresStore::options().tls(trusting()).connect(&url).await.unwrap_err();
    assert!(matches!(error, OpenError::Store(PostgresError::Tls { .. })), "{error:?}");
}

//! Connecting for the first time: whether the server is one that the store can work with.

use std::sync::Arc;

use tokio_postgres::Config;

use crate::connection::Connector;
use crate::error::PostgresError;
use crate::options::Options;
use crate::pool::Pool;
use crate::schema::{MIGRATIONS, SchemaName, migrate};
use crate::tls::Tls;

/// The oldest version of PostgreSQL that is used.
const OLDEST: i32 = 13;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The URL is not understood.
    #[error("the URL is not understood; it is like `postgres://user:password@host:5432/database`")]
    Url {
        /// The error of the driver.
        source: tokio_postgres::Error,
    },
    /// The URL asks for encryption, which this build does not know.
    #[error("the URL says `sslmode=require`: enable the feature `rustls` of es-postgres-store")]
    NoTls,
    /// The certificates that the operating system trusts could not be read.
    #[error("the certificates that the operating system trusts could not be read: {problem}; see `Options::tls`")]
    Certificates {
        /// What is wrong.
        problem: String,
    },
    /// The schema cannot be called so.
    #[error("`{name}` is no name for the schema: up to 48 letters in lower case, digits and `_`, no digit first")]
    SchemaName {
        /// The name.
        name: String,
    },
    /// The server is too old.
    #[error("the server is PostgreSQL {found}; the store needs {} or later", OLDEST)]
    TooOld {
        /// Its version.
        found: String,
    },
    /// The server is a standby, which takes no writes.
    #[error("the server is a standby; connect to the primary, for example with `target_session_attrs=read-write`")]
    Standby,
    /// The database cannot hold every text.
    #[error("the database is encoded as {found}; create one with `ENCODING 'UTF8'`")]
    Encoding {
        /// The encoding.
        found: String,
    },
    /// The schema belongs to something else.
    #[error("the schema `{schema}` has tables that are not of this store; choose another with `Options::schema`")]
    AnotherSchema {
        /// The schema.
        schema: String,
    },
    /// The schema was made by a newer version of this crate.
    #[error("the schema `{schema}` has version {found}, this build knows up to {known}: use a newer build")]
    NewerSchema {
        /// The schema.
        schema: String,
        /// Its version.
        found: i32,
        /// What this build knows.
        known: usize,
    },
    /// The schema is missing or was made by an older version of this crate, and may not be changed.
    #[error("the schema `{schema}` is missing or not up to date, and `without_migration` was said")]
    OldSchema {
        /// The schema.
        schema: String,
    },
    /// Connecting, looking or migrating failed.
    #[error("the server could not be used")]
    Store(#[from] PostgresError),
}

/// What a store is made of.
pub(crate) struct Opened {
    pub(crate) pool: Arc<Pool>,
    pub(crate) schema: SchemaName,
    pub(crate) options: Options,
}

pub(crate) async fn open(url: &str, options: Options) -> Result<Opened, OpenError> {
    let schema = SchemaName::new(&options.schema)?;
    let mut config: Config = url.parse().map_err(|source| OpenError::Url { source })?;
    let tls = tls(&config, &options)?;
    config.connect_timeout(options.connect_timeout);
    if config.get_application_name().is_none() {
        config.application_name("es-postgres-store");
    }
    let (connect_timeout, statement_timeout) = (options.connect_timeout, options.statement_timeout);
    let pool = Arc::new(Pool::new(Connector { config, tls, connect_timeout, statement_timeout }, options.connections));
    let mut connection = pool.get().await?;
    let looked = "SELECT current_setting('server_version_num')::integer, current_setting('server_version'),
        pg_is_in_recovery(), current_setting('server_encoding')";
    let rows = connection.query(&looked.into(), &[]).await?;
    let row = rows.first().ok_or_else(|| PostgresError::broken("the server does not say its version"))?;
    if row.get::<_, i32>(0) < OLDEST * 10_000 {
        return Err(OpenError::TooOld { found: row.get(1) });
    }
    if row.get(2) {
        return Err(OpenError::Standby);
    }
    let encoding: String = row.get(3);
    if encoding != "UTF8" {
        return Err(OpenError::Encoding { found: encoding });
    }
    migrate(&mut connection, &schema, MIGRATIONS, options.migrate).await?;
    connection.give_back();
    Ok(Opened { pool, schema, options })
}

#[cfg(not(feature = "rustls"))]
fn tls(config: &Config, _: &Options) -> Result<Tls, OpenError> {
    match config.get_ssl_mode() {
        tokio_postgres::config::SslMode::Require => Err(OpenError::NoTls),
        _ => Ok(Tls::None),
    }
}

#[cfg(feature = "rustls")]
fn tls(config: &Config, options: &Options) -> Result<Tls, OpenError> {
    use tokio_postgres::config::SslMode;
    let tls = match (config.get_ssl_mode(), &options.tls) {
        (SslMode::Disable, _) | (SslMode::Prefer, None) => return Ok(Tls::None),
        (_, Some(tls)) => tls.clone(),
        (_, None) => trusting_the_system().map_err(|error| OpenError::Certificates { problem: error.to_string() })?,
    };
    Ok(Tls::Rustls(tokio_postgres_rustls::MakeRustlsConnect::new(tls)))
}

/// Certificates are checked as the operating system does.
#[cfg(feature = "rustls")]
fn trusting_the_system() -> Result<rustls::ClientConfig, rustls::Error> {
    use rustls_platform_verifier::BuilderVerifierExt as _;
    let provider = rustls::crypto::CryptoProvider::get_default().cloned();
    let provider = provider.unwrap_or_else(|| Arc::new(rustls::crypto::ring::default_provider()));
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_platform_verifier()?.with_no_client_auth())
}

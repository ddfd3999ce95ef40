//! From a URL to a store. Messages name the scheme of a URL and nothing else of it, since the rest may hold a password.

use std::error::Error;
use std::fmt::Write as _;

use crate::full::Store;

/// A kind of store that some build knows.
struct Kind {
    form: &'static str,
    feature: &'static str,
    is_built: bool,
}

const KINDS: &[Kind] = &[
    Kind { form: "memory:", feature: "memory", is_built: cfg!(feature = "memory") },
    Kind { form: "nats://HOST", feature: "nats", is_built: cfg!(feature = "nats") },
    Kind { form: "postgres://…", feature: "postgres", is_built: cfg!(feature = "postgres") },
    Kind { form: "sqlite:PATH", feature: "sqlite", is_built: cfg!(feature = "sqlite") },
];

/// Opens the store that a URL names.
///
/// | URL | store | feature |
/// |---|---|---|
/// | `memory:` | a new, empty one in memory; gone with its last handle | `memory`, on by default |
/// | `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, `postgresql://…` | the schema `es` of the database, which is made if there is none; encrypted with `?sslmode=require` | `postgres`, to encrypt `postgres-rustls` |
/// | `nats://HOST/NAME`, `tls://HOST/NAME` | the store `NAME` in the JetStream of these servers, which is made if there is none; several `HOST:PORT` are separated by commas, without a name it is `es` | `nats` |
/// | `sqlite:PATH`, `sqlite://PATH` | the file at `PATH`, which is made if there is none | `sqlite` |
///
/// A path is taken as it is: relative to the working directory, unless it begins with `/`, and without escapes.
/// What a URL cannot say, the options of a store, is said with the store's own crate.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let error = es::connect("mysql://ada:secret@db/bank").await.unwrap_err();
/// assert!(error.to_string().starts_with("no store is called `mysql:`"));
/// # }
/// ```
///
/// # Errors
/// See [`ConnectError`]; no message tells more of the URL than its scheme, and the path of a file.
pub async fn connect(url: &str) -> Result<Store, ConnectError> {
    let (scheme, rest) = url.split_once(':').filter(|(scheme, _)| is_scheme(scheme)).ok_or(ConnectError::NoScheme)?;
    match scheme.to_ascii_lowercase() {
        scheme if scheme == "memory" => memory(rest),
        scheme if scheme == "postgres" || scheme == "postgresql" => postgres(rest).await,
        scheme if scheme == "nats" => nats("nats", rest).await,
        scheme if scheme == "tls" => nats("tls", rest).await,
        scheme if scheme == "sqlite" => sqlite(rest).await,
        scheme => Err(ConnectError::UnknownScheme { scheme }),
    }
}

#[cfg(feature = "memory")]
fn memory(rest: &str) -> Result<Store, ConnectError> {
    match rest {
        "" | "//" => Ok(std::sync::Arc::new(es_memory_store::MemoryStore::new())),
        _ => Err(ConnectError::Malformed { scheme: "memory", problem: "nothing may follow the colon" }),
    }
}

#[cfg(not(feature = "memory"))]
fn memory(_: &str) -> Result<Store, ConnectError> {
    Err(ConnectError::NotBuilt { scheme: "memory", feature: "memory" })
}

#[cfg(feature = "postgres")]
async fn postgres(rest: &str) -> Result<Store, ConnectError> {
    let scheme = "postgres";
    let opened = es_postgres_store::PostgresStore::connect(&format!("postgres:{rest}")).await;
    match opened {
        Ok(store) => Ok(std::sync::Arc::new(store)),
        // The cause is left out, since it may quote the URL.
        Err(es_postgres_store::OpenError::Url { .. }) => {
            let problem = "it is like `postgres://user:password@host:5432/database`";
            Err(ConnectError::Malformed { scheme, problem })
        }
        Err(cause) => Err(ConnectError::Open { scheme, cause: Box::new(cause) }),
    }
}

#[cfg(not(feature = "postgres"))]
#[allow(clippy::unused_async, reason = "with the feature, it waits")]
async fn postgres(_: &str) -> Result<Store, ConnectError> {
    Err(ConnectError::NotBuilt { scheme: "postgres", feature: "postgres" })
}

#[cfg(feature = "nats")]
async fn nats(scheme: &'static str, rest: &str) -> Result<Store, ConnectError> {
    let malformed = |problem| Err(ConnectError::Malformed { scheme, problem });
    let Some(servers) = rest.strip_prefix("//") else { return malformed("`//` and a host must follow the colon") };
    let (servers, name) = servers.split_once('/').unwrap_or((servers, ""));
    if servers.is_empty() {
        return malformed("a host must follow `//`");
    }
    if servers.contains('?') || name.contains(['/', '?']) {
        return malformed(
            "after the hosts comes `/` and the name of a store; options are those of `es::nats::Options`",
        );
    }
    let with_scheme = |server: &str| {
        if server.contains("://") { server.to_owned() } else { format!("{scheme}://{server}") }
    };
    let urls: Vec<_> = servers.split(',').map(with_scheme).collect();
    let options = es_nats_store::NatsStore::options();
    let options = if name.is_empty() { options } else { options.name(name) };
    let opened = options.connect(&urls.join(",")).await;
    let failed = |cause| ConnectError::Open { scheme, cause: Box::new(cause) };
    Ok(std::sync::Arc::new(opened.map_err(failed)?))
}

#[cfg(not(feature = "nats"))]
#[allow(clippy::unused_async, reason = "with the feature, it waits")]
async fn nats(scheme: &'static str, _: &str) -> Result<Store, ConnectError> {
    Err(ConnectError::NotBuilt { scheme, feature: "nats" })
}

#[cfg(feature = "sqlite")]
async fn sqlite(rest: &str) -> Result<Store, ConnectError> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let problem = match path {
        "" => "a path must follow the colon",
        ":memory:" => "a store in memory is `memory:`",
        _ if path.contains('?') => "options after `?` are not understood; use `es::sqlite::Options`",
        _ => {
            let opened = es_sqlite_store::SqliteStore::open(path).await;
            let failed = |cause| ConnectError::Open { scheme: "sqlite", cause: Box::new(cause) };
            return Ok(std::sync::Arc::new(opened.map_err(failed)?));
        }
    };
    Err(ConnectError::Malformed { scheme: "sqlite", problem })
}

#[cfg(not(feature = "sqlite"))]
#[allow(clippy::unused_async, reason = "with the feature, it waits")]
async fn sqlite(_: &str) -> Result<Store, ConnectError> {
    Err(ConnectError::NotBuilt { scheme: "sqlite", feature: "sqlite" })
}

/// Whether a text is a scheme as RFC 3986 has them.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// Why a URL did not lead to a store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The text is no URL: it has no scheme.
    #[error("the URL of a store begins with a scheme; {}", known())]
    NoScheme,
    /// No build knows the scheme.
    #[error("no store is called `{scheme}:`; {}", known())]
    UnknownScheme {
        /// The scheme.
        scheme: String,
    },
    /// Other builds know the scheme.
    #[error("`{scheme}:` is not part of this build: enable the feature `{feature}` of the crate `es`; {}", known())]
    NotBuilt {
        /// The scheme.
        scheme: &'static str,
        /// The feature that it needs.
        feature: &'static str,
    },
    /// What follows the scheme is not understood.
    #[error("the URL with the scheme `{scheme}:` is not understood: {problem}")]
    Malformed {
        /// The scheme.
        scheme: &'static str,
        /// What is wrong, and what to write instead.
        problem: &'static str,
    },
    /// The store could not be opened.
    #[error("the store with the scheme `{scheme}:` could not be opened")]
    Open {
        /// The scheme.
        scheme: &'static str,
        /// The error of the store.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
}

/// What this build can open, and what others can.
fn known() -> String {
    let forms = KINDS.iter().filter(|kind| kind.is_built).map(|kind| format!("`{}`", kind.form));
    let forms = forms.collect::<Vec<_>>().join(", ");
    let mut text =
        if forms.is_empty() { "this build knows none".to_owned() } else { format!("this build knows {forms}") };
    for kind in KINDS.iter().filter(|kind| !kind.is_built) {
        // Writing to a string cannot fail.
        let _ = write!(text, ", and `{}` with the feature `{}`", kind.form, kind.feature);
    }
    text
}

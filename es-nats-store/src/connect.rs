//! From a connection to a store: the server is new enough, JetStream is there, and the streams are as they must be.

use std::error::Error;

use async_nats::{Client, ConnectErrorKind};
use serde::Deserialize;

use crate::error::NatsError;
use crate::js::{Js, Refusal, refused};
use crate::options::Options;
use crate::setup::{self, Kind};
use crate::store::NatsStore;
use crate::subject::Names;

/// The oldest server that does all that the store needs: reads of many messages at once (2.11), and appends to several
/// streams (2.12).
const NEEDED: (u64, u64) = (2, 12);

const NOT_ENABLED: [u64; 2] = [10_039, 10_076];

/// Why there is no store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The name cannot be that of a store.
    #[error("`{name}` cannot name a store: a name has 1 to 64 ASCII letters, digits, `_` and `-`")]
    Name {
        /// The name.
        name: String,
    },
    /// The text is not the URL of servers.
    #[error("the URL of the servers is not understood; write `nats://host:port`, several separated by commas")]
    Address {
        /// What is wrong with it.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// No server answers.
    #[error("no NATS server could be reached")]
    Unreachable {
        /// The error of the connection.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The server does not let this user in.
    #[error("the NATS server refused the credentials; check user and password, token, or the file of credentials")]
    Credentials {
        /// The error of the connection.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The server is too old.
    #[error(
        "the NATS server is version {version}, the store needs {}.{} or later; older ones lack what it is made of, and \
         2.9 lets several writers win a race for one version",
        NEEDED.0,
        NEEDED.1
    )]
    ServerTooOld {
        /// What it is.
        version: String,
    },
    /// The server or the account has no JetStream.
    #[error(
        "JetStream is not enabled; start the server with `-js` or `jetstream {{ store_dir: … }}`, and enable it for \
         the account"
    )]
    NoJetStream {
        /// What the server says.
        description: String,
    },
    /// A JetStream stream of the store's name is there, but not as the store needs it.
    #[error(
        "the JetStream stream `{stream}` has {setting} = {found}, the store needs {needed}; change it with `nats stream \
         edit`, or give the store another name"
    )]
    StreamDiffers {
        /// The JetStream stream.
        stream: String,
        /// The setting that differs.
        setting: &'static str,
        /// What it is.
        found: String,
        /// What it must be.
        needed: String,
    },
    /// The server does not make the JetStream stream.
    #[error("JetStream does not make the stream `{stream}` with {replicas} replicas (code {code}): {description}")]
    NotMade {
        /// The JetStream stream.
        stream: String,
        /// How many servers were to keep it.
        replicas: usize,
        /// The server's own number for the reason.
        code: u64,
        /// What the server says.
        description: String,
    },
    /// JetStream did not do what it was asked.
    #[error(
        "the store could not be opened in JetStream; if the servers are well, the user may lack rights on `$JS.API.>`"
    )]
    Failed(#[source] NatsError),
}

/// Why there is no connection.
pub(crate) fn failed(error: async_nats::ConnectError) -> ConnectError {
    match error.kind() {
        ConnectErrorKind::ServerParse => ConnectError::Address { cause: Box::new(error) },
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
            ConnectError::Credentials { cause: Box::new(error) }
        }
        _ => ConnectError::Unreachable { cause: Box::new(error) },
    }
}

#[derive(Deserialize)]
struct Account {}

/// Checks the server and the streams, and makes those that are missing.
pub(crate) async fn open(client: Client, options: Options) -> Result<NatsStore, ConnectError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !(1..=64).contains(&options.name.len()) || !options.name.bytes().all(fits) {
        return Err(ConnectError::Name { name: options.name });
    }
    let server = client.server_info();
    if number(&server.version).is_none_or(|version| version < NEEDED) {
        return Err(ConnectError::ServerTooOld { version: server.version });
    }
    let js = Js { client, patience: options.patience };
    match js.attempt::<Account>("$JS.API.INFO", &()).await {
        Ok(Err(refusal)) => return Err(not_enabled(refusal)),
        // Nobody answers at all where the server has no JetStream.
        Err(crate::js::Failure::Passing(_)) if !server.jetstream => {
            return Err(ConnectError::NoJetStream { description: "no answer".to_owned() });
        }
        // If not yet, the streams below are asked for with patience.
        Ok(Ok(_)) | Err(_) => {}
    }
    let names = Names { store: options.name.clone() };
    let replicas = options.replicas.unwrap_or(if server.cluster.is_some() { 3 } else { 1 });
    let configs = Kind::ALL.map(|kind| setup::config(&names, kind, replicas));
    // The events first: what is wrong with them is told rather than what is wrong with others.
    setup::ensure(&js, &configs[0], options.replicas).await?;
    let others = configs[1..].iter().map(|config| setup::ensure(&js, config, options.replicas));
    futures_util::future::try_join_all(others).await?;
    Ok(NatsStore::new(js, names, &options, server.max_payload))
}

fn not_enabled(refusal: Refusal) -> ConnectError {
    if NOT_ENABLED.contains(&refusal.err_code) {
        return ConnectError::NoJetStream { description: refusal.description };
    }
    ConnectError::Failed(refused("", refusal))
}

/// Major and minor version.
fn number(version: &str) -> Option<(u64, u64)> {
    let mut parts = version.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(number("2.15.1"), Some((2, 15)));
        assert_eq!(number("2.12.0-RC.1"), Some((2, 12)));
        assert!(number("2.9.10").unwrap() < NEEDED);
        assert_eq!(number("unknown"), None);
    }
}

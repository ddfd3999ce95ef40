//! How a store may be opened.

use std::fmt;
use std::time::Duration;

use async_nats::{Client, ConnectOptions, ServerAddr};

use crate::connect::{self, ConnectError};
use crate::store::NatsStore;

/// How a store is opened; from [`NatsStore::options`].
///
/// ```no_run
/// use std::time::Duration;
/// use es_nats_store::NatsStore;
///
/// # async fn connected() -> Result<(), es_nats_store::ConnectError> {
/// let options = NatsStore::options().name("bank").replicas(3).patience(Duration::from_secs(10));
/// let store = options.connect("nats://n1:4222,nats://n2:4222,nats://n3:4222").await?;
/// # let _ = store; Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Options {
    pub(crate) name: String,
    pub(crate) replicas: Option<usize>,
    pub(crate) patience: Duration,
    pub(crate) remembered_streams: usize,
}

impl Default for Options {
    fn default() -> Self {
        let (name, patience) = ("es".to_owned(), Duration::from_secs(30));
        Self { name, replicas: None, patience, remembered_streams: 10_000 }
    }
}

impl Options {
    /// The name of the store: of its JetStream stream, and the first token of its subjects. `es`, unless it is said.
    ///
    /// 1 to 64 ASCII letters, digits, `_` and `-`; two stores in one account need two names.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// How many servers keep each event: 1, 3 or 5. Unless it is said, 3 in a cluster and 1 on a server alone.
    ///
    /// A store that is there already keeps the number it has, which must not be lower; `nats stream update` changes it.
    /// [What it means](crate#durability) stands with the crate.
    pub fn replicas(mut self, replicas: usize) -> Self {
        self.replicas = Some(replicas);
        self
    }

    /// How long an append or a read goes on trying while servers do not answer, before it fails. 30 seconds, unless it
    /// is said: an election of a new leader takes up to 10.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Of how many streams the end is remembered, which spares an append a question. 10 000, unless it is said.
    pub fn remembered_streams(mut self, streams: usize) -> Self {
        self.remembered_streams = streams;
        self
    }

    /// Connects to servers, and makes the store if it is missing.
    ///
    /// `urls` is one or several, separated by commas; `nats://user:password@host:port`, `tls://…`.
    /// What else a connection needs is said with [`connect_with`](Self::connect_with).
    ///
    /// # Errors
    /// See [`ConnectError`]; no message tells what stands in a URL.
    pub async fn connect(self, urls: &str) -> Result<NatsStore, ConnectError> {
        // A server that hangs is noticed when it answers no ping twice.
        self.connect_with(ConnectOptions::new().ping_interval(Duration::from_secs(3)), urls).await
    }

    /// Connects with credentials, certificates and the like.
    ///
    /// ```no_run
    /// use es_nats_store::NatsStore;
    /// use es_nats_store::async_nats::ConnectOptions;
    ///
    /// # async fn connected() -> Result<(), Box<dyn std::error::Error>> {
    /// let connection = ConnectOptions::with_credentials(&std::fs::read_to_string("bank.creds")?)?.require_tls(true);
    /// let store = NatsStore::options().name("bank").connect_with(connection, "tls://nats.example.org").await?;
    /// # let _ = store; Ok(()) }
    /// ```
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect_with(self, connection: ConnectOptions, urls: &str) -> Result<NatsStore, ConnectError> {
        let addresses: Result<Vec<ServerAddr>, _> = urls.split(',').map(|url| url.trim().parse()).collect();
        let addresses = addresses.map_err(|cause| ConnectError::Address { cause: Shown(cause.to_string()).into() })?;
        let connection = addresses.iter().fold(connection, credentials);
        let client = connection.connect(addresses).await.map_err(connect::failed)?;
        self.open(client).await
    }

    /// Opens the store over a connection that the program has already.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn open(self, client: Client) -> Result<NatsStore, ConnectError> {
        connect::open(client, self).await
    }
}

/// The connection with the credentials of a URL, which the client itself does not look for: a user and a password, or a
/// token alone.
fn credentials(connection: ConnectOptions, address: &ServerAddr) -> ConnectOptions {
    match (address.username().map(unescaped), address.password().map(unescaped)) {
        (Some(user), Some(password)) => connection.user_and_password(user, password),
        (Some(token), None) => connection.token(token),
        (None, _) => connection,
    }
}

/// A part of a URL without the `%XX` of characters that mean something there.
fn unescaped(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => (bytes.push(byte), rest = &after[2..]),
            None => (bytes.push(*first), rest = after),
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An error of which only the text is kept.
#[derive(Debug)]
struct Shown(String);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Shown {}

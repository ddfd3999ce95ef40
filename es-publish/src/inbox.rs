//! The inbox: an incoming CloudEvent becomes a command, once, however often it is delivered.
//!
//! Knows types and ids of messages; how they come in, and when they are acknowledged, is up to the caller.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;

use es_core::store::{AppendError, EventStore};
use es_core::{Aggregate, Codec, ExecuteError, Executed, HandledBy, Json, MessageId, Metadata, Repository};

use crate::cloud_event::{CloudEvent, DataError};

type Translate<A> = Box<
    dyn Fn(&CloudEvent) -> Result<(<A as Aggregate>::Id, <A as Aggregate>::Command), Box<dyn Error + Send + Sync>>
        + Send
        + Sync,
>;

/// Turns incoming events into commands on the aggregates of one type.
///
/// An event has effect once: the id of the command is made of the event's source and id, and the
/// [repository](Repository::execute_once) executes no command twice, between all processes and without a limit of time.
/// One that is delivered again gets the outcome of the first time, so it is acknowledged like the first.
/// Acknowledge a message when [`receive`](Inbox::receive) has returned: `Ok`, or an error that
/// [will not pass](InboxError::is_permanent), which belongs where people look.
///
/// The command continues the sender's conversation: the correlation id is that of the extension `correlationid`, or the
/// event's id; the causation id is the event's id; `traceparent` is taken over.
///
/// ```
/// # use es_core::{Aggregate, Apply, Command, Event};
/// # #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Event)]
/// # #[event(name = "money-deposited")]
/// # pub struct MoneyDeposited { pub amount: u64 }
/// # #[derive(Debug, Clone, Command)]
/// # #[command(emits = MoneyDeposited)]
/// # pub struct Deposit { pub amount: u64 }
/// # #[derive(Debug, Default, Aggregate)]
/// # #[aggregate(name = "account", id = String, error = std::convert::Infallible,
/// #             events(MoneyDeposited), commands(Deposit))]
/// # pub struct Account { balance: u64 }
/// # impl Apply<MoneyDeposited> for Account {
/// #     fn apply(&mut self, event: MoneyDeposited) { self.balance += event.amount; }
/// # }
/// use es_core::Repository;
/// use es_memory_store::MemoryStore;
/// use es_publish::{Binding, Inbox};
///
/// #[derive(serde::Deserialize)]
/// struct PaymentReceived { account: String, cents: u64 }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let accounts = Repository::<Account, _>::new(MemoryStore::new());
/// let inbox = Inbox::new(accounts.clone())
///     .on("org.example.payment-received", |payment: PaymentReceived, _event| {
///         (payment.account, Deposit { amount: payment.cents }.into())
///     })
///     .ignoring("org.example.payment-announced");
///
/// let headers = [
///     ("ce-specversion", "1.0"), ("ce-id", "17"), ("ce-source", "/payments"),
///     ("ce-type", "org.example.payment-received"), ("content-type", "application/json"),
/// ];
/// for _delivery in 0..2 {
///     let headers = headers.iter().map(|(name, value)| (*name, value.as_bytes()));
///     let event = Binding::Http.decode(headers, r#"{"account":"ada","cents":500}"#)?;
///     inbox.receive(&event).await?;
/// }
/// assert_eq!(accounts.load("ada").await?.state().balance, 500);
/// # Ok(()) }
/// ```
pub struct Inbox<A: Aggregate, S, C = Json> {
    repository: Repository<A, S, C>,
    translations: BTreeMap<String, Translate<A>>,
    ignored: BTreeSet<String>,
}

impl<A: Aggregate, S, C: Codec> Inbox<A, S, C> {
    /// An inbox that knows no type of event yet.
    pub fn new(repository: Repository<A, S, C>) -> Self {
        Self { repository, translations: BTreeMap::new(), ignored: BTreeSet::new() }
    }

    /// Turns events of a type into a command on an aggregate; their data is read as JSON.
    ///
    /// # Panics
    /// If the inbox knows the type already.
    #[must_use]
    pub fn on<T: serde::de::DeserializeOwned>(
        self,
        ty: &str,
        translate: impl Fn(T, &CloudEvent) -> (A::Id, A::Command) + Send + Sync + 'static,
    ) -> Self {
        self.on_event(ty, move |event| Ok(translate(event.json()?, event)))
    }

    /// As [`on`](Inbox::on), for data in any format, and for what may not fit.
    ///
    /// # Panics
    /// If the inbox knows the type already.
    #[must_use]
    pub fn on_event(
        mut self,
        ty: &str,
        translate: impl Fn(&CloudEvent) -> Result<(A::Id, A::Command), Box<dyn Error + Send + Sync>> + Send + Sync + 'static,
    ) -> Self {
        self.assert_new(ty);
        self.translations.insert(ty.to_owned(), Box::new(translate));
        self
    }

    /// Accepts events of a type and does nothing; all other types that are not known are errors.
    ///
    /// # Panics
    /// If the inbox knows the type already.
    #[must_use]
    pub fn ignoring(mut self, ty: &str) -> Self {
        self.assert_new(ty);
        self.ignored.insert(ty.to_owned());
        self
    }

    fn assert_new(&self, ty: &str) {
        let is_known = self.translations.contains_key(ty) || self.ignored.contains(ty);
        assert!(!is_known, "the inbox is told twice what to do with `{ty}`");
    }
}

impl<A: Aggregate, S: EventStore, C: Codec> Inbox<A, S, C>
where
    A::Command: HandledBy<A> + Clone + Send,
    A::Id: Sync,
{
    /// Executes the command that an event means, unless it has been executed before, and returns what it did the first
    /// time; `None` for a type that is [ignored](Inbox::ignoring).
    ///
    /// # Errors
    /// See [`InboxError`]; nothing has been written, unless it is an error of the store while it appended.
    pub async fn receive(&self, event: &CloudEvent) -> Result<Option<Executed<A::Event>>, InboxError<A::Error>> {
        let Some(translate) = self.translations.get(event.ty()) else {
            return if self.ignored.contains(event.ty()) {
                Ok(None)
            } else {
                Err(InboxError::UnknownType { ty: event.ty().to_owned() })
            };
        };
        let (id, command) = translate(event).map_err(|cause| InboxError::Content {
            ty: event.ty().to_owned(),
            id: event.id().to_owned(),
            cause,
        })?;
        let executed = self.repository.execute_once(&id, &command_id(event), command, metadata(event)).await;
        executed.map(Some).map_err(InboxError::Execute)
    }
}

/// The id of the command that an event means: `source`, a space, which no source has, and `id`.
fn command_id(event: &CloudEvent) -> MessageId {
    MessageId::from(format!("{} {}", event.source(), event.id()))
}

fn metadata(event: &CloudEvent) -> Metadata {
    let text = |name: &str| event.extension(name).map(ToString::to_string);
    let correlation = text("correlationid").unwrap_or_else(|| event.id().to_owned());
    let metadata = Metadata::new().with_correlation_id(correlation).with_causation_id(event.id());
    match text("traceparent") {
        Some(traceparent) => metadata.with_traceparent(traceparent),
        None => metadata,
    }
}

impl<A: Aggregate, S, C> fmt::Debug for Inbox<A, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox")
            .field("aggregate", &A::NAME)
            .field("types", &self.translations.keys())
            .field("ignored", &self.ignored)
            .finish_non_exhaustive()
    }
}

/// Why an event has had no effect.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InboxError<E: Error + 'static> {
    /// Nobody has said what events of this type mean.
    #[error("the inbox does not know what an event of type `{ty}` means")]
    UnknownType {
        /// The type.
        ty: String,
    },
    /// The event is not as its type should be.
    #[error("the event `{id}` of type `{ty}` cannot be read")]
    Content {
        /// The type.
        ty: String,
        /// The id.
        id: String,
        /// What is wrong: a [`DataError`], or what the translation said.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The command was refused, or the store failed.
    #[error(transparent)]
    Execute(ExecuteError<E>),
}

impl<E: Error + 'static> InboxError<E> {
    /// Whether the same would happen if the event were delivered again: it is to be put aside, where people look.
    ///
    /// Else it is to be delivered again, later. A command that the aggregate refuses counts as permanent.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::UnknownType { .. } | Self::Content { .. } => true,
            Self::Execute(error) => match error {
                ExecuteError::Conflict { .. } | ExecuteError::Read { .. } => false,
                ExecuteError::Append(error) => {
                    !matches!(error, AppendError::Store { .. } | AppendError::Conflict { .. })
                }
                // Newer code may know the event.
                ExecuteError::Decode(error) => !error.is_unknown(),
                _ => true,
            },
        }
    }

    /// What is wrong with the data, if that is it.
    pub fn data_error(&self) -> Option<&DataError> {
        match self {
            Self::Content { cause, .. } => cause.downcast_ref(),
            _ => None,
        }
    }
}

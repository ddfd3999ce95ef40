//! The query bus: it knows who answers which query, once and by type.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;

use super::{AnswerFrom, QueryError, ReadModel};
use crate::codec::Codec;
use crate::projection::{Answer, Projection, Query};
use crate::runner::ProjectionRunner;
use crate::store::{ReadModelStore, Subscribe};

/// Ends when an answer may be another one than when it was made.
pub type AnswerMoved = Pin<Box<dyn Future<Output = Result<(), QueryError>> + Send>>;

/// Who answers a query: a [`ReadModel`] of rows, a [`ProjectionRunner`], or something of yours.
#[async_trait]
pub trait Answers<Q: Query>: Send + Sync {
    /// The answer, as of what has been seen.
    ///
    /// # Errors
    /// See [`QueryError`].
    async fn answer(&self, query: Q) -> Result<Q::Answer, QueryError>;

    /// Ends when the answer may have changed since this was called.
    fn moved(&self) -> AnswerMoved;
}

#[async_trait]
impl<Q, P, S, C> Answers<Q> for ReadModel<P, S, C>
where
    Q: Query + Send + 'static,
    P: AnswerFrom<Q>,
    S: ReadModelStore,
    C: Codec,
{
    async fn answer(&self, query: Q) -> Result<Q::Answer, QueryError> {
        self.query(query).await
    }

    fn moved(&self) -> AnswerMoved {
        let moved = ReadModel::moved(self);
        Box::pin(async {
            moved.await;
            Ok(())
        })
    }
}

#[async_trait]
impl<Q, P, S, C> Answers<Q> for ProjectionRunner<P, S, C>
where
    Q: Query + Send + 'static,
    P: Projection + Answer<Q>,
    S: Subscribe + 'static,
    C: Codec,
{
    async fn answer(&self, query: Q) -> Result<Q::Answer, QueryError> {
        Ok(ProjectionRunner::query(self, query))
    }

    /// Drives the projection, if nobody else does.
    fn moved(&self) -> AnswerMoved {
        let (runner, seen) = (self.clone(), self.checkpoint());
        Box::pin(async move {
            runner.appended_after(seen).await?;
            runner.catch_up().await?;
            Ok(())
        })
    }
}

/// Gives each query to who answers it.
///
/// ```
/// # use es_core::{Event, ProjectRow, Projection, RecordedEvent};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Debug, Clone, Serialize, Deserialize, Event)]
/// # #[event(name = "account-opened")]
/// # pub struct AccountOpened { pub owner: String }
/// # #[derive(Debug, Default, Serialize, Deserialize, Projection)]
/// # #[projection(name = "owners", key = String, events(AccountOpened), index(owner))]
/// # pub struct Account { owner: String }
/// # impl ProjectRow<AccountOpened> for Account {
/// #     fn project(&mut self, _: &String, event: AccountOpened, _: &RecordedEvent) { self.owner = event.owner; }
/// # }
/// # use es_core::{AnswerFrom, QueryError, Rows};
/// use es_core::{BusError, Query, QueryBus, ReadModel};
/// use es_memory_store::MemoryStore;
///
/// #[derive(Debug, Clone)]
/// pub struct CountAccounts { pub owner: String }
/// impl Query for CountAccounts { type Answer = usize; }
/// # impl AnswerFrom<CountAccounts> for Account {
/// #     async fn answer_from(rows: &Rows<'_, Self>, query: CountAccounts) -> Result<usize, QueryError> {
/// #         Ok(rows.by_index("owner", &query.owner).await?.len())
/// #     }
/// # }
/// #[derive(Debug, Clone)]
/// pub struct CountLoans;
/// impl Query for CountLoans { type Answer = usize; }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let accounts = ReadModel::<Account, _>::new(MemoryStore::new());
/// let bus = QueryBus::builder().answer::<CountAccounts>(accounts).build()?;
/// assert_eq!(bus.query(CountAccounts { owner: "Ada".into() }).await?, 0);
/// assert!(matches!(bus.query(CountLoans).await, Err(BusError::Unanswered { query }) if query.ends_with("CountLoans")));
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
pub struct QueryBus {
    answerers: Arc<HashMap<TypeId, Answerer>>,
}

struct Answerer {
    query: &'static str,
    /// An `Arc<dyn Answers<Q>>` for the query `Q` that it stands under.
    by: Box<dyn Any + Send + Sync>,
}

/// Who answers what, before it is a bus.
#[derive(Default)]
#[must_use = "a builder does nothing until it is built"]
pub struct QueryBusBuilder {
    answerers: HashMap<TypeId, Answerer>,
    duplicate: Option<&'static str>,
}

impl QueryBus {
    /// A bus that answers nothing yet.
    pub fn builder() -> QueryBusBuilder {
        QueryBusBuilder::default()
    }

    /// Has a query answered.
    ///
    /// # Errors
    /// See [`BusError`].
    pub async fn query<Q: Query + Send + 'static>(&self, query: Q) -> Result<Q::Answer, BusError> {
        Ok(self.answerer::<Q>()?.answer(query).await?)
    }

    /// Has a query answered now, and again whenever the answer has changed.
    ///
    /// # Errors
    /// [`BusError::Unanswered`].
    pub fn subscribe<Q>(&self, query: Q) -> Result<AnswerUpdates<Q>, BusError>
    where
        Q: Query<Answer: Clone + PartialEq + Send> + Clone + Send + 'static,
    {
        Ok(AnswerUpdates { by: self.answerer()?, query, last: None, moved: None, is_due: true })
    }

    fn answerer<Q: Query + 'static>(&self) -> Result<Arc<dyn Answers<Q>>, BusError> {
        let found =
            self.answerers.get(&TypeId::of::<Q>()).and_then(|found| found.by.downcast_ref::<Arc<dyn Answers<Q>>>());
        found.cloned().ok_or(BusError::Unanswered { query: type_name::<Q>() })
    }
}

impl QueryBusBuilder {
    /// Queries `Q` are answered by `by`.
    pub fn answer<Q: Query + 'static>(mut self, by: impl Answers<Q> + 'static) -> Self {
        let by: Arc<dyn Answers<Q>> = Arc::new(by);
        let query = type_name::<Q>();
        match self.answerers.entry(TypeId::of::<Q>()) {
            Entry::Occupied(_) => {
                self.duplicate.get_or_insert(query);
            }
            Entry::Vacant(vacant) => {
                vacant.insert(Answerer { query, by: Box::new(by) });
            }
        }
        self
    }

    /// The bus.
    ///
    /// # Errors
    /// Two answer one query.
    pub fn build(self) -> Result<QueryBus, DuplicateAnswer> {
        match self.duplicate {
            Some(query) => Err(DuplicateAnswer { query }),
            None => Ok(QueryBus { answerers: Arc::new(self.answerers) }),
        }
    }
}

/// The answer of a query, and what becomes of it.
pub struct AnswerUpdates<Q: Query> {
    by: Arc<dyn Answers<Q>>,
    query: Q,
    last: Option<Q::Answer>,
    /// Since the last answer was asked for.
    moved: Option<AnswerMoved>,
    /// Whether the answer is to be asked for without waiting.
    is_due: bool,
}

impl<Q> AnswerUpdates<Q>
where
    Q: Query<Answer: Clone + PartialEq + Send> + Clone + Send + 'static,
{
    /// The first answer at once, then each that differs from the one before; waits if there is none.
    ///
    /// Answers that come and go between two calls are not given. Dropping the future loses nothing.
    ///
    /// # Errors
    /// See [`QueryError`]; asking again tries again.
    pub async fn next(&mut self) -> Result<Q::Answer, QueryError> {
        loop {
            if !self.is_due {
                // Kept until it has ended, so that a future that is dropped misses nothing.
                let moved = self.moved.get_or_insert_with(|| self.by.moved());
                let ended = moved.await;
                self.moved = None;
                self.is_due = true;
                ended?;
            }
            // Listening comes before asking, so that a commit between the two is not missed.
            let moved = self.by.moved();
            let answer = self.by.answer(self.query.clone()).await?;
            (self.moved, self.is_due) = (Some(moved), false);
            if self.last.as_ref() != Some(&answer) {
                self.last = Some(answer.clone());
                return Ok(answer);
            }
        }
    }
}

/// Why a bus gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BusError {
    /// Nobody answers such a query.
    #[error("nobody answers the query `{query}`")]
    Unanswered {
        /// The type of the query.
        query: &'static str,
    },
    /// Who answers it has failed.
    #[error(transparent)]
    Query(#[from] QueryError),
}

/// Two answer one query, so nobody knows which answer is meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the query `{query}` is answered twice")]
pub struct DuplicateAnswer {
    /// The type of the query.
    pub query: &'static str,
}

fn queries(answerers: &HashMap<TypeId, Answerer>) -> Vec<&'static str> {
    let mut queries: Vec<_> = answerers.values().map(|answerer| answerer.query).collect();
    queries.sort_unstable();
    queries
}

impl fmt::Debug for QueryBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryBus").field("queries", &queries(&self.answerers)).finish()
    }
}

impl fmt::Debug for QueryBusBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryBusBuilder").field("queries", &queries(&self.answerers)).finish_non_exhaustive()
    }
}

impl<Q: Query> fmt::Debug for AnswerUpdates<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerUpdates").field("query", &type_name::<Q>()).finish_non_exhaustive()
    }
}

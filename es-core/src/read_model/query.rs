//! Queries that are answered from rows.

use std::future::Future;

use super::ReadModel;
use super::live::LiveRows;
use super::rows::{QueryError, Rows};
use crate::codec::Codec;
use crate::projection::{KeyedProjection, Query};
use crate::store::ReadModelStore;

/// Says that the rows of a projection answer a query.
///
/// The answer is the same whether the rows are stored or [live](LiveRows).
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
/// use es_core::{AnswerFrom, Query, QueryError, Rows};
///
/// /// Which accounts does somebody have?
/// #[derive(Debug, Clone)]
/// pub struct GetAccounts { pub owner: String }
/// impl Query for GetAccounts { type Answer = Vec<String>; }
///
/// impl AnswerFrom<GetAccounts> for Account {
///     async fn answer_from(rows: &Rows<'_, Self>, query: GetAccounts) -> Result<Vec<String>, QueryError> {
///         let accounts = rows.by_index("owner", &query.owner).await?;
///         Ok(accounts.into_iter().map(|(account, _)| account).collect())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "the rows of `{Self}` do not answer `{Q}`",
    note = "write `impl AnswerFrom<{Q}> for {Self}`"
)]
pub trait AnswerFrom<Q: Query>: KeyedProjection {
    /// The answer, as of what the rows have seen.
    ///
    /// # Errors
    /// See [`QueryError`].
    fn answer_from(rows: &Rows<'_, Self>, query: Q) -> impl Future<Output = Result<Q::Answer, QueryError>> + Send;
}

impl<P: KeyedProjection, S: ReadModelStore, C: Codec> ReadModel<P, S, C> {
    /// Answers a query from what the read model has seen so far.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn query<Q: Query>(&self, query: Q) -> Result<Q::Answer, QueryError>
    where
        P: AnswerFrom<Q>,
    {
        P::answer_from(&self.rows(), query).await
    }
}

impl<P: KeyedProjection, C: Codec> LiveRows<P, C> {
    /// Answers a query from what was folded.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn query<Q: Query>(&self, query: Q) -> Result<Q::Answer, QueryError>
    where
        P: AnswerFrom<Q>,
    {
        P::answer_from(&self.rows(), query).await
    }
}

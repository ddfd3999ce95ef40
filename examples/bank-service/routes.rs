//! Which request is which command or query.

use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Json, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use es::app::{Application, RunningApplication, WaitError};
use es_core::{CommandOptions, EventProcessor as _, Executed, HandledBy, Position, Version};
use serde::{Deserialize, Serialize};

use crate::account::{Account, AccountEvent, CloseAccount, Deposit, OpenAccount, Withdraw};
use crate::balance::{Balance, GetBalance, GetRichest};
use crate::order::Order;
use crate::preconditions::Preconditions;
use crate::problem::Problem;
use crate::transfer::Transfer;
use crate::transfers;

/// How long a query waits for the position that it asks for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The header that says how far the log had come after a command: what `?after=` of a query takes.
pub const POSITION: &str = "log-position";

#[derive(Debug, Clone)]
pub struct Bank {
    pub app: RunningApplication,
}

impl Bank {
    /// # Errors
    /// What does not fit, or why the log could not be read.
    pub async fn open(store: es::Store) -> Result<Self, Box<dyn Error>> {
        let snapshots = store.clone();
        let app = Application::new(store)
            .aggregate_with::<Account>(|accounts| accounts.with_snapshots_in(snapshots).with_cache(10_000))
            .aggregate::<Order>()
            .projection::<Balance>()
            .answers::<GetBalance, Balance>()
            .answers::<GetRichest, Balance>()
            .process::<Transfer>()
            .lock(include_str!("../events.lock.json"))
            .start()
            .await?;
        Ok(Self { app })
    }
}

pub fn router(bank: Bank) -> Router {
    Router::new()
        .route("/accounts/{id}", put(open).get(account).delete(close))
        .route("/accounts/{id}/deposits", post(command::<Deposit>))
        .route("/accounts/{id}/withdrawals", post(command::<Withdraw>))
        .route("/balances", get(richest))
        .route("/balances/{id}", get(balance))
        .route("/transfers/{id}", put(transfers::order).get(transfers::order_status))
        .method_not_allowed_fallback(|| async { Problem::NoSuchMethod })
        .fallback(|| async { Problem::NoSuchResource })
        .with_state(bank)
}

pub(crate) type Body<T> = Result<Json<T>, JsonRejection>;

async fn open(
    State(bank): State<Bank>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body<OpenAccount>,
) -> Result<Response, Problem> {
    let (preconditions, command) = (Preconditions::of(&headers)?, body?.0);
    let options = preconditions.options::<Account, _>(&command);
    let done = bank.app.execute_with::<Account>(&id, command, options).await;
    let done = done.map_err(|error| preconditions.problem(error))?;
    let location = header_value(&format!("/accounts/{id}"))?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], changed(&done)?).into_response())
}

async fn command<M>(
    State(bank): State<Bank>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body<M>,
) -> Result<Response, Problem>
where
    M: HandledBy<Account> + Serialize + Clone + Send,
{
    change(&bank, &id, &headers, body?.0).await
}

async fn close(State(bank): State<Bank>, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    change(&bank, &id, &headers, CloseAccount {}).await
}

/// What changes an account says which version it has seen.
async fn change<M>(bank: &Bank, id: &str, headers: &HeaderMap, command: M) -> Result<Response, Problem>
where
    M: HandledBy<Account> + Serialize + Clone + Send,
{
    let preconditions = Preconditions::of(headers)?;
    let options: CommandOptions = preconditions.options_for_change::<Account, _>(&command)?;
    let done = bank.app.execute_with::<Account>(id, command, options).await;
    Ok(changed(&done.map_err(|error| preconditions.problem(error))?)?.into_response())
}

#[derive(Debug, Serialize)]
struct Changed {
    version: Version,
    position: Position,
}

fn changed(done: &Executed<AccountEvent>) -> Result<impl IntoResponse + use<>, Problem> {
    let headers = [(header::ETAG.as_str(), etag(done.version)?), (POSITION, header_value(&done.position.to_string())?)];
    Ok((headers, Json(Changed { version: done.version, position: done.position })))
}

#[derive(Debug, Deserialize)]
struct Moment {
    /// The account as it was at this version.
    version: Option<u64>,
}

#[derive(Debug, Serialize)]
struct ShownAccount<'a> {
    owner: Option<&'a str>,
    balance: u64,
    is_closed: bool,
}

async fn account(
    State(bank): State<Bank>,
    Path(id): Path<String>,
    moment: Result<Query<Moment>, QueryRejection>,
) -> Result<Response, Problem> {
    let version = moment?.version.map_or(Version::MAX, Version::new);
    let account = bank.app.repository::<Account>()?.load_at(&id, version).await?;
    if !account.exists() {
        return Err(Problem::NoSuchAccount { id });
    }
    let Account { owner, balance, is_closed } = account.state();
    let shown = ShownAccount { owner: owner.as_deref(), balance: *balance, is_closed: *is_closed };
    Ok(([(header::ETAG, etag(account.version())?)], Json(shown)).into_response())
}

#[derive(Debug, Deserialize)]
struct Freshness {
    /// Answer only from what has seen the log up to this position.
    after: Option<u64>,
}

#[derive(Debug, Serialize)]
struct ShownBalance {
    account: String,
    balance: u64,
}

async fn balance(
    State(bank): State<Bank>,
    Path(id): Path<String>,
    freshness: Result<Query<Freshness>, QueryRejection>,
) -> Result<Response, Problem> {
    let seen = wait(&bank, freshness?.after).await?;
    let balance = bank.app.ask(GetBalance { account: id.clone() }).await?;
    let Some(balance) = balance else { return Err(Problem::NoSuchAccount { id }) };
    Ok(([(POSITION, seen)], Json(ShownBalance { account: id, balance })).into_response())
}

#[derive(Debug, Deserialize)]
struct Top {
    count: Option<usize>,
    after: Option<u64>,
}

async fn richest(State(bank): State<Bank>, top: Result<Query<Top>, QueryRejection>) -> Result<Response, Problem> {
    let Top { count, after } = top?.0;
    let seen = wait(&bank, after).await?;
    let richest = bank.app.ask(GetRichest { count: count.unwrap_or(10) }).await?;
    let shown = richest.into_iter().map(|(account, balance)| ShownBalance { account, balance });
    Ok(([(POSITION, seen)], Json(shown.collect::<Vec<_>>())).into_response())
}

/// Waits until the read model has seen a position, and says how far it has come.
async fn wait(bank: &Bank, after: Option<u64>) -> Result<HeaderValue, Problem> {
    if let Some(position) = after.map(Position::new) {
        bank.app.wait_for::<Balance>(position, PATIENCE).await.map_err(|error| match error {
            WaitError::Timeout { seen, .. } => Problem::NotYet { position, seen: seen.unwrap_or_default() },
            error => Problem::Unavailable { cause: Box::new(error) },
        })?;
    }
    // Looked at before the rows are, which have then seen at least as much.
    let seen = bank.app.read_model::<Balance>()?.checkpoint().await;
    let seen = seen.map_err(|error| Problem::Unavailable { cause: Box::new(error) })?;
    header_value(&seen.unwrap_or_default().to_string())
}

fn etag(version: Version) -> Result<HeaderValue, Problem> {
    header_value(&format!("\"{version}\""))
}

pub(crate) fn header_value(text: &str) -> Result<HeaderValue, Problem> {
    // An id that no header can carry names no account that was opened here, but for the location of the new one.
    HeaderValue::from_str(text).map_err(|error| Problem::Unavailable { cause: Box::new(error) })
}

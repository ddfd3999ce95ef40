//! Transfers between accounts: ordered here, and carried out by the process manager of the example `bank`.

use axum::extract::{Json, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::order::{Order, OrderTransfer, Status};
use crate::preconditions::Preconditions;
use crate::problem::Problem;
use crate::routes::{Bank, Body, POSITION, header_value};

pub(crate) async fn order(
    State(bank): State<Bank>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body<OrderTransfer>,
) -> Result<Response, Problem> {
    // The process finds what the accounts do for it by the correlation id.
    let (preconditions, command) = (Preconditions::of(&headers)?, body?.0);
    let options = preconditions.options_in::<Order, _>(&id, &command);
    let done = bank.app.execute_with::<Order>(&id, command, options).await?;
    let headers = [
        (header::LOCATION.as_str(), header_value(&format!("/transfers/{id}"))?),
        (POSITION, header_value(&done.position.to_string())?),
    ];
    // The money moves later.
    Ok((StatusCode::ACCEPTED, headers, Json(json!({ "status": "open" }))).into_response())
}

pub(crate) async fn order_status(State(bank): State<Bank>, Path(id): Path<String>) -> Result<Response, Problem> {
    let order = bank.app.load::<Order>(&id).await?;
    let shown = match &order.state().status {
        Status::Unknown => return Err(Problem::NoSuchTransfer { id }),
        Status::Open => json!({ "status": "open" }),
        Status::Completed => json!({ "status": "completed" }),
        Status::Failed { because } => json!({ "status": "failed", "because": because }),
    };
    Ok(Json(shown).into_response())
}

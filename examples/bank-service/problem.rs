//! What went wrong, as RFC 9457 has it: a type to act on, a text to read, and the numbers in it.

use std::error::Error;

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use es::app::{CommandError, NotPart};
use es_core::{BusError, ExecuteError, LoadError, Position, Version};
use problem_details::ProblemDetails;
use serde_json::{Map, Value, json};

use crate::account::AccountError;
use crate::order::OrderError;

#[derive(Debug)]
pub enum Problem {
    NoSuchResource,
    NoSuchMethod,
    NoSuchAccount { id: String },
    InvalidId { cause: String },
    Body { status: StatusCode, cause: String },
    Query { cause: String },
    Header { name: &'static str, expected: &'static str },
    VersionRequired,
    VersionMoved { actual: Version },
    AlreadyOpen { version: Version },
    KeyReused,
    Refused(AccountError),
    NoSuchTransfer { id: String },
    AlreadyOrdered,
    OrderRefused(OrderError),
    NotYet { position: Position, seen: Position },
    Unavailable { cause: Box<dyn Error + Send + Sync> },
}

impl From<CommandError<AccountError>> for Problem {
    fn from(error: CommandError<AccountError>) -> Self {
        match error {
            CommandError::Execute(ExecuteError::Rejected(refused)) => Self::Refused(refused),
            CommandError::Execute(ExecuteError::AlreadyExists { version, .. }) => Self::AlreadyOpen { version },
            CommandError::Execute(ExecuteError::CommandIdReused { .. }) => Self::KeyReused,
            CommandError::Execute(ExecuteError::Id(cause)) => Self::InvalidId { cause: cause.to_string() },
            error => Self::Unavailable { cause: Box::new(error) },
        }
    }
}

impl From<CommandError<OrderError>> for Problem {
    fn from(error: CommandError<OrderError>) -> Self {
        match error {
            CommandError::Execute(ExecuteError::Rejected(refused)) => Self::OrderRefused(refused),
            CommandError::Execute(ExecuteError::AlreadyExists { .. }) => Self::AlreadyOrdered,
            CommandError::Execute(ExecuteError::CommandIdReused { .. }) => Self::KeyReused,
            CommandError::Execute(ExecuteError::Id(cause)) | CommandError::Load(LoadError::Id(cause)) => {
                Self::InvalidId { cause: cause.to_string() }
            }
            error => Self::Unavailable { cause: Box::new(error) },
        }
    }
}

impl From<BusError> for Problem {
    fn from(error: BusError) -> Self {
        Self::Unavailable { cause: Box::new(error) }
    }
}

impl From<NotPart> for Problem {
    fn from(error: NotPart) -> Self {
        Self::Unavailable { cause: Box::new(error) }
    }
}

impl From<LoadError> for Problem {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Id(cause) => Self::InvalidId { cause: cause.to_string() },
            error => Self::Unavailable { cause: Box::new(error) },
        }
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        Self::Body { status: rejection.status(), cause: rejection.body_text() }
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::Query { cause: rejection.body_text() }
    }
}

/// Status, the last part of the type, title, detail, and members beside them.
type Told = (StatusCode, &'static str, &'static str, String, Value);

impl Problem {
    fn told(&self) -> Told {
        let none = || json!({});
        match self {
            Self::NoSuchResource => {
                let detail = "there is nothing at this path".to_owned();
                (StatusCode::NOT_FOUND, "no-such-resource", "No such resource", detail, none())
            }
            Self::NoSuchMethod => {
                let detail = "the header `Allow` says what this path is for".to_owned();
                (StatusCode::METHOD_NOT_ALLOWED, "no-such-method", "Not by this method", detail, none())
            }
            Self::NoSuchAccount { id } => {
                let detail = format!("no account is called `{id}`");
                (StatusCode::NOT_FOUND, "no-such-account", "No such account", detail, none())
            }
            Self::InvalidId { cause } => {
                (StatusCode::BAD_REQUEST, "invalid-id", "The id names no account", cause.clone(), none())
            }
            Self::Body { status, cause } => {
                (*status, "invalid-body", "The body is not understood", cause.clone(), none())
            }
            Self::Query { cause } => {
                (StatusCode::BAD_REQUEST, "invalid-query", "The query is not understood", cause.clone(), none())
            }
            Self::Header { name, expected } => {
                let detail = format!("`{name}` must be {expected}");
                (StatusCode::BAD_REQUEST, "invalid-header", "A header is not understood", detail, none())
            }
            Self::VersionRequired => {
                let detail = "say which version you have seen with `If-Match: \"3\"`, or `*` for any".to_owned();
                (StatusCode::PRECONDITION_REQUIRED, "version-required", "A version is required", detail, none())
            }
            Self::VersionMoved { actual } => {
                let detail = format!("somebody else was faster: the account is at version {actual}");
                let members = json!({ "version": actual });
                (StatusCode::PRECONDITION_FAILED, "version-moved", "The account has changed", detail, members)
            }
            Self::AlreadyOpen { version } => {
                let detail = format!("the account exists, at version {version}");
                (StatusCode::CONFLICT, "already-open", "The account exists", detail, json!({ "version": version }))
            }
            Self::KeyReused => {
                let detail = "another request has been done with this `Idempotency-Key`".to_owned();
                (StatusCode::UNPROCESSABLE_ENTITY, "key-reused", "The key is that of another request", detail, none())
            }
            Self::NoSuchTransfer { id } => {
                let detail = format!("no transfer is called `{id}`");
                (StatusCode::NOT_FOUND, "no-such-transfer", "No such transfer", detail, none())
            }
            Self::AlreadyOrdered => {
                let detail = "a transfer of this name has been ordered".to_owned();
                (StatusCode::CONFLICT, "already-ordered", "The transfer exists", detail, none())
            }
            Self::OrderRefused(refused) => {
                let slug = match refused {
                    OrderError::NotPositive => "not-positive",
                    OrderError::ToItself => "to-itself",
                    OrderError::NotOpen => "not-open",
                };
                (StatusCode::UNPROCESSABLE_ENTITY, slug, "The bank refuses", refused.to_string(), none())
            }
            Self::Refused(refused) => {
                let (slug, members) = rule(refused);
                (StatusCode::UNPROCESSABLE_ENTITY, slug, "The bank refuses", refused.to_string(), members)
            }
            Self::NotYet { position, seen } => {
                let detail = format!("asked for position {position}, but only {seen} has been seen so far");
                let members = json!({ "position": position, "seen": seen });
                (StatusCode::SERVICE_UNAVAILABLE, "not-yet", "The read model is behind", detail, members)
            }
            Self::Unavailable { .. } => {
                let detail = "what happened is in the log of the service; send the request again with the same \
                              Idempotency-Key";
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The bank cannot answer", detail.to_owned(), none())
            }
        }
    }
}

/// Which rule was broken, and the numbers in it.
fn rule(refused: &AccountError) -> (&'static str, Value) {
    match refused {
        AccountError::NoOwner => ("no-owner", json!({})),
        AccountError::NotOpen => ("not-open", json!({})),
        AccountError::NotPositive => ("not-positive", json!({})),
        AccountError::OtherCurrency { code } => ("other-currency", json!({ "currency": code })),
        AccountError::TooMuch { balance } => ("too-much", json!({ "balance": balance })),
        AccountError::InsufficientFunds { balance, amount } => {
            ("insufficient-funds", json!({ "balance": balance, "amount": amount }))
        }
        AccountError::NotEmpty { balance } => ("not-empty", json!({ "balance": balance })),
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        if let Self::Unavailable { cause } = &self {
            let chain =
                std::iter::successors(Some(cause.as_ref() as &(dyn Error + 'static)), |error| (*error).source());
            eprintln!("{}", chain.map(ToString::to_string).collect::<Vec<_>>().join(": "));
        }
        let (status, slug, title, detail, members) = self.told();
        let members: Map<String, Value> = members.as_object().cloned().unwrap_or_default();
        let details = ProblemDetails::from_status_code(status).with_title(title).with_detail(detail);
        let details = match format!("/problems/{slug}").parse::<Uri>() {
            Ok(kind) => details.with_type(kind),
            Err(_) => details,
        };
        let mut response = details.with_extensions(members).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

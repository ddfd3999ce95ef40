//! What the headers of a request demand: a version, and that it is done once.

use axum::http::{HeaderMap, HeaderName, header};
use es::app::CommandError;
use es_core::{Aggregate, CommandOptions, ExecuteError, Fingerprint, HandledBy, Metadata, Version};
use serde::Serialize;

use crate::account::AccountError;
use crate::problem::Problem;

/// `If-Match`, of which an account has one entity tag: its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IfMatch {
    /// `*`: any version.
    Any,
    /// `"3"`: this version.
    Version(Version),
}

/// The headers that are conditions.
#[derive(Debug)]
pub struct Preconditions {
    if_match: Option<IfMatch>,
    /// `If-None-Match: *`: only if there is none yet.
    is_new: bool,
    idempotency_key: Option<String>,
    metadata: Metadata,
}

impl Preconditions {
    /// # Errors
    /// [`Problem::Header`], if one of them is not understood.
    pub fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let if_match = text(headers, &header::IF_MATCH)?.map(if_match).transpose()?;
        let is_new = match text(headers, &header::IF_NONE_MATCH)? {
            None => false,
            Some("*") => true,
            Some(_) => return Err(Problem::Header { name: "If-None-Match", expected: "*" }),
        };
        let key = text(headers, &HeaderName::from_static("idempotency-key"))?.map(idempotency_key).transpose()?;
        let traceparent = text(headers, &HeaderName::from_static("traceparent"))?;
        let metadata = traceparent.into_iter().fold(Metadata::new(), Metadata::with_traceparent);
        Ok(Self { if_match, is_new, idempotency_key: key, metadata })
    }

    /// What is demanded of a command; its key is that of this command only, whatever the body looked like.
    pub fn options<A: Aggregate, M: HandledBy<A> + Serialize>(&self, command: &M) -> CommandOptions {
        let options = CommandOptions::from(self.metadata.clone());
        let options = self.idempotency_key.iter().fold(options, |options, key| {
            // What cannot be written has not been read from JSON, and is then told apart by its kind.
            let name = command.name();
            let said = serde_json::to_string(command).unwrap_or_default();
            options.once(key.as_str()).with_fingerprint(Fingerprint::of([name, &said]))
        });
        match self.if_match {
            Some(IfMatch::Version(version)) => options.expecting(version),
            Some(IfMatch::Any) | None => options,
        }
    }

    /// The same, for what begins a conversation that a process finds again by its name.
    pub fn options_in<A: Aggregate, M: HandledBy<A> + Serialize>(
        &self,
        conversation: &str,
        command: &M,
    ) -> CommandOptions {
        self.options::<A, M>(command).with_metadata(self.metadata.clone().with_correlation_id(conversation))
    }

    /// # Errors
    /// [`Problem::VersionRequired`], if the request does not say which version it has seen.
    pub fn options_for_change<A: Aggregate, M: HandledBy<A> + Serialize>(
        &self,
        command: &M,
    ) -> Result<CommandOptions, Problem> {
        if self.if_match.is_none() {
            return Err(Problem::VersionRequired);
        }
        Ok(self.options::<A, M>(command))
    }

    /// What is wrong, seen from these conditions.
    pub fn problem(&self, error: CommandError<AccountError>) -> Problem {
        use CommandError::Execute;
        match error {
            Execute(ExecuteError::AlreadyExists { version, .. }) if self.is_new => {
                Problem::VersionMoved { actual: version }
            }
            Execute(ExecuteError::Conflict { actual, .. }) if self.if_match.is_some() => {
                Problem::VersionMoved { actual }
            }
            error => error.into(),
        }
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, Problem> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    value.to_str().map(|text| Some(text.trim())).map_err(|_| Problem::Header { name: "a header", expected: "ASCII" })
}

/// A weak tag is taken for a strong one: something between here and there may have weakened it.
fn if_match(text: &str) -> Result<IfMatch, Problem> {
    if text == "*" {
        return Ok(IfMatch::Any);
    }
    let tag = text.strip_prefix("W/").unwrap_or(text);
    let quoted = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    let version = quoted.and_then(|version| version.parse().ok()).map(Version::new);
    version.map(IfMatch::Version).ok_or(Problem::Header { name: "If-Match", expected: "one entity tag, such as \"3\"" })
}

/// A string in quotes, as the draft of the header says, or without, as most send it.
fn idempotency_key(text: &str) -> Result<String, Problem> {
    let key = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    match key {
        "" => Err(Problem::Header { name: "Idempotency-Key", expected: "a text that no other request has" }),
        key => Ok(key.to_owned()),
    }
}

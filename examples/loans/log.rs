//! Reads an event log of loan applications: one JSON object a line, plain or compressed by gzip.
//!
//! Says of everything that is wrong in which line it is; what the events mean is decided by the aggregate.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use es_core::{Aggregate, InvalidTimestamp, StreamId, Timestamp, Version};
use flate2::bufread::MultiGzDecoder;
use serde::Deserialize;

use crate::loan::{Loan, WorkItem};

/// The lines of a log, in order.
pub struct LoanLog {
    input: Box<dyn BufRead>,
    line: u64,
    text: Vec<u8>,
    last: Option<Timestamp>,
}

/// One line of a log: something that happened to an application.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Counted from 1.
    pub line: u64,
    /// The id of the application.
    pub loan: String,
    /// How many events the application has had, this one included.
    pub version: Version,
    /// When it happened.
    pub at: Timestamp,
    /// The employee, if it is known.
    pub actor: Option<String>,
    /// What happened.
    pub happened: Happened,
}

/// What happened, as the log calls it.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(tag = "type", content = "data", deny_unknown_fields)]
#[allow(missing_docs, reason = "these are the names of the log")]
pub enum Happened {
    ApplicationSubmitted { amount_requested: u32 },
    ApplicationPartlySubmitted {},
    ApplicationPreaccepted {},
    ApplicationAccepted {},
    ApplicationFinalized {},
    ApplicationApproved {},
    ApplicationRegistered {},
    ApplicationActivated {},
    ApplicationDeclined {},
    ApplicationCancelled {},
    OfferSelected {},
    OfferCreated {},
    OfferSent {},
    OfferSentBack {},
    OfferAccepted {},
    OfferDeclined {},
    OfferCancelled {},
    WorkItemScheduled { item: WorkItem },
    WorkItemStarted { item: WorkItem },
    WorkItemCompleted { item: WorkItem },
}

/// The line as it is written.
#[derive(Deserialize)]
struct Written {
    stream: String,
    version: u64,
    time: String,
    actor: Option<String>,
    #[serde(flatten)]
    happened: Happened,
}

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the message of each variant is its documentation")]
pub enum LogError {
    #[error("the log `{}` cannot be opened", path.display())]
    Open { path: PathBuf, source: io::Error },
    #[error("the log `{}` ends in .gz but is not compressed by gzip", path.display())]
    NotGzip { path: PathBuf },
    #[error("line {line}: the log cannot be read on")]
    Read { line: u64, source: io::Error },
    #[error("line {line}, column {column}: not an event of a loan application: {problem}")]
    Syntax { line: u64, column: usize, problem: String },
    #[error("line {line}: the stream `{stream}` is not called `loan-` and an id")]
    Stream { line: u64, stream: String },
    #[error("line {line}: the time `{time}` is not RFC 3339")]
    Time { line: u64, time: String, source: InvalidTimestamp },
    #[error("line {line}: the log is not in order of time, {at} follows {after}")]
    OutOfOrder { line: u64, at: Timestamp, after: Timestamp },
}

impl LoanLog {
    /// Opens the log in a file; its first bytes tell whether it is compressed.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let failed = |source| LogError::Open { path: path.to_owned(), source };
        let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(failed)?);
        if file.fill_buf().map_err(failed)?.starts_with(&[0x1f, 0x8b]) {
            return Ok(Self::read(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file))));
        }
        if path.extension().is_some_and(|extension| extension == "gz") {
            return Err(LogError::NotGzip { path: path.to_owned() });
        }
        Ok(Self::read(file))
    }

    /// Reads the log from anywhere.
    pub fn read(input: impl BufRead + 'static) -> Self {
        Self { input: Box::new(input), line: 0, text: Vec::new(), last: None }
    }

    fn entry(&mut self) -> Result<Entry, LogError> {
        let line = self.line;
        let Written { stream, version, time, actor, happened } =
            serde_json::from_slice(&self.text).map_err(|error| LogError::syntax(line, &error))?;
        let loan = match stream.parse::<StreamId>() {
            Ok(id) if id.category() == Loan::NAME => id.id().to_owned(),
            _ => return Err(LogError::Stream { line, stream }),
        };
        let at = match time.parse::<Timestamp>() {
            Ok(at) => at,
            Err(source) => return Err(LogError::Time { line, time, source }),
        };
        match self.last.replace(at) {
            Some(after) if at < after => Err(LogError::OutOfOrder { line, at, after }),
            _ => Ok(Entry { line, loan, version: Version::new(version), at, actor, happened }),
        }
    }
}

impl LogError {
    /// The error of the parser, which knows one line only and calls it line 1.
    fn syntax(line: u64, error: &serde_json::Error) -> Self {
        let (text, column) = (error.to_string(), error.column());
        let place = format!(" at line {} column {column}", error.line());
        let problem = text.strip_suffix(&place).unwrap_or(&text).to_owned();
        Self::Syntax { line, column, problem }
    }
}

impl Iterator for LoanLog {
    type Item = Result<Entry, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.line += 1;
        self.text.clear();
        match self.input.read_until(b'\n', &mut self.text) {
            Ok(0) => None,
            Ok(_) => Some(self.entry()),
            Err(source) => Some(Err(LogError::Read { line: self.line, source })),
        }
    }
}

impl fmt::Debug for LoanLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoanLog").field("line", &self.line).finish_non_exhaustive()
    }
}

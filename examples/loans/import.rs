//! Turns what happened into commands, so that the rules of the aggregate are checked against real life.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use es_core::store::EventStore;
use es_core::{ExecuteError, Metadata, Repository, Version};
use examples::{HistoryClock, Pace};

use crate::loan::{
    AcceptApplication, AcceptOffer, ActivateApplication, ApproveApplication, CancelApplication, CancelOffer,
    CompleteWorkItem, CreateOffer, DeclineApplication, DeclineOffer, FinalizeApplication, Loan, LoanCommand, LoanError,
    PartlySubmitApplication, PreacceptApplication, RegisterApplication, ScheduleWorkItem, SelectOffer, SendBackOffer,
    SendOffer, StartWorkItem, SubmitApplication,
};
use crate::log::{Entry, Happened, LogError};

/// What became of a log: every line is either an event in the store or a refusal listed here.
#[derive(Debug)]
pub struct Imported {
    /// The lines that became events, and how long that took.
    pub pace: Pace,
    /// The lines that the aggregate refused, by reason.
    pub refused: BTreeMap<LoanError, Refused>,
    /// How many lines each application has.
    pub loans: HashMap<String, Seen>,
}

/// Commands that were refused for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The lines.
    pub lines: Vec<u64>,
}

/// The lines of one application.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// All of them.
    pub lines: u64,
    /// Those that the aggregate refused.
    pub refused: u64,
}

/// Why an import stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the message of each variant is its documentation")]
pub enum ImportError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("line {line}: loan {loan} has had {seen} lines, but this one is called version {version}")]
    Gap { line: u64, loan: String, seen: u64, version: Version },
    #[error("line {line}: the event is version {version} of loan {loan} in the store, but {logged} in the log")]
    WrongVersion { line: u64, loan: String, version: Version, logged: Version },
    #[error("line {line}: the command could not be executed")]
    Execute { line: u64, source: Box<ExecuteError<LoanError>> },
}

/// Imports a log into an empty store, one command for each line.
pub async fn import<S: EventStore>(
    log: impl IntoIterator<Item = Result<Entry, LogError>>,
    store: S,
) -> Result<Imported, ImportError> {
    let clock = HistoryClock::default();
    let repository = Repository::<Loan, _>::new(store).with_clock(clock.clone());
    let mut loans = HashMap::<String, Seen>::new();
    let mut refused = BTreeMap::<LoanError, Refused>::new();
    let (start, mut events) = (Instant::now(), 0);
    for entry in log {
        let Entry { line, loan, version, at, actor, happened } = entry?;
        let seen = loans.entry(loan.clone()).or_default();
        if version != Version::new(seen.lines).next() {
            return Err(ImportError::Gap { line, loan, seen: seen.lines, version });
        }
        seen.lines += 1;
        clock.put(at);
        let metadata = actor.map_or(Metadata::new(), |actor| Metadata::new().with_actor(actor));
        match repository.execute_with(&loan, LoanCommand::from(happened), metadata).await {
            Ok(done) if done.version.plus(seen.refused) == version => events += 1,
            Ok(done) => {
                return Err(ImportError::WrongVersion { line, loan, version: done.version, logged: version });
            }
            Err(ExecuteError::Rejected(reason)) => {
                seen.refused += 1;
                refused.entry(reason).or_insert(Refused { lines: Vec::new() }).lines.push(line);
            }
            Err(source) => return Err(ImportError::Execute { line, source: Box::new(source) }),
        }
    }
    Ok(Imported { pace: Pace::since(start, events), refused, loans })
}

/// The command that would have led to what happened.
impl From<Happened> for LoanCommand {
    fn from(happened: Happened) -> Self {
        match happened {
            Happened::ApplicationSubmitted { amount_requested } => SubmitApplication { amount_requested }.into(),
            Happened::ApplicationPartlySubmitted {} => PartlySubmitApplication.into(),
            Happened::ApplicationPreaccepted {} => PreacceptApplication.into(),
            Happened::ApplicationAccepted {} => AcceptApplication.into(),
            Happened::ApplicationFinalized {} => FinalizeApplication.into(),
            Happened::ApplicationApproved {} => ApproveApplication.into(),
            Happened::ApplicationRegistered {} => RegisterApplication.into(),
            Happened::ApplicationActivated {} => ActivateApplication.into(),
            Happened::ApplicationDeclined {} => DeclineApplication.into(),
            Happened::ApplicationCancelled {} => CancelApplication.into(),
            Happened::OfferSelected {} => SelectOffer.into(),
            Happened::OfferCreated {} => CreateOffer.into(),
            Happened::OfferSent {} => SendOffer.into(),
            Happened::OfferSentBack {} => SendBackOffer.into(),
            Happened::OfferAccepted {} => AcceptOffer.into(),
            Happened::OfferDeclined {} => DeclineOffer.into(),
            Happened::OfferCancelled {} => CancelOffer.into(),
            Happened::WorkItemScheduled { item } => ScheduleWorkItem { item }.into(),
            Happened::WorkItemStarted { item } => StartWorkItem { item }.into(),
            Happened::WorkItemCompleted { item } => CompleteWorkItem { item }.into(),
        }
    }
}

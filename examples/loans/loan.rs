//! A loan application, from its submission to the decision about it.
//!
//! The rules are those that 13,087 real applications keep; `README.md` beside this file tells which others do not hold.
//! Knows nothing of logs, stores and time.

mod application;
mod offer;
mod work;

use std::fmt::{self, Display};

use es_core::Aggregate;
use serde::{Deserialize, Serialize};

use self::application::Granted;
use self::offer::Offers;
use self::work::Work;

pub use self::application::{
    AcceptApplication, ActivateApplication, ApplicationAccepted, ApplicationActivated, ApplicationApproved,
    ApplicationCancelled, ApplicationDeclined, ApplicationFinalized, ApplicationPartlySubmitted,
    ApplicationPreaccepted, ApplicationRegistered, ApplicationSubmitted, ApproveApplication, CancelApplication,
    DeclineApplication, FinalizeApplication, PartlySubmitApplication, PreacceptApplication, RegisterApplication,
    SubmitApplication,
};
pub use self::offer::{
    AcceptOffer, CancelOffer, CreateOffer, DeclineOffer, OfferAccepted, OfferCancelled, OfferCreated, OfferDeclined,
    OfferSelected, OfferSent, OfferSentBack, SelectOffer, SendBackOffer, SendOffer,
};
pub use self::work::{
    CompleteWorkItem, ScheduleWorkItem, StartWorkItem, UnknownWorkItem, WorkItem, WorkItemCompleted, WorkItemScheduled,
    WorkItemStarted,
};

/// An application for a loan.
#[derive(Debug, Default, Clone, PartialEq, Aggregate)]
#[aggregate(
    name = "loan",
    id = String,
    error = LoanError,
    events(
        ApplicationSubmitted, ApplicationPartlySubmitted, ApplicationPreaccepted, ApplicationAccepted,
        ApplicationFinalized, ApplicationApproved, ApplicationRegistered, ApplicationActivated, ApplicationDeclined,
        ApplicationCancelled, OfferSelected, OfferCreated, OfferSent, OfferSentBack, OfferAccepted, OfferDeclined,
        OfferCancelled, WorkItemScheduled, WorkItemStarted, WorkItemCompleted,
    ),
    commands(
        SubmitApplication, PartlySubmitApplication, PreacceptApplication, AcceptApplication, FinalizeApplication,
        ApproveApplication, RegisterApplication, ActivateApplication, DeclineApplication, CancelApplication,
        SelectOffer, CreateOffer, SendOffer, SendBackOffer, AcceptOffer, DeclineOffer, CancelOffer,
        ScheduleWorkItem, StartWorkItem, CompleteWorkItem,
    ),
)]
#[invariant(state.stage >= Stage::Submitted, "a loan begins with its submission")]
#[invariant(state.is_undecided() || state.stage >= Stage::PartlySubmitted, "only what was taken in is decided")]
#[invariant(
    (state.outcome == Some(Outcome::Granted)) == (state.granted != Granted::default()),
    "a loan is granted in at least one of the three steps, and no other has them"
)]
pub struct Loan {
    stage: Stage,
    outcome: Option<Outcome>,
    granted: Granted,
    offers: Offers,
    work: Work,
}

/// How far an application has come; each stage follows the one before.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Nothing has been submitted.
    #[default]
    New,
    /// The customer has sent it.
    Submitted,
    /// The bank has taken it in, with details missing.
    PartlySubmitted,
    /// It passed the first check.
    Preaccepted,
    /// The details are complete.
    Accepted,
    /// It passed the second check, and offers can be made.
    Finalized,
}

/// How an application ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The customer gets the loan.
    Granted,
    /// The bank said no.
    Declined,
    /// The customer does not want it any more, or never answered.
    Cancelled,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Granted, Self::Declined, Self::Cancelled];

    /// Its name, as it is stored and printed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Why a command is refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the message of each variant is its documentation")]
pub enum LoanError {
    #[error("the application is not at this stage yet, or is beyond it: it is {actual}")]
    WrongStage { actual: Stage },
    #[error("the application has been decided")]
    Decided,
    #[error("the loan has had this step already")]
    Repeated,
    #[error("another offer is being prepared")]
    OfferInPreparation,
    #[error("no offer is being prepared")]
    NoOfferInPreparation,
    #[error("the customer still has an earlier offer")]
    EarlierOfferOpen,
    #[error("the customer has no open offer")]
    NoOpenOffer,
    #[error("the customer has not sent back any offer")]
    NothingSentBack,
    #[error("the work item {item} has not been scheduled")]
    NotScheduled { item: WorkItem },
    #[error("the work item {item} is in progress")]
    InProgress { item: WorkItem },
}

impl Loan {
    /// How far the application has come.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// How it ended, if it has.
    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome
    }

    fn is_undecided(&self) -> bool {
        self.outcome.is_none()
    }

    /// Offers end together with the application, before or after it.
    fn may_end_as(&self, outcome: Outcome) -> bool {
        self.outcome.is_none_or(|decided| decided == outcome)
    }
}

impl Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::New => "new",
            Self::Submitted => "submitted",
            Self::PartlySubmitted => "partly submitted",
            Self::Preaccepted => "preaccepted",
            Self::Accepted => "accepted",
            Self::Finalized => "finalized",
        })
    }
}

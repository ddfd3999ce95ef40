//! The work of the bank's employees on an application: scheduled, then taken up as often as needed, one at a time.

use std::collections::BTreeSet;
use std::fmt::{self, Display};
use std::str::FromStr;

use es_core::{Apply, Command, Decision, Event, EventData, Handle, events};
use serde::{Deserialize, Serialize};

use super::{Loan, LoanError, Stage};

/// What there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, EventData)]
#[allow(missing_docs, reason = "the names say it")]
pub enum WorkItem {
    HandleLead,
    CompleteApplication,
    FollowUpOffers,
    ValidateApplication,
    FollowUpIncompleteFile,
    AssessFraud,
    ChangeContractDetails,
}

impl WorkItem {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::HandleLead,
        Self::CompleteApplication,
        Self::FollowUpOffers,
        Self::ValidateApplication,
        Self::FollowUpIncompleteFile,
        Self::AssessFraud,
        Self::ChangeContractDetails,
    ];
}

impl FromStr for WorkItem {
    type Err = UnknownWorkItem;

    fn from_str(text: &str) -> Result<Self, UnknownWorkItem> {
        let found = Self::ALL.into_iter().find(|item| item.to_string() == text);
        found.ok_or_else(|| UnknownWorkItem { text: text.to_owned() })
    }
}

/// A text that is the name of no work item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no work item `{text}`")]
pub struct UnknownWorkItem {
    /// The text.
    pub text: String,
}

/// Something is to be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "work-item-scheduled")]
pub struct WorkItemScheduled {
    /// What.
    pub item: WorkItem,
}

/// Someone took it up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "work-item-started")]
pub struct WorkItemStarted {
    /// What.
    pub item: WorkItem,
}

/// It was put down, done or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "work-item-completed")]
pub struct WorkItemCompleted {
    /// What.
    pub item: WorkItem,
}

/// Where the work stands.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Work {
    scheduled: BTreeSet<WorkItem>,
    in_progress: Option<WorkItem>,
}

impl Apply<WorkItemScheduled> for Loan {
    fn apply(&mut self, event: WorkItemScheduled) {
        self.work.scheduled.insert(event.item);
    }
}

impl Apply<WorkItemStarted> for Loan {
    fn apply(&mut self, event: WorkItemStarted) {
        self.work.in_progress = Some(event.item);
    }
}

impl Apply<WorkItemCompleted> for Loan {
    fn apply(&mut self, event: WorkItemCompleted) {
        if self.work.in_progress == Some(event.item) {
            self.work.in_progress = None;
        }
    }
}

/// Puts something on the list; what is on it may be scheduled again.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = Loan, emits = WorkItemScheduled)]
#[require(state.stage >= Stage::PartlySubmitted, LoanError::WrongStage { actual: state.stage })]
pub struct ScheduleWorkItem {
    /// What.
    pub item: WorkItem,
}

/// Takes something up that was scheduled, while nothing else is in progress.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = Loan)]
#[require(state.work.scheduled.contains(&command.item), LoanError::NotScheduled { item: command.item })]
pub struct StartWorkItem {
    /// What.
    pub item: WorkItem,
}

impl Handle<StartWorkItem> for Loan {
    fn handle(&self, command: StartWorkItem) -> Decision<Self> {
        match self.work.in_progress {
            Some(item) => Err(LoanError::InProgress { item }),
            None => Ok(events![WorkItemStarted { item: command.item }]),
        }
    }
}

/// Puts something down that was scheduled; it may be closed without ever having been taken up.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = Loan, emits = WorkItemCompleted)]
#[require(state.work.scheduled.contains(&command.item), LoanError::NotScheduled { item: command.item })]
pub struct CompleteWorkItem {
    /// What.
    pub item: WorkItem,
}

impl Display for WorkItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use es_testkit::given;

    use super::WorkItem::{AssessFraud, HandleLead};
    use super::*;
    use crate::loan::{ApplicationPartlySubmitted, ApplicationSubmitted, LoanEvent};

    fn submitted(and: &[LoanEvent]) -> Vec<LoanEvent> {
        let first = [ApplicationSubmitted { amount_requested: 5_000 }.into(), ApplicationPartlySubmitted.into()];
        [&first[..], and].concat()
    }

    fn scheduled(item: WorkItem) -> LoanEvent {
        WorkItemScheduled { item }.into()
    }

    fn started(item: WorkItem) -> LoanEvent {
        WorkItemStarted { item }.into()
    }

    fn completed(item: WorkItem) -> LoanEvent {
        WorkItemCompleted { item }.into()
    }

    #[test]
    fn an_item_is_scheduled_as_soon_as_the_application_has_been_taken_in_and_as_often_as_needed() {
        given(submitted(&[])[..1].to_vec())
            .when(ScheduleWorkItem { item: HandleLead })
            .then_error(LoanError::WrongStage { actual: Stage::Submitted });
        given(submitted(&[scheduled(HandleLead)]))
            .when(ScheduleWorkItem { item: HandleLead })
            .then([scheduled(HandleLead)]);
    }

    #[test]
    fn what_has_not_been_scheduled_is_neither_started_nor_completed() {
        let other = submitted(&[scheduled(AssessFraud)]);
        let refused = LoanError::NotScheduled { item: HandleLead };
        given(other.clone()).when(StartWorkItem { item: HandleLead }).then_error(refused.clone());
        given(other).when(CompleteWorkItem { item: HandleLead }).then_error(refused);
    }

    #[test]
    fn one_item_is_in_progress_at_a_time() {
        let busy = submitted(&[scheduled(HandleLead), scheduled(AssessFraud), started(HandleLead)]);
        given(busy.clone())
            .when(StartWorkItem { item: HandleLead })
            .then_error(LoanError::InProgress { item: HandleLead });
        given(busy.clone())
            .when(StartWorkItem { item: AssessFraud })
            .then_error(LoanError::InProgress { item: HandleLead });
        given([busy, vec![completed(HandleLead)]].concat())
            .when(StartWorkItem { item: AssessFraud })
            .then([started(AssessFraud)]);
    }

    #[test]
    fn an_item_may_be_completed_without_having_been_started() {
        let busy = submitted(&[scheduled(HandleLead), scheduled(AssessFraud), started(HandleLead)]);
        given(busy.clone()).when(CompleteWorkItem { item: AssessFraud }).then([completed(AssessFraud)]);
        given([busy, vec![completed(AssessFraud)]].concat())
            .when(StartWorkItem { item: AssessFraud })
            .then_error(LoanError::InProgress { item: HandleLead });
    }
}

//! The bank's work as rows: what is open and with whom, and how long it took.

use std::collections::BTreeSet;
use std::fmt::{self, Display};
use std::str::FromStr;

use es_core::store::Scan;
use es_core::{AnswerFrom, ProjectRow, Projection, Query, QueryError, RecordedEvent, Rows, Timestamp};
use serde::{Deserialize, Serialize};

use crate::loan::{UnknownWorkItem, WorkItem, WorkItemCompleted, WorkItemScheduled, WorkItemStarted};

/// A work item of an application.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkKey {
    /// The id of the application.
    pub loan: String,
    /// What is to be done about it.
    pub item: WorkItem,
}

impl WorkKey {
    fn of(recorded: &RecordedEvent, item: WorkItem) -> Self {
        Self { loan: recorded.stream.id().to_owned(), item }
    }
}

impl Display for WorkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.loan, self.item)
    }
}

impl FromStr for WorkKey {
    type Err = UnknownWorkItem;

    fn from_str(text: &str) -> Result<Self, UnknownWorkItem> {
        let (loan, item) = text.rsplit_once('/').unwrap_or(("", text));
        Ok(Self { loan: loan.to_owned(), item: item.parse()? })
    }
}

/// A work item that is open: from its being scheduled or started until it is completed.
///
/// It is with the clerk who started it; with nobody, if it has not been started or the log names nobody.
/// Whoever starts it again without having completed it takes it over.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Projection)]
#[projection(
    name = "open-work", key = WorkKey,
    events(
        WorkItemScheduled(keys = [WorkKey::of(recorded, event.item)]),
        WorkItemStarted(keys = [WorkKey::of(recorded, event.item)]),
        WorkItemCompleted(keys = [WorkKey::of(recorded, event.item)], delete),
    ),
    index(clerk, is_started),
)]
pub struct OpenWork {
    /// Who started it.
    pub clerk: Option<String>,
    /// Whether anybody did.
    pub is_started: bool,
    /// Since when it has been open, or with this clerk.
    pub since: Option<Timestamp>,
}

impl ProjectRow<WorkItemScheduled> for OpenWork {
    fn project(&mut self, _: &WorkKey, _: WorkItemScheduled, recorded: &RecordedEvent) {
        // What is open may be scheduled again, and stays with whom it is.
        self.since.get_or_insert(recorded.recorded_at);
    }
}

impl ProjectRow<WorkItemStarted> for OpenWork {
    fn project(&mut self, _: &WorkKey, _: WorkItemStarted, recorded: &RecordedEvent) {
        self.clerk = recorded.metadata.actor().map(str::to_owned);
        self.is_started = true;
        self.since = Some(recorded.recorded_at);
    }
}

/// What does this clerk have open?
#[derive(Debug, Clone)]
pub struct GetOpenWork {
    /// The clerk.
    pub clerk: String,
}

impl Query for GetOpenWork {
    type Answer = Vec<WorkKey>;
}

impl AnswerFrom<GetOpenWork> for OpenWork {
    async fn answer_from(rows: &Rows<'_, Self>, query: GetOpenWork) -> Result<Vec<WorkKey>, QueryError> {
        Ok(rows.by_index("clerk", query.clerk).await?.into_iter().map(|(key, _)| key).collect())
    }
}

/// Who has something open?
#[derive(Debug, Clone, Copy)]
pub struct GetBusyClerks;

impl Query for GetBusyClerks {
    type Answer = BTreeSet<String>;
}

impl AnswerFrom<GetBusyClerks> for OpenWork {
    async fn answer_from(rows: &Rows<'_, Self>, _: GetBusyClerks) -> Result<BTreeSet<String>, QueryError> {
        let page = rows.scan(Scan::index("clerk")).await?;
        Ok(page.rows.into_iter().filter_map(|(_, row)| row.clerk).collect())
    }
}

/// What has been scheduled, and nobody has started?
#[derive(Debug, Clone, Copy)]
pub struct GetWaitingWork;

impl Query for GetWaitingWork {
    type Answer = Vec<WorkKey>;
}

impl AnswerFrom<GetWaitingWork> for OpenWork {
    async fn answer_from(rows: &Rows<'_, Self>, _: GetWaitingWork) -> Result<Vec<WorkKey>, QueryError> {
        Ok(rows.by_index("is_started", false).await?.into_iter().map(|(key, _)| key).collect())
    }
}

/// How much work a work item of an application has been.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Projection)]
#[projection(
    name = "work-times", key = WorkKey,
    events(
        WorkItemStarted(keys = [WorkKey::of(recorded, event.item)]),
        WorkItemCompleted(keys = [WorkKey::of(recorded, event.item)]),
    ),
    index(untouched),
)]
pub struct WorkTime {
    /// How often it was started and then completed.
    pub sessions: u32,
    /// How long these took together.
    pub micros: u64,
    /// How often it was completed without having been started since it was completed before; no time counts for these.
    pub untouched: u32,
    /// When it was started last, if it has not been completed since.
    pub started_at: Option<Timestamp>,
}

impl ProjectRow<WorkItemStarted> for WorkTime {
    fn project(&mut self, _: &WorkKey, _: WorkItemStarted, recorded: &RecordedEvent) {
        // The time counts from the first start, if it is started again.
        self.started_at.get_or_insert(recorded.recorded_at);
    }
}

impl ProjectRow<WorkItemCompleted> for WorkTime {
    fn project(&mut self, _: &WorkKey, _: WorkItemCompleted, recorded: &RecordedEvent) {
        match self.started_at.take() {
            Some(started) => {
                self.sessions += 1;
                self.micros += recorded.recorded_at.as_micros().abs_diff(started.as_micros());
            }
            None => self.untouched += 1,
        }
    }
}

/// How often was a work item completed that nobody had started?
#[derive(Debug, Clone, Copy)]
pub struct CountUntouched;

impl Query for CountUntouched {
    type Answer = u32;
}

impl AnswerFrom<CountUntouched> for WorkTime {
    async fn answer_from(rows: &Rows<'_, Self>, _: CountUntouched) -> Result<u32, QueryError> {
        let page = rows.scan(Scan::index("untouched").above(0)).await?;
        Ok(page.rows.iter().map(|(_, row)| row.untouched).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_written() {
        let key = WorkKey { loan: "a/b".to_owned(), item: WorkItem::AssessFraud };
        assert_eq!(key.to_string(), "a/b/AssessFraud");
        assert_eq!(key.to_string().parse::<WorkKey>().unwrap(), key);
        assert_eq!("a/Rest".parse::<WorkKey>().unwrap_err().to_string(), "there is no work item `Rest`");
    }
}

//! What is counted: by clerk, by kind of work, by day, by hour of the day. All times are UTC.

use es_core::{ProjectRow, Projection, RecordedEvent};
use serde::{Deserialize, Serialize};

use crate::loan::{
    ApplicationApproved, ApplicationCancelled, ApplicationDeclined, ApplicationSubmitted, WorkItem, WorkItemCompleted,
    WorkItemScheduled, WorkItemStarted,
};

fn actor(recorded: &RecordedEvent) -> Option<String> {
    recorded.metadata.actor().map(str::to_owned)
}

/// What a clerk has done; what the log ascribes to nobody counts for nobody.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Projection)]
#[projection(
    name = "clerks", key = String,
    events(WorkItemStarted(keys = actor(recorded)), WorkItemCompleted(keys = actor(recorded))),
    index(completed),
)]
pub struct Clerk {
    /// How many work items were started.
    pub started: u32,
    /// How many were completed.
    pub completed: u32,
}

impl ProjectRow<WorkItemStarted> for Clerk {
    fn project(&mut self, _: &String, _: WorkItemStarted, _: &RecordedEvent) {
        self.started += 1;
    }
}

impl ProjectRow<WorkItemCompleted> for Clerk {
    fn project(&mut self, _: &String, _: WorkItemCompleted, _: &RecordedEvent) {
        self.completed += 1;
    }
}

/// What has become of the work items of one kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Projection)]
#[projection(
    name = "work-items", key = WorkItem,
    events(
        WorkItemScheduled(keys = [event.item]),
        WorkItemStarted(keys = [event.item]),
        WorkItemCompleted(keys = [event.item]),
    ),
)]
pub struct WorkItemCount {
    /// How often one was scheduled.
    pub scheduled: u32,
    /// How often one was started.
    pub started: u32,
    /// How often one was completed.
    pub completed: u32,
}

impl ProjectRow<WorkItemScheduled> for WorkItemCount {
    fn project(&mut self, _: &WorkItem, _: WorkItemScheduled, _: &RecordedEvent) {
        self.scheduled += 1;
    }
}

impl ProjectRow<WorkItemStarted> for WorkItemCount {
    fn project(&mut self, _: &WorkItem, _: WorkItemStarted, _: &RecordedEvent) {
        self.started += 1;
    }
}

impl ProjectRow<WorkItemCompleted> for WorkItemCount {
    fn project(&mut self, _: &WorkItem, _: WorkItemCompleted, _: &RecordedEvent) {
        self.completed += 1;
    }
}

/// The date, as 2011-10-01.
fn day(recorded: &RecordedEvent) -> Option<String> {
    recorded.recorded_at.to_string().split('T').next().map(str::to_owned)
}

/// What happened on one day.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Projection)]
#[projection(
    name = "days", key = String,
    events(
        ApplicationSubmitted(keys = day(recorded)),
        ApplicationApproved(keys = day(recorded)),
        ApplicationDeclined(keys = day(recorded)),
        ApplicationCancelled(keys = day(recorded)),
    ),
)]
pub struct Day {
    /// Applications that came in.
    pub submitted: u32,
    /// Those that were approved.
    pub granted: u32,
    /// Those that were declined.
    pub declined: u32,
    /// Those that were cancelled.
    pub cancelled: u32,
}

impl ProjectRow<ApplicationSubmitted> for Day {
    fn project(&mut self, _: &String, _: ApplicationSubmitted, _: &RecordedEvent) {
        self.submitted += 1;
    }
}

impl ProjectRow<ApplicationApproved> for Day {
    fn project(&mut self, _: &String, _: ApplicationApproved, _: &RecordedEvent) {
        self.granted += 1;
    }
}

impl ProjectRow<ApplicationDeclined> for Day {
    fn project(&mut self, _: &String, _: ApplicationDeclined, _: &RecordedEvent) {
        self.declined += 1;
    }
}

impl ProjectRow<ApplicationCancelled> for Day {
    fn project(&mut self, _: &String, _: ApplicationCancelled, _: &RecordedEvent) {
        self.cancelled += 1;
    }
}

/// The hour of the day, 0 to 23.
fn hour(recorded: &RecordedEvent) -> [i64; 1] {
    [recorded.recorded_at.as_micros().div_euclid(3_600_000_000).rem_euclid(24)]
}

/// How much work is taken up in an hour of the day.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Projection)]
#[projection(name = "hours", key = i64, events(WorkItemStarted(keys = hour(recorded))))]
pub struct Hour {
    /// How many work items were started.
    pub started: u32,
}

impl ProjectRow<WorkItemStarted> for Hour {
    fn project(&mut self, _: &i64, _: WorkItemStarted, _: &RecordedEvent) {
        self.started += 1;
    }
}

//! How far applications come, and how long decisions take, as rows.

use es_core::store::Scan;
use es_core::{
    AnswerFrom, IndexValue, Indexed, NotIndexable, ProjectRow, Projection, Query, QueryError, RecordedEvent, Rows,
    Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::loan::{
    ApplicationAccepted, ApplicationApproved, ApplicationCancelled, ApplicationDeclined, ApplicationPreaccepted,
    ApplicationSubmitted, OfferSent, OfferSentBack, Outcome,
};

/// The decision about an application: the first of being approved, declined or cancelled.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Projection)]
#[projection(
    name = "decision-times", key = String,
    events(ApplicationSubmitted, ApplicationApproved, ApplicationDeclined, ApplicationCancelled),
    index(outcome),
)]
pub struct DecisionTime {
    /// When it was submitted.
    pub submitted_at: Option<Timestamp>,
    /// What was decided; nothing yet, if the application is open.
    pub outcome: Option<Outcome>,
    /// How long after the submission.
    pub micros: Option<u64>,
}

impl DecisionTime {
    fn decided(&mut self, outcome: Outcome, recorded: &RecordedEvent) {
        if let (None, Some(submitted)) = (self.outcome, self.submitted_at) {
            self.outcome = Some(outcome);
            self.micros = Some(recorded.recorded_at.as_micros().abs_diff(submitted.as_micros()));
        }
    }
}

impl ProjectRow<ApplicationSubmitted> for DecisionTime {
    fn project(&mut self, _: &String, _: ApplicationSubmitted, recorded: &RecordedEvent) {
        self.submitted_at = Some(recorded.recorded_at);
    }
}

impl ProjectRow<ApplicationApproved> for DecisionTime {
    fn project(&mut self, _: &String, _: ApplicationApproved, recorded: &RecordedEvent) {
        self.decided(Outcome::Granted, recorded);
    }
}

impl ProjectRow<ApplicationDeclined> for DecisionTime {
    fn project(&mut self, _: &String, _: ApplicationDeclined, recorded: &RecordedEvent) {
        self.decided(Outcome::Declined, recorded);
    }
}

impl ProjectRow<ApplicationCancelled> for DecisionTime {
    fn project(&mut self, _: &String, _: ApplicationCancelled, recorded: &RecordedEvent) {
        self.decided(Outcome::Cancelled, recorded);
    }
}

impl Indexed for Outcome {
    fn index_value(&self) -> Result<Option<IndexValue>, NotIndexable> {
        self.name().index_value()
    }
}

/// How long do decisions with this outcome take?
#[derive(Debug, Clone, Copy)]
pub struct GetTimeToDecision(pub Outcome);

/// The answer to [`GetTimeToDecision`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeToDecision {
    micros: Vec<u64>,
}

impl TimeToDecision {
    /// How many decisions there are.
    pub fn count(&self) -> usize {
        self.micros.len()
    }

    /// The whole seconds within which at least so many in a hundred of the decisions were made: the nearest rank.
    /// `None` if there are none.
    pub fn seconds(&self, percent: usize) -> Option<u64> {
        let rank = (self.micros.len() * percent).div_ceil(100).max(1);
        self.micros.get(rank - 1).map(|micros| micros / 1_000_000)
    }
}

impl Query for GetTimeToDecision {
    type Answer = TimeToDecision;
}

impl AnswerFrom<GetTimeToDecision> for DecisionTime {
    async fn answer_from(
        rows: &Rows<'_, Self>,
        GetTimeToDecision(outcome): GetTimeToDecision,
    ) -> Result<TimeToDecision, QueryError> {
        let decided = rows.by_index("outcome", outcome).await?;
        let mut micros: Vec<_> = decided.into_iter().filter_map(|(_, row)| row.micros).collect();
        micros.sort_unstable();
        Ok(TimeToDecision { micros })
    }
}

/// The furthest step of the funnel that an application has reached, counted from 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Projection)]
#[projection(
    name = "loan-steps", key = String,
    events(
        ApplicationSubmitted, ApplicationPreaccepted, ApplicationAccepted, OfferSent, OfferSentBack,
        ApplicationApproved,
    ),
    index(step),
)]
pub struct LoanStep {
    /// The step.
    pub step: u8,
    /// What was asked for, in euros.
    pub euros: u32,
}

impl LoanStep {
    fn reached(&mut self, step: u8) {
        self.step = self.step.max(step);
    }
}

impl ProjectRow<ApplicationSubmitted> for LoanStep {
    fn project(&mut self, _: &String, event: ApplicationSubmitted, _: &RecordedEvent) {
        self.euros = event.amount_requested;
        self.reached(1);
    }
}

impl ProjectRow<ApplicationPreaccepted> for LoanStep {
    fn project(&mut self, _: &String, _: ApplicationPreaccepted, _: &RecordedEvent) {
        self.reached(2);
    }
}

impl ProjectRow<ApplicationAccepted> for LoanStep {
    fn project(&mut self, _: &String, _: ApplicationAccepted, _: &RecordedEvent) {
        self.reached(3);
    }
}

impl ProjectRow<OfferSent> for LoanStep {
    fn project(&mut self, _: &String, _: OfferSent, _: &RecordedEvent) {
        self.reached(4);
    }
}

impl ProjectRow<OfferSentBack> for LoanStep {
    fn project(&mut self, _: &String, _: OfferSentBack, _: &RecordedEvent) {
        self.reached(5);
    }
}

impl ProjectRow<ApplicationApproved> for LoanStep {
    fn project(&mut self, _: &String, _: ApplicationApproved, _: &RecordedEvent) {
        self.reached(6);
    }
}

/// How many applications have reached at least this step, and how many euros do they ask for?
#[derive(Debug, Clone, Copy)]
pub struct CountReached {
    /// The step, counted from 1.
    pub step: u8,
}

impl Query for CountReached {
    type Answer = (u64, u64);
}

impl AnswerFrom<CountReached> for LoanStep {
    async fn answer_from(rows: &Rows<'_, Self>, query: CountReached) -> Result<(u64, u64), QueryError> {
        let page = rows.scan(Scan::index("step").from(i64::from(query.step))).await?;
        let euros = page.rows.iter().map(|(_, row)| u64::from(row.euros)).sum();
        Ok((page.rows.len() as u64, euros))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_smallest_time_that_enough_decisions_keep() {
        let times = |count: u64| TimeToDecision { micros: (1..=count).map(|n| n * 1_000_000).collect() };
        let of = |count| [0, 1, 50, 51, 100].map(|percent| times(count).seconds(percent));
        assert_eq!(of(4), [1, 1, 2, 3, 4].map(Some));
        assert_eq!(of(1), [1; 5].map(Some));
        assert_eq!(of(0), [None; 5]);
    }
}

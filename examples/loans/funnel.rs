//! The funnel: how far applications come, where they end, and how long that takes.

use std::collections::HashMap;

use es_core::{Answer, Project, Projection, Query, RecordedEvent, StreamId, Timestamp};

use crate::loan::{
    ApplicationAccepted, ApplicationApproved, ApplicationCancelled, ApplicationDeclined, ApplicationPreaccepted,
    ApplicationSubmitted, OfferSent, OfferSentBack, Outcome,
};

/// Every application, with the furthest step that it has reached.
#[derive(Debug, Default, Projection)]
#[projection(
    name = "loan-funnel",
    events(
        ApplicationSubmitted,
        ApplicationPreaccepted,
        ApplicationAccepted,
        OfferSent,
        OfferSentBack,
        ApplicationApproved,
        ApplicationDeclined,
        ApplicationCancelled,
    )
)]
pub struct Funnel {
    applications: HashMap<StreamId, Application>,
    offers_sent: u64,
}

/// A step of the funnel; an application that has reached one has reached those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Step {
    Submitted,
    Preaccepted,
    Accepted,
    OfferSent,
    OfferSentBack,
    Approved,
}

#[derive(Debug)]
struct Application {
    amount: u32,
    submitted_at: Timestamp,
    furthest: Step,
    ended: Option<(Outcome, Timestamp)>,
}

impl Funnel {
    fn reached(&mut self, step: Step, recorded: &RecordedEvent) {
        if let Some(application) = self.applications.get_mut(&recorded.stream) {
            application.furthest = application.furthest.max(step);
        }
    }

    fn ended(&mut self, outcome: Outcome, recorded: &RecordedEvent) {
        if let Some(application) = self.applications.get_mut(&recorded.stream) {
            application.ended = Some((outcome, recorded.recorded_at));
        }
    }
}

impl Project<ApplicationSubmitted> for Funnel {
    fn project(&mut self, event: ApplicationSubmitted, recorded: &RecordedEvent) {
        let application = Application {
            amount: event.amount_requested,
            submitted_at: recorded.recorded_at,
            furthest: Step::Submitted,
            ended: None,
        };
        self.applications.insert(recorded.stream.clone(), application);
    }
}

impl Project<ApplicationPreaccepted> for Funnel {
    fn project(&mut self, _: ApplicationPreaccepted, recorded: &RecordedEvent) {
        self.reached(Step::Preaccepted, recorded);
    }
}

impl Project<ApplicationAccepted> for Funnel {
    fn project(&mut self, _: ApplicationAccepted, recorded: &RecordedEvent) {
        self.reached(Step::Accepted, recorded);
    }
}

impl Project<OfferSent> for Funnel {
    fn project(&mut self, _: OfferSent, recorded: &RecordedEvent) {
        self.offers_sent += 1;
        self.reached(Step::OfferSent, recorded);
    }
}

impl Project<OfferSentBack> for Funnel {
    fn project(&mut self, _: OfferSentBack, recorded: &RecordedEvent) {
        self.reached(Step::OfferSentBack, recorded);
    }
}

impl Project<ApplicationApproved> for Funnel {
    fn project(&mut self, _: ApplicationApproved, recorded: &RecordedEvent) {
        self.reached(Step::Approved, recorded);
        self.ended(Outcome::Granted, recorded);
    }
}

impl Project<ApplicationDeclined> for Funnel {
    fn project(&mut self, _: ApplicationDeclined, recorded: &RecordedEvent) {
        self.ended(Outcome::Declined, recorded);
    }
}

impl Project<ApplicationCancelled> for Funnel {
    fn project(&mut self, _: ApplicationCancelled, recorded: &RecordedEvent) {
        self.ended(Outcome::Cancelled, recorded);
    }
}

/// How many applications came to a step, and how many came no further?
#[derive(Debug, Clone, Copy)]
pub struct GetStep(pub Step);

/// The answer to [`GetStep`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StepReached {
    /// The applications that reached the step.
    pub reached: u64,
    /// What they ask for together, in euros.
    pub euros: u64,
    /// Those that the bank declined at this step.
    pub declined: u64,
    /// Those that were cancelled at this step.
    pub cancelled: u64,
    /// Those that are at this step, undecided.
    pub open: u64,
}

impl Query for GetStep {
    type Answer = StepReached;
}

impl Answer<GetStep> for Funnel {
    fn answer(&self, GetStep(step): GetStep) -> StepReached {
        let mut answer = StepReached::default();
        for application in self.applications.values().filter(|application| application.furthest >= step) {
            answer.reached += 1;
            answer.euros += u64::from(application.amount);
            if application.furthest == step {
                match application.ended {
                    Some((Outcome::Granted, _)) => {}
                    Some((Outcome::Declined, _)) => answer.declined += 1,
                    Some((Outcome::Cancelled, _)) => answer.cancelled += 1,
                    None => answer.open += 1,
                }
            }
        }
        answer
    }
}

/// How many applications ended like this, and how soon?
#[derive(Debug, Clone, Copy)]
pub struct GetOutcome(pub Outcome);

/// The answer to [`GetOutcome`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutcomeReached {
    /// The applications.
    pub applications: u64,
    /// The seconds from submission to decision that half of them exceed.
    pub median_seconds: u64,
}

impl Query for GetOutcome {
    type Answer = OutcomeReached;
}

impl Answer<GetOutcome> for Funnel {
    fn answer(&self, GetOutcome(asked): GetOutcome) -> OutcomeReached {
        let after = |application: &Application| match application.ended {
            Some((outcome, at)) if outcome == asked => {
                Some(at.as_micros().abs_diff(application.submitted_at.as_micros()) / 1_000_000)
            }
            _ => None,
        };
        let mut seconds: Vec<_> = self.applications.values().filter_map(after).collect();
        seconds.sort_unstable();
        let median_seconds = seconds.get(seconds.len() / 2).copied().unwrap_or(0);
        OutcomeReached { applications: seconds.len() as u64, median_seconds }
    }
}

/// How many offers were sent?
#[derive(Debug, Clone, Copy)]
pub struct CountOffersSent;

impl Query for CountOffersSent {
    type Answer = u64;
}

impl Answer<CountOffersSent> for Funnel {
    fn answer(&self, _: CountOffersSent) -> u64 {
        self.offers_sent
    }
}

#[cfg(test)]
mod tests {
    use es_testkit::{GivenLog, given_log};

    use super::*;
    use crate::loan::OfferAccepted;

    fn submitted(funnel: GivenLog<Funnel>, stream: &str, amount_requested: u32) -> GivenLog<Funnel> {
        funnel.event(stream, ApplicationSubmitted { amount_requested })
    }

    #[test]
    fn an_application_counts_at_each_step_that_it_reached_and_ends_at_the_last_one() {
        let funnel = submitted(submitted(given_log(), "loan-1", 1_000), "loan-2", 500);
        funnel
            .event("loan-1", ApplicationPreaccepted)
            .event("loan-2", ApplicationDeclined)
            .event("loan-1", ApplicationAccepted)
            .event("loan-1", ApplicationCancelled)
            .then_answer(
                GetStep(Step::Submitted),
                StepReached { reached: 2, euros: 1_500, declined: 1, ..StepReached::default() },
            )
            .then_answer(
                GetStep(Step::Accepted),
                StepReached { reached: 1, euros: 1_000, cancelled: 1, ..StepReached::default() },
            )
            .then_answer(GetStep(Step::OfferSent), StepReached::default());
    }

    #[test]
    fn a_second_offer_counts_as_an_offer_but_not_as_another_application() {
        submitted(given_log(), "loan-1", 1_000)
            .event("loan-1", OfferSent)
            .event("loan-1", OfferSentBack)
            .event("loan-1", OfferSent)
            .unrelated_event("loan-1", OfferAccepted)
            .then_answer(CountOffersSent, 2)
            .then_answer(GetStep(Step::OfferSent), StepReached { reached: 1, euros: 1_000, ..StepReached::default() })
            .then_answer(
                GetStep(Step::OfferSentBack),
                StepReached { reached: 1, euros: 1_000, open: 1, ..StepReached::default() },
            );
    }

    #[test]
    fn the_time_to_a_decision_is_counted_from_the_submission() {
        let funnel = submitted(submitted(given_log(), "loan-1", 1), "loan-2", 1);
        // The events of the scenario are a second apart.
        funnel
            .event("loan-1", ApplicationApproved)
            .event("loan-2", ApplicationApproved)
            .then_answer(GetOutcome(Outcome::Granted), OutcomeReached { applications: 2, median_seconds: 2 })
            .then_answer(GetOutcome(Outcome::Declined), OutcomeReached { applications: 0, median_seconds: 0 });
    }
}

//! The application itself: five stages, then one of three outcomes.

use es_core::{Apply, Command, Decision, Event, Handle, events};
use serde::{Deserialize, Serialize};

use super::{Loan, LoanError, Outcome, Stage};

/// A customer asked for a loan; one real application asks for nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "application-submitted")]
pub struct ApplicationSubmitted {
    /// In euros.
    pub amount_requested: u32,
}

/// The bank took the application in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "application-partly-submitted")]
pub struct ApplicationPartlySubmitted;

/// The application passed the first check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "application-preaccepted")]
pub struct ApplicationPreaccepted;

/// The details of the application are complete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "application-accepted")]
pub struct ApplicationAccepted;

/// The application passed the second check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "application-finalized")]
pub struct ApplicationFinalized;

/// The bank grants the loan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "application-approved")]
pub struct ApplicationApproved;

/// The granted loan is in the books.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "application-registered")]
pub struct ApplicationRegistered;

/// The granted loan is at the customer's disposal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "application-activated")]
pub struct ApplicationActivated;

/// The bank said no.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "application-declined")]
pub struct ApplicationDeclined;

/// The customer withdrew, or never answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "application-cancelled")]
pub struct ApplicationCancelled;

/// The three steps of granting a loan, which real life takes in any order.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Granted {
    approved: bool,
    registered: bool,
    activated: bool,
}

impl Apply<ApplicationSubmitted> for Loan {
    fn apply(&mut self, _: ApplicationSubmitted) {
        self.stage = Stage::Submitted;
    }
}

impl Apply<ApplicationPartlySubmitted> for Loan {
    fn apply(&mut self, _: ApplicationPartlySubmitted) {
        self.stage = Stage::PartlySubmitted;
    }
}

impl Apply<ApplicationPreaccepted> for Loan {
    fn apply(&mut self, _: ApplicationPreaccepted) {
        self.stage = Stage::Preaccepted;
    }
}

impl Apply<ApplicationAccepted> for Loan {
    fn apply(&mut self, _: ApplicationAccepted) {
        self.stage = Stage::Accepted;
    }
}

impl Apply<ApplicationFinalized> for Loan {
    fn apply(&mut self, _: ApplicationFinalized) {
        self.stage = Stage::Finalized;
    }
}

impl Apply<ApplicationApproved> for Loan {
    fn apply(&mut self, _: ApplicationApproved) {
        self.granted.approved = true;
        self.outcome = Some(Outcome::Granted);
    }
}

impl Apply<ApplicationRegistered> for Loan {
    fn apply(&mut self, _: ApplicationRegistered) {
        self.granted.registered = true;
        self.outcome = Some(Outcome::Granted);
    }
}

impl Apply<ApplicationActivated> for Loan {
    fn apply(&mut self, _: ApplicationActivated) {
        self.granted.activated = true;
        self.outcome = Some(Outcome::Granted);
    }
}

impl Apply<ApplicationDeclined> for Loan {
    fn apply(&mut self, _: ApplicationDeclined) {
        self.outcome = Some(Outcome::Declined);
    }
}

impl Apply<ApplicationCancelled> for Loan {
    fn apply(&mut self, _: ApplicationCancelled) {
        self.outcome = Some(Outcome::Cancelled);
    }
}

/// Opens the application.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(create, emits = ApplicationSubmitted)]
pub struct SubmitApplication {
    /// In euros.
    pub amount_requested: u32,
}

/// Takes the application in.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = Loan, emits = ApplicationPartlySubmitted)]
#[require(state.stage == Stage::Submitted, LoanError::WrongStage { actual: state.stage })]
pub struct PartlySubmitApplication;

/// Passes the application in the first check.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = Loan, emits = ApplicationPreaccepted)]
#[require(state.is_undecided(), LoanError::Decided)]
#[require(state.stage == Stage::PartlySubmitted, LoanError::WrongStage { actual: state.stage })]
pub struct PreacceptApplication;

/// Says that the details are complete.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = Loan, emits = ApplicationAccepted)]
#[require(state.is_undecided(), LoanError::Decided)]
#[require(state.stage == Stage::Preaccepted, LoanError::WrongStage { actual: state.stage })]
pub struct AcceptApplication;

/// Passes the application in the second check.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = Loan, emits = ApplicationFinalized)]
#[require(state.is_undecided(), LoanError::Decided)]
#[require(state.stage == Stage::Accepted, LoanError::WrongStage { actual: state.stage })]
pub struct FinalizeApplication;

/// Turns the application down.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = Loan, emits = ApplicationDeclined)]
#[require(state.is_undecided(), LoanError::Decided)]
#[require(state.stage >= Stage::PartlySubmitted, LoanError::WrongStage { actual: state.stage })]
pub struct DeclineApplication;

/// Ends the application without a decision of the bank; before the first check the bank declines instead.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = Loan, emits = ApplicationCancelled)]
#[require(state.is_undecided(), LoanError::Decided)]
#[require(state.stage >= Stage::Preaccepted, LoanError::WrongStage { actual: state.stage })]
pub struct CancelApplication;

/// Grants the loan.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
pub struct ApproveApplication;

/// Puts the granted loan into the books.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
pub struct RegisterApplication;

/// Puts the granted loan at the customer's disposal.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
pub struct ActivateApplication;

impl Loan {
    /// The rules that the three steps of granting share.
    fn check_grant(&self, has_had_this_step: bool) -> Result<(), LoanError> {
        if !self.may_end_as(Outcome::Granted) {
            return Err(LoanError::Decided);
        }
        if has_had_this_step {
            return Err(LoanError::Repeated);
        }
        if self.stage != Stage::Finalized {
            return Err(LoanError::WrongStage { actual: self.stage });
        }
        self.offers.check_agreement()
    }
}

impl Handle<ApproveApplication> for Loan {
    fn handle(&self, _: ApproveApplication) -> Decision<Self> {
        self.check_grant(self.granted.approved)?;
        Ok(events![ApplicationApproved])
    }
}

impl Handle<RegisterApplication> for Loan {
    fn handle(&self, _: RegisterApplication) -> Decision<Self> {
        self.check_grant(self.granted.registered)?;
        Ok(events![ApplicationRegistered])
    }
}

impl Handle<ActivateApplication> for Loan {
    fn handle(&self, _: ActivateApplication) -> Decision<Self> {
        self.check_grant(self.granted.activated)?;
        Ok(events![ApplicationActivated])
    }
}

#[cfg(test)]
mod tests {
    use es_testkit::{given, given_nothing};

    use super::*;
    use crate::loan::{LoanEvent, OfferAccepted, OfferCreated, OfferSelected, OfferSent, OfferSentBack};

    /// An application to which an offer has been made, up to this step.
    fn offered() -> Vec<LoanEvent> {
        vec![
            ApplicationSubmitted { amount_requested: 20_000 }.into(),
            ApplicationPartlySubmitted.into(),
            ApplicationPreaccepted.into(),
            ApplicationAccepted.into(),
            ApplicationFinalized.into(),
            OfferSelected.into(),
            OfferCreated.into(),
            OfferSent.into(),
        ]
    }

    /// An application whose offer has come back.
    fn answered() -> Vec<LoanEvent> {
        [offered(), vec![OfferSentBack.into()]].concat()
    }

    #[test]
    fn an_application_is_submitted_once() {
        given_nothing::<Loan>()
            .when(SubmitApplication { amount_requested: 0 })
            .then([ApplicationSubmitted { amount_requested: 0 }.into()]);
        given(offered()).when(SubmitApplication { amount_requested: 1 }).then_already_exists();
    }

    #[test]
    fn the_stages_follow_each_other() {
        let stages = &offered()[..5];
        given(stages[..1].to_vec()).when(PartlySubmitApplication).then([ApplicationPartlySubmitted.into()]);
        given(stages[..2].to_vec()).when(PreacceptApplication).then([ApplicationPreaccepted.into()]);
        given(stages[..3].to_vec()).when(AcceptApplication).then([ApplicationAccepted.into()]);
        given(stages[..4].to_vec()).when(FinalizeApplication).then([ApplicationFinalized.into()]);
        given(stages[..2].to_vec())
            .when(AcceptApplication)
            .then_error(LoanError::WrongStage { actual: Stage::PartlySubmitted });
        given(stages.to_vec())
            .when(PreacceptApplication)
            .then_error(LoanError::WrongStage { actual: Stage::Finalized });
    }

    #[test]
    fn the_bank_declines_at_any_stage_but_only_preaccepted_applications_are_cancelled() {
        let submitted = offered()[..2].to_vec();
        given(submitted.clone()).when(DeclineApplication).then([ApplicationDeclined.into()]);
        given(submitted).when(CancelApplication).then_error(LoanError::WrongStage { actual: Stage::PartlySubmitted });
        given(offered()[..3].to_vec()).when(CancelApplication).then([ApplicationCancelled.into()]);
    }

    #[test]
    fn an_application_ends_once() {
        let declined = [answered(), vec![ApplicationDeclined.into()]].concat();
        given(declined.clone()).when(CancelApplication).then_error(LoanError::Decided);
        given(declined).when(ApproveApplication).then_error(LoanError::Decided);
        let granted = [answered(), vec![ApplicationRegistered.into()]].concat();
        given(granted).when(DeclineApplication).then_error(LoanError::Decided);
    }

    #[test]
    fn a_loan_is_approved_registered_and_activated_in_any_order_once_each() {
        given(answered()).when(ApproveApplication).then([ApplicationApproved.into()]);
        let active = [answered(), vec![ApplicationActivated.into(), OfferAccepted.into()]].concat();
        given(active.clone()).when(ActivateApplication).then_error(LoanError::Repeated);
        given(active).when(RegisterApplication).then([ApplicationRegistered.into()]);
    }

    #[test]
    fn a_loan_is_granted_only_on_an_offer_that_the_customer_has_sent_back() {
        given(offered()).when(ApproveApplication).then_error(LoanError::NothingSentBack);
        given(offered()[..5].to_vec()).when(ApproveApplication).then_error(LoanError::NothingSentBack);
        given(offered()[..4].to_vec())
            .when(ApproveApplication)
            .then_error(LoanError::WrongStage { actual: Stage::Accepted });
    }
}

//! The offers of an application: one after the other, at most one of them with the customer.

use es_core::{Apply, Command, Event};
use serde::{Deserialize, Serialize};

use super::{Loan, LoanError, Outcome, Stage};

/// An offer was chosen for the customer; from now on it is being prepared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "offer-selected")]
pub struct OfferSelected;

/// The offer was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "offer-created")]
pub struct OfferCreated;

/// The offer went to the customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "offer-sent")]
pub struct OfferSent;

/// The customer answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "offer-sent-back")]
pub struct OfferSentBack;

/// The offer became the contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "offer-accepted")]
pub struct OfferAccepted;

/// The bank took the offer back because it declines the application.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "offer-declined")]
pub struct OfferDeclined;

/// The offer is void: the customer does not want it, or gets another one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "offer-cancelled")]
pub struct OfferCancelled;

/// Where the offers of an application stand.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Offers {
    in_preparation: bool,
    open: Option<Open>,
    any_sent_back: bool,
    any_accepted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Open {
    Created,
    Sent,
    SentBack,
}

impl Offers {
    fn is_with_customer(&self) -> bool {
        matches!(self.open, Some(Open::Sent | Open::SentBack))
    }

    /// A loan is granted on an offer that is open or accepted, once the customer has sent back any.
    pub(super) fn check_agreement(&self) -> Result<(), LoanError> {
        if !self.any_sent_back {
            return Err(LoanError::NothingSentBack);
        }
        if !self.any_accepted && !self.is_with_customer() {
            return Err(LoanError::NoOpenOffer);
        }
        Ok(())
    }
}

impl Apply<OfferSelected> for Loan {
    fn apply(&mut self, _: OfferSelected) {
        self.offers.in_preparation = true;
    }
}

impl Apply<OfferCreated> for Loan {
    fn apply(&mut self, _: OfferCreated) {
        self.offers.in_preparation = false;
        self.offers.open = Some(Open::Created);
    }
}

impl Apply<OfferSent> for Loan {
    fn apply(&mut self, _: OfferSent) {
        self.offers.open = Some(Open::Sent);
    }
}

impl Apply<OfferSentBack> for Loan {
    fn apply(&mut self, _: OfferSentBack) {
        self.offers.open = Some(Open::SentBack);
        self.offers.any_sent_back = true;
    }
}

impl Apply<OfferAccepted> for Loan {
    fn apply(&mut self, _: OfferAccepted) {
        self.offers.open = None;
        self.offers.any_accepted = true;
    }
}

impl Apply<OfferDeclined> for Loan {
    fn apply(&mut self, _: OfferDeclined) {
        self.offers.open = None;
    }
}

impl Apply<OfferCancelled> for Loan {
    fn apply(&mut self, _: OfferCancelled) {
        self.offers.open = None;
    }
}

/// Chooses an offer; an earlier one may still be with the customer.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = Loan, emits = OfferSelected)]
#[require(state.is_undecided(), LoanError::Decided)]
#[require(state.stage >= Stage::Accepted, LoanError::WrongStage { actual: state.stage })]
#[require(!state.offers.in_preparation, LoanError::OfferInPreparation)]
pub struct SelectOffer;

/// Writes the offer that was chosen.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = Loan, emits = OfferCreated)]
#[require(state.is_undecided(), LoanError::Decided)]
#[require(state.stage == Stage::Finalized, LoanError::WrongStage { actual: state.stage })]
#[require(state.offers.in_preparation, LoanError::NoOfferInPreparation)]
#[require(state.offers.open.is_none(), LoanError::EarlierOfferOpen)]
pub struct CreateOffer;

/// Sends the offer that was written.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = Loan, emits = OfferSent)]
#[require(state.is_undecided(), LoanError::Decided)]
#[require(state.offers.open == Some(Open::Created), LoanError::NoOfferInPreparation)]
pub struct SendOffer;

/// Takes in the customer's answer.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = Loan, emits = OfferSentBack)]
#[require(state.is_undecided(), LoanError::Decided)]
#[require(state.offers.open == Some(Open::Sent), LoanError::NoOpenOffer)]
pub struct SendBackOffer;

/// Makes the offer the contract.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = Loan, emits = OfferAccepted)]
#[require(state.may_end_as(Outcome::Granted), LoanError::Decided)]
#[require(state.offers.is_with_customer(), LoanError::NoOpenOffer)]
#[require(state.offers.any_sent_back, LoanError::NothingSentBack)]
pub struct AcceptOffer;

/// Takes the offer back because the bank declines the application.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = Loan, emits = OfferDeclined)]
#[require(state.may_end_as(Outcome::Declined), LoanError::Decided)]
#[require(state.offers.is_with_customer(), LoanError::NoOpenOffer)]
pub struct DeclineOffer;

/// Makes the offer void.
#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(aggregate = Loan, emits = OfferCancelled)]
#[require(state.may_end_as(Outcome::Cancelled), LoanError::Decided)]
#[require(state.offers.is_with_customer(), LoanError::NoOpenOffer)]
pub struct CancelOffer;

#[cfg(test)]
mod tests {
    use es_testkit::given;

    use super::*;
    use crate::loan::{
        ApplicationAccepted, ApplicationDeclined, ApplicationFinalized, ApplicationPartlySubmitted,
        ApplicationPreaccepted, ApplicationSubmitted, LoanEvent,
    };

    fn finalized(and: &[LoanEvent]) -> Vec<LoanEvent> {
        let mut events: Vec<LoanEvent> = vec![
            ApplicationSubmitted { amount_requested: 20_000 }.into(),
            ApplicationPartlySubmitted.into(),
            ApplicationPreaccepted.into(),
            ApplicationAccepted.into(),
            ApplicationFinalized.into(),
        ];
        events.extend_from_slice(and);
        events
    }

    fn sent(and: &[LoanEvent]) -> Vec<LoanEvent> {
        finalized(&[&[OfferSelected.into(), OfferCreated.into(), OfferSent.into()], and].concat())
    }

    #[test]
    fn an_offer_is_selected_created_and_sent() {
        given(finalized(&[])).when(SelectOffer).then([OfferSelected.into()]);
        given(finalized(&[])).when(CreateOffer).then_error(LoanError::NoOfferInPreparation);
        given(finalized(&[OfferSelected.into()])).when(CreateOffer).then([OfferCreated.into()]);
        given(finalized(&[OfferSelected.into()])).when(SendOffer).then_error(LoanError::NoOfferInPreparation);
        given(finalized(&[OfferSelected.into(), OfferCreated.into()])).when(SendOffer).then([OfferSent.into()]);
        given(finalized(&[OfferSelected.into()])).when(SelectOffer).then_error(LoanError::OfferInPreparation);
    }

    #[test]
    fn an_offer_may_be_selected_before_the_application_is_finalized_but_not_created() {
        let accepted = finalized(&[])[..4].to_vec();
        given(accepted.clone()).when(SelectOffer).then([OfferSelected.into()]);
        given([accepted, vec![OfferSelected.into()]].concat())
            .when(CreateOffer)
            .then_error(LoanError::WrongStage { actual: Stage::Accepted });
    }

    #[test]
    fn the_earlier_offer_is_cancelled_before_the_next_one_is_created() {
        given(sent(&[])).when(SelectOffer).then([OfferSelected.into()]);
        given(sent(&[OfferSelected.into()])).when(CreateOffer).then_error(LoanError::EarlierOfferOpen);
        given(sent(&[OfferSelected.into()])).when(CancelOffer).then([OfferCancelled.into()]);
        given(sent(&[OfferSelected.into(), OfferCancelled.into()])).when(CreateOffer).then([OfferCreated.into()]);
    }

    #[test]
    fn an_offer_is_accepted_once_any_offer_has_come_back() {
        given(sent(&[])).when(AcceptOffer).then_error(LoanError::NothingSentBack);
        given(sent(&[OfferSentBack.into()])).when(AcceptOffer).then([OfferAccepted.into()]);
        let next = [OfferSentBack.into(), OfferCancelled.into(), OfferSelected.into(), OfferCreated.into()];
        given(sent(&[&next[..], &[OfferSent.into()]].concat())).when(AcceptOffer).then([OfferAccepted.into()]);
        given(sent(&[OfferSentBack.into(), OfferAccepted.into()])).when(AcceptOffer).then_error(LoanError::NoOpenOffer);
    }

    #[test]
    fn offers_end_as_their_application_does() {
        given(sent(&[ApplicationDeclined.into()])).when(DeclineOffer).then([OfferDeclined.into()]);
        given(sent(&[ApplicationDeclined.into()])).when(CancelOffer).then_error(LoanError::Decided);
        given(sent(&[ApplicationDeclined.into()])).when(SendBackOffer).then_error(LoanError::Decided);
    }
}

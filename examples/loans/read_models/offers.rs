//! Offers as rows: what an application has had, and what a customer has to answer.

use es_core::{ProjectRow, Projection, RecordedEvent, Timestamp};
use serde::{Deserialize, Serialize};

use crate::loan::{OfferAccepted, OfferCancelled, OfferDeclined, OfferSent, OfferSentBack};

/// The offers that an application has had.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Projection)]
#[projection(
    name = "offers", key = String,
    events(OfferSent, OfferSentBack, OfferAccepted),
    index(sent),
)]
pub struct OfferCount {
    /// Sent to the customer.
    pub sent: u32,
    /// Sent back by the customer.
    pub sent_back: u32,
    /// Accepted.
    pub accepted: u32,
}

impl ProjectRow<OfferSent> for OfferCount {
    fn project(&mut self, _: &String, _: OfferSent, _: &RecordedEvent) {
        self.sent += 1;
    }
}

impl ProjectRow<OfferSentBack> for OfferCount {
    fn project(&mut self, _: &String, _: OfferSentBack, _: &RecordedEvent) {
        self.sent_back += 1;
    }
}

impl ProjectRow<OfferAccepted> for OfferCount {
    fn project(&mut self, _: &String, _: OfferAccepted, _: &RecordedEvent) {
        self.accepted += 1;
    }
}

/// The offer that a customer has: from its being sent until it is accepted, declined or cancelled.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Projection)]
#[projection(
    name = "open-offers", key = String,
    events(OfferSent, OfferAccepted(delete), OfferDeclined(delete), OfferCancelled(delete)),
    index(sent_at),
)]
pub struct OpenOffer {
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
}

impl ProjectRow<OfferSent> for OpenOffer {
    fn project(&mut self, _: &String, _: OfferSent, recorded: &RecordedEvent) {
        self.sent_at = Some(recorded.recorded_at);
    }
}

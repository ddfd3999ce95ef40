//! What every subject can do.

use std::future::Future;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What every event holds; about 200 bytes of JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deposit {
    pub amount: u64,
    pub currency: String,
    pub reference: String,
    pub value_date: String,
    pub counterparty: String,
    pub channel: String,
}

impl Deposit {
    pub fn new(number: u64) -> Self {
        Self {
            amount: number,
            currency: "EUR".to_owned(),
            reference: "invoice 2026-11-0042, with thanks for your business".to_owned(),
            value_date: "2026-11-21".to_owned(),
            counterparty: "DE89370400440532013000".to_owned(),
            channel: "mobile".to_owned(),
        }
    }
}

/// As those see it who have an enum of events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Fact {
    Deposited(Deposit),
}

/// The end of a stream, as its writer knows it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tail {
    /// How many events it has.
    pub events: u64,
    /// The id of the last one, where that is a number.
    pub last: i64,
}

/// A store in a database of its own.
pub trait Subject: Clone + Send + Sync + Sized + 'static {
    const NAME: &'static str;
    /// What it does otherwise than the others, as one cell of a table.
    const DIFFERS: &'static str;

    /// Opens it with so many connections, and makes its tables.
    fn open(url: &str, connections: u32) -> impl Future<Output = Self> + Send;

    /// Appends behind the tail, if nobody else has; how often it had to be sent again.
    fn append(&self, stream: Uuid, tail: &mut Tail, events: Vec<Deposit>) -> impl Future<Output = u64> + Send;

    /// Reads and decodes a stream; the sum of its deposits.
    fn load(&self, stream: Uuid) -> impl Future<Output = u64> + Send;
}

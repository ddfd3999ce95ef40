//! esrs, on its PgStore.

use esrs::AggregateState;
use esrs::store::EventStore;
use esrs::store::postgres::{PgStore, PgStoreBuilder};
use sqlx::postgres::PgPoolOptions;
use uuid::Uuid;

use crate::subject::{Deposit, Fact, Subject, Tail};

struct Accounts;

#[derive(Debug)]
struct Never;

impl std::fmt::Display for Never {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("never")
    }
}

impl std::error::Error for Never {}

impl esrs::Aggregate for Accounts {
    const NAME: &'static str = "account";
    type State = u64;
    type Command = Fact;
    type Event = Fact;
    type Error = Never;

    fn handle_command(_: &u64, command: Fact) -> Result<Vec<Fact>, Never> {
        Ok(vec![command])
    }

    fn apply_event(state: u64, Fact::Deposited(deposit): Fact) -> u64 {
        state + deposit.amount
    }
}

#[derive(Clone)]
pub struct Esrs(PgStore<Accounts>);

impl Subject for Esrs {
    const NAME: &'static str = "esrs, PgStore";
    const DIFFERS: &'static str = "a transaction of one `INSERT` for each event; a table for each type; no position; `jsonb`; its lock of an aggregate is not taken here";

    async fn open(url: &str, connections: u32) -> Self {
        let pool = PgPoolOptions::new().max_connections(connections).connect(url).await.expect("the server is there");
        Self(PgStoreBuilder::<Accounts>::new(pool).try_build().await.expect("its tables are made"))
    }

    async fn append(&self, stream: Uuid, tail: &mut Tail, events: Vec<Deposit>) -> u64 {
        let mut state = AggregateState::with_id(stream);
        for _ in 0..tail.events {
            state.next_sequence_number();
        }
        tail.events += events.len() as u64;
        let facts = events.into_iter().map(Fact::Deposited).collect();
        self.0.persist(&mut state, facts).await.expect("nobody else appends");
        0
    }

    async fn load(&self, stream: Uuid) -> u64 {
        let events = self.0.by_aggregate_id(stream).await.expect("the server answers");
        events
            .iter()
            .map(|event| match &event.payload {
                Fact::Deposited(deposit) => deposit.amount,
            })
            .sum()
    }
}

//! disintegrate-postgres.

use disintegrate::{Event, EventStore, StreamItem, query};
use disintegrate_postgres::{Error, PgEventStore};
use disintegrate_serde::serde::json::Json;
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgPoolOptions;
use uuid::Uuid;

use crate::subject::{Deposit, Subject, Tail};

/// An event names what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Event)]
enum OfAccount {
    Deposited {
        #[id]
        account: String,
        deposit: Held,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Held {
    amount: u64,
    currency: String,
    reference: String,
    value_date: String,
    counterparty: String,
    channel: String,
}

impl From<Deposit> for Held {
    fn from(deposit: Deposit) -> Self {
        let Deposit { amount, currency, reference, value_date, counterparty, channel } = deposit;
        Self { amount, currency, reference, value_date, counterparty, channel }
    }
}

#[derive(Clone)]
pub struct Disintegrate(PgEventStore<OfAccount, Json<OfAccount>>);

impl Subject for Disintegrate {
    const NAME: &'static str = "disintegrate-postgres";
    const DIFFERS: &'static str = "`SERIALIZABLE`: looks whether an event of the query came after the last one seen, then inserts; readers wait for whoever writes, as ours do; the server refuses some appends that are in no conflict, and they are sent again";

    async fn open(url: &str, connections: u32) -> Self {
        let pool = PgPoolOptions::new().max_connections(connections).connect(url).await.expect("the server is there");
        Self(PgEventStore::try_new(pool, Json::default()).await.expect("its tables are made"))
    }

    async fn append(&self, stream: Uuid, tail: &mut Tail, events: Vec<Deposit>) -> u64 {
        let account = stream.to_string();
        let count = events.len() as u64;
        let events: Vec<_> = events
            .into_iter()
            .map(|deposit| OfAccount::Deposited { account: account.clone(), deposit: deposit.into() })
            .collect();
        let mut again = 0;
        loop {
            let query = query!(OfAccount; account == account.clone());
            match self.0.append(events.clone(), query, tail.last).await {
                Ok(persisted) => {
                    tail.last = persisted.last().map_or(tail.last, |event| event.id());
                    tail.events += count;
                    return again;
                }
                Err(Error::Concurrency) => again += 1,
                Err(Error::Database(error))
                    if error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("40001")) =>
                {
                    again += 1;
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    async fn load(&self, stream: Uuid) -> u64 {
        let query = query!(OfAccount; account == stream.to_string());
        let mut events = self.0.stream::<OfAccount>(&query);
        let mut sum = 0;
        while let Some(item) = events.next().await {
            if let StreamItem::Event(event) = item.expect("the server answers") {
                let OfAccount::Deposited { deposit, .. } = &*event;
                sum += deposit.amount;
            }
        }
        sum
    }
}

//! evento.

use evento::migrator::{Migrate, Plan};
use sqlx_09::postgres::PgPoolOptions;
use uuid::Uuid;

use crate::subject::{Deposit, Subject, Tail};

#[evento::aggregate]
pub enum Account {
    Deposited {
        amount: u64,
        currency: String,
        reference: String,
        value_date: String,
        counterparty: String,
        channel: String,
    },
}

#[derive(Clone)]
pub struct Evento(evento::Postgres);

impl Subject for Evento {
    const NAME: &'static str = "evento";
    const DIFFERS: &'static str = "looks for the routing key and the last version, then inserts, without a transaction; binary by bitcode, which is smaller than JSON and must be read by the same types; ordered by time, so readers stay a second behind; 65,535 events in a stream; reads pages of 100";

    async fn open(url: &str, connections: u32) -> Self {
        let pool = PgPoolOptions::new().max_connections(connections).connect(url).await.expect("the server is there");
        let mut connection = pool.acquire().await.expect("the server is there");
        let migrations = evento::sql_migrator::new::<sqlx_09::Postgres>().expect("its migrations fit together");
        migrations.run(&mut *connection, &Plan::apply_all()).await.expect("its tables are made");
        drop(connection);
        Self(pool.into())
    }

    async fn append(&self, stream: Uuid, tail: &mut Tail, events: Vec<Deposit>) -> u64 {
        let mut append = evento::append(stream.to_string());
        append.original_version(u16::try_from(tail.events).expect("no stream is that long"));
        tail.events += events.len() as u64;
        for Deposit { amount, currency, reference, value_date, counterparty, channel } in events {
            append.event(&Deposited { amount, currency, reference, value_date, counterparty, channel });
        }
        append.commit(&self.0).await.expect("nobody else appends");
        0
    }

    async fn load(&self, stream: Uuid) -> u64 {
        let events = evento::read::<Account>(stream.to_string()).decode(&self.0).await.expect("the server answers");
        events
            .iter()
            .map(|event| match event {
                AccountEvent::Deposited(event) => event.amount,
            })
            .sum()
    }
}

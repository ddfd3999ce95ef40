//! The driver without anything else: the same columns that every store of events needs, and a pool in a channel.

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc};
use tokio_postgres::{Client, NoTls, Statement};
use uuid::Uuid;

use crate::subject::{Deposit, Fact, Subject, Tail};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS events (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stream_id text COLLATE \"C\" NOT NULL, version bigint NOT NULL,
    event_id uuid NOT NULL UNIQUE, name text NOT NULL, recorded_at bigint NOT NULL, payload bytea NOT NULL,
    UNIQUE (stream_id, version))";
const INSERT: &str = "INSERT INTO events (stream_id, version, event_id, name, recorded_at, payload)
    SELECT $1, $2 + place, id, 'deposited', $3, payload FROM unnest($4::uuid[], $5::bytea[]) WITH ORDINALITY AS e (id, payload, place)";
const ONE: &str = "INSERT INTO events (stream_id, version, event_id, name, recorded_at, payload)
    VALUES ($1, $2, $3, 'deposited', $4, $5)";
const SELECT: &str =
    "SELECT version, event_id, name, recorded_at, payload FROM events WHERE stream_id = $1 ORDER BY version";

struct Prepared {
    client: Client,
    one: Statement,
    many: Statement,
    select: Statement,
}

#[derive(Clone)]
struct Pool {
    free: mpsc::Sender<Prepared>,
    taken: Arc<Mutex<mpsc::Receiver<Prepared>>>,
}

impl Pool {
    async fn open(url: &str, connections: u32) -> Self {
        let (free, taken) = mpsc::channel(connections as usize);
        for _ in 0..connections {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the server is there");
            tokio::spawn(connection);
            client.batch_execute(TABLE).await.expect("the table is made");
            let one = client.prepare(ONE).await.expect("it is SQL");
            let many = client.prepare(INSERT).await.expect("it is SQL");
            let select = client.prepare(SELECT).await.expect("it is SQL");
            free.try_send(Prepared { client, one, many, select }).expect("there is room");
        }
        Self { free, taken: Arc::new(Mutex::new(taken)) }
    }

    async fn get(&self) -> Prepared {
        self.taken.lock().await.recv().await.expect("the pool is not closed")
    }

    fn give_back(&self, prepared: Prepared) {
        self.free.try_send(prepared).expect("there is room");
    }

    async fn append(&self, stream: Uuid, tail: &mut Tail, events: Vec<Deposit>, begins: bool) {
        let stream = stream.to_string();
        let mut payloads: Vec<_> =
            events.into_iter().map(|event| serde_json::to_vec(&Fact::Deposited(event)).expect("it is JSON")).collect();
        let mut prepared = self.get().await;
        let (from, now, ids) = (
            i64::try_from(tail.events).expect("no stream is that long"),
            1_700_000_000_000_000_i64,
            payloads.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>(),
        );
        tail.events += payloads.len() as u64;
        if payloads.len() > 1 {
            let Prepared { client, many, .. } = &prepared;
            client.execute(many, &[&stream, &from, &now, &ids, &payloads]).await.expect("nobody else appends");
        } else {
            let payload = payloads.remove(0);
            let version = from + 1;
            let Prepared { client, one, .. } = &mut prepared;
            let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
                [&stream, &version, &ids[0], &now, &payload];
            if begins {
                let tx = client.transaction().await.expect("the server answers");
                tx.execute(&*one, &parameters).await.expect("nobody else appends");
                tx.commit().await.expect("the server answers");
            } else {
                client.execute(&*one, &parameters).await.expect("nobody else appends");
            }
        }
        self.give_back(prepared);
    }

    async fn load(&self, stream: Uuid) -> u64 {
        let prepared = self.get().await;
        let Prepared { client, select, .. } = &prepared;
        let rows = client.query(select, &[&stream.to_string()]).await.expect("the server answers");
        let sum = rows.iter().map(|row| {
            let (_version, _id, _name, _time): (i64, Uuid, String, i64) =
                (row.get(0), row.get(1), row.get(2), row.get(3));
            let Fact::Deposited(deposit) = serde_json::from_slice(row.get(4)).expect("it is JSON");
            deposit.amount
        });
        let sum = sum.sum();
        self.give_back(prepared);
        sum
    }
}

/// `BEGIN`, a prepared `INSERT`, `COMMIT`.
#[derive(Clone)]
pub struct InTransaction(Pool);

impl Subject for InTransaction {
    const NAME: &'static str = "bare driver, transaction";
    const DIFFERS: &'static str =
        "`BEGIN`, a prepared `INSERT`, `COMMIT`; no order of the log that readers could rely on";

    async fn open(url: &str, connections: u32) -> Self {
        Self(Pool::open(url, connections).await)
    }

    async fn append(&self, stream: Uuid, tail: &mut Tail, events: Vec<Deposit>) -> u64 {
        self.0.append(stream, tail, events, true).await;
        0
    }

    async fn load(&self, stream: Uuid) -> u64 {
        self.0.load(stream).await
    }
}

/// The prepared `INSERT` alone, which commits itself: the least that a durable row costs.
#[derive(Clone)]
pub struct Alone(Pool);

impl Subject for Alone {
    const NAME: &'static str = "bare driver, one statement";
    const DIFFERS: &'static str = "a prepared `INSERT` that commits itself: the least that a durable row costs";

    async fn open(url: &str, connections: u32) -> Self {
        Self(Pool::open(url, connections).await)
    }

    async fn append(&self, stream: Uuid, tail: &mut Tail, events: Vec<Deposit>) -> u64 {
        self.0.append(stream, tail, events, false).await;
        0
    }

    async fn load(&self, stream: Uuid) -> u64 {
        self.0.load(stream).await
    }
}

//! Measures es-postgres-store beside the bare driver and beside its peers, on one throwaway server.

mod by_hand;
mod measure;
mod report;
mod subject;
mod with_cqrs_es;
mod with_disintegrate;
mod with_es;
mod with_esrs;
mod with_eventcore;
mod with_evento;

use std::error::Error;

use futures::future::BoxFuture;
use measure::{CONNECTIONS, Sample, Sizes, round};
use report::Measured;
use subject::Subject;
use test_servers::Postgres;

type Failed = Box<dyn Error + Send + Sync>;

/// A subject with its database, measured by tasks on the threads of the runtime.
struct Prepared {
    measured: Measured,
    round: Box<dyn Fn(Sizes) -> BoxFuture<'static, Sample>>,
}

#[derive(PartialEq)]
enum Role {
    Limit,
    Ours,
    Peer,
}

async fn prepare<S: Subject>(server: &Postgres, role: Role) -> Prepared {
    let subject = S::open(&server.database(), CONNECTIONS).await;
    let url = server.database();
    let database = url.rsplit('/').next().unwrap_or_default();
    server.psql("postgres", &format!("ALTER DATABASE {database} SET synchronous_commit = off"));
    let in_memory = S::open(&url, CONNECTIONS).await;
    let measured = Measured {
        name: S::NAME,
        differs: S::DIFFERS,
        rounds: Vec::new(),
        is_ours: role == Role::Ours,
        is_peer: role == Role::Peer,
    };
    let one = move |sizes| -> BoxFuture<'static, Sample> {
        let (subject, in_memory) = (subject.clone(), in_memory.clone());
        Box::pin(async move { round(&subject, &in_memory, sizes).await })
    };
    Prepared { measured, round: Box::new(one) }
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let server = Postgres::start(&[("max_connections", "400")]).ok_or("there is no PostgreSQL")?;
    let said = server.psql("postgres", "SHOW server_version");
    let said = format!("PostgreSQL {}", said.split(' ').next().unwrap_or_default());
    let (rounds, sizes) = if is_quick {
        (3, Sizes { lone: 50, each: 5, loads: 10 })
    } else {
        (15, Sizes { lone: 30, each: 4, loads: 6 })
    };
    let mut all = [
        prepare::<by_hand::Alone>(&server, Role::Limit).await,
        prepare::<by_hand::InTransaction>(&server, Role::Limit).await,
        prepare::<with_es::Es>(&server, Role::Ours).await,
        prepare::<with_cqrs_es::CqrsEs>(&server, Role::Peer).await,
        prepare::<with_disintegrate::Disintegrate>(&server, Role::Peer).await,
        prepare::<with_esrs::Esrs>(&server, Role::Peer).await,
        prepare::<with_eventcore::Eventcore>(&server, Role::Peer).await,
        prepare::<with_evento::Evento>(&server, Role::Peer).await,
    ];
    for number in 0..=rounds {
        for Prepared { measured, round } in &mut all {
            let sample = tokio::spawn(round(sizes)).await?;
            // The first round warms up what it can, and is not counted.
            if number > 0 {
                eprintln!("{number} {}: {sample:?}", measured.name);
                measured.rounds.push(sample);
            }
        }
    }
    let measured: Vec<_> = all.into_iter().map(|prepared| prepared.measured).collect();
    print!("{}", report::markdown(&measured, &said, sizes.lone));
    Ok(())
}

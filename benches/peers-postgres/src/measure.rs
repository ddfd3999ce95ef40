//! One round of one subject.

use std::time::Instant;

use uuid::Uuid;

use crate::subject::{Deposit, Subject, Tail};

/// How much is done in a round.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// Appends of the lone writer.
    pub lone: u64,
    /// Appends of each of many writers.
    pub each: u64,
    /// How often a stream is loaded.
    pub loads: u64,
}

pub const WRITERS: u64 = 64;
pub const STREAM: u64 = 1_000;
pub const CONNECTIONS: u32 = 10;

/// What a round has shown.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Microseconds for one append of a lone writer, the median of its appends.
    pub lone: f64,
    /// The same where a commit does not wait for the disk.
    pub lone_in_memory: f64,
    /// Appends in a second, of many writers together.
    pub many: f64,
    /// Microseconds for the load of a stream, the median of the loads.
    pub load: f64,
    /// How many appends of the many had to be sent again.
    pub again: u64,
}

/// The second is the same subject in a database whose commits do not wait for the disk.
pub async fn round<S: Subject>(subject: &S, in_memory: &S, sizes: Sizes) -> Sample {
    let lone_in_memory = lone(in_memory, sizes.lone).await;
    let lone = lone(subject, sizes.lone).await;
    let (many, again) = many(subject, sizes.each).await;
    let load = load(subject, sizes.loads).await;
    Sample { lone, lone_in_memory, many, load, again }
}

async fn lone<S: Subject>(subject: &S, appends: u64) -> f64 {
    let (stream, mut tail, mut times) = (Uuid::new_v4(), Tail::default(), Vec::new());
    for number in 0..appends {
        let start = Instant::now();
        subject.append(stream, &mut tail, vec![Deposit::new(number)]).await;
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    median(times)
}

async fn many<S: Subject>(subject: &S, each: u64) -> (f64, u64) {
    let start = Instant::now();
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let subject = subject.clone();
            tokio::spawn(async move {
                let (stream, mut tail, mut again) = (Uuid::new_v4(), Tail::default(), 0);
                for number in 0..each {
                    again += subject.append(stream, &mut tail, vec![Deposit::new(number)]).await;
                }
                again
            })
        })
        .collect();
    let mut again = 0;
    for writer in writers {
        again += writer.await.expect("no writer panics");
    }
    let appends = f64::from(u32::try_from(WRITERS * each).expect("so many are not measured"));
    (appends / start.elapsed().as_secs_f64(), again)
}

async fn load<S: Subject>(subject: &S, loads: u64) -> f64 {
    let (stream, mut tail) = (Uuid::new_v4(), Tail::default());
    subject.append(stream, &mut tail, (0..STREAM).map(Deposit::new).collect()).await;
    let mut times = Vec::new();
    for _ in 0..loads {
        let start = Instant::now();
        let sum = subject.load(stream).await;
        times.push(start.elapsed().as_secs_f64() * 1e6);
        assert_eq!(sum, STREAM * (STREAM - 1) / 2, "{} has read something else", S::NAME);
    }
    median(times)
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

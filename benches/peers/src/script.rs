//! What happens: the same events and commands for everybody, by their number.

use crate::domain::{
    Account, AccountEvent, AccountOpened, Deposit, MoneyDeposited, MoneyDepositedV1, MoneyWithdrawn, OpenAccount,
    Withdraw,
};
use crate::workload::Workload;

const OWNERS: [&str; 4] = ["Ada Lovelace", "Grace Hopper", "Emmy Noether", "Sofja Kowalewskaja"];

/// How many events an append has.
pub const BATCH: usize = 10;

/// How many commands each short stream gets.
pub const COMMANDS: usize = 5;

/// How many commands a long stream gets: so few that it does not grow, or so many that none counts by itself where it
/// may grow, because it is not read.
pub fn long_commands(workload: Workload) -> usize {
    if workload == Workload::LongCached { 10_000 } else { 20 }
}

/// How many streams share so many appended events.
pub fn streams(events: usize) -> usize {
    (events / 1_000).clamp(1, 1_000)
}

/// The id of a stream.
pub fn id(stream: usize) -> String {
    format!("{:032x}", stream as u128 * 0x9e37_79b9_7f4a_7c15)
}

fn reference(n: usize) -> String {
    format!("invoice 2026-{:06}", n * 7_919 % 1_000_000)
}

fn counterparty(n: usize) -> String {
    format!("AT61 1904 3002 {:04} {:04}", n % 9_973, n * 31 % 9_967)
}

fn deposited_amount(n: usize) -> u64 {
    (n as u64 * 37) % 90_000 + 1_000
}

fn withdrawn_amount(n: usize) -> u64 {
    (n as u64 * 13) % 400 + 1
}

/// Opens the account.
pub fn open(n: usize) -> OpenAccount {
    let (owner, branch) = (OWNERS[n % 4].to_owned(), "Europaplatz 1, 8020 Graz".to_owned());
    OpenAccount { owner, iban: counterparty(n), branch }
}

pub fn deposit(n: usize) -> Deposit {
    let currency = "EUR".to_owned();
    Deposit { amount: deposited_amount(n), currency, reference: reference(n), counterparty: counterparty(n) }
}

pub fn withdraw(n: usize) -> Withdraw {
    let currency = "EUR".to_owned();
    Withdraw { amount: withdrawn_amount(n), currency, reference: reference(n), counterparty: counterparty(n) }
}

pub fn opened(n: usize) -> AccountOpened {
    let OpenAccount { owner, iban, branch } = open(n);
    AccountOpened { owner, iban, branch }
}

pub fn deposited(n: usize) -> MoneyDeposited {
    let Deposit { amount, currency, reference, counterparty } = deposit(n);
    MoneyDeposited { amount, currency, reference, counterparty }
}

/// A deposit as it was stored two versions ago.
pub fn deposited_long_ago(n: usize) -> MoneyDepositedV1 {
    MoneyDepositedV1 { amt: deposited_amount(n), reference: reference(n), counterparty: counterparty(n) }
}

pub fn withdrawn(n: usize) -> MoneyWithdrawn {
    let Withdraw { amount, currency, reference, counterparty } = withdraw(n);
    MoneyWithdrawn { amount, currency, reference, counterparty }
}

/// The event `n` of a stream: it is opened, then there are two deposits for each withdrawal.
pub fn event(n: usize) -> AccountEvent {
    match n {
        0 => opened(n).into(),
        n if n % 3 == 0 => withdrawn(n).into(),
        n => deposited(n).into(),
    }
}

/// What a subject has to come to, so that nobody is fast by doing nothing.
pub fn balance_after(events: usize) -> u64 {
    let mut account = Account::default();
    for n in 0..events {
        es_core::Aggregate::apply_event(&mut account, event(n));
    }
    account.balance
}

/// How many bytes of JSON an event has in the mean.
pub fn mean_payload(events: usize) -> f64 {
    let streams = streams(events);
    let each = events / streams;
    let bytes: usize = (0..each)
        .map(|n| {
            let bytes = match event(n) {
                crate::domain::AccountEvent::AccountOpened(event) => serde_json::to_vec(&event),
                crate::domain::AccountEvent::MoneyDeposited(event) => serde_json::to_vec(&event),
                crate::domain::AccountEvent::MoneyWithdrawn(event) => serde_json::to_vec(&event),
                crate::domain::AccountEvent::AccountClosed(event) => serde_json::to_vec(&event),
            };
            bytes.map_or(0, |bytes| bytes.len())
        })
        .sum();
    bytes as f64 / each as f64
}

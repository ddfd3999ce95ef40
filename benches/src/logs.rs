//! The streams that are read: a thousand stored events each, as a store hands them out.

use es_core::{EventId, EventName, Metadata, Position, RecordedEvent, StreamId, Timestamp, Version};

/// As many as `benches/instructions` divides by.
pub(crate) const EVENTS: u64 = 1_000;

const OWNERS: [&str; 4] = ["Ada Lovelace", "Grace Hopper", "Emmy Noether", "Sofja Kowalewskaja"];

/// One of the owners, in turn.
fn owner(n: u64) -> &'static str {
    usize::try_from(n % 4).map_or(OWNERS[0], |n| OWNERS[n])
}

fn log(event: impl Fn(u64) -> (&'static str, u32, String)) -> Vec<RecordedEvent> {
    let recorded = |n: u64| {
        let (name, schema_version, payload) = event(n);
        RecordedEvent {
            stream: StreamId::new("account", "ada").expect("this is a valid id"),
            version: Version::new(n + 1),
            position: Position::new(n + 1),
            id: EventId::new(uuid::Uuid::from_u128(n.into())),
            name: EventName::new(name).expect("this is a valid name"),
            schema_version,
            recorded_at: Timestamp::UNIX_EPOCH,
            metadata: Metadata::new(),
            payload: payload.into(),
        }
    };
    (0..EVENTS).map(recorded).collect()
}

fn cents(n: u64) -> u64 {
    n * 37 % 90_000 + 100
}

fn reference(n: u64) -> String {
    format!("invoice 2026-{:06}", n * 7_919 % 1_000_000)
}

/// 65 % deposits, 30 % withdrawals, and the three rare events.
pub(crate) fn current() -> Vec<RecordedEvent> {
    log(|n| {
        let (cents, reference, owner) = (cents(n), reference(n), owner(n / 60));
        match (n % 20, n / 20 % 3) {
            (0, 0) => ("account-opened", 1, format!(r#"{{"owner":"{owner}","branch":"Europaplatz 1, Graz"}}"#)),
            (0, 1) => {
                ("limit-set", 2, format!(r#"{{"limit":{{"cents":{cents},"currency":"EUR"}},"approved_by":"{owner}"}}"#))
            }
            (0, _) => (
                "account-closed",
                1,
                format!(r#"{{"reason":"moved to another bank","by":"{owner}","fee_cents":{cents}}}"#),
            ),
            (1..=6, _) => (
                "money-withdrawn",
                2,
                format!(r#"{{"money":{{"cents":{cents},"currency":"EUR"}},"reference":"{reference}"}}"#),
            ),
            _ => (
                "money-deposited",
                3,
                format!(r#"{{"money":{{"cents":{cents},"currency":"EUR"}},"reference":"{reference}"}}"#),
            ),
        }
    })
}

pub(crate) fn deposits_v1() -> Vec<RecordedEvent> {
    log(|n| ("money-deposited", 1, format!(r#"{{"amt":{},"reference":"{}"}}"#, cents(n), reference(n))))
}

pub(crate) fn deposits_v2() -> Vec<RecordedEvent> {
    log(|n| {
        let (cents, reference) = (cents(n), reference(n));
        ("money-deposited", 2, format!(r#"{{"amount":{cents},"currency":"EUR","reference":"{reference}"}}"#))
    })
}

pub(crate) fn withdrawals_v1() -> Vec<RecordedEvent> {
    log(|n| {
        let (cents, reference) = (cents(n), reference(n));
        ("money-withdrawn", 1, format!(r#"{{"amount":{cents},"currency":"EUR","reference":"{reference}"}}"#))
    })
}

pub(crate) fn limits_v1() -> Vec<RecordedEvent> {
    log(|n| {
        let (cents, owner) = (cents(n), owner(n));
        ("limit-set", 1, format!(r#"{{"limit":{cents},"currency":"EUR","approved_by":"{owner}"}}"#))
    })
}

pub(crate) fn closings_under_their_former_name() -> Vec<RecordedEvent> {
    log(|n| {
        let (cents, owner) = (cents(n), owner(n));
        ("account-dissolved", 1, format!(r#"{{"reason":"moved to another bank","by":"{owner}","fee_cents":{cents}}}"#))
    })
}

pub(crate) fn parcels(version: u32) -> Vec<RecordedEvent> {
    log(|n| {
        let payload =
            format!(r#"{{"parcel":"RR{:09}AT","grams":{},"scale":"hall 3","memo":null}}"#, n * 7_919, n % 997);
        ("parcel-weighed", version, payload)
    })
}

pub(crate) fn only(name: &'static str) -> Vec<RecordedEvent> {
    log(|n| (name, 1, format!(r#"{{"by":{}}}"#, n % 10)))
}

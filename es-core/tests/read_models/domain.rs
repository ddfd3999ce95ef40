//! Accounts, from the log to rows: old versions of events, several keys of one event, and every way for a row to end.

use std::collections::BTreeMap;

use es_core::store::EventStore;
use es_core::{
    AnswerFrom, Event, EventId, EventName, ExpectedVersion, Metadata, NewEvent, Position, ProjectRow, Projection,
    Query, QueryError, RecordedEvent, Rows, StreamId, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(name = "account-opened", version = 2, alias = "account-created")]
#[upcast(1 => 2, rename(name => owner))]
pub(crate) struct AccountOpened {
    pub(crate) owner: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(name = "money-deposited")]
pub(crate) struct MoneyDeposited {
    pub(crate) cents: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(name = "money-transferred")]
pub(crate) struct MoneyTransferred {
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) cents: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(name = "interest-paid")]
pub(crate) struct InterestPaid {
    pub(crate) accounts: Vec<u64>,
    pub(crate) cents: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(name = "account-closed")]
pub(crate) struct AccountClosed {}

/// What is on an account.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Projection)]
#[projection(
    name = "balances", version = 2, key = u64,
    events(
        AccountOpened,
        MoneyDeposited,
        MoneyTransferred(keys = [event.from, event.to]),
        InterestPaid(keys = &event.accounts),
        AccountClosed(delete),
    ),
    index(owner, cents),
    delete_when = row.cents <= -100,
)]
pub(crate) struct Balance {
    pub(crate) owner: String,
    pub(crate) cents: i64,
    pub(crate) changes: u64,
}

impl ProjectRow<AccountOpened> for Balance {
    fn project(&mut self, _: &u64, event: AccountOpened, _: &RecordedEvent) {
        self.owner = event.owner;
        self.changes += 1;
    }
}

impl ProjectRow<MoneyDeposited> for Balance {
    fn project(&mut self, _: &u64, event: MoneyDeposited, _: &RecordedEvent) {
        self.cents += event.cents;
        self.changes += 1;
    }
}

impl ProjectRow<MoneyTransferred> for Balance {
    fn project(&mut self, account: &u64, event: MoneyTransferred, _: &RecordedEvent) {
        self.cents += if *account == event.to { event.cents } else { 0 };
        self.cents -= if *account == event.from { event.cents } else { 0 };
        self.changes += 1;
    }
}

impl ProjectRow<InterestPaid> for Balance {
    fn project(&mut self, _: &u64, event: InterestPaid, _: &RecordedEvent) {
        self.cents += event.cents;
        self.changes += 1;
    }
}

/// How much has somebody on all accounts?
#[derive(Debug, Clone)]
pub(crate) struct GetWealth {
    pub(crate) owner: &'static str,
}

impl Query for GetWealth {
    type Answer = i64;
}

impl AnswerFrom<GetWealth> for Balance {
    async fn answer_from(rows: &Rows<'_, Self>, query: GetWealth) -> Result<i64, QueryError> {
        let accounts = rows.by_index("owner", query.owner).await?;
        Ok(accounts.iter().map(|(_, balance)| balance.cents).sum())
    }
}

/// An event as JSON, of any version.
pub(crate) fn event(number: u64, name: &'static str, schema_version: u32, payload: &Value) -> NewEvent {
    NewEvent {
        id: EventId::new(uuid::Uuid::from_u64_pair(7, number)),
        name: EventName::from_static(name),
        schema_version,
        recorded_at: Timestamp::UNIX_EPOCH,
        metadata: Metadata::new(),
        payload: payload.to_string().into(),
    }
}

/// Events that happen at random, the same each time, and the rows that they should make.
pub(crate) struct History {
    random: u64,
    number: u64,
    pub(crate) rows: BTreeMap<u64, Balance>,
}

const OWNERS: [&str; 3] = ["ada", "bob", "eve"];

impl History {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: seed, number: 0, rows: BTreeMap::new() }
    }

    fn below(&mut self, end: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % end
    }

    fn row(&mut self, account: u64) -> &mut Balance {
        let row = self.rows.entry(account).or_default();
        row.changes += 1;
        row
    }

    /// What happens next, and in which stream.
    pub(crate) fn next(&mut self) -> (StreamId, NewEvent) {
        self.number += 1;
        let (account, other, cents) = (self.below(6), self.below(6), self.below(60).cast_signed() - 20);
        let owner = OWNERS[usize::try_from(self.below(3)).unwrap()];
        let what = self.below(8);
        let (name, version, payload) = match what {
            0 => ("account-created", 1, json!({"name": owner})),
            1 => ("account-opened", 2, json!({"owner": owner})),
            2 => ("money-transferred", 1, json!({"from": account, "to": other, "cents": cents})),
            3 => ("interest-paid", 1, json!({"accounts": (0..self.below(4)).collect::<Vec<_>>(), "cents": cents})),
            4 => ("account-closed", 1, json!({})),
            5 => ("statement-printed", 1, json!("of no projection")),
            _ => ("money-deposited", 1, json!({"cents": cents})),
        };
        let mut touched = vec![account];
        match what {
            0 | 1 => owner.clone_into(&mut self.row(account).owner),
            2 => {
                // To oneself, it is one event for one row, and changes nothing.
                self.row(account).cents -= if account == other { 0 } else { cents };
                if account != other {
                    self.row(other).cents += cents;
                    touched.push(other);
                }
            }
            3 => {
                touched = payload["accounts"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).collect();
                for account in &touched {
                    self.row(*account).cents += cents;
                }
            }
            4 => {
                self.rows.remove(&account);
            }
            5 => touched.clear(),
            _ => self.row(account).cents += cents,
        }
        self.rows.retain(|account, row| !touched.contains(account) || row.cents > -100);
        (StreamId::new("account", account).unwrap(), event(self.number, name, version, &payload))
    }
}

/// Appends one event.
pub(crate) async fn append(store: &dyn EventStore, (stream, event): (StreamId, NewEvent)) -> Position {
    store.append(&stream, ExpectedVersion::Any, vec![event]).await.unwrap().position.unwrap()
}

/// The rows of a read model, all of them.
pub(crate) async fn all(rows: &Rows<'_, Balance>) -> BTreeMap<u64, Balance> {
    rows.scan(es_core::store::Scan::keys()).await.unwrap().rows.into_iter().collect()
}

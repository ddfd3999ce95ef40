//! A store with accounts, requests and the process between them.

use es_core::store::{CheckpointStore, EventStore, ReadLog};
use es_core::{MessageId, Metadata, ProcessDriver, RecordedEvent, Repository};
use es_memory_store::MemoryStore;
use es_testkit::ManualClock;

use crate::bank::{Account, Deposit, EndTransfer, Request, RequestTransfer, Transfer};

#[derive(Clone)]
pub(crate) struct World<S = MemoryStore> {
    pub store: S,
    pub clock: ManualClock,
    pub accounts: Repository<Account, S>,
    pub requests: Repository<Request, S>,
    pub driver: ProcessDriver<Transfer, S>,
}

impl Default for World {
    fn default() -> Self {
        World::around(MemoryStore::new(), ManualClock::default())
    }
}

impl<S: EventStore + CheckpointStore + Clone + 'static> World<S> {
    pub(crate) fn around(store: S, clock: ManualClock) -> Self {
        Self {
            accounts: Repository::new(store.clone()).with_clock(clock.clone()),
            requests: Repository::new(store.clone()).with_clock(clock.clone()),
            driver: ProcessDriver::new(store.clone()).unwrap().with_clock(clock.clone()),
            store,
            clock,
        }
    }

    pub(crate) async fn deposit(&self, account: &str, amount: u64) {
        self.accounts.execute(account, Deposit { amount }).await.unwrap();
    }

    /// Asks for a transfer of 40 in a conversation of its own.
    pub(crate) async fn request(&self, name: &str, from: &str, to: &str) {
        let command = RequestTransfer { from: from.into(), to: to.into(), amount: 40 };
        let metadata = Metadata::new().with_correlation_id(name).with_actor("ada");
        self.requests.execute_once(name, &MessageId::from(name), command, metadata).await.unwrap();
    }

    pub(crate) async fn end(&self, name: &str, how: &str) {
        self.requests.execute(name, EndTransfer { how: how.into() }).await.unwrap();
    }

    pub(crate) async fn balance(&self, account: &str) -> u64 {
        self.accounts.load(account).await.unwrap().state().balance
    }

    pub(crate) async fn ended(&self, name: &str) -> Vec<String> {
        self.requests.load(name).await.unwrap().state().ended.clone()
    }

    pub(crate) async fn log(&self) -> Vec<RecordedEvent> {
        self.store.read_log(ReadLog::all()).await.unwrap().events
    }
}

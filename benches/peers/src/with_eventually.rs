//! eventually 0.4, on its memory store.

use std::convert::Infallible;

use eventually::inmemory::EventStore;
use eventually::store::{EventStore as _, Expected, Select};
use eventually::{AggregateRootBuilder, Repository};
use futures::TryStreamExt;
use futures::future::{BoxFuture, FutureExt};

use crate::domain::{Account, AccountError, Balances, Fact, Order};
use crate::peer::Peer;

#[derive(Clone)]
struct Accounts;

impl eventually::Aggregate for Accounts {
    type Id = String;
    type State = Account;
    type Event = Fact;
    type Command = Order;
    type Error = AccountError;

    fn apply(mut state: Account, event: Fact) -> Result<Account, AccountError> {
        state.take_in(event);
        Ok(state)
    }

    fn handle<'a, 's: 'a>(
        &'a self,
        _: &'s String,
        state: &'s Account,
        command: Order,
    ) -> BoxFuture<'a, Result<Option<Vec<Fact>>, AccountError>> {
        let decided = state.decide(command).map(|fact| Some(vec![fact]));
        futures::future::ready(decided).boxed()
    }
}

type Store = EventStore<String, Fact>;

#[derive(Clone)]
pub(crate) struct Eventually {
    store: Store,
    repository: Repository<Accounts, Store>,
}

impl Peer for Eventually {
    fn new() -> Self {
        let store = Store::default();
        let repository = Repository::new(AggregateRootBuilder::from(Accounts), store.clone());
        Self { store, repository }
    }

    async fn execute(&self, id: &str, order: Order) {
        let mut repository = self.repository.clone();
        let mut root = repository.get(id.to_owned()).await.expect("the stream is read");
        root.handle(order).await.expect("the script breaks no rule");
        repository.add(root).await.expect("nobody else appends");
    }

    async fn balance(&self, id: &str) -> u64 {
        self.repository.get(id.to_owned()).await.expect("the stream is read").state().balance
    }

    async fn append(&self, id: &str, seen: usize, facts: Vec<Fact>) {
        let expected = Expected::Exact(u32::try_from(seen).expect("no stream is that long"));
        self.store.clone().append(id.to_owned(), expected, facts).await.expect("nobody else appends");
    }

    async fn project(&self) -> Option<u64> {
        let events = self.store.stream_all(Select::All).await.expect("the log is read");
        let balances = events.map_err(|_| unreachable!("a memory store reads")).try_fold(
            Balances::default(),
            |mut balances, event| async move {
                balances.take_in(event.source_id(), &event);
                Ok::<_, Infallible>(balances)
            },
        );
        balances.await.ok().map(|balances| balances.total())
    }
}

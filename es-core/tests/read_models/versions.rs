//! A new version catches up beside the old one, and takes its place when it is there.

use es_core::store::ReadModelStore;
use es_core::{Event, ProjectRow, Projection, ReadModel, RecordedEvent};
use es_memory_store::MemoryStore;
use serde::{Deserialize, Serialize};

use crate::domain::{AccountOpened, Balance, History, MoneyDeposited, all, append};

#[derive(Debug, Default, Serialize, Deserialize, Projection)]
#[projection(name = "balances", version = 3, key = String, events(AccountOpened, MoneyDeposited))]
pub(crate) struct Newer {
    seen: u64,
}

impl ProjectRow<AccountOpened> for Newer {
    fn project(&mut self, _: &String, _: AccountOpened, _: &RecordedEvent) {
        self.seen += 1;
    }
}

impl ProjectRow<MoneyDeposited> for Newer {
    fn project(&mut self, _: &String, _: MoneyDeposited, _: &RecordedEvent) {
        self.seen += 1;
    }
}

#[tokio::test]
async fn versions_stand_beside_each_other_until_one_is_dropped() {
    let (store, mut history) = (MemoryStore::new(), History::new(5));
    for _ in 0..30 {
        append(&store, history.next()).await;
    }
    let (old, new) = (ReadModel::<Balance, _>::new(store.clone()), ReadModel::<Newer, _>::new(store.clone()));
    let at = old.catch_up().await.unwrap();
    assert!(new.scan(es_core::store::Scan::keys()).await.unwrap().rows.is_empty());
    assert_eq!(new.catch_up().await.unwrap(), at);
    assert_eq!(all(&old.rows()).await, history.rows);
    let names = async || {
        let listed = store.list_read_models().await.unwrap();
        listed.into_iter().map(|entry| entry.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["balances@2", "balances@3"]);
    assert!(store.drop_read_model(old.checkpoint_name()).await.unwrap());
    assert_eq!(names().await, ["balances@3"]);
    assert!(!new.scan(es_core::store::Scan::keys()).await.unwrap().rows.is_empty());
}

#[derive(Debug, Default, Projection)]
#[projection(name = "all", events(MoneyDeposited))]
struct First;

impl es_core::Project<MoneyDeposited> for First {
    fn project(&mut self, _: MoneyDeposited, _: &RecordedEvent) {}
}

#[test]
fn the_version_is_a_part_of_the_name_from_the_second_on() {
    use es_core::KeyedProjection;
    assert_eq!(Balance::MODEL.checkpoint_name(), "balances@2");
    assert_eq!((Balance::MODEL.key, Balance::MODEL.indexes), (Some("u64"), &["owner", "cents"][..]));

    assert_eq!(<First as Projection>::MODEL.checkpoint_name(), "all");
    assert_eq!((<First as Projection>::VERSION, MoneyDeposited::VERSION), (1, 1));
}

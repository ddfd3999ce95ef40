//! Keyed projections, and the read models that come of them.

mod domain;
mod processing;
mod querying;
mod three_ways;
mod versions;

use es_memory_store::MemoryStore;

#[tokio::test]
async fn one_definition_makes_the_same_rows_behind_inside_and_on_read() {
    three_ways::the_same_rows_come_of_all_three([MemoryStore::new(), MemoryStore::new()]).await;
}

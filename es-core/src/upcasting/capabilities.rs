//! What the store below can do beside, passed on as it is: none of it reads events.

use super::{StreamUpcaster, UpcastingStore};

crate::forward_store! {
    [S, U: StreamUpcaster] UpcastingStore<S, U>, |upcasting| upcasting.store =>
    Subscribe, MultiStreamAppend, CheckpointStore, ReadModelStore, LeaseStore, FailureStore
}

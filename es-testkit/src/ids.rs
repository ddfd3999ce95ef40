//! Ids that a test knows beforehand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use es_core::{IdSource, Timestamp};
use uuid::Uuid;

/// The UUIDs 1, 2, 3, …, whatever time it is.
///
/// Cloning gives another handle to the same count.
///
/// ```
/// use es_core::{IdSource, Timestamp};
/// use es_testkit::CountingIds;
///
/// let ids = CountingIds::default();
/// assert_eq!(ids.next_id(Timestamp::UNIX_EPOCH).to_string(), "00000000-0000-0000-0000-000000000001");
/// assert_eq!(ids.clone().next_id(Timestamp::UNIX_EPOCH).as_u128(), 2);
/// ```
#[derive(Debug, Clone, Default)]
pub struct CountingIds {
    made: Arc<AtomicU64>,
}

impl IdSource for CountingIds {
    fn next_id(&self, _now: Timestamp) -> Uuid {
        Uuid::from_u128(u128::from(self.made.fetch_add(1, Relaxed)) + 1)
    }
}

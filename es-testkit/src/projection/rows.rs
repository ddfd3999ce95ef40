//! Scenarios of a keyed projection: given this log, then this row.

use std::fmt::{Debug, Display};

use es_core::store::{EventStore, Scan};
use es_core::{AnswerFrom, Event, ExpectedVersion, Json, KeyedProjection, LiveRows, NewEvent, Query, RowKey};
use es_memory_store::MemoryStore;

use super::{assert_listed, assert_not_listed, record, unreadable};
use crate::block_on::block_on;
use crate::difference::assert_same;
use crate::log::Log;
use crate::round_trip::causes;

/// How many rows a message names.
const SHOWN: usize = 10;

/// Begins a scenario of a keyed projection, with an empty log.
///
/// The log is that of [`given_log`](super::given_log): positions 1, 2, 3, …, one second apart, and every event is encoded
/// as JSON and read back.
/// Rows are encoded and read back too, and stand in their indexes, as in a store.
///
/// ```
/// use es_core::{AnswerFrom, Event, ProjectRow, Projection, Query, QueryError, RecordedEvent, Rows};
/// use es_testkit::given_rows;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
/// #[event(name = "account-opened")]
/// pub struct AccountOpened { pub owner: String }
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
/// #[event(name = "account-closed")]
/// pub struct AccountClosed {}
///
/// #[derive(Debug, Default, PartialEq, Serialize, Deserialize, Projection)]
/// #[projection(name = "owners", key = String, events(AccountOpened, AccountClosed(delete)), index(owner))]
/// pub struct Account { pub owner: String }
///
/// impl ProjectRow<AccountOpened> for Account {
///     fn project(&mut self, _: &String, event: AccountOpened, _: &RecordedEvent) { self.owner = event.owner; }
/// }
///
/// #[derive(Debug, Clone)]
/// pub struct CountAccounts { pub owner: &'static str }
/// impl Query for CountAccounts { type Answer = usize; }
/// impl AnswerFrom<CountAccounts> for Account {
///     async fn answer_from(rows: &Rows<'_, Self>, query: CountAccounts) -> Result<usize, QueryError> {
///         Ok(rows.by_index("owner", query.owner).await?.len())
///     }
/// }
///
/// given_rows::<Account>()
///     .event("account-1", AccountOpened { owner: "Ada".into() })
///     .event("account-2", AccountOpened { owner: "Bob".into() })
///     .event("account-2", AccountClosed {})
///     .then_row("1", Account { owner: "Ada".into() })
///     .then_no_row("2")
///     .then_answer(CountAccounts { owner: "Ada" }, 1);
/// ```
#[must_use = "a scenario without `then` tests little"]
pub fn given_rows<P: KeyedProjection>() -> GivenRows<P> {
    GivenRows { log: Log::default(), store: MemoryStore::new(), projection: std::marker::PhantomData }
}

/// What a keyed projection has seen.
#[derive(Debug)]
pub struct GivenRows<P> {
    log: Log,
    store: MemoryStore,
    projection: std::marker::PhantomData<fn() -> P>,
}

#[allow(clippy::return_self_not_must_use, reason = "a scenario may end with any expectation")]
#[allow(clippy::needless_pass_by_value, reason = "an expectation is a value that is written where it is used")]
impl<P: KeyedProjection> GivenRows<P> {
    /// Adds an event that the projection lists.
    ///
    /// # Panics
    /// If the projection does not list it, so that no test passes because nothing was seen; if it is about no key; if it
    /// does not come back from JSON as it went in; or if `stream` does not name a stream.
    #[track_caller]
    pub fn event<E: Event + PartialEq + Debug>(mut self, stream: &str, event: E) -> Self {
        let projected = self.append(stream, &event);
        assert_listed(projected, P::NAME, E::NAME);
        self
    }

    /// Adds an event that is in the log, but does not concern the projection.
    ///
    /// # Panics
    /// If the projection lists it; if it does not come back from JSON as it went in; or if `stream` does not name a
    /// stream.
    #[track_caller]
    pub fn unrelated_event<E: Event + PartialEq + Debug>(mut self, stream: &str, event: E) -> Self {
        let projected = self.append(stream, &event);
        assert_not_listed(projected, P::NAME, E::NAME);
        self
    }

    /// Expects that the row with this key is this one; the key is given as its text, or as anything that has it.
    ///
    /// # Panics
    /// If there is no such row, or it is another.
    #[track_caller]
    pub fn then_row(self, key: impl Display, expected: P) -> Self
    where
        P: PartialEq + Debug,
    {
        let row = self.some_row(&key.to_string());
        assert_same(&format!("row `{key}` is another than expected"), &expected, &row);
        self
    }

    /// Expects that a look at the row with this key shows this: `.then_row_has("ada", |row| row.cents, 70)`.
    ///
    /// # Panics
    /// If there is no such row, or it shows something else.
    #[track_caller]
    pub fn then_row_has<T: PartialEq + Debug>(
        self,
        key: impl Display,
        look: impl FnOnce(&P) -> T,
        expected: T,
    ) -> Self {
        let row = self.some_row(&key.to_string());
        assert_same(&format!("row `{key}` is another than expected"), &expected, &look(&row));
        self
    }

    /// Expects that no row has this key.
    ///
    /// # Panics
    /// If there is one.
    #[track_caller]
    pub fn then_no_row(self, key: impl Display) -> Self
    where
        P: Debug,
    {
        if let Some(row) = self.row(&key.to_string()) {
            panic!("there is a row `{key}`, but none is expected:\n{row:#?}");
        }
        self
    }

    /// Expects this answer of the rows to a query.
    ///
    /// # Panics
    /// If the answer is another, or there is none.
    #[track_caller]
    pub fn then_answer<Q>(self, query: Q, expected: Q::Answer) -> Self
    where
        P: AnswerFrom<Q>,
        Q: Query + Send,
        Q::Answer: PartialEq + Debug,
    {
        match block_on(self.rows().query(query)) {
            Ok(answer) => assert_same("the answer is another than expected", &expected, &answer),
            Err(error) => panic!("the rows of `{}` give no answer: {}", P::NAME, causes(&error)),
        }
        self
    }

    #[track_caller]
    fn append<E: Event + PartialEq + Debug>(&mut self, stream: &str, event: &E) -> es_core::Projected {
        let recorded = record(&mut self.log, stream, event);
        let projected = match P::row_changes(&Json, &recorded, &mut Vec::new()) {
            Ok(projected) => projected,
            Err(error) => unreadable(P::NAME, &recorded, &error),
        };
        let es_core::RecordedEvent { id, name, schema_version, recorded_at, metadata, payload, stream, .. } = recorded;
        let new = NewEvent { id, name, schema_version, recorded_at, metadata, payload };
        block_on(self.store.append(&stream, ExpectedVersion::Any, vec![new])).expect("memory holds what is given");
        projected
    }

    #[track_caller]
    fn rows(&self) -> LiveRows<P> {
        match block_on(LiveRows::of_log(&self.store)) {
            Ok(rows) => rows,
            Err(error) => panic!("projection `{}` has no rows: {}", P::NAME, causes(&error)),
        }
    }

    #[track_caller]
    fn row(&self, key: &str) -> Option<P> {
        let parsed = match P::Key::from_text(key) {
            Ok(parsed) => parsed,
            Err(error) => panic!("`{key}` is no key of `{}`: {}", P::NAME, causes(&*error)),
        };
        match block_on(self.rows().rows().get(&parsed)) {
            Ok(row) => row,
            Err(error) => panic!("row `{key}` of `{}` cannot be read: {}", P::NAME, causes(&error)),
        }
    }

    #[track_caller]
    fn some_row(&self, key: &str) -> P {
        match self.row(key) {
            Some(row) => row,
            None => panic!("there is no row `{key}`; {}", self.shown()),
        }
    }

    /// Which rows there are.
    #[track_caller]
    fn shown(&self) -> String {
        let rows = self.rows();
        let page = match block_on(rows.rows().scan(Scan::keys().limit(SHOWN))) {
            Ok(page) => page,
            Err(error) => panic!("the rows of `{}` cannot be read: {}", P::NAME, causes(&error)),
        };
        let keys: Vec<_> = page.rows.iter().map(|(key, _)| format!("`{}`", key.to_text())).collect();
        match (rows.len(), keys.len()) {
            (0, _) => "there are none".to_owned(),
            (all, shown) if all > shown => format!("there are {} and {} more", keys.join(", "), all - shown),
            _ => format!("there are only {}", keys.join(", ")),
        }
    }
}

//! Rows that are folded on read and kept nowhere.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;

use super::fold::{Changes, FoldError, FoldedRow, decoded, encoded};
use super::rows::{QueryError, RowSource, RowsPage};
use crate::codec::{Codec, Json};
use crate::envelope::RecordedEvent;
use crate::projection::{KeyedProjection, RowError, RowKey};
use crate::store::{EventFilter, EventStore, ReadLog, ReadStream, Row, Scan};
use crate::stream::StreamId;
use crate::version::{Position, Version};

/// How many events are read at a time.
const PAGE: usize = 1024;

/// The rows of a [keyed projection](KeyedProjection) as the log has them right now, without a store of read models.
///
/// What is folded from one stream has seen nothing of the others: it is right for rows that only events of that stream are
/// about.
///
/// ```
/// # use es_core::{Event, ProjectRow, Projection, RecordedEvent};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Debug, Clone, Serialize, Deserialize, Event)]
/// # #[event(name = "account-opened")]
/// # pub struct AccountOpened { pub owner: String }
/// # #[derive(Debug, Default, Serialize, Deserialize, Projection)]
/// # #[projection(name = "owners", key = String, events(AccountOpened), index(owner))]
/// # pub struct Account { owner: String }
/// # impl ProjectRow<AccountOpened> for Account {
/// #     fn project(&mut self, _: &String, event: AccountOpened, _: &RecordedEvent) { self.owner = event.owner; }
/// # }
/// use es_core::{LiveRows, StreamId};
/// use es_memory_store::MemoryStore;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::new();
/// let all = LiveRows::<Account>::of_log(&store).await?;
/// let one = LiveRows::<Account>::of_stream(&store, &StreamId::new("account", "ada")?).await?;
/// assert!(all.is_empty() && one.rows().get(&"ada".to_owned()).await?.is_none());
/// # Ok(()) }
/// ```
pub struct LiveRows<P, C = Json> {
    codec: C,
    rows: BTreeMap<String, Row>,
    through: Position,
    projection: std::marker::PhantomData<fn() -> P>,
}

#[cfg(feature = "json")]
impl<P: KeyedProjection> LiveRows<P> {
    /// The rows of the whole log up to the head that it has now, with events as JSON.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn of_log<S: EventStore + ?Sized>(store: &S) -> Result<Self, QueryError> {
        Self::of_log_with(store, Json).await
    }

    /// The rows of one stream, with events as JSON.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn of_stream<S: EventStore + ?Sized>(store: &S, stream: &StreamId) -> Result<Self, QueryError> {
        Self::of_stream_with(store, stream, Json).await
    }
}

impl<P: KeyedProjection, C: Codec> LiveRows<P, C> {
    /// The rows of the whole log up to the head that it has now.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn of_log_with<S: EventStore + ?Sized>(store: &S, codec: C) -> Result<Self, QueryError> {
        let (mut fold, mut after, mut head) = (Fold::<P>::default(), Position::START, None);
        loop {
            let range = ReadLog::after(after).limit(PAGE).filter(filter::<P>());
            let page = store.read_log(range).await?;
            let head = *head.get_or_insert(page.head);
            fold.take(&codec, &page.events)?;
            after = page.through;
            if page.is_end || after >= head {
                return fold.finish(codec, after);
            }
        }
    }

    /// The rows of one stream.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn of_stream_with<S: EventStore + ?Sized>(
        store: &S,
        stream: &StreamId,
        codec: C,
    ) -> Result<Self, QueryError> {
        let (mut fold, mut after, mut through) = (Fold::<P>::default(), Version::EMPTY, Position::START);
        loop {
            let range = ReadStream::after(after).limit(PAGE).filter(filter::<P>());
            let page = store.read_stream(stream, range).await?;
            fold.take(&codec, &page.events)?;
            through = page.events.last().map_or(through, |event| event.position);
            after = page.through;
            if page.is_end {
                return fold.finish(codec, through);
            }
        }
    }
}

impl<P: KeyedProjection, C: Codec> LiveRows<P, C> {
    /// The rows, to be read like those in a store.
    pub fn rows(&self) -> super::Rows<'_, P> {
        super::Rows::new(self)
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The position up to which the log was folded; of one stream, that of its last event.
    pub fn through(&self) -> Position {
        self.through
    }
}

fn filter<P: KeyedProjection>() -> EventFilter {
    EventFilter::all().models(P::MODEL.events).models(P::MODEL.split)
}

struct Fold<P>(BTreeMap<String, FoldedRow<P>>);

impl<P> Default for Fold<P> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<P: KeyedProjection> Fold<P> {
    fn take<C: Codec>(&mut self, codec: &C, events: &[RecordedEvent]) -> Result<(), QueryError> {
        let changes = Changes::<P>::read(codec, events).map_err(unfolded)?;
        let keys = changes.keys.clone();
        let before = keys.into_iter().map(|key| self.0.remove(&key).unwrap_or_else(|| FoldedRow::missing(key)));
        let mut rows: Vec<_> = before.collect();
        changes.apply(&mut rows);
        let left = rows.into_iter().filter(|row| row.row.is_some());
        self.0.extend(left.map(|row| (row.key.clone(), row)));
        Ok(())
    }

    fn finish<C: Codec>(self, codec: C, through: Position) -> Result<LiveRows<P, C>, QueryError> {
        let mut rows = BTreeMap::new();
        for (key, folded) in self.0 {
            if let (Some(row), Some(position)) = (&folded.row, folded.changed) {
                let row = encoded(&codec, &key, row, position)?;
                rows.insert(key, row);
            }
        }
        Ok(LiveRows { codec, rows, through, projection: std::marker::PhantomData })
    }
}

fn unfolded(error: FoldError) -> QueryError {
    match error {
        FoldError::Event { cause, .. } => QueryError::Row(cause),
        FoldError::Load(cause) => QueryError::Store(crate::store::ReadModelError::Store { cause }),
    }
}

#[async_trait]
impl<P: KeyedProjection, C: Codec> RowSource<P> for LiveRows<P, C> {
    async fn load(&self, keys: &[String]) -> Result<Vec<Option<P>>, QueryError> {
        let row = |key: &String| self.rows.get(key).map_or(Ok(None), |row| decoded(&self.codec, row));
        Ok(keys.iter().map(row).collect::<Result<_, _>>()?)
    }

    async fn page(&self, scan: Scan) -> Result<RowsPage<P>, QueryError> {
        let placed = self.rows.values().filter_map(|row| Some((scan.place(row)?, row)));
        let mut placed: Vec<_> = placed.filter(|(place, _)| scan.selects(place)).collect();
        placed.sort_by(|(left, _), (right, _)| left.cmp(right));
        if scan.direction == crate::store::Direction::Backward {
            placed.reverse();
        }
        let is_before = |place: &crate::store::ScanPlace| match (&scan.after, scan.direction) {
            (None, _) => false,
            (Some(after), crate::store::Direction::Forward) => place <= after,
            (Some(after), crate::store::Direction::Backward) => place >= after,
        };
        let mut rest = placed.into_iter().skip_while(|(place, _)| is_before(place));
        let (mut rows, mut last) = (Vec::new(), None);
        while rows.len() < scan.limit {
            let Some((place, row)) = rest.next() else { break };
            if let Some(decoded) = decoded(&self.codec, row)? {
                rows.push((key::<P>(&row.key)?, decoded));
            }
            last = Some(place);
        }
        let next = rest.next().and(last);
        Ok(RowsPage { rows, next, checkpoint: Some(self.through) })
    }
}

/// The key with this text.
pub(super) fn key<P: KeyedProjection>(text: &str) -> Result<P::Key, RowError> {
    P::Key::from_text(text).map_err(|cause| RowError::NoKey {
        projection: P::NAME,
        key: text.to_owned(),
        key_type: P::MODEL.key.unwrap_or_default(),
        cause,
    })
}

impl<P, C> fmt::Debug for LiveRows<P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveRows")
            .field("rows", &self.rows.len())
            .field("through", &self.through)
            .finish_non_exhaustive()
    }
}

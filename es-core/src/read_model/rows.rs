//! Reading rows, wherever they are: by key, by scan, by index.

use async_trait::async_trait;

use super::ReadModel;
use super::fold::decoded;
use super::live::key;
use crate::codec::Codec;
use crate::index_value::{Indexed, NotIndexable};
use crate::projection::{KeyedProjection, RowError, RowKey};
use crate::store::{ReadError, ReadModelError, ReadModelStore, Scan, ScanPlace};
use crate::version::Position;

/// How many rows are read at a time where all are wanted.
const PAGE: usize = 1024;

/// Where rows are read from.
#[async_trait]
pub trait RowSource<P: KeyedProjection>: Send + Sync {
    /// The rows with these keys, in their order.
    ///
    /// # Errors
    /// See [`QueryError`].
    async fn load(&self, keys: &[String]) -> Result<Vec<Option<P>>, QueryError>;

    /// A page of a scan.
    ///
    /// # Errors
    /// See [`QueryError`].
    async fn page(&self, scan: Scan) -> Result<RowsPage<P>, QueryError>;
}

/// The rows of a projection, for queries to be answered from: stored, or live.
pub struct Rows<'a, P>(&'a dyn RowSource<P>);

/// A page of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct RowsPage<P: KeyedProjection> {
    /// The rows with their keys, in the order of the scan.
    pub rows: Vec<(P::Key, P)>,
    /// Where to go on, if there are more.
    pub next: Option<ScanPlace>,
    /// The position that the read model had seen at that moment.
    pub checkpoint: Option<Position>,
}

impl<'a, P: KeyedProjection> Rows<'a, P> {
    /// The rows of `source`.
    pub fn new(source: &'a dyn RowSource<P>) -> Self {
        Self(source)
    }

    /// The row with this key.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn get(&self, key: &P::Key) -> Result<Option<P>, QueryError> {
        Ok(self.0.load(&[key.to_text()]).await?.pop().flatten())
    }

    /// The rows with these keys, in their order.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn get_all(&self, keys: &[P::Key]) -> Result<Vec<Option<P>>, QueryError> {
        let keys: Vec<_> = keys.iter().map(RowKey::to_text).collect();
        self.0.load(&keys).await
    }

    /// A page of a scan, by an index of the projection or by key.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn scan(&self, scan: Scan) -> Result<RowsPage<P>, QueryError> {
        check_index::<P>(scan.index.as_deref())?;
        self.0.page(scan).await
    }

    /// All rows with this value in an index, ordered by their keys; read page by page.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn by_index<V: Indexed>(&self, index: &'static str, value: V) -> Result<Vec<(P::Key, P)>, QueryError> {
        check_index::<P>(Some(index))?;
        // What stands in no index is found by none.
        let Some(value) = value.index_value()? else { return Ok(Vec::new()) };
        let mut scan = Scan::index(index).equal(value).limit(PAGE);
        let mut rows = Vec::new();
        loop {
            let page = self.0.page(scan.clone()).await?;
            rows.extend(page.rows);
            match page.next {
                Some(next) => scan.after = Some(next),
                None => return Ok(rows),
            }
        }
    }
}

fn check_index<P: KeyedProjection>(index: Option<&str>) -> Result<(), QueryError> {
    match index {
        Some(index) if !P::MODEL.indexes.contains(&index) => {
            Err(QueryError::NoSuchIndex { projection: P::NAME, index: index.to_owned(), known: P::MODEL.indexes })
        }
        _ => Ok(()),
    }
}

impl<P: KeyedProjection, S: ReadModelStore, C: Codec> ReadModel<P, S, C> {
    /// The rows, as queries are given them.
    pub fn rows(&self) -> Rows<'_, P> {
        Rows(self)
    }

    /// The row with this key, as of what the read model has seen.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn get(&self, key: &P::Key) -> Result<Option<P>, QueryError> {
        self.rows().get(key).await
    }

    /// A page of a scan, by an index of the projection or by key.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn scan(&self, scan: Scan) -> Result<RowsPage<P>, QueryError> {
        self.rows().scan(scan).await
    }

    /// All rows with this value in an index, ordered by their keys.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn by_index<V: Indexed>(&self, index: &'static str, value: V) -> Result<Vec<(P::Key, P)>, QueryError> {
        self.rows().by_index(index, value).await
    }
}

#[async_trait]
impl<P: KeyedProjection, S: ReadModelStore, C: Codec> RowSource<P> for ReadModel<P, S, C> {
    async fn load(&self, keys: &[String]) -> Result<Vec<Option<P>>, QueryError> {
        let loaded = self.shared.store.load_rows(&self.shared.name, keys).await?;
        let row = |row: Option<_>| row.map_or(Ok(None), |row| decoded(&self.shared.codec, &row));
        Ok(loaded.rows.into_iter().map(row).collect::<Result<_, _>>()?)
    }

    async fn page(&self, scan: Scan) -> Result<RowsPage<P>, QueryError> {
        let page = self.shared.store.scan_rows(&self.shared.name, scan).await?;
        let mut rows = Vec::with_capacity(page.rows.len());
        for stored in &page.rows {
            if let Some(row) = decoded(&self.shared.codec, stored)? {
                rows.push((key::<P>(&stored.key)?, row));
            }
        }
        Ok(RowsPage { rows, next: page.next, checkpoint: page.checkpoint })
    }
}

impl<P> std::fmt::Debug for Rows<'_, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").finish_non_exhaustive()
    }
}

/// Why a query was not answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The rows could not be read.
    #[error(transparent)]
    Store(#[from] ReadModelError),
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// A row or an event does not fit the code.
    #[error(transparent)]
    Row(#[from] RowError),
    /// A value has no place in an index.
    #[error(transparent)]
    NotIndexable(#[from] NotIndexable),
    /// The projection has no such index.
    #[error("`{projection}` has no index `{index}`; it has {known:?}")]
    NoSuchIndex {
        /// The name of the projection.
        projection: &'static str,
        /// The index that was asked for.
        index: String,
        /// Those that there are.
        known: &'static [&'static str],
    },
    /// A projection in memory could not be kept up.
    #[error(transparent)]
    NotProjected(#[from] crate::runner::ProjectionError),
}

//! Which rows of a read model are read, in which order, and how many of them.

use std::borrow::Cow;
use std::ops::Bound;

use super::{Direction, Row};
use crate::index_value::IndexValue;
use crate::version::Position;

/// Which rows of a read model to read: by key or by an index, a range of it, forward or backward, page by page.
///
/// ```
/// use es_core::store::Scan;
///
/// let richest = Scan::index("balance").from(1_000).backward().limit(10);
/// let accounts_of_ada = Scan::index("owner").equal("ada");
/// let some = Scan::keys().from("a").below("b");
/// # let _ = (richest, accounts_of_ada, some);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// The name of an index; `None` for a scan by key.
    pub index: Option<Cow<'static, str>>,
    /// Where the range begins.
    pub lower: Bound<IndexValue>,
    /// Where the range ends.
    pub upper: Bound<IndexValue>,
    /// The order.
    pub direction: Direction,
    /// The most rows that a page has.
    pub limit: usize,
    /// The row that the page before ended with.
    pub after: Option<ScanPlace>,
}

/// A place in a scan: that of a row, which need not be there any more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScanPlace {
    /// The value in the index; `None` in a scan by key.
    pub value: Option<IndexValue>,
    /// The key.
    pub key: String,
}

/// A page of a scan.
#[derive(Debug, Clone, PartialEq)]
pub struct RowPage {
    /// The rows, in the order of the scan.
    pub rows: Vec<Row>,
    /// Where to go on, if there are more.
    pub next: Option<ScanPlace>,
    /// The checkpoint of the read model at that moment.
    pub checkpoint: Option<Position>,
}

impl Scan {
    /// All rows, ordered by their keys.
    pub const fn keys() -> Self {
        let (lower, upper) = (Bound::Unbounded, Bound::Unbounded);
        Self { index: None, lower, upper, direction: Direction::Forward, limit: usize::MAX, after: None }
    }

    /// The rows that stand in an index, ordered by it.
    pub fn index(name: impl Into<Cow<'static, str>>) -> Self {
        Self { index: Some(name.into()), ..Self::keys() }
    }

    /// Those with this value, or this key.
    #[must_use]
    pub fn equal(self, value: impl Into<IndexValue>) -> Self {
        let value = value.into();
        Self { lower: Bound::Included(value.clone()), upper: Bound::Included(value), ..self }
    }

    /// Those with this value or a higher one.
    #[must_use]
    pub fn from(self, value: impl Into<IndexValue>) -> Self {
        Self { lower: Bound::Included(value.into()), ..self }
    }

    /// Those with a higher value.
    #[must_use]
    pub fn above(self, value: impl Into<IndexValue>) -> Self {
        Self { lower: Bound::Excluded(value.into()), ..self }
    }

    /// Those with this value or a lower one.
    #[must_use]
    pub fn up_to(self, value: impl Into<IndexValue>) -> Self {
        Self { upper: Bound::Included(value.into()), ..self }
    }

    /// Those with a lower value.
    #[must_use]
    pub fn below(self, value: impl Into<IndexValue>) -> Self {
        Self { upper: Bound::Excluded(value.into()), ..self }
    }

    /// In reverse.
    #[must_use]
    pub fn backward(self) -> Self {
        Self { direction: Direction::Backward, ..self }
    }

    /// No more than so many rows in a page, at least 1.
    #[must_use]
    pub fn limit(self, rows: usize) -> Self {
        Self { limit: rows.max(1), ..self }
    }

    /// What follows a place that an earlier page ended at.
    #[must_use]
    pub fn after(self, place: ScanPlace) -> Self {
        Self { after: Some(place), ..self }
    }

    /// The place of a row in this scan; `None`, if it does not stand in the index. For implementors of stores.
    pub fn place(&self, row: &Row) -> Option<ScanPlace> {
        let value = match &self.index {
            Some(name) => Some(row.indexes.get(name.as_ref())?.clone()),
            None => None,
        };
        Some(ScanPlace { value, key: row.key.clone() })
    }

    /// Whether a place is in the range, whatever page it is on. For implementors of stores.
    pub fn selects(&self, place: &ScanPlace) -> bool {
        let key = IndexValue::Text(place.key.clone());
        let value = place.value.as_ref().unwrap_or(&key);
        let starts = match &self.lower {
            Bound::Included(lower) => value >= lower,
            Bound::Excluded(lower) => value > lower,
            Bound::Unbounded => true,
        };
        starts
            && match &self.upper {
                Bound::Included(upper) => value <= upper,
                Bound::Excluded(upper) => value < upper,
                Bound::Unbounded => true,
            }
    }
}

impl From<&str> for IndexValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for IndexValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for IndexValue {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

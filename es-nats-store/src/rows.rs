//! The rows of a table in memory, in the order of their keys and of their indexes: rules M4 to M7.
//!
//! JetStream has no index beside subjects, so a table is found by what stands here, and kept by what stands there.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use es_core::store::{Direction, Row, RowWrite, Scan, ScanPlace};
use es_core::{IndexValue, Payload};

/// Rows by key; each index has the places of its rows, ordered by value and then by key.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    by_key: BTreeMap<ScanPlace, Row>,
    indexes: BTreeMap<Cow<'static, str>, BTreeSet<ScanPlace>>,
    bytes: usize,
}

/// The place of a key in a scan by key.
fn of_key(key: &str) -> ScanPlace {
    ScanPlace { value: None, key: key.to_owned() }
}

/// How much a row takes in a message at most.
pub(crate) fn size(row: &Row) -> usize {
    let value = |value: &IndexValue| match value {
        IndexValue::Integer(_) => 20,
        IndexValue::Text(text) => text_size(text),
    };
    let indexes: usize = row.indexes.iter().map(|(name, of)| text_size(name) + 2 + value(of)).sum();
    text_size(&row.key) + row.payload.len() + indexes + 128
}

/// How long a text is in JSON.
pub(crate) fn text_size(text: &str) -> usize {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' => 2,
        ..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(escaped).sum::<usize>() + 2
}

impl Rows {
    pub(crate) fn get(&self, key: &str) -> Option<&Row> {
        self.by_key.get(&of_key(key))
    }

    /// All rows, in the order of their keys.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Row> {
        self.by_key.values()
    }

    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// About as many bytes as a change has that writes all of them.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The indexes in which rows stand, with the places of these.
    pub(crate) fn indexes(&self) -> &BTreeMap<Cow<'static, str>, BTreeSet<ScanPlace>> {
        &self.indexes
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn write(&mut self, write: RowWrite) {
        self.forget(write.key());
        if let RowWrite::Put(mut row) = write {
            // The payload is a part of a message, which would be kept with it.
            row.payload = Payload::copy_from_slice(&row.payload);
            for (index, value) in &row.indexes {
                let place = ScanPlace { value: Some(value.clone()), key: row.key.clone() };
                self.indexes.entry(index.clone()).or_default().insert(place);
            }
            self.bytes += size(&row);
            self.by_key.insert(of_key(&row.key), row);
        }
    }

    fn forget(&mut self, key: &str) {
        let Some(row) = self.by_key.remove(&of_key(key)) else { return };
        self.bytes -= size(&row);
        for (index, value) in row.indexes {
            let Some(places) = self.indexes.get_mut(&index) else { continue };
            places.remove(&ScanPlace { value: Some(value), key: row.key.clone() });
            if places.is_empty() {
                self.indexes.remove(&index);
            }
        }
    }

    /// A page of a scan, and where the next begins.
    pub(crate) fn scan(&self, scan: &Scan) -> (Vec<Row>, Option<ScanPlace>) {
        let (mut rows, mut next) = (Vec::new(), None);
        for row in self.selected(scan) {
            if rows.len() == scan.limit {
                next = rows.last().and_then(|row| scan.place(row));
                break;
            }
            rows.push(row.clone());
        }
        (rows, next)
    }

    /// What a scan has after its place, in its order.
    fn selected<'a>(&'a self, scan: &Scan) -> Box<dyn Iterator<Item = &'a Row> + 'a> {
        let (start, end) = range(scan);
        let is_empty = matches!((&start, &end), (Bound::Included(start), Bound::Excluded(end)) if start >= end);
        let nothing = || Box::new(std::iter::empty());
        if is_empty {
            return nothing();
        }
        let Some(index) = &scan.index else {
            let rows = self.by_key.range((start, end)).map(|(_, row)| row);
            return in_order(rows, scan.direction);
        };
        let Some(places) = self.indexes.get(index) else { return nothing() };
        in_order(places.range((start, end)).filter_map(|place| self.get(&place.key)), scan.direction)
    }
}

fn in_order<'a, I>(items: I, direction: Direction) -> Box<dyn Iterator<Item = &'a Row> + 'a>
where
    I: DoubleEndedIterator<Item = &'a Row> + 'a,
{
    match direction {
        Direction::Forward => Box::new(items),
        Direction::Backward => Box::new(items.rev()),
    }
}

/// The places of a scan: from the first, which is included, to the last, which is not.
fn range(scan: &Scan) -> (Bound<ScanPlace>, Bound<ScanPlace>) {
    let is_index = scan.index.is_some();
    let mut start = match &scan.lower {
        Bound::Unbounded => None,
        Bound::Included(value) => Some(first(value, is_index)),
        Bound::Excluded(value) => Some(first(&successor(value), is_index)),
    };
    let mut end = match &scan.upper {
        Bound::Unbounded => None,
        Bound::Included(value) => Some(first(&successor(value), is_index)),
        Bound::Excluded(value) => Some(first(value, is_index)),
    };
    match (&scan.after, scan.direction) {
        (None, _) => {}
        (Some(after), Direction::Forward) => {
            let next = ScanPlace { value: after.value.clone(), key: format!("{}\0", after.key) };
            start = Some(start.map_or(next.clone(), |start| start.max(next)));
        }
        (Some(after), Direction::Backward) => end = Some(end.map_or(after.clone(), |end| end.min(after.clone()))),
    }
    (start.map_or(Bound::Unbounded, Bound::Included), end.map_or(Bound::Unbounded, Bound::Excluded))
}

/// The first place that a row with this value, or this key, can have.
fn first(value: &IndexValue, is_index: bool) -> ScanPlace {
    match value {
        value if is_index => ScanPlace { value: Some(value.clone()), key: String::new() },
        IndexValue::Text(key) => of_key(key),
        // All keys are texts, which come after all integers.
        IndexValue::Integer(_) => of_key(""),
    }
}

/// The lowest value above one.
fn successor(value: &IndexValue) -> IndexValue {
    match value {
        IndexValue::Integer(number) => number.checked_add(1).map_or(IndexValue::Text(String::new()), Into::into),
        IndexValue::Text(text) => IndexValue::Text(format!("{text}\0")),
    }
}

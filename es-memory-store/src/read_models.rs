//! The read models of the memory store: rules M1 to M11. They know nothing of the log.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use async_trait::async_trait;
use es_core::store::{
    CheckpointName, Direction, LoadedRows, ReadModelEntry, ReadModelError, ReadModelStore, Row, RowPage, RowWrite,
    Scan, ScanPlace,
};
use es_core::{IndexValue, Payload, Position};

use crate::store::MemoryStore;

/// The rows of all read models.
#[derive(Default)]
pub(crate) struct ReadModels(BTreeMap<CheckpointName, ReadModel>);

#[derive(Default)]
struct ReadModel {
    rows: BTreeMap<String, Row>,
    indexes: BTreeMap<Cow<'static, str>, BTreeMap<IndexValue, BTreeSet<String>>>,
}

impl ReadModels {
    /// Rule M1.
    pub(crate) fn load(&self, model: &CheckpointName, keys: &[String]) -> Vec<Option<Row>> {
        let model = self.0.get(model);
        keys.iter().map(|key| model?.rows.get(key).cloned()).collect()
    }

    /// Rules M2 and M4, of a commit whose checkpoint is in order. Cannot panic while a row is half changed.
    pub(crate) fn write(&mut self, model: &CheckpointName, writes: Vec<RowWrite>) {
        let model = self.0.entry(model.clone()).or_default();
        for write in writes {
            model.forget(write.key());
            if let RowWrite::Put(row) = write {
                model.keep(row);
            }
        }
    }

    /// Rule M10.
    fn drop(&mut self, model: &CheckpointName) -> bool {
        self.0.remove(model).is_some()
    }
}

impl ReadModel {
    fn keep(&mut self, mut row: Row) {
        // The payload may be a small part of a large buffer, which would be kept with it.
        row.payload = Payload::copy_from_slice(&row.payload);
        for (index, value) in &row.indexes {
            let values = self.indexes.entry(index.clone()).or_default();
            values.entry(value.clone()).or_default().insert(row.key.clone());
        }
        self.rows.insert(row.key.clone(), row);
    }

    fn forget(&mut self, key: &str) {
        let Some(row) = self.rows.remove(key) else { return };
        for (index, value) in &row.indexes {
            let Some(values) = self.indexes.get_mut(index) else { continue };
            if let Some(keys) = values.get_mut(value) {
                keys.remove(key);
                if keys.is_empty() {
                    values.remove(value);
                }
            }
        }
    }

    /// Rules M5 to M7.
    fn scan(&self, scan: &Scan) -> (Vec<Row>, Option<ScanPlace>) {
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

    /// What the page may have, in the order of the scan.
    fn selected<'a>(&'a self, scan: &'a Scan) -> Box<dyn Iterator<Item = &'a Row> + 'a> {
        let (mut lower, mut upper) = (scan.lower.as_ref(), scan.upper.as_ref());
        let after = scan.after.as_ref();
        let Some(index) = &scan.index else {
            let lower = key_bound(lower, true);
            let upper = key_bound(upper, false);
            let (Some(lower), Some(upper)) = (lower, upper) else { return Box::new(std::iter::empty()) };
            let (lower, upper) = narrowed((lower, upper), after.map(|place| place.key.as_str()), scan.direction);
            if is_empty(lower, upper) {
                return Box::new(std::iter::empty());
            }
            return in_order(self.rows.range::<str, _>((lower, upper)).map(|(_, row)| row), scan.direction);
        };
        let Some(values) = self.indexes.get(index) else { return Box::new(std::iter::empty()) };
        if let Some(value) = after.and_then(|place| place.value.as_ref()) {
            // The rows with this value may be on both sides of the place.
            match scan.direction {
                Direction::Forward if lower_value(lower).is_none_or(|lower| value >= lower) => {
                    lower = at_least(lower, value);
                }
                Direction::Backward if lower_value(upper).is_none_or(|upper| value <= upper) => {
                    upper = at_least(upper, value);
                }
                _ => {}
            }
        }
        if is_empty(lower, upper) {
            return Box::new(std::iter::empty());
        }
        let values = in_order(values.range((lower, upper)), scan.direction);
        let keys = values.flat_map(move |(value, keys)| {
            let after = after.filter(|place| place.value.as_ref() == Some(value)).map(|place| place.key.as_str());
            let (lower, upper) = narrowed((Bound::Unbounded, Bound::Unbounded), after, scan.direction);
            in_order(keys.range::<str, _>((lower, upper)), scan.direction)
        });
        Box::new(keys.filter_map(|key| self.rows.get(key)))
    }
}

fn in_order<'a, I>(items: I, direction: Direction) -> Box<dyn Iterator<Item = I::Item> + 'a>
where
    I: DoubleEndedIterator + 'a,
{
    match direction {
        Direction::Forward => Box::new(items),
        Direction::Backward => Box::new(items.rev()),
    }
}

/// A bound of keys, which are texts; `None`, if it leaves nothing.
fn key_bound(bound: Bound<&IndexValue>, is_lower: bool) -> Option<Bound<&str>> {
    Some(match bound {
        Bound::Included(IndexValue::Text(text)) => Bound::Included(text),
        Bound::Excluded(IndexValue::Text(text)) => Bound::Excluded(text),
        Bound::Unbounded => Bound::Unbounded,
        // All texts come after all integers.
        Bound::Included(IndexValue::Integer(_)) | Bound::Excluded(IndexValue::Integer(_)) if is_lower => {
            Bound::Unbounded
        }
        Bound::Included(IndexValue::Integer(_)) | Bound::Excluded(IndexValue::Integer(_)) => return None,
    })
}

fn lower_value<T>(bound: Bound<T>) -> Option<T> {
    match bound {
        Bound::Included(value) | Bound::Excluded(value) => Some(value),
        Bound::Unbounded => None,
    }
}

/// The bound moved to `value`, which is not outside of it.
fn at_least<'a>(bound: Bound<&'a IndexValue>, value: &'a IndexValue) -> Bound<&'a IndexValue> {
    match bound {
        Bound::Excluded(excluded) if excluded == value => bound,
        _ => Bound::Included(value),
    }
}

/// The bounds of what comes after a key in this direction.
fn narrowed<'a>(
    (lower, upper): (Bound<&'a str>, Bound<&'a str>),
    after: Option<&'a str>,
    direction: Direction,
) -> (Bound<&'a str>, Bound<&'a str>) {
    match (after, direction) {
        (Some(after), Direction::Forward) if lower_value(lower).is_none_or(|lower| after >= lower) => {
            (Bound::Excluded(after), upper)
        }
        (Some(after), Direction::Backward) if lower_value(upper).is_none_or(|upper| after <= upper) => {
            (lower, Bound::Excluded(after))
        }
        _ => (lower, upper),
    }
}

/// Ranges that end before they begin, of which a map panics.
fn is_empty<T: Ord + ?Sized>(lower: Bound<&T>, upper: Bound<&T>) -> bool {
    match (lower, upper) {
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
        (Bound::Included(lower), Bound::Included(upper)) => lower > upper,
        (Bound::Included(lower) | Bound::Excluded(lower), Bound::Included(upper) | Bound::Excluded(upper)) => {
            lower >= upper
        }
    }
}

#[async_trait]
impl ReadModelStore for MemoryStore {
    async fn load_rows(&self, model: &CheckpointName, keys: &[String]) -> Result<LoadedRows, ReadModelError> {
        let kept = self.kept();
        Ok(LoadedRows { rows: kept.read_models.load(model, keys), checkpoint: kept.checkpoints.load(model) })
    }

    async fn scan_rows(&self, model: &CheckpointName, scan: Scan) -> Result<RowPage, ReadModelError> {
        let kept = self.kept();
        let (rows, next) = kept.read_models.0.get(model).map_or_else(Default::default, |model| model.scan(&scan));
        Ok(RowPage { rows, next, checkpoint: kept.checkpoints.load(model) })
    }

    async fn commit_rows(
        &self,
        model: &CheckpointName,
        writes: Vec<RowWrite>,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), ReadModelError> {
        let mut kept = self.kept();
        kept.checkpoints.save(model, expected, position)?;
        kept.read_models.write(model, writes);
        Ok(())
    }

    async fn drop_read_model(&self, model: &CheckpointName) -> Result<bool, ReadModelError> {
        let mut kept = self.kept();
        let was_there = kept.read_models.drop(model);
        Ok(kept.checkpoints.delete(model).is_some() || was_there)
    }

    async fn list_read_models(&self) -> Result<Vec<ReadModelEntry>, ReadModelError> {
        let kept = self.kept();
        let entry =
            |name: &CheckpointName| ReadModelEntry { name: name.clone(), checkpoint: kept.checkpoints.load(name) };
        Ok(kept.read_models.0.keys().map(entry).collect())
    }
}

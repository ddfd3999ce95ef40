//! Mutants that keep read models wrongly, or let them fall behind an append.

use async_trait::async_trait;
use es_core::store::{
    AppendError, Appended, CheckpointError, CheckpointName, CheckpointStore, EventStore, InlineAppend,
    InlineProjections, LoadedRows, MultiAppend, MultiAppendError, MultiAppended, MultiStreamAppend, ReadModelEntry,
    ReadModelError, ReadModelStore, Row, RowPage, RowWrite, Scan,
};
use es_core::{ExpectedVersion, IndexValue, NewEvent, Payload, Position, StreamId};
use es_memory_store::MemoryStore;

use crate::fault::Fault;
use crate::{Case, case};

type Committed = Result<(), ReadModelError>;
type Page = Result<RowPage, ReadModelError>;
type Loaded = Result<LoadedRows, ReadModelError>;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case::<DropsIndexes>("rows lose their index values", &["rule_m1_every_part_of_a_row_is_kept_as_it_is_given"]),
        case::<LossyPayload>("payloads of rows become text", &["rule_m1_every_part_of_a_row_is_kept_as_it_is_given"]),
        case::<FoldsKeys>(
            "keys of rows are compared without case",
            &["rule_m1_rows_are_loaded_by_whole_keys_in_the_order_that_is_asked_for"],
        ),
        case::<LoadsWhatThereIs>(
            "rows that are not there are left out of what is loaded",
            &["rule_m1_rows_are_loaded_by_whole_keys_in_the_order_that_is_asked_for"],
        ),
        case::<LastFirst>("the writes of a commit are done in reverse", &["rule_m2_writes_are_done_in_their_order"]),
        case::<NoCheckpoint>("a commit leaves the checkpoint", &["rule_m2_the_checkpoint_moves_with_the_rows"]),
        case::<RowsFirst>(
            "rows are written before the checkpoint is looked at",
            &["rule_m3_what_is_not_as_expected_changes_nothing"],
        ),
        case::<ExpectsNothing>(
            "a commit takes the checkpoint as it is",
            &["rule_m3_what_is_not_as_expected_changes_nothing", "rule_m3_of_several_committers_one_succeeds"],
        ),
        case::<GoesBack>("a commit goes back", &["rule_m3_what_is_not_as_expected_changes_nothing"]),
        case::<KeepsDeleted>("deletions are ignored", &["rule_m4_a_deletion_takes_a_row_from_all_indexes"]),
        case::<StaleIndex>(
            "a put leaves the index values that a row had",
            &["rule_m4_a_put_replaces_the_row_and_its_index_values"],
        ),
        case::<Unsorted>(
            "a scan by key is not sorted",
            &["rule_m5_a_scan_by_key_is_ordered_by_bytes_and_keeps_to_its_range"],
        ),
        case::<NumbersAsText>(
            "numbers in an index are ordered as texts",
            &["rule_m6_a_scan_by_index_is_ordered_by_value_and_then_by_key"],
        ),
        case::<InclusiveEnds>("the ends of a scan are inclusive", &["rule_m6_a_scan_by_index_keeps_to_its_range"]),
        case::<AllRows>(
            "a scan by index gives rows that do not stand in it",
            &["rule_m4_a_deletion_takes_a_row_from_all_indexes"],
        ),
        case::<NeverEnds>(
            "a page that is full says that there is more",
            &["rule_m7_pages_of_every_size_and_direction_are_the_whole_scan"],
        ),
        case::<SkipsSame>(
            "a page goes on behind the value that the last one ended with",
            &["rule_m7_pages_of_every_size_and_direction_are_the_whole_scan"],
        ),
        case::<OneByOne>(
            "a commit is seen row by row",
            &["rule_m8_many_readers_see_rows_and_checkpoint_of_one_commit"],
        ),
        case::<OneModel>(
            "rows of all versions of a read model are the same",
            &["rule_m9_read_models_with_colliding_names_are_told_apart"],
        ),
        case::<LeavesCheckpoint>(
            "a dropped read model leaves its checkpoint",
            &["rule_m10_a_dropped_read_model_is_as_never_committed"],
        ),
        case::<LeavesRows>(
            "a dropped read model leaves its rows",
            &["rule_m10_a_dropped_read_model_is_as_never_committed"],
        ),
        case::<ListsCheckpoints>(
            "what has a checkpoint is listed as a read model",
            &["rule_m11_read_models_are_listed_until_they_are_dropped"],
        ),
        case::<AppendsOnly>(
            "an inline append projects nothing",
            &["rule_n1_an_append_takes_its_projections_to_the_end_of_the_log"],
        ),
        case::<AppendsFirst>(
            "events are appended before they are projected",
            &["rule_n2_what_a_projection_cannot_take_in_is_not_appended"],
        ),
        case::<MultiAppendsOnly>(
            "an inline append to several streams projects nothing",
            &["rule_n3_several_streams_are_projected_in_the_order_of_the_log"],
        ),
    ]
}

/// A fault in what is committed.
macro_rules! commits {
    ($name:ident, |$store:ident, $model:ident, $writes:ident, $from:ident, $to:ident| $body:block) => {
        #[derive(Default)]
        struct $name;

        #[async_trait]
        impl Fault for $name {
            async fn commit(
                &self,
                $store: &MemoryStore,
                $model: &CheckpointName,
                $writes: Vec<RowWrite>,
                $from: Option<Position>,
                $to: Position,
            ) -> Committed {
                $body
            }
        }
    };
}

/// The writes with their rows changed.
fn each(writes: Vec<RowWrite>, change: impl Fn(Row) -> Row) -> Vec<RowWrite> {
    let changed = |write| match write {
        RowWrite::Put(row) => RowWrite::Put(change(row)),
        RowWrite::Delete(key) => RowWrite::Delete(key),
    };
    writes.into_iter().map(changed).collect()
}

commits!(DropsIndexes, |store, model, writes, from, to| {
    store.commit_rows(model, each(writes, |row| Row { indexes: [].into(), ..row }), from, to).await
});

commits!(LossyPayload, |store, model, writes, from, to| {
    let lossy = |row: Row| Row { payload: Payload::from(String::from_utf8_lossy(&row.payload).into_owned()), ..row };
    store.commit_rows(model, each(writes, lossy), from, to).await
});

commits!(LastFirst, |store, model, writes, from, to| {
    store.commit_rows(model, writes.into_iter().rev().collect(), from, to).await
});

commits!(NoCheckpoint, |store, model, writes, from, to| {
    store.commit_rows(model, writes, from, to).await?;
    store.delete_checkpoint(model).await?;
    if let Some(from) = from {
        store.save_checkpoint(model, None, from).await?;
    }
    Ok(())
});

commits!(RowsFirst, |store, model, writes, from, to| {
    let at = store.load_checkpoint(model).await?;
    store.commit_rows(model, writes, at, at.unwrap_or_default()).await?;
    if at.is_none() {
        store.delete_checkpoint(model).await?;
    }
    store.commit_rows(model, vec![], from, to).await
});

commits!(ExpectsNothing, |store, model, writes, _from, to| {
    let at = store.load_checkpoint(model).await?;
    store.commit_rows(model, writes, at, to).await
});

commits!(GoesBack, |store, model, writes, from, to| {
    match store.commit_rows(model, writes.clone(), from, to).await {
        Err(ReadModelError::Checkpoint(CheckpointError::Backwards { .. })) => {
            store.reset_checkpoint(model, from, to).await?;
            store.commit_rows(model, writes, Some(to), to).await
        }
        committed => committed,
    }
});

commits!(KeepsDeleted, |store, model, writes, from, to| {
    let puts = writes.into_iter().filter(|write| matches!(write, RowWrite::Put(_)));
    store.commit_rows(model, puts.collect(), from, to).await
});

commits!(StaleIndex, |store, model, writes, from, to| {
    let mut merged = Vec::new();
    for write in writes {
        let before = store.load_rows(model, &[write.key().to_owned()]).await?.rows.pop().flatten();
        merged.extend(each(vec![write], |mut row| {
            for (index, value) in before.iter().flat_map(|before| &before.indexes) {
                row.indexes.entry(index.clone()).or_insert_with(|| value.clone());
            }
            row
        }));
    }
    store.commit_rows(model, merged, from, to).await
});

commits!(OneByOne, |store, model, writes, from, to| {
    let mut at = from;
    for write in writes {
        store.commit_rows(model, vec![write], at, at.unwrap_or_default()).await?;
        at = Some(at.unwrap_or_default());
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }
    store.commit_rows(model, vec![], at, to).await
});

#[derive(Default)]
struct FoldsKeys;

#[async_trait]
impl Fault for FoldsKeys {
    async fn load_rows(&self, store: &MemoryStore, model: &CheckpointName, keys: &[String]) -> Loaded {
        let keys: Vec<_> = keys.iter().map(|key| key.to_lowercase()).collect();
        store.load_rows(model, &keys).await
    }
}

#[derive(Default)]
struct LoadsWhatThereIs;

#[async_trait]
impl Fault for LoadsWhatThereIs {
    async fn load_rows(&self, store: &MemoryStore, model: &CheckpointName, keys: &[String]) -> Loaded {
        let mut loaded = store.load_rows(model, keys).await?;
        loaded.rows.retain(Option::is_some);
        Ok(loaded)
    }
}

/// A fault in what is scanned.
macro_rules! scans {
    ($name:ident, |$store:ident, $model:ident, $scan:ident| $body:block) => {
        #[derive(Default)]
        struct $name;

        #[async_trait]
        impl Fault for $name {
            async fn scan(&self, $store: &MemoryStore, $model: &CheckpointName, $scan: Scan) -> Page {
                $body
            }
        }
    };
}

scans!(Unsorted, |store, model, scan| {
    let mut page = store.scan_rows(model, scan).await?;
    page.rows.sort_by_key(|row| row.key.to_lowercase());
    Ok(page)
});

scans!(NumbersAsText, |store, model, scan| {
    let mut page = store.scan_rows(model, scan.clone()).await?;
    if let Some(index) = &scan.index {
        page.rows.sort_by_key(|row| match &row.indexes[index] {
            IndexValue::Integer(number) => (number.to_string(), row.key.clone()),
            IndexValue::Text(text) => (text.clone(), row.key.clone()),
        });
    }
    Ok(page)
});

scans!(InclusiveEnds, |store, model, scan| {
    let mut scan = scan;
    let included = |bound| match bound {
        std::ops::Bound::Excluded(value) => std::ops::Bound::Included(value),
        other => other,
    };
    (scan.lower, scan.upper) = (included(scan.lower), included(scan.upper));
    store.scan_rows(model, scan).await
});

scans!(AllRows, |store, model, scan| {
    let mut scan = scan;
    if scan.lower == std::ops::Bound::Unbounded {
        scan.index = None;
    }
    store.scan_rows(model, scan).await
});

scans!(NeverEnds, |store, model, scan| {
    let mut page = store.scan_rows(model, scan.clone()).await?;
    if page.rows.len() == scan.limit {
        page.next = page.rows.last().and_then(|row| scan.place(row));
    }
    Ok(page)
});

scans!(SkipsSame, |store, model, scan| {
    let mut scan = scan;
    if let Some(after) = scan.after.as_mut().filter(|after| after.value.is_some()) {
        "\u{10ffff}".clone_into(&mut after.key);
    }
    store.scan_rows(model, scan).await
});

/// A fault in which read model it is.
#[derive(Default)]
struct OneModel;

fn without_version(model: &CheckpointName) -> CheckpointName {
    let name = model.as_str().split('@').next().unwrap_or_default();
    CheckpointName::new(name).expect("a part of a name is one")
}

#[async_trait]
impl Fault for OneModel {
    async fn load_rows(&self, store: &MemoryStore, model: &CheckpointName, keys: &[String]) -> Loaded {
        store.load_rows(&without_version(model), keys).await
    }

    async fn scan(&self, store: &MemoryStore, model: &CheckpointName, scan: Scan) -> Page {
        store.scan_rows(&without_version(model), scan).await
    }

    async fn commit(
        &self,
        store: &MemoryStore,
        model: &CheckpointName,
        writes: Vec<RowWrite>,
        from: Option<Position>,
        to: Position,
    ) -> Committed {
        store.commit_rows(model, vec![], from, to).await?;
        let (model, all) = (without_version(model), writes);
        let at = store.load_checkpoint(&model).await?;
        store.commit_rows(&model, all, at, at.unwrap_or_default()).await
    }
}

#[derive(Default)]
struct LeavesCheckpoint;

#[async_trait]
impl Fault for LeavesCheckpoint {
    async fn drop_model(&self, store: &MemoryStore, model: &CheckpointName) -> Result<bool, ReadModelError> {
        let at = store.load_checkpoint(model).await?;
        let dropped = store.drop_read_model(model).await?;
        if let Some(at) = at {
            store.save_checkpoint(model, None, at).await?;
        }
        Ok(dropped)
    }
}

#[derive(Default)]
struct LeavesRows;

#[async_trait]
impl Fault for LeavesRows {
    async fn drop_model(&self, store: &MemoryStore, model: &CheckpointName) -> Result<bool, ReadModelError> {
        Ok(store.delete_checkpoint(model).await?.is_some())
    }
}

#[derive(Default)]
struct ListsCheckpoints;

#[async_trait]
impl Fault for ListsCheckpoints {
    async fn list_models(&self, store: &MemoryStore) -> Result<Vec<ReadModelEntry>, ReadModelError> {
        let all = store.list_checkpoints().await?;
        Ok(all.into_iter().map(|(name, at)| ReadModelEntry { name, checkpoint: Some(at) }).collect())
    }
}

#[derive(Default)]
struct AppendsOnly;

#[async_trait]
impl Fault for AppendsOnly {
    async fn append_inline(
        &self,
        store: &MemoryStore,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
        _: &InlineProjections,
    ) -> Result<Appended, AppendError> {
        store.append(stream, expected, events).await
    }
}

#[derive(Default)]
struct AppendsFirst;

#[async_trait]
impl Fault for AppendsFirst {
    async fn append_inline(
        &self,
        store: &MemoryStore,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
        projections: &InlineProjections,
    ) -> Result<Appended, AppendError> {
        let appended = store.append(stream, expected, events).await?;
        store.append_inline(stream, ExpectedVersion::Any, vec![], projections).await?;
        Ok(appended)
    }
}

#[derive(Default)]
struct MultiAppendsOnly;

#[async_trait]
impl Fault for MultiAppendsOnly {
    async fn append_multi_inline(
        &self,
        store: &MemoryStore,
        batch: MultiAppend,
        _: &InlineProjections,
    ) -> Result<MultiAppended, MultiAppendError> {
        store.append_multi(batch).await
    }
}

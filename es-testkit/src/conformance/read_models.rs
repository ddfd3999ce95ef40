//! Rules M1 to M4 and M8 to M11: read models; M5 to M7 are those of their scans.

use std::collections::BTreeSet;

use es_core::store::{
    CheckpointError, CheckpointName, LoadedRows, ReadModelError, ReadModelStore, Row, RowPage, RowWrite, Scan,
};
use es_core::{IndexValue, Payload};

use super::numbered::p;
use super::rules::{M1, M2, M3, M4, M5, M8, M9, M10, M11, ended, rule, same};
use super::subject::Subject;

pub(super) const KEYS: [&str; 16] =
    ["", "a", "ab", "A", "a ", " a", "a-b", "a%", "a_", "%", "_", "ä", "a\u{308}", "a\0b", "日本🦀", "a'b\"c`;--"];

pub(super) fn row(key: &str, position: u64) -> Row {
    Row {
        key: key.to_owned(),
        position: p(position),
        indexes: [].into(),
        payload: Payload::from(format!("{key} {position}")),
    }
}

/// A row that stands in the index `at`.
pub(super) fn at(key: &str, value: impl Into<IndexValue>) -> Row {
    Row { indexes: [("at".into(), value.into())].into(), ..row(key, 1) }
}

pub(super) fn put(rows: impl IntoIterator<Item = Row>) -> Vec<RowWrite> {
    rows.into_iter().map(RowWrite::Put).collect()
}

pub(super) async fn commit(on: &Subject, model: &CheckpointName, writes: Vec<RowWrite>, from: Option<u64>, to: u64) {
    let committed = on.read_models().commit_rows(model, writes, from.map(p), p(to)).await;
    ended!(M2, committed, Ok(()) => (), "a commit from {from:?} to {to}");
}

pub(super) async fn load(on: &Subject, model: &CheckpointName, keys: &[&str]) -> LoadedRows {
    let keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
    ended!(M1, on.read_models().load_rows(model, &keys).await, Ok(loaded) => loaded, "loading {keys:?}")
}

pub(super) async fn page(on: &Subject, model: &CheckpointName, scan: Scan) -> RowPage {
    ended!(M5, on.read_models().scan_rows(model, scan.clone()).await, Ok(page) => page, "{scan:?}")
}

pub(super) async fn keys(on: &Subject, model: &CheckpointName, scan: Scan) -> Vec<String> {
    page(on, model, scan).await.rows.into_iter().map(|row| row.key).collect()
}

pub(super) async fn rule_m1_every_part_of_a_row_is_kept_as_it_is_given(on: &Subject) {
    let model = on.checkpoint("x");
    let bytes: Vec<u8> = (0..=255).collect();
    let rows = vec![
        row("plain", 1),
        Row { position: p(i64::MAX as u64), ..row("position", 1) },
        Row { payload: Payload::new(), ..row("empty", 1) },
        Row { payload: bytes.repeat(100).into(), ..row("bytes", 1) },
        Row { payload: "a\0b".into(), ..row("nul", 1) },
        Row {
            indexes: [
                ("least".into(), i64::MIN.into()),
                ("most".into(), i64::MAX.into()),
                ("text".into(), "O'Brien \"x\" \0 日本".into()),
                ("empty".into(), "".into()),
                ("number".into(), "17".into()),
                ("a'b\"c`;--".into(), 0.into()),
            ]
            .into(),
            ..row("indexes", 1)
        },
    ];
    commit(on, &model, put(rows.clone()), None, 1).await;
    for row in rows {
        let loaded = load(on, &model, &[&row.key]).await.rows;
        same!(M1, loaded, [Some(row)], "the row that was put");
    }
}

pub(super) async fn rule_m1_rows_are_loaded_by_whole_keys_in_the_order_that_is_asked_for(on: &Subject) {
    let model = on.checkpoint("x");
    same!(M1, load(on, &model, &["a"]).await, LoadedRows { rows: vec![None], checkpoint: None }, "what was never put");
    let rows: Vec<_> = (1..).zip(KEYS).map(|(number, key)| row(key, number)).collect();
    commit(on, &model, put(rows.clone()), None, 20).await;
    let loaded = load(on, &model, &KEYS).await;
    same!(M1, loaded.rows, rows.iter().cloned().map(Some).collect::<Vec<_>>(), "all rows");
    same!(M1, loaded.checkpoint, Some(p(20)), "the checkpoint beside them");
    let some = load(on, &model, &["ab", "b", "a", "ab", "abc"]).await.rows;
    let meant = [Some(row("ab", 3)), None, Some(row("a", 2)), Some(row("ab", 3)), None];
    same!(M1, some, meant, "some rows, one twice and two that are not there");
    same!(M1, load(on, &model, &[]).await.rows, [], "no rows");
}

pub(super) async fn rule_m2_writes_are_done_in_their_order(on: &Subject) {
    let model = on.checkpoint("x");
    let delete = |key: &str| RowWrite::Delete(key.to_owned());
    let writes = vec![
        RowWrite::Put(row("a", 1)),
        RowWrite::Put(row("a", 2)),
        RowWrite::Put(row("b", 1)),
        delete("b"),
        delete("c"),
        RowWrite::Put(row("c", 3)),
    ];
    commit(on, &model, writes, None, 3).await;
    let rows = load(on, &model, &["a", "b", "c"]).await.rows;
    same!(M2, rows, [Some(row("a", 2)), None, Some(row("c", 3))], "what was written twice in a commit");
}

pub(super) async fn rule_m2_the_checkpoint_moves_with_the_rows(on: &Subject) {
    let (model, store) = (on.checkpoint("x"), on.read_models());
    for (from, to) in [(None, 0), (Some(0), 5), (Some(5), 5), (Some(5), 9)] {
        let writes = if to == 9 { vec![] } else { put([row("a", to)]) };
        commit(on, &model, writes, from, to).await;
        let saved = ended!(M2, store.load_checkpoint(&model).await, Ok(saved) => saved, "loading the checkpoint");
        same!(M2, saved, Some(p(to)), "the checkpoint after a commit");
        same!(M2, page(on, &model, Scan::keys()).await.checkpoint, Some(p(to)), "the checkpoint that a scan gives");
    }
    let saved = store.save_checkpoint(&model, Some(p(9)), p(11)).await;
    ended!(M3, saved, Ok(()) => (), "saving the checkpoint of a read model");
    same!(M3, load(on, &model, &["a"]).await.checkpoint, Some(p(11)), "a checkpoint that was saved by itself");
}

pub(super) async fn rule_m3_what_is_not_as_expected_changes_nothing(on: &Subject) {
    let (model, store) = (on.checkpoint("x"), on.read_models());
    let too_late = store.commit_rows(&model, put([row("a", 1)]), Some(p(1)), p(2)).await;
    let seen = ended!(
        M3, too_late, Err(ReadModelError::Checkpoint(CheckpointError::Conflict { name, expected, actual }))
        => (name, expected, actual), "a first commit that expects another before it"
    );
    same!(M3, seen, (model.clone(), Some(p(1)), None), "what the conflict tells");
    same!(M3, load(on, &model, &["a"]).await.rows, [None], "a row of a refused commit");
    let kept = at("a", "one");
    commit(on, &model, put([kept.clone()]), None, 5).await;
    for wrong in [None, Some(p(4)), Some(p(6))] {
        let writes = vec![RowWrite::Put(at("a", "two")), RowWrite::Put(row("b", 6)), RowWrite::Delete("a".to_owned())];
        let refused = store.commit_rows(&model, writes, wrong, p(7)).await;
        ended!(
            M3, refused, Err(ReadModelError::Checkpoint(CheckpointError::Conflict { .. })) => (),
            "a commit that expects {wrong:?} in place of 5"
        );
    }
    let back = store.commit_rows(&model, vec![RowWrite::Delete("a".to_owned())], Some(p(5)), p(4)).await;
    ended!(M3, back, Err(ReadModelError::Checkpoint(CheckpointError::Backwards { .. })) => (), "a commit that goes back");
    let whole = page(on, &model, Scan::index("at")).await;
    same!(M3, whole, RowPage { rows: vec![kept], next: None, checkpoint: Some(p(5)) }, "what refused commits left");
}

pub(super) async fn rule_m3_of_several_committers_one_succeeds(on: &Subject) {
    let model = on.checkpoint("x");
    for round in 0..10 {
        let from = (round > 0).then(|| p(round));
        let results = on
            .at_once(8, |task| {
                let (store, model) = (on.read_models(), model.clone());
                let writes = put([Row { payload: Payload::from(task.to_string()), ..row("a", round + 1) }]);
                // Each would move on, so whoever comes second is too late.
                async move { store.commit_rows(&model, writes, from, p(round + 1)).await.is_ok().then_some(task) }
            })
            .await;
        let won: Vec<_> = results.into_iter().flatten().collect();
        same!(M3, won.len(), 1, "the number of winners of eight in round {round}");
        let loaded = load(on, &model, &["a"]).await.rows.remove(0);
        let kept = loaded.map(|row| row.payload);
        same!(M3, kept, Some(Payload::from(won[0].to_string())), "the row of the winner in round {round}");
    }
}

pub(super) async fn rule_m4_a_put_replaces_the_row_and_its_index_values(on: &Subject) {
    let model = on.checkpoint("x");
    let two = |first: IndexValue, second: Option<IndexValue>| {
        let second = second.map(|second| ("second".into(), second));
        Row { indexes: [("first".into(), first)].into_iter().chain(second).collect(), ..row("a", 1) }
    };
    let rows = [
        two("x".into(), Some(1.into())),
        two("y".into(), Some(1.into())),
        two("y".into(), None),
        two("y".into(), Some("1".into())),
        two(5.into(), Some(2.into())),
        row("a", 1),
        two("x".into(), Some(1.into())),
    ];
    for (step, given) in rows.into_iter().enumerate() {
        commit(on, &model, put([given.clone()]), (step > 0).then_some(step as u64), step as u64 + 1).await;
        same!(M4, page(on, &model, Scan::keys()).await.rows, std::slice::from_ref(&given), "the row after step {step}");
        for index in ["first", "second"] {
            let meant: Vec<_> = given.indexes.get(index).map(|_| given.clone()).into_iter().collect();
            same!(M4, page(on, &model, Scan::index(index)).await.rows, meant, "the index {index} after step {step}");
        }
    }
}

pub(super) async fn rule_m4_a_deletion_takes_a_row_from_all_indexes(on: &Subject) {
    let model = on.checkpoint("x");
    commit(on, &model, put([at("a", "x"), at("b", "x"), at("c", 1)]), None, 1).await;
    let delete = |key: &str| RowWrite::Delete(key.to_owned());
    commit(on, &model, vec![delete("a"), delete("missing"), delete("c")], Some(1), 2).await;
    same!(M4, load(on, &model, &["a", "b", "c"]).await.rows, [None, Some(at("b", "x")), None], "after a deletion");
    same!(M4, page(on, &model, Scan::index("at")).await.rows, [at("b", "x")], "the index after a deletion");
    commit(on, &model, put([row("a", 3)]), Some(2), 3).await;
    same!(
        M4,
        page(on, &model, Scan::index("at")).await.rows,
        [at("b", "x")],
        "the index after a row came back without"
    );
    same!(M4, keys(on, &model, Scan::keys()).await, ["a", "b"], "the keys after a row came back");
}

pub(super) async fn rule_m8_many_readers_see_rows_and_checkpoint_of_one_commit(on: &Subject) {
    let (model, rounds) = (on.checkpoint("x"), 60);
    let all = |round: u64| ["a", "b", "c", "d"].map(|key| Row { position: p(round), ..at(key, round.cast_signed()) });
    commit(on, &model, put(all(1)), None, 1).await;
    on.at_once(5, |task| {
        let (store, model) = (on.read_models(), model.clone());
        async move {
            for round in 2..=rounds {
                if task == 0 {
                    let committed = store.commit_rows(&model, put(all(round)), Some(p(round - 1)), p(round)).await;
                    ended!(M8, committed, Ok(()) => (), "a commit while others read");
                    continue;
                }
                let (rows, checkpoint) = look(&*store, &model, task).await;
                let seen: BTreeSet<_> = rows.iter().map(|row| Some(row.position)).chain([checkpoint]).collect();
                rule!(M8, rows.len() == 4 && seen.len() == 1, "{} rows and the checkpoint are of {seen:?}", rows.len());
            }
        }
    })
    .await;
}

async fn look(store: &dyn ReadModelStore, model: &CheckpointName, task: u64) -> (Vec<Row>, Option<es_core::Position>) {
    if task == 1 {
        let keys = ["a", "b", "c", "d"].map(ToOwned::to_owned);
        let loaded =
            ended!(M8, store.load_rows(model, &keys).await, Ok(loaded) => loaded, "loading while others write");
        return (loaded.rows.into_iter().flatten().collect(), loaded.checkpoint);
    }
    let scan = if task == 2 { Scan::keys() } else { Scan::index("at") };
    let page = ended!(M8, store.scan_rows(model, scan).await, Ok(page) => page, "a scan while others write");
    (page.rows, page.checkpoint)
}

pub(super) async fn rule_m9_read_models_with_colliding_names_are_told_apart(on: &Subject) {
    let names = ["a", "a@2", "A", "ab", "a ", "a%", "a_", "ä"].map(|name| on.checkpoint(name));
    for (number, name) in (1..).zip(&names) {
        let same_key = Row { position: p(number), ..at("key", "value") };
        commit(on, name, put([same_key, at(&number.to_string(), 1)]), None, number).await;
    }
    for (number, name) in (1..).zip(&names) {
        let rows = page(on, name, Scan::keys()).await.rows;
        let meant = [at(&number.to_string(), 1), Row { position: p(number), ..at("key", "value") }];
        same!(M9, rows, meant, "the rows of one read model among many");
        same!(M9, page(on, name, Scan::index("at")).await.rows, meant, "the index of one read model among many");
        same!(M9, load(on, name, &["key"]).await.rows, [Some(meant[1].clone())], "a row of one read model among many");
    }
    commit(on, &names[0], vec![RowWrite::Delete("key".to_owned())], Some(1), 9).await;
    same!(M9, keys(on, &names[1], Scan::index("at")).await, ["2", "key"], "another read model after a deletion");
}

pub(super) async fn rule_m10_a_dropped_read_model_is_as_never_committed(on: &Subject) {
    let (gone, other, store) = (on.checkpoint("x"), on.checkpoint("x@2"), on.read_models());
    ended!(M10, store.drop_read_model(&gone).await, Ok(false) => (), "dropping what was never there");
    for model in [&gone, &other] {
        commit(on, model, put([at("a", "x"), at("b", 1), row("c", 1)]), None, 5).await;
    }
    ended!(M10, store.drop_read_model(&gone).await, Ok(true) => (), "dropping a read model");
    for scan in [Scan::keys(), Scan::index("at")] {
        let left = page(on, &gone, scan).await;
        same!(
            M10,
            left,
            RowPage { rows: vec![], next: None, checkpoint: None },
            "what is left of a dropped read model"
        );
    }
    let saved = ended!(M10, store.load_checkpoint(&gone).await, Ok(saved) => saved, "loading its checkpoint");
    same!(M10, saved, None, "the checkpoint of a dropped read model");
    same!(M10, keys(on, &other, Scan::index("at")).await, ["b", "a"], "another read model");
    same!(M10, load(on, &other, &["c"]).await.checkpoint, Some(p(5)), "the checkpoint of another read model");
    commit(on, &gone, put([row("a", 1)]), None, 1).await;
    same!(M10, page(on, &gone, Scan::keys()).await.rows, [row("a", 1)], "a read model that begins again");
    same!(M10, page(on, &gone, Scan::index("at")).await.rows, [], "the index of a read model that begins again");
}

pub(super) async fn rule_m11_read_models_are_listed_until_they_are_dropped(on: &Subject) {
    let store = on.read_models();
    let names = ["b", "ä", "a", "B"].map(|name| on.checkpoint(name));
    let own = async || {
        let all = ended!(M11, store.list_read_models().await, Ok(all) => all, "listing");
        rule!(M11, all.is_sorted_by_key(|entry| entry.name.clone()), "the list is not sorted");
        let own = all.into_iter().filter(|entry| names.contains(&entry.name));
        own.map(|entry| (entry.name, entry.checkpoint)).collect::<Vec<_>>()
    };
    same!(M11, own().await, [], "what is listed before a commit");
    for (number, name) in (1..).zip(&names) {
        commit(on, name, vec![], None, number).await;
    }
    let entry = |at: usize| (names[at].clone(), Some(p(at as u64 + 1)));
    same!(M11, own().await, [entry(3), entry(2), entry(0), entry(1)], "what is listed");
    ended!(M11, store.drop_read_model(&names[2]).await, Ok(true) => (), "dropping one without rows");
    same!(M11, own().await, [entry(3), entry(0), entry(1)], "what is listed when one was dropped");
    ended!(M11, store.delete_checkpoint(&names[0]).await, Ok(Some(_)) => (), "deleting a checkpoint");
    same!(M11, own().await, [entry(3), (names[0].clone(), None), entry(1)], "what is listed without its checkpoint");
}

/// A read model with rows that stand in an index, for the checks of handles.
pub(super) async fn keep(on: &Subject, name: &str) -> CheckpointName {
    let model = on.checkpoint(name);
    commit(on, &model, put([at("a", "x"), at("b", 1)]), None, 7).await;
    model
}

/// What [`keep`] has kept is there.
pub(super) async fn kept(on: &Subject, model: &CheckpointName) {
    let seen = page(on, model, Scan::index("at")).await;
    let meant = RowPage { rows: vec![at("b", 1), at("a", "x")], next: None, checkpoint: Some(p(7)) };
    same!(M1, seen, meant, "a read model as it was committed");
}

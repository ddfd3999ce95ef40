//! Rules 26 to 29: checkpoints.

use es_core::Position;
use es_core::store::{CheckpointError, CheckpointName};

use super::numbered::p;
use super::rules::{ended, rule, same};
use super::subject::Subject;

async fn load(on: &Subject, name: &CheckpointName) -> Option<Position> {
    ended!(26, on.checkpoints().load_checkpoint(name).await, Ok(position) => position, "loading `{name}`")
}

async fn save(on: &Subject, name: &CheckpointName, from: Option<u64>, to: u64) {
    let saved = on.checkpoints().save_checkpoint(name, from.map(p), p(to)).await;
    ended!(27, saved, Ok(()) => (), "saving {to} in place of {from:?}");
}

pub(super) async fn rule_26_what_was_saved_last_is_loaded(on: &Subject) {
    let name = on.checkpoint("x");
    same!(26, load(on, &name).await, None, "a checkpoint that was never saved");
    save(on, &name, None, 0).await;
    same!(26, load(on, &name).await, Some(p(0)), "a checkpoint at the start");
    save(on, &name, Some(0), 5).await;
    save(on, &name, Some(5), i64::MAX as u64).await;
    same!(26, load(on, &name).await, Some(p(i64::MAX as u64)), "a checkpoint that was saved three times");
}

pub(super) async fn rule_26_a_checkpoint_is_loaded_by_its_whole_name(on: &Subject) {
    let long = "n".repeat(CheckpointName::MAX_BYTES - 17);
    let names = ["", "a", "A", "ab", "a ", " a", "a%", "a_", "%", "ä", "a\u{308}", "a'b\"c`;--", "日本🦀", &long];
    for (number, name) in (1..).zip(names) {
        save(on, &on.checkpoint(name), None, number).await;
    }
    for (number, name) in (1..).zip(names) {
        same!(26, load(on, &on.checkpoint(name)).await, Some(p(number)), "the checkpoint {name:?}");
    }
    for name in ["b", "abc", "AB", "__", "%%", &long[1..]] {
        same!(26, load(on, &on.checkpoint(name)).await, None, "the checkpoint {name:?}, which was never saved,");
    }
}

pub(super) async fn rule_27_a_change_that_expects_something_else_is_a_conflict(on: &Subject) {
    let (name, store) = (on.checkpoint("x"), on.checkpoints());
    for (round, at) in [None, Some(p(5))].into_iter().enumerate() {
        if at.is_some() {
            save(on, &name, None, 5).await;
        }
        for wrong in [None, Some(p(0)), Some(p(4)), Some(p(6))].into_iter().filter(|wrong| *wrong != at) {
            for to in [7, 5, 3] {
                let results = [
                    store.save_checkpoint(&name, wrong, p(to)).await,
                    store.reset_checkpoint(&name, wrong, p(to)).await,
                ];
                for result in results {
                    let told = ended!(
                        27, result, Err(CheckpointError::Conflict { name, expected, actual }) => (name, expected, actual),
                        "changing {at:?} to {to}, expecting {wrong:?},"
                    );
                    same!(27, told, (name.clone(), wrong, at), "what the conflict tells in round {round}");
                }
            }
        }
        same!(27, load(on, &name).await, at, "the checkpoint after conflicts");
    }
}

pub(super) async fn rule_27_of_several_savers_one_succeeds(on: &Subject) {
    let name = on.checkpoint("x");
    for round in 0..30 {
        let expected = (round > 0).then(|| p(round * 10));
        let results = on
            .at_once(6, |_| {
                let (store, name) = (on.checkpoints(), name.clone());
                async move { store.save_checkpoint(&name, expected, p(round * 10 + 10)).await.is_ok() }
            })
            .await;
        let saved = results.into_iter().filter(|saved| *saved).count();
        same!(27, saved, 1, "the number of savers that succeeded of six");
        same!(27, load(on, &name).await, Some(p(round * 10 + 10)), "the checkpoint that they saved");
    }
}

pub(super) async fn rule_27_savers_under_different_names_do_not_disturb_each_other(on: &Subject) {
    let names: Vec<_> = (0..16).map(|number| on.checkpoint(&format!("of{number}"))).collect();
    on.at_once(16, |saver| {
        let (store, name) = (on.checkpoints(), names[saver as usize].clone());
        async move {
            for round in 0..20 {
                let saved = store.save_checkpoint(&name, (round > 0).then(|| p(round)), p(round + 1)).await;
                ended!(27, saved, Ok(()) => (), "saving under a name that nobody else uses");
            }
        }
    })
    .await;
    for name in &names {
        same!(27, load(on, name).await, Some(p(20)), "the checkpoint `{name}`");
    }
}

pub(super) async fn rule_28_a_save_does_not_go_back_and_a_reset_does(on: &Subject) {
    let (name, store) = (on.checkpoint("x"), on.checkpoints());
    save(on, &name, None, 5).await;
    for to in [4, 0] {
        let back = store.save_checkpoint(&name, Some(p(5)), p(to)).await;
        let told = ended!(
            28, back, Err(CheckpointError::Backwards { actual, attempted, .. }) => (actual, attempted),
            "saving {to} in place of 5"
        );
        same!(28, told, (p(5), p(to)), "what the refusal tells");
    }
    same!(28, load(on, &name).await, Some(p(5)), "the checkpoint after saves that go back");
    save(on, &name, Some(5), 5).await;
    for (from, to) in [(5, 0), (0, 9), (9, 9), (9, 3)] {
        let reset = store.reset_checkpoint(&name, Some(p(from)), p(to)).await;
        ended!(28, reset, Ok(()) => (), "resetting {from} to {to}");
        same!(28, load(on, &name).await, Some(p(to)), "the checkpoint after a reset to {to}");
    }
    let fresh = on.checkpoint("fresh");
    ended!(28, store.reset_checkpoint(&fresh, None, p(2)).await, Ok(()) => (), "resetting what was never saved");
    same!(28, load(on, &fresh).await, Some(p(2)), "a checkpoint that was reset first");
}

pub(super) async fn rule_29_a_deleted_checkpoint_is_as_never_saved(on: &Subject) {
    let (name, other, store) = (on.checkpoint("x"), on.checkpoint("xy"), on.checkpoints());
    save(on, &name, None, 5).await;
    save(on, &other, None, 6).await;
    for meant in [Some(p(5)), None] {
        let deleted = ended!(29, store.delete_checkpoint(&name).await, Ok(deleted) => deleted, "deleting");
        same!(29, deleted, meant, "what a deletion gives");
    }
    same!(29, load(on, &name).await, None, "a deleted checkpoint");
    same!(29, load(on, &other).await, Some(p(6)), "another one");
    let listed = ended!(29, store.list_checkpoints().await, Ok(listed) => listed, "listing");
    rule!(29, listed.iter().all(|(listed, _)| *listed != name), "a deleted checkpoint is listed");
    save(on, &name, None, 1).await;
    same!(29, load(on, &name).await, Some(p(1)), "a checkpoint that was deleted and saved again");
}

pub(super) async fn rule_29_the_list_has_each_once_sorted_by_bytes(on: &Subject) {
    let names = ["b", "ä", "a", "B", "aa", "Z", "_", "日", "a b"];
    for (number, name) in (1..).zip(names) {
        save(on, &on.checkpoint(name), None, number).await;
        save(on, &on.checkpoint(name), Some(number), number + 100).await;
    }
    let listed = ended!(29, on.checkpoints().list_checkpoints().await, Ok(listed) => listed, "listing");
    let own = on.checkpoint("");
    let listed: Vec<_> = listed.into_iter().filter(|(name, _)| name.as_str().starts_with(own.as_str())).collect();
    let mut meant: Vec<_> = (101..).zip(names).map(|(number, name)| (on.checkpoint(name), p(number))).collect();
    meant.sort_by(|one, other| one.0.as_str().as_bytes().cmp(other.0.as_str().as_bytes()));
    same!(29, listed, meant, "the list");
}

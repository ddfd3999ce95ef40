//! Rules T1 and T2: transactions that a program may write into, seen by the checkpoints that are saved in them.

use es_core::Position;
use es_core::store::{CheckpointError, CheckpointName};

use super::numbered::p;
use super::rules::{T1, T2, ended, rule, same};
use super::subject::Subject;
use super::transactions::{Ended, Work};

async fn load(on: &Subject, name: &CheckpointName) -> Option<Position> {
    ended!(T2, on.checkpoints().load_checkpoint(name).await, Ok(position) => position, "loading `{name}`")
}

pub(super) async fn rule_t1_what_is_saved_in_a_transaction_is_there_when_it_has_been_committed(on: &Subject) {
    let (a, b) = (on.checkpoint("a"), on.checkpoint("b"));
    for round in 1..4 {
        let before = (round > 1).then(|| p(round - 1));
        let saves = vec![(a.clone(), before, p(round)), (b.clone(), before, p(round))];
        ended!(T1, on.transactions().save(saves, Work::Succeeds).await, Ok(()) => (), "transaction {round}");
        same!(T1, load(on, &a).await, Some(p(round)), "the first checkpoint after transaction {round}");
        same!(T1, load(on, &b).await, Some(p(round)), "the second checkpoint after transaction {round}");
    }
}

pub(super) async fn rule_t1_a_transaction_that_is_not_committed_leaves_nothing(on: &Subject) {
    let (a, b) = (on.checkpoint("a"), on.checkpoint("b"));
    ended!(T2, on.checkpoints().save_checkpoint(&a, None, p(3)).await, Ok(()) => (), "saving 3");
    let saves = vec![(a.clone(), Some(p(3)), p(4)), (b.clone(), None, p(4))];
    let failed = on.transactions().save(saves.clone(), Work::Fails).await;
    ended!(T1, failed, Err(Ended::AsTold) => (), "a transaction whose work fails");
    same!(T1, load(on, &a).await, Some(p(3)), "a checkpoint that was there before");
    same!(T1, load(on, &b).await, None, "a checkpoint that was not there before");
    ended!(T1, on.transactions().save(saves, Work::Succeeds).await, Ok(()) => (), "the same transaction again");
    same!(T1, load(on, &b).await, Some(p(4)), "the checkpoint after it was done again");
}

pub(super) async fn rule_t1_a_checkpoint_that_is_refused_takes_the_others_back(on: &Subject) {
    let (a, b) = (on.checkpoint("a"), on.checkpoint("b"));
    let saves = vec![(a.clone(), None, p(1)), (b.clone(), Some(p(9)), p(10))];
    let refused = on.transactions().save(saves, Work::Succeeds).await;
    ended!(T2, refused, Err(Ended::Checkpoint(CheckpointError::Conflict { .. })) => (), "expecting what is not there");
    same!(T1, load(on, &a).await, None, "the checkpoint that was saved before the one that was refused");
    ended!(T2, on.checkpoints().save_checkpoint(&a, None, p(1)).await, Ok(()) => (), "saving it afterwards");
}

pub(super) async fn rule_t2_a_transaction_replaces_only_what_it_expects(on: &Subject) {
    let name = on.checkpoint("x");
    for at in [None, Some(p(5))] {
        if at.is_some() {
            ended!(T2, on.checkpoints().save_checkpoint(&name, None, p(5)).await, Ok(()) => (), "saving 5");
        }
        for wrong in [None, Some(p(0)), Some(p(4)), Some(p(6))].into_iter().filter(|wrong| *wrong != at) {
            let told = ended!(
                T2,
                on.transactions().save(vec![(name.clone(), wrong, p(7))], Work::Succeeds).await,
                Err(Ended::Checkpoint(CheckpointError::Conflict { name, expected, actual })) => (name, expected, actual),
                "replacing {at:?}, expecting {wrong:?},"
            );
            same!(T2, told, (name.clone(), wrong, at), "what the conflict tells");
            same!(T2, load(on, &name).await, at, "a checkpoint after a conflict");
        }
    }
    let back = on.transactions().save(vec![(name.clone(), Some(p(5)), p(4))], Work::Succeeds).await;
    ended!(T2, back, Err(Ended::Checkpoint(CheckpointError::Backwards { .. })) => (), "going back");
    let again = on.transactions().save(vec![(name.clone(), Some(p(5)), p(5))], Work::Succeeds).await;
    ended!(T2, again, Ok(()) => (), "saving the same position again");
    let twice = vec![(name.clone(), Some(p(5)), p(6)), (name.clone(), Some(p(6)), p(8))];
    ended!(T2, on.transactions().save(twice, Work::Succeeds).await, Ok(()) => (), "saving twice in one transaction");
    same!(T2, load(on, &name).await, Some(p(8)), "the checkpoint");
}

pub(super) async fn rule_t2_of_many_transactions_that_expect_the_same_one_succeeds(on: &Subject) {
    const WRITERS: u64 = 8;
    let (name, beside) = (on.checkpoint("x"), on.checkpoint("y"));
    for round in 0..6 {
        let expected = (round > 0).then(|| p(round * 100));
        let results = on.at_once(WRITERS, |writer| {
            let transactions = on.transactions();
            // All of them come to the same place, so that none goes back; what is beside says who it was.
            let own = p(round * 100 + writer);
            let saves = vec![(name.clone(), expected, p((round + 1) * 100)), (beside.clone(), expected, own)];
            let last = vec![(beside.clone(), Some(own), p((round + 1) * 100))];
            async move {
                let done = transactions.save(saves.into_iter().chain(last).collect(), Work::Succeeds).await;
                match done {
                    Ok(()) => Ok(true),
                    Err(Ended::Checkpoint(CheckpointError::Conflict { .. })) => Ok(false),
                    Err(other) => Err(other),
                }
            }
        });
        let mut won = 0;
        for result in results.await {
            won += usize::from(ended!(T2, result, Ok(won) => won, "one of many transactions"));
        }
        same!(T2, won, 1, "how many of {WRITERS} transactions that expect the same succeed");
        same!(T2, load(on, &name).await, load(on, &beside).await, "the checkpoint beside the other");
    }
}

pub(super) async fn rule_t2_of_many_who_save_in_and_beside_transactions_one_succeeds(on: &Subject) {
    let name = on.checkpoint("x");
    for round in 0..12 {
        let expected = (round > 0).then(|| p(round));
        let results = on.at_once(4, |writer| {
            let (transactions, checkpoints, name) = (on.transactions(), on.checkpoints(), name.clone());
            async move {
                let done = if writer % 2 == 0 {
                    checkpoints.save_checkpoint(&name, expected, p(round + 1)).await.map_err(Ended::Checkpoint)
                } else {
                    transactions.save(vec![(name, expected, p(round + 1))], Work::Succeeds).await
                };
                match done {
                    Ok(()) => Ok(true),
                    Err(Ended::Checkpoint(CheckpointError::Conflict { .. })) => Ok(false),
                    Err(other) => Err(other),
                }
            }
        });
        let mut won = 0;
        for result in results.await {
            won += usize::from(ended!(T2, result, Ok(won) => won, "one of many who save"));
        }
        rule!(T2, won == 1, "{won} of four who expect {expected:?} have replaced it");
    }
}

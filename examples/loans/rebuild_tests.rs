//! Rebuilds, whole and interrupted, on a file.

use std::future::{pending, ready};
use std::sync::Arc;

use es_core::Position;
use es_core::store::{ReadModelStore, Row, RowWrite};

use crate::figures::{compare, read};
use crate::read_models::{ReadModels, head};
use crate::rebuild::{Ended, rebuild};
use crate::sample::sample;

#[tokio::test]
async fn a_rebuild_takes_away_what_no_event_explains_and_leaves_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("loans.db").display());
    let log = sample(60);
    let (events, rows, models, imported) = read(&log, &url).await;
    let (name, head) = (models.find("clerks").unwrap().clone(), head(&events).await.unwrap());
    let row = Row { key: "ghost".to_owned(), position: head, indexes: [].into(), payload: "{}".into() };
    rows.commit_rows(&name, vec![RowWrite::Put(row)], Some(head), head).await.unwrap();

    let ended = rebuild(&models, Arc::clone(&events), &name, pending()).await.unwrap();
    let Ended::Rebuilt { from: Position::START, pace } = ended else { panic!("{ended:?}") };
    assert!(pace.events > 0 && pace.events < imported.pace.events, "{pace}");
    compare(&log, &models, &rows).await;
}

#[tokio::test]
async fn an_interrupted_rebuild_goes_on_where_it_was() {
    let log = sample(400);
    let (events, rows, models, _) = read(&log, "memory:").await;
    let name = models.find("open-work").unwrap().clone();
    let head = head(&events).await.unwrap();

    // Interrupted before anything has been done again: cleared, and no more.
    let ended = rebuild(&models, Arc::clone(&events), &name, ready(())).await.unwrap();
    let Ended::Interrupted { done, total } = ended else { panic!("{ended:?}") };
    assert_eq!(total, head);
    assert!(done < head, "nothing is left to do");

    // Interrupted in the middle: as soon as its checkpoint has moved.
    let moved = async {
        while models.checkpoint(&name).await.unwrap().unwrap_or_default() <= done {
            tokio::task::yield_now().await;
        }
    };
    let ended = rebuild(&models, Arc::clone(&events), &name, moved).await.unwrap();
    let Ended::Interrupted { done, .. } = ended else { panic!("{ended:?}") };
    assert!(done > Position::START && done < head, "interrupted at {done} of {head}");

    let again = ReadModels::new(Arc::clone(&rows));
    let ended = rebuild(&again, Arc::clone(&events), &name, pending()).await.unwrap();
    assert!(matches!(ended, Ended::Rebuilt { from, .. } if from == done), "{ended:?} after {done}");
    compare(&log, &models, &rows).await;
}

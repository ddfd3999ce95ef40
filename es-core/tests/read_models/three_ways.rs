//! One definition of rows, run behind the log, inside the transaction of each append, and on read.

use es_core::store::{CheckpointStore, EventStore, InlineAppend, ReadModelStore, Scan};
use es_core::{InlineStore, LiveRows, ReadModel};

use crate::domain::{Balance, GetWealth, History, all, append};

/// `open` gives empty stores: two, since a read model is kept up in one way only.
pub(crate) async fn the_same_rows_come_of_all_three<S>(stores: [S; 2])
where
    S: InlineAppend + ReadModelStore + CheckpointStore + EventStore + Clone + 'static,
{
    let [behind, inside] = stores;
    let asynchronous = ReadModel::<Balance, _>::new(behind.clone());
    let inline = ReadModel::<Balance, _>::new(inside.clone());
    let appending = InlineStore::new(inside.clone(), [inline.inline()]);
    let (mut history, mut seen_deletes) = (History::new(3), 0);
    for round in 0..60 {
        let before = history.rows.len();
        for _ in 0..round % 7 {
            let next = history.next();
            let position = append(&behind, next.clone()).await;
            assert_eq!(append(&appending, next).await, position);
            assert_eq!(all(&inline.rows()).await, history.rows, "inline, after position {position}");
        }
        seen_deletes += usize::from(history.rows.len() < before);
        asynchronous.catch_up().await.unwrap();
        assert_eq!(all(&asynchronous.rows()).await, history.rows, "behind, in round {round}");
        let live = LiveRows::<Balance>::of_log(&behind).await.unwrap();
        assert_eq!(all(&live.rows()).await, history.rows, "live, in round {round}");
        for scan in [Scan::index("cents").backward(), Scan::index("owner").limit(2), Scan::keys().from("2").limit(1)] {
            let page = live.rows().scan(scan.clone()).await.unwrap();
            let kept = asynchronous.scan(scan.clone()).await.unwrap();
            assert_eq!((&page.rows, &page.next), (&kept.rows, &kept.next), "{scan:?}");
            assert_eq!(inline.scan(scan).await.unwrap().rows, page.rows);
        }
        let ada = GetWealth { owner: "ada" };
        let wealth: i64 = history.rows.values().filter(|row| row.owner == "ada").map(|row| row.cents).sum();
        assert_eq!(live.query(ada.clone()).await.unwrap(), wealth);
        assert_eq!(asynchronous.query(ada.clone()).await.unwrap(), wealth);
        assert_eq!(inline.query(ada).await.unwrap(), wealth);
    }
    assert!(seen_deletes > 3 && !history.rows.is_empty(), "the history has rows that end and rows that stay");
}

//! Rules M5 to M7: scans of read models.

use std::collections::BTreeSet;

use es_core::IndexValue;
use es_core::store::{CheckpointName, Direction, Row, RowPage, RowWrite, Scan};

use super::numbered::p;
use super::read_models::{KEYS, at, commit, keys, load, page, put, row};
use super::rules::{M5, M6, M7, ended, rule, same};
use super::subject::Subject;

pub(super) async fn rule_m5_a_scan_by_key_is_ordered_by_bytes_and_keeps_to_its_range(on: &Subject) {
    let model = on.checkpoint("x");
    same!(M5, page(on, &model, Scan::keys()).await, RowPage { rows: vec![], next: None, checkpoint: None }, "nothing");
    commit(on, &model, put(KEYS.iter().rev().map(|key| row(key, 1))), None, 1).await;
    let mut sorted = KEYS;
    sorted.sort_by_key(|key| key.as_bytes());
    same!(M5, keys(on, &model, Scan::keys()).await, sorted, "all keys");
    same!(M5, keys(on, &model, Scan::keys().equal("a")).await, ["a"], "one key");
    same!(M5, keys(on, &model, Scan::keys().equal("b")).await, [""; 0], "a key that is not there");
    for (lower, upper) in [("", "a"), ("a", "a_"), ("A", "b"), ("b", "a"), ("a", "a")] {
        let between = |from: &str, to: &str, ends: (bool, bool)| {
            let is_in = |key: &&&str| {
                let (key, from, to) = (key.as_bytes(), from.as_bytes(), to.as_bytes());
                (if ends.0 { key >= from } else { key > from }) && if ends.1 { key <= to } else { key < to }
            };
            sorted.iter().filter(is_in).map(ToString::to_string).collect::<Vec<_>>()
        };
        let scan = Scan::keys().from(lower).up_to(upper);
        same!(M5, keys(on, &model, scan).await, between(lower, upper, (true, true)), "from {lower:?} up to {upper:?}");
        let scan = Scan::keys().above(lower).below(upper);
        same!(
            M5,
            keys(on, &model, scan).await,
            between(lower, upper, (false, false)),
            "above {lower:?} below {upper:?}"
        );
        let scan = Scan::keys().from(lower).below(upper).backward();
        let mut meant = between(lower, upper, (true, false));
        meant.reverse();
        same!(M7, keys(on, &model, scan).await, meant, "from {lower:?} below {upper:?} backward");
    }
}

/// Rows with values of both kinds, several of which are the same.
fn mixed() -> Vec<Row> {
    let numbers = [i64::MIN, -10, -9, 0, 9, 10, 10, i64::MAX].map(IndexValue::Integer);
    let texts = ["", "10", "9", "A", "a", "a", "a", "ab", "ä"].map(IndexValue::from);
    let values = numbers.into_iter().chain(texts);
    // Keys that are not in the order of the values.
    let mut rows: Vec<_> =
        (0_u64..).zip(values).map(|(number, value)| at(&format!("{:02}", number * 7 % 17), value)).collect();
    rows.reverse();
    rows
}

fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by(|left, right| (&left.indexes["at"], &left.key).cmp(&(&right.indexes["at"], &right.key)));
    rows
}

pub(super) async fn rule_m6_a_scan_by_index_is_ordered_by_value_and_then_by_key(on: &Subject) {
    let model = on.checkpoint("x");
    let other = Row { indexes: [("other".into(), 1.into())].into(), ..row("other", 1) };
    commit(on, &model, put(mixed().into_iter().chain([other.clone(), row("none", 1)])), None, 1).await;
    let all = page(on, &model, Scan::index("at")).await;
    same!(M6, all, RowPage { rows: sorted(mixed()), next: None, checkpoint: Some(p(1)) }, "a whole index");
    same!(M6, page(on, &model, Scan::index("other")).await.rows, [other], "another index");
    same!(M6, page(on, &model, Scan::index("AT")).await.rows, [], "an index that there is not");
}

pub(super) async fn rule_m6_a_scan_by_index_keeps_to_its_range(on: &Subject) {
    let model = on.checkpoint("x");
    commit(on, &model, put(mixed()), None, 1).await;
    let values: BTreeSet<_> = mixed().into_iter().map(|row| row.indexes["at"].clone()).collect();
    let values: Vec<_> = values.into_iter().chain([IndexValue::Integer(5), "b".into()]).collect();
    let value = |row: &Row| row.indexes["at"].clone();
    for lower in &values {
        let meant: Vec<_> = sorted(mixed()).into_iter().filter(|row| value(row) == *lower).collect();
        same!(M6, page(on, &model, Scan::index("at").equal(lower.clone())).await.rows, meant, "those equal to {lower}");
        for upper in &values {
            let (from, to) = (lower.clone(), upper.clone());
            let meant: Vec<_> =
                sorted(mixed()).into_iter().filter(|row| value(row) >= from && value(row) < to).collect();
            let scan = Scan::index("at").from(from.clone()).below(to.clone());
            same!(M6, page(on, &model, scan).await.rows, meant, "those from {lower} below {upper}");
            let mut meant: Vec<_> =
                sorted(mixed()).into_iter().filter(|row| value(row) > from && value(row) <= to).collect();
            meant.reverse();
            let scan = Scan::index("at").above(from).up_to(to).backward();
            same!(M7, page(on, &model, scan).await.rows, meant, "those above {lower} up to {upper} backward");
        }
    }
}

/// All rows of a scan, page by page.
async fn paged(on: &Subject, model: &CheckpointName, scan: &Scan, limit: usize) -> Vec<Row> {
    let (mut rows, mut next) = (vec![], None);
    for _ in 0..100 {
        let mut scan = scan.clone().limit(limit);
        scan.after = next.take();
        let is_announced = scan.after.is_some();
        let page = page(on, model, scan).await;
        rule!(M7, !is_announced || !page.rows.is_empty(), "the page before said that there is more, and there is not");
        rule!(M7, page.rows.len() <= limit, "a page of at most {limit} has {}", page.rows.len());
        rule!(
            M7,
            page.next.is_none() || page.rows.len() == limit,
            "a page that is not the last has {}",
            page.rows.len()
        );
        rows.extend(page.rows);
        next = page.next;
        if next.is_none() {
            return rows;
        }
    }
    super::rules::broken(M7, "the pages have no end")
}

pub(super) async fn rule_m7_pages_of_every_size_and_direction_are_the_whole_scan(on: &Subject) {
    let model = on.checkpoint("x");
    commit(on, &model, put(mixed()), None, 1).await;
    let scans = [
        Scan::keys(),
        Scan::keys().from("03").below("11"),
        Scan::index("at"),
        Scan::index("at").equal("a"),
        Scan::index("at").from(9).up_to("a"),
        Scan::index("at").above(9).below("b"),
        Scan::index("at").above("a").below("a"),
    ];
    for scan in scans {
        let whole = page(on, &model, scan.clone()).await;
        same!(M7, whole.next, None, "where a scan without a limit goes on");
        let mut reverse = whole.rows.clone();
        reverse.reverse();
        for limit in 1..=20 {
            same!(M7, paged(on, &model, &scan, limit).await, whole.rows, "{scan:?} in pages of {limit}");
            let backward = Scan { direction: Direction::Backward, ..scan.clone() };
            same!(M7, paged(on, &model, &backward, limit).await, reverse, "{backward:?} in pages of {limit}");
        }
    }
}

pub(super) async fn rule_m7_a_page_goes_on_after_a_row_that_is_gone(on: &Subject) {
    let model = on.checkpoint("x");
    commit(on, &model, put(["a", "b", "c", "d"].map(|key| at(key, 1))), None, 1).await;
    for (scan, rest) in [(Scan::keys(), ["c", "d"]), (Scan::index("at"), ["c", "d"])] {
        let first = page(on, &model, scan.clone().limit(2)).await;
        let from = load(on, &model, &[]).await.checkpoint.map_or(0, es_core::Position::get);
        commit(on, &model, vec![RowWrite::Delete("b".to_owned())], Some(from), from + 1).await;
        let next = ended!(M7, first.next, Some(next) => next, "where a page of two of four goes on");
        same!(M7, keys(on, &model, scan.after(next)).await, rest, "what follows a row that was deleted meanwhile");
        commit(on, &model, put([at("b", 1)]), Some(from + 1), from + 2).await;
    }
}

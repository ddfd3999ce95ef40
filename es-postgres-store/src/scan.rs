//! Scans of a read model: rules M5 to M8, each one statement that walks along an index.

use std::fmt::Write as _;
use std::ops::Bound;
use std::sync::Arc;

use es_core::IndexValue;
use es_core::store::{CheckpointName, Direction, RowPage, Scan};
use tokio_postgres::types::ToSql;

use crate::connection::Connection;
use crate::error::PostgresError;
use crate::row::{position, to_bound};
use crate::rows::{from_stored_columns, to_bytes};
use crate::schema::SchemaName;
use crate::text::to_stored;

type Param = Box<dyn ToSql + Sync + Send>;

pub(crate) async fn scan(
    connection: &mut Connection,
    schema: &SchemaName,
    name: &CheckpointName,
    scan: &Scan,
) -> Result<RowPage, PostgresError> {
    let (sql, params) = statement(name, scan);
    let sql: Arc<str> = schema.sql(&sql).into();
    let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|param| &**param as &(dyn ToSql + Sync)).collect();
    let found = connection.query(&sql, &params).await?;
    let mut page = RowPage { rows: Vec::new(), next: None, checkpoint: None };
    for row in &found {
        page.checkpoint = row.try_get::<_, Option<i64>>(0)?.map(position);
        // A row comes also where there is none, to say the checkpoint.
        let Some(at) = row.try_get(1)? else { break };
        if page.rows.len() == scan.limit {
            page.next = page.rows.last().and_then(|row| scan.place(row));
            break;
        }
        page.rows.push(from_stored_columns(row.try_get(4)?, at, row.try_get(2)?, row.try_get(3)?)?);
    }
    Ok(page)
}

/// The statement and what it is asked with; all texts in it are ours, and there are few of them.
fn statement(name: &CheckpointName, scan: &Scan) -> (String, Vec<Param>) {
    let mut params: Vec<Param> = vec![Box::new(name.as_str().to_owned())];
    let (from, place) = match &scan.index {
        None => ("{schema}.read_model_rows AS kept WHERE kept.model = of.model".to_owned(), "kept.key"),
        Some(index) => {
            params.push(Box::new(to_stored(index).into_owned()));
            let from = "{schema}.read_model_index AS entry CROSS JOIN LATERAL (
                    SELECT position, indexes, payload, key FROM {schema}.read_model_rows AS row_of
                    WHERE row_of.model = entry.model AND row_of.key = entry.key LIMIT 1
                ) AS kept WHERE entry.model = of.model AND entry.name = $2";
            (from.to_owned(), "entry.value")
        }
    };
    let mut conditions = String::new();
    let ends = [(&scan.lower, ">=", ">"), (&scan.upper, "<=", "<")];
    for (number, (bound, included, excluded)) in ends.into_iter().enumerate() {
        let (operator, end) = match bound {
            Bound::Included(end) => (included, end),
            Bound::Excluded(end) => (excluded, end),
            Bound::Unbounded => continue,
        };
        match end {
            _ if scan.index.is_some() => params.push(Box::new(to_bytes(end))),
            IndexValue::Text(text) => params.push(Box::new(to_stored(text).into_owned())),
            // Keys are texts, which all numbers come before.
            IndexValue::Integer(_) => {
                conditions.push_str(if number == 0 { "" } else { " AND false" });
                continue;
            }
        }
        let _ = write!(conditions, " AND {place} {operator} ${}", params.len());
    }
    let (beyond, order) = if scan.direction == Direction::Forward { (">", "ASC") } else { ("<", "DESC") };
    let sorted = match &scan.index {
        None => format!("kept.key {order}"),
        Some(_) => format!("entry.value {order}, entry.key {order}"),
    };
    if let Some(after) = &scan.after {
        let key = to_stored(&after.key).into_owned();
        match &after.value {
            Some(value) if scan.index.is_some() => {
                params.push(Box::new(to_bytes(value)));
                params.push(Box::new(key));
                let (value, key) = (params.len() - 1, params.len());
                let _ = write!(conditions, " AND (entry.value, entry.key) {beyond} (${value}, ${key})");
            }
            _ => {
                params.push(Box::new(key));
                let _ = write!(conditions, " AND kept.key {beyond} ${}", params.len());
            }
        }
    }
    // One more than the page has, to see whether there is one.
    params.push(Box::new(to_bound(scan.limit as u64).saturating_add(1)));
    let limit = params.len();
    let sql = format!(
        "SELECT of.checkpoint, found.position, found.indexes, found.payload, found.key FROM (
             SELECT (SELECT position FROM {{schema}}.checkpoints WHERE name = $1) AS checkpoint,
                 (SELECT model FROM {{schema}}.read_models WHERE name = $1) AS model
         ) AS of LEFT JOIN LATERAL (
             SELECT kept.position, kept.indexes::text AS indexes, kept.payload, kept.key,
                 row_number() OVER (ORDER BY {sorted}) AS place
             FROM {from}{conditions} ORDER BY {sorted} LIMIT ${limit}
         ) AS found ON true ORDER BY found.place"
    );
    (sql, params)
}

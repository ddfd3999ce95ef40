//! Rows of events, many with one statement: what a statement costs beside its rows is paid once for all of them.

use std::rc::Rc;

use es_core::{NewEvent, Version};
use rusqlite::Connection;

use crate::error::SqliteError;
use crate::row::{text_or_bytes, to_sql};

/// Statements by the number of their rows, the largest first; any number of rows is a sum of these.
const SIZES: [usize; 6] = [32, 16, 8, 4, 2, 1];
const MOST: usize = SIZES[0];

/// An event and its place.
pub(crate) struct NewRow<'t> {
    pub(crate) position: i64,
    pub(crate) stream: i64,
    pub(crate) version: Version,
    pub(crate) kind: i64,
    pub(crate) metadata: Option<Rc<str>>,
    pub(crate) event: &'t NewEvent,
}

/// Rows that wait for others to be inserted with.
#[derive(Default)]
pub(crate) struct Rows<'t>(Vec<NewRow<'t>>);

impl<'t> Rows<'t> {
    pub(crate) fn add(&mut self, tx: &Connection, row: NewRow<'t>) -> Result<(), SqliteError> {
        self.0.push(row);
        if self.0.len() < MOST { Ok(()) } else { self.flush(tx) }
    }

    /// Inserts all, in their order.
    pub(crate) fn flush(&mut self, tx: &Connection) -> Result<(), SqliteError> {
        let mut rows = &self.0[..];
        for size in SIZES {
            while let Some((some, rest)) = rows.split_at_checked(size) {
                insert(tx, some)?;
                rows = rest;
            }
        }
        self.0.clear();
        Ok(())
    }
}

fn insert(tx: &Connection, rows: &[NewRow<'_>]) -> Result<(), SqliteError> {
    let mut statement = tx.prepare_cached(&sql(rows.len()))?;
    let mut column = 1..;
    let mut bind = |value: &dyn rusqlite::ToSql| match column.next() {
        Some(column) => statement.raw_bind_parameter(column, value),
        None => Ok(()),
    };
    for NewRow { position, stream, version, kind, metadata, event } in rows {
        bind(position)?;
        bind(stream)?;
        bind(&to_sql(version.get()))?;
        bind(kind)?;
        bind(&event.schema_version)?;
        bind(&event.id.as_uuid().as_bytes())?;
        bind(&event.recorded_at.as_micros())?;
        bind(metadata)?;
        bind(&text_or_bytes(&event.payload))?;
    }
    statement.raw_execute()?;
    Ok(())
}

/// What fails takes the transaction with it: SQLite then keeps no copies of pages to undo one statement alone.
fn sql(rows: usize) -> String {
    let mut sql = "INSERT OR ROLLBACK INTO events
        (position, stream, version, kind, schema_version, event_id, recorded_at, metadata, payload) VALUES "
        .to_owned();
    for row in 0..rows {
        sql.push_str(if row == 0 { "(?,?,?,?,?,?,?,?,?)" } else { ",(?,?,?,?,?,?,?,?,?)" });
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{MIGRATIONS, migrate};

    /// SQLite copies pages for a statement of several rows that may be undone alone: if a constraint ends no more than the
    /// statement, if a function is called, or if a foreign key is counted.
    #[test]
    fn no_copies_of_pages_are_kept_to_undo_an_insert() {
        let mut file = Connection::open_in_memory().unwrap();
        migrate(&mut file, MIGRATIONS).unwrap();
        file.pragma_update(None, "foreign_keys", true).unwrap();
        let mut explain = file.prepare(&format!("EXPLAIN {}", sql(MOST))).unwrap();
        let steps = explain.raw_query().mapped(|row| Ok((row.get(1)?, row.get(2)?, row.get(3)?)));
        let steps: Vec<(String, i64, i64)> = steps.collect::<Result<_, _>>().unwrap();
        let (end_transaction, mut constraints) = (1, 0);
        for (opcode, error, ends) in &steps {
            match opcode.as_str() {
                "Halt" | "HaltIfNull" if *error != 0 => {
                    assert_eq!(*ends, end_transaction);
                    constraints += 1;
                }
                "FkCounter" | "Function" | "PureFunc" => panic!("{opcode}"),
                _ => {}
            }
        }
        assert!(constraints > 0 && steps.iter().any(|(opcode, ..)| opcode == "Insert"), "{steps:?}");
    }
}

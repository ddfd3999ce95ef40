//! The schema and its versions. It knows nothing of what the tables are used for.

use rusqlite::{Connection, TransactionBehavior};

use crate::open::OpenError;

/// Tells the file of this store from other SQLite databases: `ESdb`.
pub(crate) const APPLICATION_ID: i32 = i32::from_be_bytes(*b"ESdb");

/// What leads from each schema version to the next, the first from an empty file. Never changed, only added to.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("schema/001.sql"),
    include_str!("schema/002.sql"),
    include_str!("schema/003.sql"),
    include_str!("schema/004.sql"),
];

/// Brings a file to the last of `migrations`; several processes may do so at once.
pub(crate) fn migrate(connection: &mut Connection, migrations: &[&str]) -> Result<(), OpenError> {
    let known = migrations.len();
    // In a transaction, so that what another process changes meanwhile is seen whole or not at all.
    let current = version(&*connection.transaction()?, known)?;
    if current == known {
        return Ok(());
    }
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Looked at again under the lock: another process may have been faster.
    for migration in &migrations[version(&tx, known)?..] {
        tx.execute_batch(migration)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", i64::try_from(known).unwrap_or(i64::MAX))?;
    tx.commit()?;
    Ok(())
}

/// The schema version of the file, 0 if it is empty; refuses a file that is not of this store.
fn version(connection: &Connection, known: usize) -> Result<usize, OpenError> {
    let found: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match usize::try_from(version) {
        Ok(0) if found == 0 && tables == 0 => Ok(0),
        _ if found != APPLICATION_ID => Err(OpenError::AnotherApplication { found }),
        Ok(version) if (1..=known).contains(&version) => Ok(version),
        _ => Err(OpenError::NewerSchema { found: version, known }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: &str = "CREATE TABLE later (x INTEGER) STRICT; INSERT INTO later VALUES (1);";

    #[test]
    fn each_step_is_taken_once_and_in_order() {
        let mut file = Connection::open_in_memory().unwrap();
        let more = [MIGRATIONS, &[SECOND]].concat();
        for migrations in [&MIGRATIONS[..1], MIGRATIONS, &more, &more] {
            migrate(&mut file, migrations).unwrap();
        }
        let rows: i64 = file.query_row("SELECT count(*) FROM later", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 1);
        assert!(matches!(migrate(&mut file, MIGRATIONS), Err(OpenError::NewerSchema { found: 5, known: 4 })));
    }

    #[test]
    fn a_step_that_fails_leaves_the_version_before_it() {
        let mut file = Connection::open_in_memory().unwrap();
        migrate(&mut file, MIGRATIONS).unwrap();
        let broken = [MIGRATIONS, &[SECOND, "CREATE TABLE later (x INTEGER)"]].concat();
        assert!(matches!(migrate(&mut file, &broken), Err(OpenError::Store(_))));
        assert_eq!(version(&file, broken.len()).unwrap(), MIGRATIONS.len());
        migrate(&mut file, &broken[..=MIGRATIONS.len()]).unwrap();
    }
}

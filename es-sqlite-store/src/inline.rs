//! Read models that are kept up in the transaction of an append: rules N1 to N3, for all appends of a group at once.

use std::sync::Arc;

use es_core::store::{InlineFailure, InlineProjection, InlineProjections, ReadLog};
use rusqlite::Connection;

use crate::checkpoints::{self, Change};
use crate::error::SqliteError;
use crate::read;
use crate::row::KnownKinds;
use crate::rows;

/// How many events a projection is given at once.
const BATCH: usize = 1024;

/// Lets each of the projections see what follows its checkpoint, in a transaction that somebody else commits.
pub(crate) fn project<'p>(
    tx: &Connection,
    projections: impl Iterator<Item = &'p Arc<dyn InlineProjection>>,
) -> Result<(), SqliteError> {
    // What is read here may be rolled back, so nothing of it is kept.
    let mut kinds = KnownKinds::default();
    let mut done: Vec<&str> = Vec::new();
    for projection in projections {
        // Several appends of a group bring the same one.
        if !done.contains(&projection.name().as_str()) {
            done.push(projection.name().as_str());
            catch_up(tx, &mut kinds, &**projection)?;
        }
    }
    Ok(())
}

fn catch_up(tx: &Connection, kinds: &mut KnownKinds, projection: &dyn InlineProjection) -> Result<(), SqliteError> {
    let name = projection.name();
    let expected = checkpoints::load(tx, name)?;
    let mut range = ReadLog::after(expected.unwrap_or_default()).filter(projection.filter()).limit(BATCH);
    loop {
        let page = read::page_of_log(tx, kinds, &range)?;
        let mut load = |keys: &[String]| rows::load(tx, name, keys).map_err(|error| Box::new(error) as InlineFailure);
        let projected = projection.project(&page.events, &mut load);
        let writes =
            projected.map_err(|cause| SqliteError::NotProjected { projection: name.clone(), source: cause.into() })?;
        rows::write(tx, name, &writes)?;
        range.after = page.through;
        if page.is_end {
            break;
        }
    }
    let position = range.after;
    let save = Change::Save { expected, position };
    match checkpoints::change(tx, name, &save)? {
        Ok(_) => Ok(()),
        Err(error) => Err(SqliteError::broken(error.to_string())),
    }
}

pub(crate) fn committed(projections: &InlineProjections) {
    for projection in &**projections {
        projection.committed();
    }
}

//! `CheckpointStore`: rules 26 to 29, on a connection of the store or in a transaction of the user's.

use std::sync::Arc;

use es_core::Position;
use es_core::store::{CheckpointError, CheckpointName, check_checkpoint};
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use crate::append::Session;
use crate::error::PostgresError;
use crate::row::{position, to_sql};
use crate::schema::SchemaName;

/// The statements.
pub(crate) struct Checkpoints {
    load: Arc<str>,
    change: Arc<str>,
    delete: Arc<str>,
    list: Arc<str>,
}

/// Whether a checkpoint may go back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Save,
    Reset,
}

impl Checkpoints {
    pub(crate) fn new(schema: &SchemaName) -> Self {
        Self {
            load: schema.sql("SELECT position FROM {schema}.checkpoints WHERE name = $1").into(),
            change: schema.sql("SELECT {schema}.change_checkpoint($1, $2, $3, $4)").into(),
            delete: schema.sql("DELETE FROM {schema}.checkpoints WHERE name = $1 RETURNING position").into(),
            list: schema.sql("SELECT position, name FROM {schema}.checkpoints ORDER BY name").into(),
        }
    }

    pub(crate) async fn load(
        &self,
        session: &mut Session<'_>,
        name: &CheckpointName,
    ) -> Result<Option<Position>, PostgresError> {
        let rows = session.query(&self.load, &[(&name.as_str(), Type::TEXT)]).await?;
        at(&rows)
    }

    pub(crate) async fn change(
        &self,
        session: &mut Session<'_>,
        name: &CheckpointName,
        (expected, new): (Option<Position>, Position),
        change: Change,
    ) -> Result<Result<(), CheckpointError>, PostgresError> {
        let (from, to) = (expected.map(|position| to_sql(position.get())), to_sql(new.get()));
        let may_go_back = change == Change::Reset;
        let params: &[(&(dyn ToSql + Sync), Type)] =
            &[(&name.as_str(), Type::TEXT), (&from, Type::INT8), (&to, Type::INT8), (&may_go_back, Type::BOOL)];
        let actual = at(&session.query(&self.change, params).await?)?;
        Ok(match check_checkpoint(name, expected, actual, new) {
            Err(CheckpointError::Backwards { .. }) if may_go_back => Ok(()),
            checked => checked,
        })
    }

    pub(crate) async fn delete(
        &self,
        session: &mut Session<'_>,
        name: &CheckpointName,
    ) -> Result<Option<Position>, PostgresError> {
        let rows = session.query(&self.delete, &[(&name.as_str(), Type::TEXT)]).await?;
        at(&rows)
    }

    pub(crate) async fn list(
        &self,
        session: &mut Session<'_>,
    ) -> Result<Vec<(CheckpointName, Position)>, PostgresError> {
        let rows = session.query(&self.list, &[]).await?;
        let checkpoint = |row: &Row| {
            let name =
                CheckpointName::new(row.try_get(1)?).map_err(|error| PostgresError::broken(error.to_string()))?;
            Ok((name, position(row.try_get(0)?)))
        };
        rows.iter().map(checkpoint).collect()
    }
}

fn at(rows: &[Row]) -> Result<Option<Position>, PostgresError> {
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(row.try_get::<_, Option<i64>>(0)?.map(position))
}

//! Rows of read models as the schema has them: rules M1 to M4 and M8 to M11, as statements for any connection.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use es_core::store::{
    CheckpointError, CheckpointName, LoadedRows, ReadModelEntry, Row, RowIndexes, RowWrite, check_checkpoint,
};
use es_core::{IndexValue, Payload, Position};
use tokio_postgres::types::{ToSql, Type};

use crate::append::Session;
use crate::error::PostgresError;
use crate::row::{position, to_sql};
use crate::schema::SchemaName;
use crate::text::{all_to_stored, from_stored, to_stored};

/// A page of an index holds three entries, of 2,704 bytes with what is around the columns.
const MOST_INDEXED: usize = 2_600;

/// The statements.
pub(crate) struct ReadModels {
    pub(crate) schema: SchemaName,
    load: Arc<str>,
    commit: Arc<str>,
    write: Arc<str>,
    drop: Arc<str>,
    list: Arc<str>,
}

impl ReadModels {
    pub(crate) fn new(schema: &SchemaName) -> Self {
        // One statement sees one moment. A row comes also where no key is asked for, to say the checkpoint.
        let load = "SELECT of.checkpoint, found.position, found.indexes, found.payload FROM (
                SELECT (SELECT position FROM {schema}.checkpoints WHERE name = $1) AS checkpoint,
                    (SELECT model FROM {schema}.read_models WHERE name = $1) AS model
            ) AS of
            LEFT JOIN unnest($2::text[]) WITH ORDINALITY AS asked (key, place) ON true
            LEFT JOIN LATERAL (
                SELECT position, indexes::text, payload FROM {schema}.read_model_rows AS kept
                WHERE kept.model = of.model AND kept.key = asked.key LIMIT 1
            ) AS found ON true ORDER BY asked.place";
        let list = "SELECT kept.position, model.name FROM {schema}.read_models AS model
            LEFT JOIN {schema}.checkpoints AS kept ON kept.name = model.name ORDER BY model.name";
        Self {
            schema: schema.clone(),
            load: schema.sql(load).into(),
            commit: schema.sql("SELECT {schema}.commit_rows($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)").into(),
            write: schema.sql("SELECT {schema}.write_rows($1, $2, $3, $4, $5, $6, $7, $8, $9)").into(),
            drop: schema.sql("SELECT {schema}.drop_read_model($1)").into(),
            list: schema.sql(list).into(),
        }
    }
}

impl ReadModels {
    pub(crate) async fn load(
        &self,
        session: &mut Session<'_>,
        name: &CheckpointName,
        keys: &[String],
    ) -> Result<LoadedRows, PostgresError> {
        let asked = all_to_stored(keys);
        let params: &[(&(dyn ToSql + Sync), Type)] = &[(&name.as_str(), Type::TEXT), (&asked, Type::TEXT_ARRAY)];
        let found = session.query(&self.load, params).await?;
        let checkpoint = match found.first() {
            Some(row) => row.try_get::<_, Option<i64>>(0)?.map(position),
            None => None,
        };
        let row = |(key, row): (&String, &tokio_postgres::Row)| match row.try_get::<_, Option<i64>>(1)? {
            Some(at) => from_columns(key.clone(), at, row.try_get(2)?, row.try_get(3)?).map(Some),
            None => Ok(None),
        };
        Ok(LoadedRows { rows: keys.iter().zip(&found).map(row).collect::<Result<_, PostgresError>>()?, checkpoint })
    }

    /// Rules M2 to M4.
    pub(crate) async fn commit(
        &self,
        session: &mut Session<'_>,
        name: &CheckpointName,
        writes: &[RowWrite],
        (expected, new): (Option<Position>, Position),
    ) -> Result<Result<(), CheckpointError>, PostgresError> {
        let (from, to) = (expected.map(|position| to_sql(position.get())), to_sql(new.get()));
        let batch = Batch::new(writes)?;
        let mut params: Vec<(&(dyn ToSql + Sync), Type)> = Vec::with_capacity(11);
        let name_text = name.as_str();
        params.extend([(&name_text as &(dyn ToSql + Sync), Type::TEXT), (&from, Type::INT8), (&to, Type::INT8)]);
        params.extend(batch.params());
        let rows = session.query(&self.commit, &params).await?;
        let actual = match rows.first() {
            Some(row) => row.try_get::<_, Option<i64>>(0)?.map(position),
            None => None,
        };
        Ok(check_checkpoint(name, expected, actual, new))
    }

    /// Rules M2 and M4 without the checkpoint, whose lock the transaction has.
    pub(crate) async fn write(
        &self,
        session: &mut Session<'_>,
        name: &CheckpointName,
        writes: &[RowWrite],
    ) -> Result<(), PostgresError> {
        let batch = Batch::new(writes)?;
        let name = name.as_str();
        let mut params: Vec<(&(dyn ToSql + Sync), Type)> = vec![(&name, Type::TEXT)];
        params.extend(batch.params());
        session.query(&self.write, &params).await.map(drop)
    }

    /// Rule M10.
    pub(crate) async fn drop(&self, session: &mut Session<'_>, name: &CheckpointName) -> Result<bool, PostgresError> {
        let rows = session.query(&self.drop, &[(&name.as_str(), Type::TEXT)]).await?;
        rows.first().map_or(Ok(false), |row| Ok(row.try_get(0)?))
    }

    /// Rule M11.
    pub(crate) async fn list(&self, session: &mut Session<'_>) -> Result<Vec<ReadModelEntry>, PostgresError> {
        let entry = |row: &tokio_postgres::Row| {
            let name =
                CheckpointName::new(row.try_get(1)?).map_err(|error| PostgresError::broken(error.to_string()))?;
            Ok(ReadModelEntry { name, checkpoint: row.try_get::<_, Option<i64>>(0)?.map(position) })
        };
        session.query(&self.list, &[]).await?.iter().map(entry).collect()
    }
}

/// What several writes come to in the end, column by column.
#[derive(Default)]
struct Batch<'w> {
    keys: Vec<Cow<'w, str>>,
    positions: Vec<i64>,
    indexes: Vec<Option<String>>,
    payloads: Vec<&'w [u8]>,
    gone: Vec<Cow<'w, str>>,
    /// Of each entry of an index, the number of its row from 1, its name and its value.
    entry_rows: Vec<i32>,
    entry_names: Vec<Cow<'w, str>>,
    entry_values: Vec<Vec<u8>>,
}

impl<'w> Batch<'w> {
    fn new(writes: &'w [RowWrite]) -> Result<Self, PostgresError> {
        // Of several writes to a row, the last one counts.
        let last: HashMap<&str, usize> = writes.iter().enumerate().map(|(at, write)| (write.key(), at)).collect();
        let mut batch = Self::default();
        for (at, write) in writes.iter().enumerate().filter(|(at, write)| last.get(write.key()) == Some(at)) {
            match write {
                RowWrite::Delete(key) => batch.gone.push(to_stored(key)),
                RowWrite::Put(row) => {
                    check_length(row)?;
                    batch.put(row).map_err(|error| PostgresError::broken(format!("write {at}: {error}")))?;
                }
            }
        }
        Ok(batch)
    }

    fn put(&mut self, row: &'w Row) -> Result<(), serde_json::Error> {
        self.keys.push(to_stored(&row.key));
        self.positions.push(to_sql(row.position.get()));
        self.indexes.push(to_json(&row.indexes)?);
        self.payloads.push(&row.payload);
        // More rows than an `i32` counts do not fit into a message.
        let number = i32::try_from(self.keys.len()).unwrap_or(i32::MAX);
        for (name, value) in &row.indexes {
            self.entry_rows.push(number);
            self.entry_names.push(to_stored(name));
            self.entry_values.push(to_bytes(value));
        }
        Ok(())
    }

    fn params(&self) -> [(&(dyn ToSql + Sync), Type); 8] {
        [
            (&self.keys, Type::TEXT_ARRAY),
            (&self.positions, Type::INT8_ARRAY),
            (&self.indexes, Type::TEXT_ARRAY),
            (&self.payloads, Type::BYTEA_ARRAY),
            (&self.gone, Type::TEXT_ARRAY),
            (&self.entry_rows, Type::INT4_ARRAY),
            (&self.entry_names, Type::TEXT_ARRAY),
            (&self.entry_values, Type::BYTEA_ARRAY),
        ]
    }
}

/// Refuses what an index of PostgreSQL has no place for, whatever it can be compressed to.
fn check_length(row: &Row) -> Result<(), PostgresError> {
    let key = to_stored(&row.key).len();
    let entries = row.indexes.iter().map(|(name, value)| key + to_stored(name).len() + to_bytes(value).len());
    let (what, bytes) = match entries.max() {
        Some(longest) if key <= MOST_INDEXED => ("a key and an entry of an index together", longest),
        _ => ("a key", key),
    };
    if bytes <= MOST_INDEXED {
        return Ok(());
    }
    Err(PostgresError::TooLong { what, starts_with: row.key.chars().take(64).collect(), bytes, most: MOST_INDEXED })
}

/// A row, given its key as it is stored.
pub(crate) fn from_stored_columns(
    key: String,
    at: i64,
    indexes: Option<&str>,
    payload: &[u8],
) -> Result<Row, PostgresError> {
    from_columns(from_stored(key)?, at, indexes, payload)
}

fn from_columns(key: String, at: i64, indexes: Option<&str>, payload: &[u8]) -> Result<Row, PostgresError> {
    let (position, payload) = (position(at), Payload::copy_from_slice(payload));
    Ok(Row { key, position, indexes: from_json(indexes)?, payload })
}

/// An index value as bytes that are ordered as the values are.
pub(crate) fn to_bytes(value: &IndexValue) -> Vec<u8> {
    match value {
        // Without the sign bit, negative numbers come before the others.
        IndexValue::Integer(number) => [&[0][..], &(number ^ i64::MIN).to_be_bytes()].concat(),
        IndexValue::Text(text) => [&[1][..], text.as_bytes()].concat(),
    }
}

fn to_json(indexes: &RowIndexes) -> Result<Option<String>, serde_json::Error> {
    if indexes.is_empty() {
        return Ok(None);
    }
    let values = indexes.iter().map(|(name, value)| {
        let value = match value {
            IndexValue::Integer(number) => serde_json::Value::from(*number),
            IndexValue::Text(text) => serde_json::Value::from(text.as_str()),
        };
        (name.clone().into_owned(), value)
    });
    let object: serde_json::Map<_, _> = values.collect();
    serde_json::to_string(&object).map(Some)
}

fn from_json(indexes: Option<&str>) -> Result<RowIndexes, PostgresError> {
    let Some(indexes) = indexes else { return Ok(RowIndexes::new()) };
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(indexes)
        .map_err(|error| PostgresError::broken(format!("the indexes of a row: {error}")))?;
    let values = object.into_iter().map(|(name, value)| {
        let value = match value {
            serde_json::Value::String(text) => IndexValue::Text(text),
            serde_json::Value::Number(number) => IndexValue::Integer(number.as_i64()?),
            _ => return None,
        };
        Some((Cow::Owned(name), value))
    });
    values.collect::<Option<_>>().ok_or_else(|| PostgresError::broken("an index value is neither text nor a number"))
}

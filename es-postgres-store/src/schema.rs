//! The schema and its versions. It knows nothing of what the tables are used for.

use std::fmt;

use crate::connection::Connection;
use crate::error::PostgresError;
use crate::open::OpenError;

/// What leads from each schema version to the next, the first from an empty schema. Never changed, only added to.
pub(crate) const MIGRATIONS: &[&str] =
    &[include_str!("schema/001.sql"), include_str!("schema/002.sql"), include_str!("schema/003.sql")];

/// The name of a schema, which needs no quotes.
#[derive(Debug, Clone)]
pub(crate) struct SchemaName(String);

impl SchemaName {
    pub(crate) fn new(name: &str) -> Result<Self, OpenError> {
        let is_word = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if is_word && name.len() <= 48 && name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_') {
            Ok(Self(name.to_owned()))
        } else {
            Err(OpenError::SchemaName { name: name.to_owned() })
        }
    }

    /// SQL in which `{schema}` stands for the name.
    pub(crate) fn sql(&self, text: &str) -> String {
        text.replace("{schema}", &self.0)
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The SQL that makes the tables of the store in an empty schema of that name, for those who run it themselves.
///
/// ```
/// let sql = es_postgres_store::schema_sql("es")?;
/// assert!(sql.contains("CREATE TABLE events"));
/// # Ok::<(), es_postgres_store::OpenError>(())
/// ```
///
/// # Errors
/// [`OpenError::SchemaName`].
pub fn schema_sql(schema: &str) -> Result<String, OpenError> {
    let name = SchemaName::new(schema)?;
    let steps: String = (1..).zip(MIGRATIONS).map(|(version, sql)| step(&name, version, sql)).collect();
    Ok(format!("BEGIN;\n{}{steps}COMMIT;\n", begin(&name)))
}

fn begin(name: &SchemaName) -> String {
    name.sql(
        "CREATE SCHEMA IF NOT EXISTS {schema};\nSET LOCAL search_path = {schema};\n\
         CREATE TABLE IF NOT EXISTS migrations (version integer PRIMARY KEY, done_at timestamptz NOT NULL DEFAULT now());\n",
    )
}

fn step(name: &SchemaName, version: usize, sql: &str) -> String {
    format!("{}\nINSERT INTO migrations (version) VALUES ({version});\n", name.sql(sql))
}

/// Brings a schema to the last of `migrations`; several processes may do so at once.
pub(crate) async fn migrate(
    connection: &mut Connection,
    name: &SchemaName,
    migrations: &[&str],
    may_change: bool,
) -> Result<(), OpenError> {
    if version(connection, name, migrations.len()).await? == migrations.len() {
        return Ok(());
    }
    if !may_change {
        return Err(OpenError::OldSchema { schema: name.to_string() });
    }
    // Others wait here for the end of the transaction, and then find that there is nothing left to do.
    let lock = format!("BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('es-postgres-store {name}', 0));");
    connection.batch(&lock).await?;
    let migrated = async {
        let current = version(connection, name, migrations.len()).await?;
        connection.batch(&begin(name)).await?;
        for (at, sql) in migrations.iter().enumerate().skip(current) {
            connection.batch(&step(name, at + 1, sql)).await?;
        }
        connection.batch("COMMIT").await?;
        Ok(())
    };
    let migrated = migrated.await;
    if migrated.is_err() {
        // What failed is told, whether or not this does, too.
        let _ = connection.batch("ROLLBACK").await;
    }
    migrated
}

/// The version of the schema, 0 if it has none; refuses one that is not of this store.
async fn version(connection: &mut Connection, name: &SchemaName, known: usize) -> Result<usize, OpenError> {
    let tables = "SELECT relname::text = 'migrations' FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = $1::text AND relkind IN ('r', 'p', 'v')";
    let tables = connection.query(&tables.into(), &[&name.to_string()]).await?;
    if !tables.iter().any(|row| row.get::<_, bool>(0)) {
        return if tables.is_empty() { Ok(0) } else { Err(OpenError::AnotherSchema { schema: name.to_string() }) };
    }
    let found = name.sql("SELECT max(version) FROM {schema}.migrations");
    let found = connection.query(&found.into(), &[]).await.map_err(|error| match error {
        PostgresError::Postgres { .. } => OpenError::AnotherSchema { schema: name.to_string() },
        error => OpenError::Store(error),
    })?;
    let found: Option<i32> = found.first().and_then(|row| row.try_get(0).ok());
    match found.map(usize::try_from) {
        None => Ok(0),
        Some(Ok(version)) if version <= known => Ok(version),
        _ => Err(OpenError::NewerSchema { schema: name.to_string(), found: found.unwrap_or(0), known }),
    }
}

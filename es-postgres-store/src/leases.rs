//! `LeaseStore`: the rules L1 to L6, by the clock of the server.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use es_core::Timestamp;
use es_core::store::{CheckpointName, Lease, LeaseError, LeaseStore};
use tokio_postgres::Row;

use crate::error::PostgresError;
use crate::row::to_sql;
use crate::schema::SchemaName;
use crate::store::PostgresStore;
use crate::text::{from_stored, to_stored};

/// The statements.
pub(crate) struct Leases {
    acquire: Arc<str>,
    end: Arc<str>,
    list: Arc<str>,
}

impl Leases {
    pub(crate) fn new(schema: &SchemaName) -> Self {
        Self {
            acquire: schema.sql("SELECT held_by, token, ends FROM {schema}.acquire_lease($1, $2, $3)").into(),
            end: schema.sql("SELECT {schema}.end_lease($1, $2, $3, $4)").into(),
            list: schema
                .sql(
                    "SELECT owner, token, held_until, name FROM {schema}.leases
                     WHERE held_until > {schema}.now_micros() ORDER BY name",
                )
                .into(),
        }
    }
}

fn micros(ttl: Duration) -> i64 {
    i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX)
}

fn granted(row: &Row, name: &CheckpointName, owner: &str) -> Result<Result<Lease, LeaseError>, PostgresError> {
    let (held_by, token): (Option<String>, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
    let until = Timestamp::from_micros(row.try_get(2)?);
    Ok(match (held_by, token) {
        (Some(by), _) => Err(LeaseError::Held { name: name.clone(), by: from_stored(by)?, until }),
        (None, token) => {
            let token = token.ok_or_else(|| PostgresError::broken("a lease without a token"))?.cast_unsigned();
            Ok(Lease { name: name.clone(), owner: owner.to_owned(), token, until })
        }
    })
}

fn listed(row: &Row) -> Result<Lease, PostgresError> {
    let (owner, token): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
    let name = CheckpointName::new(row.try_get(3)?).map_err(|error| PostgresError::broken(error.to_string()))?;
    let until = Timestamp::from_micros(row.try_get(2)?);
    Ok(Lease { name, owner: from_stored(owner)?, token: token.cast_unsigned(), until })
}

fn failed(error: PostgresError) -> LeaseError {
    LeaseError::Store { cause: Box::new(error) }
}

impl PostgresStore {
    /// Ends a lease `ttl` from now, or at once; when it ends, `None` if it was lost.
    async fn end_lease(&self, lease: &Lease, ttl: Option<Duration>) -> Result<Option<Timestamp>, PostgresError> {
        let (name, owner, ttl) = (lease.name.as_str(), &*to_stored(&lease.owner), ttl.map(micros));
        let rows = self.query(&self.shared.leases.end, &[&name, &owner, &to_sql(lease.token), &ttl]).await?;
        let row = rows.first().ok_or_else(|| PostgresError::broken("the function `end_lease` gives no answer"))?;
        Ok(row.try_get::<_, Option<i64>>(0)?.map(Timestamp::from_micros))
    }
}

#[async_trait]
impl LeaseStore for PostgresStore {
    async fn acquire_lease(&self, name: &CheckpointName, owner: &str, ttl: Duration) -> Result<Lease, LeaseError> {
        let acquired = async {
            let stored = &*to_stored(owner);
            let rows = self.query(&self.shared.leases.acquire, &[&name.as_str(), &stored, &micros(ttl)]).await?;
            let row = rows.first().ok_or_else(|| PostgresError::broken("`acquire_lease` gives no answer"))?;
            granted(row, name, owner)
        };
        acquired.await.map_err(failed)?
    }

    async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<Lease, LeaseError> {
        match self.end_lease(lease, Some(ttl)).await.map_err(failed)? {
            Some(until) => Ok(Lease { until, ..lease.clone() }),
            None => Err(LeaseError::lost(lease)),
        }
    }

    async fn release_lease(&self, lease: &Lease) -> Result<(), LeaseError> {
        self.end_lease(lease, None).await.map(drop).map_err(failed)
    }

    async fn list_leases(&self) -> Result<Vec<Lease>, LeaseError> {
        let rows = self.query(&self.shared.leases.list, &[]).await.map_err(failed)?;
        rows.iter().map(listed).collect::<Result<_, _>>().map_err(failed)
    }
}

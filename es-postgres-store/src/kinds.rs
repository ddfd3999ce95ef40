//! The numbers that stand for categories and names. A server only adds to them, so what is known stays true; one that took
//! over may have lost the last of them, so they are read anew on each connection before it appends.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use es_core::store::EventFilter;
use es_core::{EventName, NewEvent, StreamId};
use tokio_postgres::Row;

use crate::connection::{Connection, Lent};
use crate::error::PostgresError;
use crate::schema::SchemaName;

/// What all connections know.
pub(crate) struct Kinds {
    known: RwLock<Arc<Known>>,
    number: Arc<str>,
    all: Arc<str>,
}

/// The kinds as of some time, numbered from 1.
#[derive(Default)]
pub(crate) struct Known {
    names: Vec<(String, EventName)>,
    numbers: HashMap<String, HashMap<String, i32>>,
}

impl Known {
    pub(crate) fn number(&self, stream: &StreamId, event: &NewEvent) -> Option<i32> {
        self.numbers.get(stream.category())?.get(event.name.as_str()).copied()
    }

    pub(crate) fn name(&self, number: i32) -> Option<&EventName> {
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        self.names.get(at).map(|(_, name)| name)
    }

    /// The numbers that a filter selects; `None` for all.
    fn selected(&self, filter: &EventFilter) -> Option<Vec<i32>> {
        let categories: Option<HashSet<_>> = filter.selected_categories().map(Iterator::collect);
        let names: Option<HashSet<_>> = filter.selected_names().map(Iterator::collect);
        let fits = (1..).zip(&self.names).filter(|(_, (category, name))| {
            categories.as_ref().is_none_or(|categories| categories.contains(category.as_str()))
                && names.as_ref().is_none_or(|names| names.contains(name.as_str()))
        });
        let numbers: Vec<i32> = fits.map(|(number, _)| number).collect();
        (numbers.len() < self.names.len()).then_some(numbers)
    }
}

impl Kinds {
    pub(crate) fn new(schema: &SchemaName) -> Self {
        Self {
            known: RwLock::default(),
            number: schema.sql("SELECT {schema}.number_kinds($1, $2)").into(),
            all: schema.sql("SELECT category, name, kind FROM {schema}.kinds ORDER BY kind").into(),
        }
    }

    pub(crate) fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// All that are committed.
    pub(crate) async fn refresh(&self, connection: &mut Connection) -> Result<Arc<Known>, PostgresError> {
        let known = self.learn(&connection.query(&self.all, &[]).await?)?;
        connection.has_kinds = true;
        Ok(known)
    }

    /// The same on a connection of the user's.
    pub(crate) async fn refresh_in(&self, lent: &Lent<'_>) -> Result<Arc<Known>, PostgresError> {
        self.learn(&lent.query(&self.all, &[]).await?)
    }

    fn learn(&self, rows: &[Row]) -> Result<Arc<Known>, PostgresError> {
        let mut known = Known::default();
        for (row, due) in rows.iter().zip(1..) {
            let (category, name, number): (String, &str, i32) = (row.get(0), row.get(1), row.get(2));
            if number != due {
                return Err(PostgresError::broken(format!("kind {due} is missing")));
            }
            let name = EventName::new(name).map_err(|error| PostgresError::broken(error.to_string()))?;
            known.numbers.entry(category.clone()).or_default().insert(name.as_str().to_owned(), number);
            known.names.push((category, name));
        }
        let known = Arc::new(known);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&known);
        Ok(known)
    }

    /// Those that a filter selects, of all that are committed; `None` for all.
    pub(crate) async fn selected(
        &self,
        connection: &mut Connection,
        filter: &EventFilter,
    ) -> Result<Option<Vec<i32>>, PostgresError> {
        if filter.is_all() {
            return Ok(None);
        }
        Ok(self.refresh(connection).await?.selected(filter))
    }

    /// Kinds among which those of these events are. The connection is in no transaction: a number is only used once it
    /// is committed.
    pub(crate) async fn of<'e>(
        &self,
        connection: &mut Connection,
        events: impl Iterator<Item = (&'e StreamId, &'e NewEvent)> + Clone,
    ) -> Result<Arc<Known>, PostgresError> {
        let known = self.known();
        if connection.has_kinds && !Self::lacks(&known, events.clone()) {
            return Ok(known);
        }
        let known = self.refresh(connection).await?;
        let new = events.filter(|(stream, event)| known.number(stream, event).is_none());
        let (categories, names): (Vec<_>, Vec<_>) =
            new.map(|(stream, event)| (stream.category(), event.name.as_str())).unzip();
        if categories.is_empty() {
            return Ok(known);
        }
        connection.query(&self.number, &[&categories, &names]).await?;
        self.refresh(connection).await
    }

    /// Whether some of these events have no known kind.
    pub(crate) fn lacks<'e>(known: &Known, mut events: impl Iterator<Item = (&'e StreamId, &'e NewEvent)>) -> bool {
        events.any(|(stream, event)| known.number(stream, event).is_none())
    }
}

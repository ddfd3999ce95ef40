//! What a reader sees: rules 7 to 14 and 19 to 22.

use std::sync::{Arc, Mutex, PoisonError};

use es_core::store::{Direction, EventFilter, LogPage, ReadLog, ReadStream, StreamPage};
use es_core::{Position, RecordedEvent, StreamId, Version};
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use crate::append::Session;
use crate::connection::Connection;
use crate::error::PostgresError;
use crate::kinds::{Kinds, Known};
use crate::row::{COLUMNS, Decoder, position, to_bound, version};
use crate::schema::SchemaName;

/// How many events a page has at most, whatever its limit.
const PAGE: usize = 10_000;

/// The statements of reads.
pub(crate) struct Reader {
    head: Arc<str>,
    settled: Mutex<Settled>,
    /// Forward and backward, of everything and of some kinds.
    log: [[Arc<str>; 2]; 2],
    stream: [Arc<str>; 2],
}

/// The farthest head that was seen: what stands up to there does not change any more. So says this start of this server;
/// another may have lost what it said last.
#[derive(Default)]
struct Settled {
    start: i64,
    head: Position,
}

impl Reader {
    pub(crate) fn new(schema: &SchemaName) -> Self {
        let orders = ["ASC", "DESC"];
        let whole = |order| {
            schema.sql(&format!(
                "SELECT {COLUMNS} FROM {{schema}}.events AS e WHERE e.position > $1 AND e.position <= $2
                 ORDER BY e.position {order} LIMIT $3"
            ))
        };
        // Each kind is sorted in the index, and no more of it is looked at than can be part of the page.
        let some = |order| {
            schema.sql(&format!(
                "SELECT {COLUMNS} FROM (
                     SELECT found.position FROM unnest($4::integer[]) AS selected (kind) CROSS JOIN LATERAL (
                         SELECT position FROM {{schema}}.events
                         WHERE kind = selected.kind AND position > $1 AND position <= $2
                         ORDER BY position {order} LIMIT $3
                     ) AS found ORDER BY found.position {order} LIMIT $3
                 ) AS found JOIN {{schema}}.events AS e ON e.position = found.position ORDER BY e.position {order}"
            ))
        };
        // A row comes also where there is no event, to say which version the stream has. The names of a filter are looked up
        // in the same statement: what it sees of the kinds is then as new as what it sees of the stream.
        let stream = |order| {
            schema.sql(&format!(
                "SELECT {COLUMNS}, coalesce(stream.last, 0) FROM (
                     SELECT (SELECT version FROM {{schema}}.events WHERE stream_id = $1 ORDER BY version DESC LIMIT 1) AS last
                 ) AS stream LEFT JOIN LATERAL (
                     SELECT * FROM {{schema}}.events WHERE stream_id = $1 AND version > $2 AND version <= $3
                         AND ($5::text[] IS NULL OR kind = ANY (ARRAY(
                             SELECT kind FROM {{schema}}.kinds WHERE category = $6 AND name = ANY ($5)
                         )))
                     ORDER BY version {order} LIMIT $4
                 ) AS e ON true ORDER BY e.version {order}"
            ))
        };
        Self {
            head: schema
                .sql("SELECT {schema}.head(), (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint")
                .into(),
            settled: Mutex::default(),
            log: [orders.map(|order| whole(order).into()), orders.map(|order| some(order).into())],
            stream: orders.map(|order| stream(order).into()),
        }
    }

    /// The position of the last event of the log that can be read.
    pub(crate) async fn head(&self, connection: &mut Connection) -> Result<Position, PostgresError> {
        let rows = connection.query(&self.head, &[]).await?;
        let row = rows.first().ok_or_else(|| PostgresError::broken("the function `head` gives no answer"))?;
        let (head, start) = (position(row.try_get(0)?), row.try_get(1)?);
        let mut settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        if settled.start == start {
            // An appender that was slow to announce itself holds the head back for a moment, though its events come later.
            settled.head = settled.head.max(head);
        } else {
            // After a failover, or a crash without `fsync`, positions may be missing that are given again.
            *settled = Settled { start, head };
        }
        Ok(settled.head)
    }

    /// The head as it was seen last.
    pub(crate) fn last_head(&self) -> Position {
        self.settled.lock().unwrap_or_else(PoisonError::into_inner).head
    }

    pub(crate) async fn read_log(
        &self,
        connection: &mut Connection,
        kinds: &Kinds,
        range: &ReadLog,
    ) -> Result<LogPage, PostgresError> {
        let head = self.head(connection).await?;
        let through = range.start(head);
        let mut page = LogPage { events: Vec::new(), through, is_end: range.is_end(through, head), head };
        let up_to = range.up_to.min(head);
        if range.limit == 0 || range.after >= up_to {
            return Ok(page);
        }
        let places = (range.after, up_to);
        let (events, through) =
            self.part(connection, kinds, &range.filter, places, range.limit, range.direction).await?;
        (page.events, page.through) = (events, through);
        page.is_end = range.is_end(page.through, head);
        Ok(page)
    }

    /// The first events after a place, of a part of the log that does not change any more; and through where they are all.
    pub(crate) async fn settled(
        &self,
        connection: &mut Connection,
        kinds: &Kinds,
        filter: &EventFilter,
        (after, up_to): (Position, Position),
        limit: usize,
    ) -> Result<(Vec<RecordedEvent>, Position), PostgresError> {
        self.part(connection, kinds, filter, (after, up_to), limit, Direction::Forward).await
    }

    async fn part(
        &self,
        connection: &mut Connection,
        kinds: &Kinds,
        filter: &EventFilter,
        (after, up_to): (Position, Position),
        limit: usize,
        direction: Direction,
    ) -> Result<(Vec<RecordedEvent>, Position), PostgresError> {
        // After the end of the part is known: all kinds of events up to there are known then.
        let selected = kinds.selected(connection, filter).await?;
        let limit = limit.min(PAGE);
        let (first, last, most) = (to_bound(after.get()), to_bound(up_to.get()), to_bound(limit as u64));
        let order = usize::from(direction == Direction::Backward);
        let rows = match &selected {
            None => connection.query(&self.log[0][order], &[&first, &last, &most]).await?,
            Some(kinds) if kinds.is_empty() => Vec::new(),
            Some(kinds) => connection.query(&self.log[1][order], &[&first, &last, &most, kinds]).await?,
        };
        let events = decode(&mut Session::Own(connection), kinds, &rows).await?;
        let through = match (events.last(), direction) {
            (Some(event), Direction::Forward) if events.len() == limit => event.position,
            (Some(event), Direction::Backward) if events.len() == limit => Position::new(event.position.get() - 1),
            (_, Direction::Forward) => up_to,
            (_, Direction::Backward) => after,
        };
        Ok((events, through))
    }

    pub(crate) async fn read_stream(
        &self,
        mut session: Session<'_>,
        kinds: &Kinds,
        stream: &StreamId,
        range: &ReadStream,
    ) -> Result<StreamPage, PostgresError> {
        let names: Option<Vec<&str>> = match range.filter.selected_names() {
            _ if !range.filter.selects_stream(stream) => Some(Vec::new()),
            names => names.map(Iterator::collect),
        };
        let limit = range.limit.min(PAGE);
        let (after, up_to, most) = (to_bound(range.after.get()), to_bound(range.up_to.get()), to_bound(limit as u64));
        let sql = &self.stream[usize::from(range.direction == Direction::Backward)];
        let (id, category) = (stream.as_str(), stream.category());
        let params: &[(&(dyn ToSql + Sync), Type)] = &[
            (&id, Type::TEXT),
            (&after, Type::INT8),
            (&up_to, Type::INT8),
            (&most, Type::INT8),
            (&names, Type::TEXT_ARRAY),
            (&category, Type::TEXT),
        ];
        let mut rows = session.query(sql, params).await?;
        let last = rows.first().map_or(Ok(0), |row| row.try_get(9))?;
        let last = version(last);
        if rows.first().is_some_and(|row| matches!(row.try_get::<_, Option<i64>>(0), Ok(None))) {
            rows.clear();
        }
        let through = range.start(last);
        let mut page = StreamPage { events: Vec::new(), through, is_end: range.is_end(through, last), version: last };
        let end = range.up_to.min(last);
        if range.limit == 0 || range.after >= end {
            return Ok(page);
        }
        page.events = decode(&mut session, kinds, &rows).await?;
        if range.filter.is_all() {
            whole(&page.events, stream, range, end, limit)?;
        }
        page.through = match page.events.last() {
            Some(event) if page.events.len() == limit => match range.direction {
                Direction::Forward => event.version,
                Direction::Backward => Version::new(event.version.get() - 1),
            },
            _ => match range.direction {
                Direction::Forward => end,
                Direction::Backward => range.after,
            },
        };
        page.is_end = range.is_end(page.through, last);
        Ok(page)
    }
}

/// Whether all events are there: those of a stream have no gaps.
fn whole(
    events: &[RecordedEvent],
    stream: &StreamId,
    range: &ReadStream,
    end: Version,
    limit: usize,
) -> Result<(), PostgresError> {
    let (first, count) = (range.after.get() + 1, (end.get() - range.after.get()).min(limit as u64));
    let due = |at| if range.direction == Direction::Forward { first + at } else { end.get() - at };
    let is_there = |at: u64| {
        let event = usize::try_from(at).ok().and_then(|at| events.get(at));
        event.is_some_and(|event| event.version.get() == due(at))
    };
    match (0..count).find(|at| !is_there(*at)) {
        None => Ok(()),
        Some(at) => Err(PostgresError::broken(format!("event {} of stream `{stream}` is missing", due(at)))),
    }
}

async fn decode(session: &mut Session<'_>, kinds: &Kinds, rows: &[Row]) -> Result<Vec<RecordedEvent>, PostgresError> {
    let mut known = kinds.known();
    let mut is_fresh = false;
    let mut decoder = Decoder::default();
    let mut events = Vec::with_capacity(rows.len());
    for row in rows {
        let event = match decoder.event(row, &known)? {
            None if !is_fresh => {
                (known, is_fresh) = (refresh(session, kinds).await?, true);
                decoder.event(row, &known)?
            }
            event => event,
        };
        events.push(event.ok_or_else(|| PostgresError::broken("an event is of a kind that there is not"))?);
    }
    Ok(events)
}

async fn refresh(session: &mut Session<'_>, kinds: &Kinds) -> Result<Arc<Known>, PostgresError> {
    match session {
        Session::Own(connection) => kinds.refresh(connection).await,
        Session::User(lent) => kinds.refresh_in(lent).await,
    }
}

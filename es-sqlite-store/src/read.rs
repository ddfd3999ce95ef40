//! What a reader sees: rules 7 to 14 and 19 to 22, in chunks of one snapshot.

use std::collections::HashSet;

use es_core::store::{Direction, LogPage, ReadLog, ReadStream, StreamPage};
use es_core::{Position, StreamId, Version};
use rusqlite::{Connection, OptionalExtension};

use crate::error::SqliteError;
use crate::filter::{positions, selected};
use crate::pool::{Reader, Snapshot};
use crate::row::{COLUMNS, Decoder, KnownKinds, position, to_bound, version};
use crate::yielding::yield_now;

/// How many events are looked at before other tasks have their turn.
const CHUNK: usize = 1024;

/// The position of the last event of the log.
pub(crate) fn head(connection: &Connection) -> Result<Position, SqliteError> {
    let mut statement = connection.prepare_cached("SELECT max(position) FROM events")?;
    let last: Option<i64> = statement.query_row([], |row| row.get(0))?;
    Ok(position(last.unwrap_or(0)))
}

pub(crate) async fn read_stream(
    mut snapshot: Snapshot<'_>,
    stream: &StreamId,
    mut range: ReadStream,
) -> Result<StreamPage, SqliteError> {
    let reader = snapshot.reader();
    let sql = "SELECT stream, (SELECT max(version) FROM events WHERE events.stream = streams.stream)
        FROM streams WHERE stream_id = ?1";
    let found = reader.connection.prepare_cached(sql)?.query_row([stream.as_str()], |row| {
        let last: Option<i64> = row.get(1)?;
        Ok((row.get(0)?, version(last.unwrap_or(0))))
    });
    let (number, last) = found.optional()?.unwrap_or((0, Version::EMPTY));
    let through = range.start(last);
    let mut page = StreamPage { events: Vec::new(), through, is_end: range.is_end(through, last), version: last };
    let selects = if range.filter.selects_stream(stream) {
        selected(&range.filter, &mut reader.kinds, &reader.connection)?
    } else {
        Some(HashSet::new())
    };
    if range.limit == 0 || range.after >= range.up_to.min(last) {
        return Ok(page);
    }
    if selects.as_ref().is_some_and(HashSet::is_empty) {
        page.through = match range.direction {
            Direction::Forward => range.up_to.min(last),
            Direction::Backward => range.after,
        };
        page.is_end = true;
        return Ok(page);
    }
    let limit = range.limit;
    range.up_to = range.up_to.min(last);
    let mut decoder = Decoder::of_stream(number, stream.clone());
    loop {
        stream_chunk(snapshot.reader(), &mut decoder, number, &range, selects.as_ref(), limit, &mut page)?;
        page.is_end = range.is_end(page.through, last);
        if page.is_end || page.events.len() >= limit {
            return Ok(page);
        }
        range = range.resume(page.through);
        yield_now().await;
    }
}

/// Looks at up to a chunk of events, all of which must be there.
fn stream_chunk(
    Reader { connection, kinds }: &mut Reader,
    decoder: &mut Decoder,
    number: i64,
    range: &ReadStream,
    selects: Option<&HashSet<i64>>,
    limit: usize,
    page: &mut StreamPage,
) -> Result<(), SqliteError> {
    let order = if range.direction == Direction::Forward { "ASC" } else { "DESC" };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM events WHERE stream = ?1 AND version > ?2 AND version <= ?3 ORDER BY version {order}"
    ))?;
    let (after, up_to) = (to_bound(range.after.get()), to_bound(range.up_to.get()));
    let mut rows = statement.query([number, after, up_to])?;
    let mut due = if range.direction == Direction::Forward { after + 1 } else { up_to };
    for _ in 0..CHUNK {
        if page.events.len() >= limit || due <= after || due > up_to {
            break;
        }
        let row = rows.next()?;
        let Some(row) = row.filter(|row| row.get(1).is_ok_and(|found: i64| found == due)) else {
            let (stream, due) = (decoder.stream_of(number), due);
            return Err(SqliteError::broken(format!("event {due} of stream `{stream}` is missing")));
        };
        let kind: i64 = row.get(2)?;
        if selects.is_none_or(|selects| selects.contains(&kind)) {
            page.events.push(decoder.event(connection, kinds, row)?);
        }
        match range.direction {
            Direction::Forward => {
                page.through = version(due);
                due += 1;
            }
            Direction::Backward => {
                due -= 1;
                page.through = version(due);
            }
        }
    }
    Ok(())
}

pub(crate) async fn read_log(mut snapshot: Snapshot<'_>, mut range: ReadLog) -> Result<LogPage, SqliteError> {
    let reader = snapshot.reader();
    let head = head(&reader.connection)?;
    let through = range.start(head);
    let mut page = LogPage { events: Vec::new(), through, is_end: range.is_end(through, head), head };
    if range.limit == 0 || range.after >= range.up_to.min(head) {
        return Ok(page);
    }
    let selects = selected(&range.filter, &mut reader.kinds, &reader.connection)?;
    let limit = range.limit;
    range.up_to = range.up_to.min(head);
    let mut decoder = Decoder::default();
    loop {
        let most = CHUNK.min(limit - page.events.len());
        let Reader { connection, kinds } = snapshot.reader();
        let read = log_chunk(connection, kinds, &mut decoder, &range, selects.as_ref(), most, &mut page)?;
        if read < most {
            // There is no more in the range.
            page.through = if range.direction == Direction::Forward { range.up_to } else { range.after };
        }
        page.is_end = range.is_end(page.through, head);
        if page.is_end || page.events.len() >= limit {
            return Ok(page);
        }
        range = range.resume(page.through);
        yield_now().await;
    }
}

/// A page of the log as a transaction sees it, without a turn for others.
pub(crate) fn page_of_log(tx: &Connection, kinds: &mut KnownKinds, range: &ReadLog) -> Result<LogPage, SqliteError> {
    let head = head(tx)?;
    let through = range.start(head);
    let mut page = LogPage { events: Vec::new(), through, is_end: range.is_end(through, head), head };
    if !page.is_end {
        let range = range.clone().up_to(range.up_to.min(head));
        let selects = selected(&range.filter, kinds, tx)?;
        let read = log_chunk(tx, kinds, &mut Decoder::default(), &range, selects.as_ref(), range.limit, &mut page)?;
        if read < range.limit {
            page.through = range.up_to;
        }
        page.is_end = range.is_end(page.through, head);
    }
    Ok(page)
}

/// Reads up to `most` events and says how many there were.
fn log_chunk(
    connection: &Connection,
    kinds: &mut KnownKinds,
    decoder: &mut Decoder,
    range: &ReadLog,
    selects: Option<&HashSet<i64>>,
    most: usize,
    page: &mut LogPage,
) -> Result<usize, SqliteError> {
    let before = page.events.len();
    let (after, up_to) = (to_bound(range.after.get()), to_bound(range.up_to.get()));
    if let Some(selects) = selects {
        let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM events WHERE position = ?1"))?;
        for position in positions(connection, selects, (after, up_to), range.direction, most)? {
            let mut rows = statement.query([position])?;
            let row = rows.next()?.ok_or_else(|| SqliteError::broken(format!("event {position} is missing")))?;
            page.events.push(decoder.event(connection, kinds, row)?);
        }
    } else {
        let order = if range.direction == Direction::Forward { "ASC" } else { "DESC" };
        let mut statement = connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM events WHERE position > ?1 AND position <= ?2 ORDER BY position {order} LIMIT ?3"
        ))?;
        let mut rows = statement.query([after, up_to, to_bound(most as u64)])?;
        while let Some(row) = rows.next()? {
            page.events.push(decoder.event(connection, kinds, row)?);
        }
    }
    if let Some(last) = page.events[before..].last() {
        let back = u64::from(range.direction == Direction::Backward);
        page.through = Position::new(last.position.get() - back);
    }
    Ok(page.events.len() - before)
}

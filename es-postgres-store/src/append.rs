//! Appends as one call of the function `append` of the schema, on a connection of the store or of the user's.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use es_core::store::EventPlace;
use es_core::{EventId, Position, StreamId};
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use crate::connection::{Connection, Lent};
use crate::error::PostgresError;
use crate::kinds::{Kinds, Known};
use crate::metadata;
use crate::plan::{Facts, Plan, Row, StreamPlan};
use crate::row::{position, version};
use crate::schema::SchemaName;
use crate::task::{Done, Task};

const TYPES: [Type; 15] = [
    Type::TEXT_ARRAY,
    Type::INT8_ARRAY,
    Type::INT8_ARRAY,
    Type::BOOL_ARRAY,
    Type::TEXT_ARRAY,
    Type::INT4_ARRAY,
    Type::INT8_ARRAY,
    Type::INT4_ARRAY,
    Type::INT8_ARRAY,
    Type::UUID_ARRAY,
    Type::INT8_ARRAY,
    Type::TEXT_ARRAY,
    Type::BYTEA_ARRAY,
    Type::TEXT,
    Type::BOOL,
];

/// The statement, and the numbers of kinds.
pub(crate) struct Appender {
    sql: Arc<str>,
    channel: String,
    pub(crate) kinds: Kinds,
}

/// Where statements are run.
pub(crate) enum Session<'c> {
    /// A connection of the store, on which they are prepared once.
    Own(&'c mut Connection),
    /// A transaction of the user's; readers are told of it when it is committed.
    User(Lent<'c>),
}

impl Session<'_> {
    /// Runs a statement whose parameters have these types.
    pub(crate) async fn query(
        &mut self,
        sql: &Arc<str>,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<tokio_postgres::Row>, PostgresError> {
        match self {
            Self::Own(connection) => {
                let untyped: Vec<_> = params.iter().map(|(param, _)| *param).collect();
                connection.query(sql, &untyped).await
            }
            Self::User(lent) => lent.query(sql, params).await,
        }
    }
}

/// What came of a group.
pub(crate) enum Grouped {
    /// The outcomes, and where the first new event is, if there is one.
    Done(Vec<Done>, Option<Position>),
    /// Others are appending to these streams.
    Busy(Vec<StreamId>),
}

/// Whether a stream that others are appending to is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Busy {
    Wait,
    Tell,
}

/// How often an append is tried again when others were in the way.
pub(crate) const ATTEMPTS: u32 = 5;

impl Appender {
    pub(crate) fn new(schema: &SchemaName) -> Self {
        let parameters = (1..=TYPES.len()).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ");
        let columns = "busy, first_position, versions, found_ids, found_streams, found_versions, found_positions";
        Self {
            sql: schema.sql(&format!("SELECT {columns} FROM {{schema}}.append({parameters})")).into(),
            channel: channel(schema),
            kinds: Kinds::new(schema),
        }
    }

    /// Appends in a transaction of its own: in one round trip if all goes well, else in one that looks first.
    pub(crate) async fn append(
        &self,
        connection: &mut Connection,
        tasks: &[Task],
        busy: Busy,
    ) -> Result<Grouped, PostgresError> {
        let known = self.kinds.of(connection, tasks.iter().flat_map(Task::events)).await?;
        if let Some(plan) = Plan::hopeful(tasks) {
            match self.call(&mut Session::Own(connection), &Call::new(&plan, &known)?, busy).await {
                Ok(answer) if !answer.busy.is_empty() => return Ok(Grouped::Busy(answer.busy)),
                Ok(answer) if answer.fits(&plan) => {
                    return Ok(answer.done(plan));
                }
                Ok(_) => {}
                Err(error) if error.is_race() => {}
                Err(error) => return Err(error),
            }
        }
        let mut attempt = 0;
        loop {
            attempt += 1;
            connection.batch("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
            let decided = self.decide(&mut Session::Own(connection), tasks, &known, busy).await;
            let end = if matches!(decided, Ok(Grouped::Done(..))) { "COMMIT" } else { "ROLLBACK" };
            match (decided, connection.batch(end).await) {
                (Ok(decided), Ok(())) => return Ok(decided),
                (Err(error), Ok(())) if error.is_race() && attempt < ATTEMPTS => {}
                (Err(error), _) | (Ok(_), Err(error)) => return Err(error),
            }
        }
    }

    /// Appends one task in a transaction that somebody else ends.
    pub(crate) async fn append_within(
        &self,
        session: &mut Session<'_>,
        task: &Task,
        known: &Known,
    ) -> Result<(Vec<Done>, Option<Position>), PostgresError> {
        let tasks = std::slice::from_ref(task);
        let mut grouped = None;
        if let Some(plan) = Plan::hopeful(tasks) {
            let answer = self.call(session, &Call::new(&plan, known)?, Busy::Wait).await?;
            grouped = answer.fits(&plan).then(|| answer.done(plan));
        }
        let grouped = match grouped {
            Some(grouped) => grouped,
            None => self.decide(session, tasks, known, Busy::Wait).await?,
        };
        match grouped {
            Grouped::Done(done, first) => Ok((done, first)),
            Grouped::Busy(_) => Err(PostgresError::broken("a stream was to be waited for and was not")),
        }
    }

    /// Looks and then appends, in a transaction that somebody else ends.
    async fn decide(
        &self,
        session: &mut Session<'_>,
        tasks: &[Task],
        known: &Known,
        busy: Busy,
    ) -> Result<Grouped, PostgresError> {
        let look = Call::look(tasks);
        let answer = self.call(session, &look, busy).await?;
        if !answer.busy.is_empty() {
            return Ok(Grouped::Busy(answer.busy));
        }
        let versions = look.stream_ids.iter().zip(&answer.versions).map(|(id, at)| ((*id).clone(), version(*at)));
        let facts = Facts { versions: versions.collect(), places: answer.found.into_iter().collect() };
        let plan = Plan::decided(tasks, &facts);
        if plan.rows.is_empty() {
            return Ok(Grouped::Done(plan.finish(None, &[]), None));
        }
        let answer = self.call(session, &Call::new(&plan, known)?, busy).await?;
        if answer.first.is_none() {
            return Err(PostgresError::broken("a stream changed while it was locked"));
        }
        Ok(answer.done(plan))
    }

    async fn call(&self, session: &mut Session<'_>, call: &Call<'_>, busy: Busy) -> Result<Answer, PostgresError> {
        let may_wait = busy == Busy::Wait;
        let channel = matches!(session, Session::User(_)).then_some(self.channel.as_str());
        let params: [&(dyn ToSql + Sync); TYPES.len()] = [
            &call.streams,
            &call.lows,
            &call.highs,
            &call.writes,
            &call.event_streams,
            &call.stream_numbers,
            &call.numbers,
            &call.kinds,
            &call.schema_versions,
            &call.ids,
            &call.times,
            &call.metadatas,
            &call.payloads,
            &channel,
            &may_wait,
        ];
        let params: Vec<_> = params.into_iter().zip(TYPES).collect();
        let rows = session.query(&self.sql, &params).await?;
        let row = rows.first().ok_or_else(|| PostgresError::broken("the function `append` gives no answer"))?;
        Answer::new(row, call)
    }
}

/// The channel on which the processes tell each other of events.
pub(crate) fn channel(schema: &SchemaName) -> String {
    format!("{schema}_appended")
}

/// What the function is given.
#[derive(Default)]
struct Call<'t> {
    stream_ids: Vec<&'t StreamId>,
    streams: Vec<&'t str>,
    lows: Vec<i64>,
    highs: Vec<i64>,
    writes: Vec<bool>,
    event_streams: Vec<&'t str>,
    stream_numbers: Vec<i32>,
    numbers: Vec<i64>,
    kinds: Vec<i32>,
    schema_versions: Vec<i64>,
    ids: Vec<Uuid>,
    times: Vec<i64>,
    metadatas: Vec<Option<String>>,
    payloads: Vec<&'t [u8]>,
}

impl<'t> Call<'t> {
    fn new(plan: &Plan<'t>, known: &Known) -> Result<Self, PostgresError> {
        let mut call = Self::default();
        let mut numbers = HashMap::new();
        for ((id, stream), number) in plan.streams.iter().zip(1_i32..) {
            call.stream(id, (stream.low, stream.high), stream.new > 0);
            numbers.insert(*id, number);
        }
        for Row { stream, number, event } in &plan.rows {
            let kind = known.number(stream, event);
            call.event_streams.push(stream.as_str());
            call.stream_numbers.push(numbers.get(stream).copied().unwrap_or(0));
            call.numbers.push(number.cast_signed());
            call.kinds.push(kind.ok_or_else(|| PostgresError::broken(format!("`{}` has no number", event.name)))?);
            call.schema_versions.push(event.schema_version.into());
            call.ids.push(*event.id.as_uuid());
            call.times.push(event.recorded_at.as_micros());
            call.metadatas.push(metadata::to_text(&event.metadata)?);
            call.payloads.push(&event.payload);
        }
        Ok(call)
    }

    /// A call that never fits, so that it only says what there is.
    fn look(tasks: &'t [Task]) -> Self {
        let mut streams = BTreeMap::new();
        for task in tasks {
            for part in task.checks() {
                streams.entry(&part.stream).or_insert(false);
            }
            for part in task.appends() {
                streams.insert(&part.stream, true);
            }
        }
        let mut call = Self::default();
        for (id, writes) in streams {
            call.stream(id, (1, 0), writes);
        }
        call.ids = tasks.iter().flat_map(Task::events).map(|(_, event)| *event.id.as_uuid()).collect();
        call
    }

    fn stream(&mut self, id: &'t StreamId, (low, high): (i64, i64), writes: bool) {
        self.stream_ids.push(id);
        self.streams.push(id.as_str());
        self.lows.push(low);
        self.highs.push(high);
        self.writes.push(writes);
    }
}

/// What the function says.
struct Answer {
    busy: Vec<StreamId>,
    first: Option<Position>,
    versions: Vec<i64>,
    found: Vec<(EventId, EventPlace)>,
}

impl Answer {
    fn new(row: &tokio_postgres::Row, call: &Call<'_>) -> Result<Self, PostgresError> {
        let busy: Option<Vec<i32>> = row.try_get(0)?;
        let busy = busy.unwrap_or_default().into_iter().filter_map(|number| {
            let at = usize::try_from(number).ok()?.checked_sub(1)?;
            call.stream_ids.get(at).map(|id| (*id).clone())
        });
        let (ids, streams): (Option<Vec<Uuid>>, Option<Vec<&str>>) = (row.try_get(3)?, row.try_get(4)?);
        let (versions, positions): (Option<Vec<i64>>, Option<Vec<i64>>) = (row.try_get(5)?, row.try_get(6)?);
        let places = streams.unwrap_or_default().into_iter().zip(versions.unwrap_or_default());
        let places = places.zip(positions.unwrap_or_default()).zip(ids.unwrap_or_default());
        let found = places.map(|(((stream, at), position_at), id)| {
            let stream =
                stream.parse().map_err(|error| PostgresError::broken(format!("a stored stream id: {error}")))?;
            Ok((EventId::new(id), EventPlace { stream, version: version(at), position: position(position_at) }))
        });
        Ok(Self {
            busy: busy.collect(),
            first: row.try_get::<_, Option<i64>>(1)?.map(position),
            versions: row.try_get::<_, Option<Vec<i64>>>(2)?.unwrap_or_default(),
            found: found.collect::<Result<_, PostgresError>>()?,
        })
    }

    /// What came of a plan that has been carried out.
    fn done(&self, plan: Plan<'_>) -> Grouped {
        Grouped::Done(plan.finish(self.first, &self.versions), self.first)
    }

    /// Whether what the plan hoped for has come true.
    fn fits(&self, plan: &Plan<'_>) -> bool {
        let as_hoped = |(stream, at): (&StreamPlan, &i64)| (stream.low..=stream.high).contains(at);
        self.first.is_some()
            || (plan.rows.is_empty()
                && self.versions.len() == plan.streams.len()
                && plan.streams.values().zip(&self.versions).all(as_hoped))
    }
}

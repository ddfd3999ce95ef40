//! What several appends do together: rules 1 to 6, 15 to 18 and 30 to 34, one after the other, before anything is written.
//!
//! A plan is made in one of two ways. Without a look at the database it takes for granted that all appends go well, and
//! says what the streams must be like for that. With what there is known, it decides each append for good.

use std::collections::{BTreeMap, HashMap, HashSet};

use es_core::store::{
    AppendError, Appended, EventPlace, Expectation, MultiAppendError, MultiAppended, StreamAppended, Violation,
    sent_before,
};
use es_core::{EventId, ExpectedVersion, NewEvent, Position, StreamId, Version};

use crate::task::{Done, Task};

/// Positions from here on stand for new events, by their number in the plan: what is stored has no such position.
const NEW: u64 = 1 << 63;

/// What there is, of all that the tasks ask for.
pub(crate) struct Facts {
    pub(crate) versions: HashMap<StreamId, Version>,
    pub(crate) places: HashMap<EventId, EventPlace>,
}

/// What to write.
pub(crate) struct Plan<'t> {
    /// Sorted, which is the order in which they are locked.
    pub(crate) streams: BTreeMap<&'t StreamId, StreamPlan>,
    pub(crate) rows: Vec<Row<'t>>,
    tasks: &'t [Task],
    done: Vec<Done>,
    /// Whether the versions are counted from those that the streams have.
    is_relative: bool,
}

/// What a stream must be like, and what it gets.
#[derive(Default)]
pub(crate) struct StreamPlan {
    pub(crate) low: i64,
    pub(crate) high: i64,
    pub(crate) new: u64,
    base: u64,
}

/// A new event, and which of the new ones of its stream it is.
pub(crate) struct Row<'t> {
    pub(crate) stream: &'t StreamId,
    pub(crate) number: u64,
    pub(crate) event: &'t NewEvent,
}

impl<'t> Plan<'t> {
    /// The plan in which everything goes well; `None` if it cannot.
    pub(crate) fn hopeful(tasks: &'t [Task]) -> Option<Self> {
        let mut plan = Self::new(tasks, None);
        let mut ids = HashSet::new();
        for task in tasks {
            if !task.events().all(|(_, event)| ids.insert(event.id)) {
                return None;
            }
            for part in task.appends().iter().chain(task.checks()) {
                let stream = plan.streams.get_mut(&part.stream)?;
                let (low, high) = range(part.expected, stream.new);
                (stream.low, stream.high) = (stream.low.max(low), stream.high.min(high));
                if stream.low > stream.high && tasks.len() > 1 {
                    return None;
                }
            }
            let done = plan.write(task);
            plan.done.push(done);
        }
        Some(plan)
    }

    /// The plan that follows from what there is.
    pub(crate) fn decided(tasks: &'t [Task], facts: &Facts) -> Self {
        let mut plan = Self::new(tasks, Some(facts));
        let mut new = HashMap::new();
        for task in tasks {
            let find = |id: EventId| new.get(&id).or_else(|| facts.places.get(&id)).cloned();
            let sent = sent_before(task.events().map(|(stream, event)| (stream, event.id)), find);
            let done = match sent {
                Err(refused) => task.refused(refused),
                Ok(Some(places)) if !places.is_empty() => plan.again(task, places),
                Ok(_) => match plan.violations(task) {
                    violations if violations.is_empty() => {
                        let first = plan.rows.len();
                        let done = plan.write(task);
                        for (at, row) in plan.rows.iter().enumerate().skip(first) {
                            let version = Version::new(plan.streams[row.stream].base + row.number);
                            let position = Position::new(NEW + at as u64);
                            new.insert(row.event.id, EventPlace { stream: row.stream.clone(), version, position });
                        }
                        done
                    }
                    violations => task.conflict(violations),
                },
            };
            plan.done.push(done);
        }
        plan
    }

    fn new(tasks: &'t [Task], facts: Option<&Facts>) -> Self {
        let mut streams: BTreeMap<&StreamId, StreamPlan> = BTreeMap::new();
        for part in tasks.iter().flat_map(|task| task.appends().iter().chain(task.checks())) {
            streams.entry(&part.stream).or_insert_with(|| {
                let known = facts.map(|facts| facts.versions.get(&part.stream).copied().unwrap_or_default().get());
                let (low, high) = known.map_or((0, i64::MAX), |version| (bound(version), bound(version)));
                StreamPlan { low, high, new: 0, base: known.unwrap_or(0) }
            });
        }
        let done = Vec::with_capacity(tasks.len());
        Self { streams, rows: Vec::new(), tasks, done, is_relative: facts.is_none() }
    }

    fn version(&self, stream: &StreamId) -> Version {
        self.streams.get(stream).map_or(Version::EMPTY, |stream| Version::new(stream.base + stream.new))
    }

    fn violations(&self, task: &Task) -> Vec<Violation> {
        let parts = task.appends().iter().chain(task.checks());
        let violation = |part: &Expectation| {
            let (stream, expected, actual) = (part.stream.clone(), part.expected, self.version(&part.stream));
            (!expected.accepts(actual)).then_some(Violation { stream, expected, actual })
        };
        parts.filter_map(violation).collect()
    }

    /// Puts the events of a task behind the last ones.
    fn write(&mut self, task: &'t Task) -> Done {
        let mut last_of = HashMap::new();
        for (id, event) in task.events() {
            let stream = self.streams.entry(id).or_default();
            stream.new += 1;
            let (number, position) = (stream.new, Position::new(NEW + self.rows.len() as u64));
            let version = Version::new(stream.base + number);
            last_of.insert(id.clone(), Appended { version, position: Some(position) });
            self.rows.push(Row { stream: id, number, event });
        }
        let head = (!last_of.is_empty()).then(|| Position::new(NEW + self.rows.len() as u64 - 1));
        self.outcome(task, &last_of, head)
    }

    fn again(&self, task: &Task, places: Vec<EventPlace>) -> Done {
        let head = places.last().map(|place| place.position);
        let mut last_of = HashMap::new();
        for EventPlace { stream, version, position } in places {
            last_of.insert(stream, Appended { version, position: Some(position) });
        }
        self.outcome(task, &last_of, head)
    }

    fn outcome(&self, task: &Task, last_of: &HashMap<StreamId, Appended>, head: Option<Position>) -> Done {
        let last = |stream: &StreamId| {
            let unchanged = || Appended { version: self.version(stream), position: None };
            last_of.get(stream).copied().unwrap_or_else(unchanged)
        };
        match task {
            Task::Append { to, .. } => Done::Append(Ok(last(&to.stream))),
            Task::Multi(batch) => {
                let streams = batch.appends.iter().map(|part| {
                    let Appended { version, position } = last(&part.stream);
                    StreamAppended { stream: part.stream.clone(), version, position }
                });
                Done::Multi(Ok(MultiAppended { streams: streams.collect(), position: head }))
            }
        }
    }

    /// The outcomes, once it is known where the events went and, for a hopeful plan, which versions there were.
    pub(crate) fn finish(self, first: Option<Position>, versions: &[i64]) -> Vec<Done> {
        let placed = |position: Position| match position.get().checked_sub(NEW) {
            Some(number) => Position::new(first.map_or(0, Position::get) + number),
            None => position,
        };
        let bases: HashMap<&StreamId, u64> = if self.is_relative {
            self.streams.keys().copied().zip(versions.iter().map(|version| version.cast_unsigned())).collect()
        } else {
            HashMap::new()
        };
        let in_stream = |stream: &StreamId, version: Version| version.plus(bases.get(stream).copied().unwrap_or(0));
        let mut done = self.done;
        for (task, done) in self.tasks.iter().zip(&mut done) {
            match (task, done) {
                (Task::Append { to, .. }, Done::Append(Ok(appended))) => {
                    appended.position = appended.position.map(placed);
                    appended.version = in_stream(&to.stream, appended.version);
                }
                (_, Done::Multi(Ok(appended))) => {
                    appended.position = appended.position.map(placed);
                    for part in &mut appended.streams {
                        part.position = part.position.map(placed);
                        part.version = in_stream(&part.stream, part.version);
                    }
                }
                _ => {}
            }
        }
        done
    }
}

impl Task {
    fn refused(&self, refused: AppendError) -> Done {
        match self {
            Self::Append { .. } => Done::Append(Err(refused)),
            Self::Multi(_) => Done::Multi(Err(refused.into())),
        }
    }

    fn conflict(&self, mut violations: Vec<Violation>) -> Done {
        match self {
            Self::Append { .. } => {
                let Violation { stream, expected, actual } = violations.remove(0);
                Done::Append(Err(AppendError::Conflict { stream, expected, actual }))
            }
            Self::Multi(_) => Done::Multi(Err(MultiAppendError::Conflict { violations })),
        }
    }
}

/// The versions that a stream may have, if so many events are appended to it before it is to be as `expected`.
fn range(expected: ExpectedVersion, new: u64) -> (i64, i64) {
    const NONE: (i64, i64) = (1, 0);
    match expected {
        ExpectedVersion::Any => (0, i64::MAX),
        ExpectedVersion::StreamExists => (i64::from(new == 0), i64::MAX),
        ExpectedVersion::NoStream if new == 0 => (0, 0),
        ExpectedVersion::NoStream => NONE,
        ExpectedVersion::Exact(version) => {
            version.get().checked_sub(new).and_then(|base| i64::try_from(base).ok()).map_or(NONE, |base| (base, base))
        }
    }
}

fn bound(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

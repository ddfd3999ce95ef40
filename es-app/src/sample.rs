//! A look at the newest events of the log: whether the code that is about to run knows them.

use std::collections::{BTreeMap, HashMap, HashSet};

use es_core::Position;
use es_core::store::{EventStore, ReadError, ReadLog};

use crate::parts::Parts;
use crate::problem::Problem;

/// What becomes of events in the log that no part of the application knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnUnknown {
    /// The application starts, and says so in its [warnings](crate::RunningApplication::warnings).
    Warn,
    /// The application does not start.
    Refuse,
}

/// What a process appends about itself.
const OF_PROCESSES: [&str; 2] = ["process-reacted", "process-dispatched"];

/// How many events are read at a time.
const PAGE: usize = 512;

/// Looks at the newest `events` of the log.
pub(crate) async fn sample(store: &impl EventStore, parts: &Parts, events: usize) -> Result<Vec<Problem>, ReadError> {
    let mut newest: HashMap<&str, u32> = HashMap::new();
    for (_, event) in parts.events() {
        for name in std::iter::once(event.name).chain(event.aliases.iter().copied()) {
            let version = newest.entry(name).or_default();
            *version = event.version.max(*version);
        }
    }
    let retired: HashSet<&str> = parts.aggregates.iter().flat_map(|part| part.model.retired).copied().collect();
    let (mut unknown, mut newer) = (BTreeMap::new(), BTreeMap::new());
    let (mut left, mut up_to) = (events, Position::MAX);
    while left > 0 {
        let page = store.read_log(ReadLog::all().up_to(up_to).backward().limit(left.min(PAGE))).await?;
        for event in &page.events {
            let name = event.name.as_str();
            match newest.get(name) {
                Some(newest) if event.schema_version > *newest => {
                    let key = (name.to_owned(), event.schema_version);
                    newer.entry(key).or_insert((*newest, event.position));
                }
                Some(_) => {}
                None if retired.contains(name) || OF_PROCESSES.contains(&name) => {}
                None => {
                    let key = (name.to_owned(), event.stream.category().to_owned());
                    unknown.entry(key).or_insert(event.position);
                }
            }
        }
        left -= page.events.len().min(left);
        if page.is_end || page.through >= up_to {
            break;
        }
        up_to = page.through;
    }
    let unknown = unknown.into_iter().map(|((event, category), last)| Problem::UnknownStored { event, category, last });
    let newer = newer.into_iter().map(|((event, version), (newest, last))| Problem::NewerStored {
        event,
        version,
        newest,
        last,
    });
    Ok(unknown.chain(newer).collect())
}

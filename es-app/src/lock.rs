//! The lock of stored events, as far as names and versions go. What is in the events is compared by the tests that
//! es-testkit writes, which also write the file.

use es_core::model::AggregateModel;
use serde_json::Value;

use crate::problem::Problem;

/// Adds what differs between a lock and the aggregates; those that only the lock has are of other programs.
pub(crate) fn compare(text: &str, models: impl Iterator<Item = AggregateModel>, problems: &mut Vec<Problem>) {
    let unreadable = |reason: String| Problem::UnreadableLock { reason };
    let lock: Value = match serde_json::from_str(text) {
        Ok(lock) => lock,
        Err(error) => return problems.push(unreadable(error.to_string())),
    };
    if !matches!(lock["format"].as_u64(), Some(1..=3)) {
        return problems.push(unreadable(format!("it has format {}, and formats 1 to 3 are known", lock["format"])));
    }
    for model in models {
        let events = &lock["aggregates"][model.name];
        for event in model.events {
            if events[event.name][event.version.to_string()].is_null() {
                let (event, version, aggregate) = (event.name, event.version, model.name);
                problems.push(Problem::NotInLock { event, version, aggregate });
            }
        }
        for (event, versions) in events.as_object().into_iter().flatten() {
            for version in versions.as_object().into_iter().flatten().filter_map(|(version, _)| version.parse().ok()) {
                if !reads(&model, event, version) {
                    problems.push(Problem::OnlyInLock { event: event.clone(), version, aggregate: model.name });
                }
            }
        }
    }
}

fn reads(model: &AggregateModel, name: &str, version: u32) -> bool {
    let known = model.events.iter().chain(model.split);
    model.retired.contains(&name)
        || known
            .filter(|event| event.name == name || event.aliases.contains(&name))
            .any(|event| (event.oldest..=event.version).contains(&version))
}

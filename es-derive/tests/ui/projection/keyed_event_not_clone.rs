use es_core::{Event, ProjectRow, Projection, RecordedEvent};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(name = "money-moved")]
pub struct MoneyMoved {
    pub from: String,
    pub to: String,
}

#[derive(Debug, Default, Serialize, Deserialize, Projection)]
#[projection(name = "balances", key = String, events(MoneyMoved(keys = [event.from, event.to])))]
pub struct Balance {}

impl ProjectRow<MoneyMoved> for Balance {
    fn project(&mut self, _: &String, _: MoneyMoved, _: &RecordedEvent) {}
}

fn main() {}

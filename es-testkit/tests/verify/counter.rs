//! What most aggregates of these tests are made of: one event, one command.

use es_core::{Command, Event};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "counted")]
pub(crate) struct Counted {
    pub(crate) by: u8,
}

#[derive(Debug, Clone, Deserialize, Command)]
#[command(emits = Counted)]
#[require(command.by > 0, NotPositive)]
pub(crate) struct Count {
    pub(crate) by: u8,
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("nothing was counted")]
pub(crate) struct NotPositive;

//! What a process has decided, as data: this is what is stored, and what a replay takes instead of deciding again.

use serde::{Deserialize, Serialize};

use super::json_text::JsonText;
use crate::time::Timestamp;

/// One part of a reaction.
///
/// A stored form: a variant or a field is added at the end of what there is, and none changes its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Effect {
    /// A command is sent.
    #[serde(rename = "send")]
    SendCommand(SentCommand),
    /// A deadline is set.
    Schedule(ScheduledDeadline),
    /// The deadlines that the process has are dropped: those of this stored name, or all.
    Cancel {
        /// Their stored name; `None` for all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// The process is over: no event and no deadline reaches it any more.
    End,
}

/// A command on its way to an aggregate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentCommand {
    /// The stored name of the aggregate.
    pub aggregate: String,
    /// Its id.
    pub id: String,
    /// The name of the command.
    pub command: String,
    /// The version of its shape; the first is not written, as it was not before commands had versions.
    #[serde(default = "first_version", skip_serializing_if = "is_first_version")]
    pub schema_version: u32,
    /// The command.
    pub payload: JsonText,
}

fn first_version() -> u32 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_first_version(version: &u32) -> bool {
    *version == first_version()
}

/// A deadline that has been set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledDeadline {
    /// Its stored name.
    pub name: String,
    /// The version of its shape.
    pub schema_version: u32,
    /// From when on it is due.
    pub due: Timestamp,
    /// What it carries.
    pub payload: JsonText,
}

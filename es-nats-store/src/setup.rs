//! The JetStream streams of a store: how they are made, and what of one that is there already must not differ.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::connect::ConnectError;
use crate::js::Js;
use crate::subject::{Names, stream_of_bucket};

const NO_STREAM: u64 = 10_059;
/// Somebody else was faster, and made it otherwise.
const NAME_IN_USE: u64 = 10_058;

/// What a JetStream stream is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Events,
    /// Checkpoints and read models.
    Checkpoints,
    Snapshots,
    Leases,
    Parked,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [Self::Events, Self::Checkpoints, Self::Snapshots, Self::Leases, Self::Parked];
}

/// The settings that matter to the store; the server fills in the rest.
#[allow(clippy::struct_excessive_bools, reason = "they are the settings of JetStream")]
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Config {
    pub(crate) name: String,
    subjects: Vec<String>,
    retention: String,
    storage: String,
    discard: String,
    num_replicas: usize,
    max_msgs_per_subject: i64,
    #[serde(default)]
    max_age: i64,
    #[serde(default)]
    deny_delete: bool,
    #[serde(default)]
    deny_purge: bool,
    #[serde(default)]
    allow_direct: bool,
    #[serde(default)]
    allow_atomic: bool,
    #[serde(default)]
    allow_rollup_hdrs: bool,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    persist_mode: String,
    #[serde(default, skip_serializing_if = "no")]
    no_ack: bool,
    #[serde(default, skip_serializing_if = "no")]
    sealed: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn no(is: &bool) -> bool {
    !is
}

#[derive(Deserialize)]
struct Info {
    config: Config,
}

/// How a JetStream stream of a store is made.
pub(crate) fn config(names: &Names, kind: Kind, replicas: usize) -> Config {
    let (name, subjects) = match kind {
        Kind::Events => (names.store.clone(), vec![names.of_events(), names.of_checks()]),
        Kind::Checkpoints => tables(names.of_checkpoints()),
        Kind::Snapshots => bucket(&names.bucket("snapshots")),
        Kind::Leases => bucket(&names.bucket("leases")),
        Kind::Parked => tables(names.of_parked()),
    };
    let (is_log, is_bucket) = (kind == Kind::Events, matches!(kind, Kind::Snapshots | Kind::Leases));
    Config {
        name,
        subjects,
        retention: "limits".to_owned(),
        storage: "file".to_owned(),
        discard: "new".to_owned(),
        num_replicas: replicas,
        // A key has one value; events and changes stay.
        max_msgs_per_subject: if is_bucket { 1 } else { -1 },
        max_age: 0,
        deny_delete: true,
        deny_purge: is_log,
        allow_direct: true,
        allow_atomic: is_log,
        allow_rollup_hdrs: !is_log,
        persist_mode: String::new(),
        no_ack: false,
        sealed: false,
    }
}

fn bucket(bucket: &str) -> (String, Vec<String>) {
    (stream_of_bucket(bucket), vec![format!("$KV.{bucket}.>")])
}

fn tables(stream: String) -> (String, Vec<String>) {
    let subjects = format!("{stream}.*");
    (stream, vec![subjects])
}

/// Makes the stream if it is missing, else compares it.
pub(crate) async fn ensure(js: &Js, wanted: &Config, at_least: Option<usize>) -> Result<(), ConnectError> {
    let name = &wanted.name;
    loop {
        let found = js.call::<Info>(&format!("$JS.API.STREAM.INFO.{name}"), &()).await;
        let refusal = match found.map_err(ConnectError::Failed)? {
            Ok(Info { config }) => return compare(&config, wanted, at_least),
            Err(refusal) if refusal.err_code == NO_STREAM => {
                match js.call::<Info>(&format!("$JS.API.STREAM.CREATE.{name}"), wanted).await {
                    Ok(Ok(_)) => return Ok(()),
                    Ok(Err(refusal)) if refusal.err_code == NAME_IN_USE => continue,
                    Ok(Err(refusal)) => refusal,
                    Err(error) => return Err(ConnectError::Failed(error)),
                }
            }
            Err(refusal) => refusal,
        };
        let (stream, replicas) = (name.clone(), wanted.num_replicas);
        let (code, description) = (refusal.err_code, refusal.description);
        return Err(ConnectError::NotMade { stream, replicas, code, description });
    }
}

/// Whether what is there keeps the promises of the store.
fn compare(found: &Config, wanted: &Config, at_least: Option<usize>) -> Result<(), ConnectError> {
    let differs = |setting, found: &dyn fmt::Debug, needed: &dyn fmt::Debug| {
        let (found, needed) = (format!("{found:?}"), format!("{needed:?}"));
        Err(ConnectError::StreamDiffers { stream: wanted.name.clone(), setting, found, needed })
    };
    macro_rules! same {
        ($($setting:ident),+) => {$(
            if found.$setting != wanted.$setting {
                return differs(stringify!($setting), &found.$setting, &wanted.$setting);
            }
        )+};
    }
    same!(subjects, retention, storage, discard, max_msgs_per_subject, max_age, allow_direct, allow_atomic);
    same!(deny_delete, deny_purge, allow_rollup_hdrs, no_ack, sealed);
    if !matches!(found.persist_mode.as_str(), "" | "default") {
        return differs("persist_mode", &found.persist_mode, &"default");
    }
    match at_least {
        Some(replicas) if found.num_replicas < replicas => differs("num_replicas", &found.num_replicas, &replicas),
        _ => Ok(()),
    }
}

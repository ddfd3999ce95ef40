//! The same workloads in the same domain: by hand, with es-core, and with its peers.
//!
//! Every subject is a module with one function, from a workload and a size to what was measured.

pub mod domain;
pub mod machine;
pub mod measure;
pub mod plan;
pub mod plots;
pub mod report;
pub mod results;
pub mod script;
pub mod subjects;
pub mod targets;
pub mod workload;

mod beside;
mod by_hand;
mod peer;
mod with_cqrs_es;
mod with_disintegrate;
mod with_distributed;
mod with_es_core;
mod with_esrs;
mod with_eventcore;
mod with_evento;
mod with_eventually;
mod with_mnesis;

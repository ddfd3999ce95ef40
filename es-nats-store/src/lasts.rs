//! Which tables there are: their subjects, as the server lists them, and the last message of each.

use std::collections::HashMap;

use es_core::store::CheckpointName;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use crate::change::{self, Standing};
use crate::error::NatsError;
use crate::js::{Stored, refused};
use crate::tables::Tables;

/// How many tables are asked for at once.
const AT_ONCE: usize = 16;
/// How many subjects the server lists with one answer.
const PAGE: usize = 100_000;

impl Tables {
    /// What the last message of each table says, sorted by the bytes of their names.
    pub(crate) async fn lasts(&self) -> Result<Vec<(CheckpointName, Standing)>, NatsError> {
        let (subjects, mut standings) = (self.subjects().await?, Vec::new());
        for some in subjects.chunks(AT_ONCE) {
            let lasts: Vec<_> = some.iter().map(|subject| self.js.last(self.stream(), subject)).collect();
            for Stored { sequence, payload, .. } in try_join_all(lasts).await?.into_iter().flatten() {
                let (name, part) = change::decode(self.stream(), sequence, &payload)?;
                standings.push((name, part.standing));
            }
        }
        standings.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        Ok(standings)
    }

    /// The subjects that there are, page by page.
    async fn subjects(&self) -> Result<Vec<String>, NatsError> {
        let (question, mut subjects) = (format!("$JS.API.STREAM.INFO.{}", self.stream()), Vec::new());
        loop {
            let filter = Subjects { subjects_filter: format!("{}.*", self.stream()), offset: subjects.len() };
            let found = self.js.call::<Found>(&question, &filter).await?;
            let found = found.map_err(|refusal| refused(self.stream(), refusal))?.state.subjects;
            if found.is_empty() {
                return Ok(subjects);
            }
            let is_page = found.len() >= PAGE;
            subjects.extend(found.into_keys());
            if !is_page {
                return Ok(subjects);
            }
        }
    }
}

#[derive(Serialize)]
struct Subjects {
    subjects_filter: String,
    offset: usize,
}

#[derive(Deserialize)]
struct Found {
    state: State,
}

#[derive(Deserialize)]
struct State {
    #[serde(default)]
    subjects: HashMap<String, u64>,
}

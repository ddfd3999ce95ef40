//! Which files change most?

use std::collections::{HashMap, HashSet};

use es_core::{Answer, Project, Projection, Query, RecordedEvent, StreamId};

use crate::file::{FileAdded, FileDeleted, FileModified, FileRenamed};
use crate::git_text::GitText;

/// How often each file was changed, and by how many people.
#[derive(Debug, Default, Projection)]
#[projection(name = "file-activity", events(FileAdded, FileModified, FileRenamed, FileDeleted))]
pub struct Activity {
    files: HashMap<StreamId, Changed>,
}

#[derive(Debug, Default)]
struct Changed {
    path: GitText,
    changes: u64,
    authors: HashSet<Box<str>>,
    deleted: bool,
}

impl Activity {
    fn changed(&mut self, path: GitText, recorded: &RecordedEvent) -> &mut Changed {
        let file = self.files.entry(recorded.stream.clone()).or_default();
        file.path = path;
        file.changes += 1;
        if let Some(author) = recorded.metadata.actor()
            && !file.authors.contains(author)
        {
            file.authors.insert(author.into());
        }
        file
    }
}

impl Project<FileAdded> for Activity {
    fn project(&mut self, event: FileAdded, recorded: &RecordedEvent) {
        self.changed(event.path, recorded);
    }
}

impl Project<FileModified> for Activity {
    fn project(&mut self, event: FileModified, recorded: &RecordedEvent) {
        self.changed(event.path, recorded);
    }
}

impl Project<FileRenamed> for Activity {
    fn project(&mut self, event: FileRenamed, recorded: &RecordedEvent) {
        self.changed(event.to, recorded);
    }
}

impl Project<FileDeleted> for Activity {
    fn project(&mut self, event: FileDeleted, recorded: &RecordedEvent) {
        self.changed(event.path, recorded).deleted = true;
    }
}

/// Which files were changed most often?
#[derive(Debug, Clone, Copy)]
pub struct GetMostChanged {
    /// How many of them to name.
    pub limit: usize,
}

/// A file in the answer to [`GetMostChanged`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MostChanged {
    /// Where the file is, or last was.
    pub path: GitText,
    /// By how many commits it was changed, the one that added it included.
    pub changes: u64,
    /// By how many people.
    pub authors: usize,
    /// Whether it is gone.
    pub deleted: bool,
}

impl Query for GetMostChanged {
    type Answer = Vec<MostChanged>;
}

impl Answer<GetMostChanged> for Activity {
    fn answer(&self, query: GetMostChanged) -> Vec<MostChanged> {
        let mut files: Vec<_> = self.files.values().collect();
        files.sort_unstable_by(|a, b| b.changes.cmp(&a.changes).then_with(|| a.path.cmp(&b.path)));
        let shown = |file: &Changed| MostChanged {
            path: file.path.clone(),
            changes: file.changes,
            authors: file.authors.len(),
            deleted: file.deleted,
        };
        files.into_iter().take(query.limit).map(shown).collect()
    }
}

//! Which file was at a path, at any moment of the history?

use std::collections::HashMap;

use es_core::{Answer, Position, Project, Projection, Query, RecordedEvent, StreamId, Version};

use crate::file::{FileAdded, FileDeleted, FileId, FileModified, FileRenamed};
use crate::git_text::GitText;

/// The files that came to each path, and the positions of the events of each file.
#[derive(Debug, Default, Projection)]
#[projection(name = "paths", events(FileAdded, FileModified, FileRenamed, FileDeleted))]
pub struct Paths {
    paths: HashMap<GitText, Vec<(Position, Option<StreamId>)>>,
    files: HashMap<StreamId, Vec<Position>>,
}

impl Paths {
    fn seen(&mut self, recorded: &RecordedEvent) {
        self.files.entry(recorded.stream.clone()).or_default().push(recorded.position);
    }

    fn came(&mut self, path: GitText, recorded: &RecordedEvent) {
        self.paths.entry(path).or_default().push((recorded.position, Some(recorded.stream.clone())));
    }

    fn left(&mut self, path: GitText, recorded: &RecordedEvent) {
        self.paths.entry(path).or_default().push((recorded.position, None));
    }
}

impl Project<FileAdded> for Paths {
    fn project(&mut self, event: FileAdded, recorded: &RecordedEvent) {
        self.seen(recorded);
        self.came(event.path, recorded);
    }
}

impl Project<FileModified> for Paths {
    fn project(&mut self, _: FileModified, recorded: &RecordedEvent) {
        self.seen(recorded);
    }
}

impl Project<FileRenamed> for Paths {
    fn project(&mut self, event: FileRenamed, recorded: &RecordedEvent) {
        self.seen(recorded);
        self.left(event.from, recorded);
        self.came(event.to, recorded);
    }
}

impl Project<FileDeleted> for Paths {
    fn project(&mut self, event: FileDeleted, recorded: &RecordedEvent) {
        self.seen(recorded);
        self.left(event.path, recorded);
    }
}

/// Which file was at `path` when the log ended with `at`, and at which version was it?
#[derive(Debug, Clone, Copy)]
pub struct GetFileAt<'a> {
    /// The path.
    pub path: &'a GitText,
    /// The moment.
    pub at: Position,
}

/// The answer to [`GetFileAt`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileAt {
    /// The file.
    pub id: FileId,
    /// Its version at that moment.
    pub version: Version,
    /// The version that it has come to since.
    pub latest: Version,
}

impl Query for GetFileAt<'_> {
    type Answer = Option<FileAt>;
}

impl Answer<GetFileAt<'_>> for Paths {
    fn answer(&self, query: GetFileAt<'_>) -> Option<FileAt> {
        let path = self.paths.get(query.path)?;
        let (_, file) = path[..path.partition_point(|(position, _)| *position <= query.at)].last()?;
        let file = file.as_ref()?;
        let positions = self.files.get(file)?;
        let version = positions.partition_point(|position| *position <= query.at);
        Some(FileAt {
            id: file.id().parse().ok()?,
            version: Version::new(version as u64),
            latest: Version::new(positions.len() as u64),
        })
    }
}

#[cfg(test)]
mod tests {
    use es_testkit::{GivenLog, given_log};

    use super::*;
    use crate::file::Content;

    fn text(text: &str) -> GitText {
        GitText::from_escaped(text)
    }

    /// File 1 is added at `a` and moved to `b`; then file 2 is added at `a`, and file 1 is deleted.
    fn story() -> GivenLog<Paths> {
        let (subject, content) = (text("story"), Content::default());
        given_log()
            .event("file-1", FileAdded { path: text("a"), content: content.clone(), subject: subject.clone() })
            .event(
                "file-1",
                FileRenamed { from: text("a"), to: text("b"), content: content.clone(), subject: subject.clone() },
            )
            .event("file-2", FileAdded { path: text("a"), content, subject: subject.clone() })
            .event("file-1", FileDeleted { path: text("b"), subject })
    }

    #[test]
    fn a_path_leads_to_the_file_that_was_there_at_the_moment() {
        let nothing = |path: &str, position: u64| {
            story().then_answer(GetFileAt { path: &text(path), at: position.into() }, None);
        };
        let found = |path: &str, position: u64, id, version: u64, latest: u64| {
            let expected = FileAt { id: FileId(id), version: version.into(), latest: latest.into() };
            story().then_answer(GetFileAt { path: &text(path), at: position.into() }, Some(expected));
        };
        nothing("a", 0);
        found("a", 1, 1, 1, 3);
        nothing("a", 2);
        found("b", 2, 1, 2, 3);
        found("a", 3, 2, 1, 1);
        found("b", 3, 1, 2, 3);
        nothing("b", 4);
    }
}

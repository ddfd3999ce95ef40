//! What did a commit do? The events of one commit share its hash as their correlation id.

use std::collections::HashMap;

use es_core::{Answer, MessageId, Project, Projection, Query, RecordedEvent, Timestamp};

use crate::file::{FileAdded, FileDeleted, FileModified, FileRenamed};
use crate::git_text::GitText;

/// What each commit did.
#[derive(Debug, Default, Projection)]
#[projection(name = "commits", events(FileAdded, FileModified, FileRenamed, FileDeleted))]
pub struct Commits {
    commits: HashMap<MessageId, CommitDone>,
}

/// What a commit did: the answer to [`GetCommit`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitDone {
    /// Who wrote it.
    pub author: String,
    /// When it was committed.
    pub at: Timestamp,
    /// The first line of its message.
    pub subject: GitText,
    /// The files that it changed.
    pub changes: Vec<FileChange>,
}

/// What a commit did to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum FileChange {
    Added(GitText),
    Modified(GitText),
    Renamed { from: GitText, to: GitText },
    Deleted(GitText),
}

impl Commits {
    fn changed(&mut self, change: FileChange, subject: GitText, recorded: &RecordedEvent) {
        let Some(hash) = recorded.metadata.correlation_id() else {
            return;
        };
        let commit = self.commits.entry(hash.clone()).or_insert_with(|| CommitDone {
            author: recorded.metadata.actor().unwrap_or_default().to_owned(),
            at: recorded.recorded_at,
            subject,
            changes: Vec::new(),
        });
        commit.changes.push(change);
    }
}

impl Project<FileAdded> for Commits {
    fn project(&mut self, event: FileAdded, recorded: &RecordedEvent) {
        self.changed(FileChange::Added(event.path), event.subject, recorded);
    }
}

impl Project<FileModified> for Commits {
    fn project(&mut self, event: FileModified, recorded: &RecordedEvent) {
        self.changed(FileChange::Modified(event.path), event.subject, recorded);
    }
}

impl Project<FileRenamed> for Commits {
    fn project(&mut self, event: FileRenamed, recorded: &RecordedEvent) {
        self.changed(FileChange::Renamed { from: event.from, to: event.to }, event.subject, recorded);
    }
}

impl Project<FileDeleted> for Commits {
    fn project(&mut self, event: FileDeleted, recorded: &RecordedEvent) {
        self.changed(FileChange::Deleted(event.path), event.subject, recorded);
    }
}

/// What did the commit with this hash do? `None` if it changed no file.
#[derive(Debug, Clone, Copy)]
pub struct GetCommit<'a> {
    /// The whole hash.
    pub hash: &'a str,
}

impl Query for GetCommit<'_> {
    type Answer = Option<CommitDone>;
}

impl Answer<GetCommit<'_>> for Commits {
    fn answer(&self, query: GetCommit<'_>) -> Option<CommitDone> {
        self.commits.get(&MessageId::from(query.hash)).cloned()
    }
}

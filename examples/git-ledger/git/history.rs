//! The commits of a history and what each changed, read from `git log` while it writes them.

use std::io::BufRead;
use std::path::Path;

use es_core::Timestamp;

use super::process::{Call, Running};
use super::{GitError, answer_error, seconds};
use crate::file::Content;
use crate::git_text::GitText;

/// A commit.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// Its hash.
    pub hash: String,
    /// The commit that it follows on its line; none for the first.
    pub parent: Option<String>,
    /// Name and address of its author.
    pub author: GitText,
    /// When it was committed.
    pub at: Timestamp,
    /// The first line of its message.
    pub subject: GitText,
    /// What it changed, in the order of the paths.
    pub changes: Vec<Change>,
}

/// What a commit did to a path.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Change {
    Added { path: GitText, content: Content },
    Modified { path: GitText, content: Content },
    Renamed { from: GitText, to: GitText, content: Content },
    Deleted { path: GitText },
}

impl Change {
    /// The path that it is about, as it was before.
    pub fn path(&self) -> &GitText {
        match self {
            Self::Added { path, .. } | Self::Modified { path, .. } | Self::Deleted { path } => path,
            Self::Renamed { from, .. } => from,
        }
    }
}

/// The commits of a line, oldest first.
///
/// Where a commit adds and deletes more than 1,000 files each, git compares only those of the same content, and a file
/// that was moved and changed counts as one deleted and one added.
#[derive(Debug)]
pub struct History {
    log: Running,
    /// The first field of the next commit, which ended the changes of the one before.
    next: Option<Vec<u8>>,
    ended: bool,
}

/// Hash, parents, author, address, time of commit, subject.
const FORMAT: &str = "--format=tformat:%H%x00%P%x00%an%x00%ae%x00%ct%x00%s";

impl History {
    pub(super) fn of(repository: &Path, head: &str) -> Result<Self, GitError> {
        let log = Call::new(repository, "log")
            .args(["--first-parent", "--diff-merges=first-parent", "--reverse", "--root", FORMAT, "--encoding=UTF-8"])
            .args(["--raw", "-z", "--no-abbrev", "--find-renames", "-l1000", "--ignore-submodules=none"])
            .args(["--no-show-signature", "--no-mailmap", "--no-notes", "--no-color", "--no-ext-diff", "-O/dev/null"])
            .args(["--no-relative", "--end-of-options", head, "--"])
            .spawn()?;
        let mut history = Self { log, next: None, ended: false };
        history.next = history.field()?;
        Ok(history)
    }

    /// The next field; `None` at the end.
    fn field(&mut self) -> Result<Option<Vec<u8>>, GitError> {
        let mut field = Vec::new();
        self.log.answer().read_until(0, &mut field).map_err(|source| GitError::Run { source })?;
        match field.pop() {
            None => Ok(None),
            Some(0) => Ok(Some(field)),
            Some(_) => Err(answer_error("log", "a field without an end", &field)),
        }
    }

    fn needed(&mut self) -> Result<Vec<u8>, GitError> {
        self.field()?.ok_or_else(|| answer_error("log", "an unexpected end", b""))
    }

    fn text(&mut self) -> Result<String, GitError> {
        let field = self.needed()?;
        String::from_utf8(field).map_err(|error| answer_error("log", "not text", error.as_bytes()))
    }

    fn commit(&mut self, hash: &[u8]) -> Result<Commit, GitError> {
        let hash = GitText::from_bytes(hash).to_string();
        let parent = self.text()?.split(' ').next().filter(|parent| !parent.is_empty()).map(str::to_owned);
        let (mut author, address) = (self.needed()?, self.needed()?);
        author.extend_from_slice(b" <");
        author.extend_from_slice(&address);
        author.push(b'>');
        let author = GitText::from_bytes(&author);
        let time = self.text()?;
        let at = seconds(&time).ok_or_else(|| answer_error("log", "not a time", time.as_bytes()))?;
        let subject = GitText::from_bytes(&self.needed()?);
        let mut changes = Vec::new();
        // Changes begin with a colon, which no hash does; the first one follows a line break.
        while let Some(field) = self.field()? {
            let Some(change) = field.strip_prefix(b"\n").unwrap_or(&field).strip_prefix(b":") else {
                self.next = Some(field);
                break;
            };
            changes.push(self.change(change)?);
        }
        Ok(Commit { hash, parent, author, at, subject, changes })
    }

    /// Reads `mode mode hash hash status`, and the paths that follow.
    fn change(&mut self, change: &[u8]) -> Result<Change, GitError> {
        let wrong = |what| answer_error("log", what, change);
        let words = std::str::from_utf8(change).map_err(|_| wrong("not text"))?;
        let words: Vec<&str> = words.split(' ').collect();
        let [_, mode, _, hash, status] = words[..] else {
            return Err(wrong("not a change"));
        };
        let content = Content { mode: mode.to_owned(), hash: hash.to_owned() };
        let path = GitText::from_bytes(&self.needed()?);
        match status.as_bytes().first() {
            Some(b'A') => Ok(Change::Added { path, content }),
            Some(b'M' | b'T') => Ok(Change::Modified { path, content }),
            Some(b'D') => Ok(Change::Deleted { path }),
            Some(b'R') => Ok(Change::Renamed { from: path, to: GitText::from_bytes(&self.needed()?), content }),
            Some(b'C') => Ok(Change::Added { path: GitText::from_bytes(&self.needed()?), content }),
            _ => Err(wrong("an unknown kind of change")),
        }
    }
}

impl Iterator for History {
    type Item = Result<Commit, GitError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let commit = match self.next.take() {
            Some(hash) => self.commit(&hash),
            None => match self.log.finish() {
                Ok(()) => {
                    self.ended = true;
                    return None;
                }
                Err(error) => Err(error),
            },
        };
        self.ended = commit.is_err();
        Some(commit)
    }
}

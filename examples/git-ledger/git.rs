//! A git repository, as the `git` command line shows it.
//!
//! Every call says on its own what it depends on, so that no configuration of the user changes the answer.

mod history;
mod process;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use es_core::Timestamp;

use self::process::Call;
use crate::file::Content;
use crate::git_text::GitText;

pub use self::history::{Change, Commit, History};

/// A repository, at the commit that its HEAD was at when it was opened.
#[derive(Debug)]
pub struct Git {
    path: PathBuf,
    head: String,
}

/// Why git could not be asked, or gave no usable answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the message of each variant is its documentation")]
pub enum GitError {
    #[error("`{}` is not a directory", path.display())]
    NotADirectory { path: PathBuf },
    #[error("`{}` is not in a git repository: {said}", path.display())]
    NotARepository { path: PathBuf, said: String },
    #[error("the repository of `{}` has no commit yet", path.display())]
    Empty { path: PathBuf },
    #[error("there is no commit called `{name}`")]
    NoSuchCommit { name: String },
    #[error("the command `git` was not found; it must be installed and in the PATH")]
    NotInstalled,
    #[error("git could not be run")]
    Run { source: io::Error },
    #[error("`git {command}` failed: {said}")]
    Failed { command: &'static str, said: String },
    #[error("`git {command}` answered what is not understood: {what}, in `{answer}`")]
    Answer { command: &'static str, what: &'static str, answer: String },
}

impl Git {
    /// Opens the repository that holds the directory `path`.
    pub fn open(path: &Path) -> Result<Self, GitError> {
        if !path.is_dir() {
            return Err(GitError::NotADirectory { path: path.to_owned() });
        }
        match Call::new(path, "rev-parse").arg("--git-dir").output() {
            Err(GitError::Failed { said, .. }) => {
                return Err(GitError::NotARepository { path: path.to_owned(), said });
            }
            answered => answered?,
        };
        match commit_called(path, OsStr::new("HEAD"))? {
            Some(head) => Ok(Self { path: path.to_owned(), head }),
            None => Err(GitError::Empty { path: path.to_owned() }),
        }
    }

    /// The hash of the commit at HEAD.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// The hash of the commit that git knows by `name`: a hash, a part of one, a branch, a tag, `HEAD~3`.
    pub fn commit(&self, name: &str) -> Result<String, GitError> {
        // Git takes what starts with a dash for an option.
        let found = if name.starts_with('-') { None } else { commit_called(&self.path, OsStr::new(name))? };
        found.ok_or_else(|| GitError::NoSuchCommit { name: name.to_owned() })
    }

    /// Whether older commits exist elsewhere only; their files seem to be added by the oldest commit that is here.
    pub fn is_shallow(&self) -> Result<bool, GitError> {
        let answer = Call::new(&self.path, "rev-parse").arg("--is-shallow-repository").output()?;
        Ok(answer.trim_ascii() == b"true")
    }

    /// How many commits the [history](Self::history) has.
    pub fn count(&self) -> Result<u64, GitError> {
        let answer = Call::new(&self.path, "rev-list").args(["--first-parent", "--count", &self.head]).output()?;
        let text = String::from_utf8_lossy(&answer);
        text.trim().parse().map_err(|_| answer_error("rev-list", "not a number", &answer))
    }

    /// The commits of the line of first parents that ends at HEAD, oldest first, while git finds them.
    ///
    /// A merge shows what it changed in its first parent, so the changes follow each other without a fork.
    pub fn history(&self) -> Result<History, GitError> {
        History::of(&self.path, &self.head)
    }

    /// The files after a commit by path, as git lists them.
    pub fn files(&self, commit: &str) -> Result<BTreeMap<GitText, Content>, GitError> {
        let answer = Call::new(&self.path, "ls-tree").args(["-r", "-z", "--full-tree", commit]).output()?;
        let lines = answer.split(|byte| *byte == 0).filter(|line| !line.is_empty());
        lines.map(|line| listed(line).ok_or_else(|| answer_error("ls-tree", "not a tree entry", line))).collect()
    }
}

fn commit_called(path: &Path, name: &OsStr) -> Result<Option<String>, GitError> {
    let mut commit = name.to_owned();
    commit.push("^{commit}");
    match Call::new(path, "rev-parse").args(["--verify", "--quiet"]).arg(&commit).output() {
        Ok(answer) => Ok(Some(String::from_utf8_lossy(answer.trim_ascii()).into_owned())),
        Err(GitError::Failed { said, .. }) if said.is_empty() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads `mode kind hash<TAB>path`.
fn listed(line: &[u8]) -> Option<(GitText, Content)> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let mut words = std::str::from_utf8(&line[..tab]).ok()?.split(' ');
    let (mode, _kind, hash) = (words.next()?, words.next()?, words.next()?);
    let content = Content { mode: mode.to_owned(), hash: hash.to_owned() };
    Some((GitText::from_bytes(&line[tab + 1..]), content))
}

fn answer_error(command: &'static str, what: &'static str, answer: &[u8]) -> GitError {
    GitError::Answer { command, what, answer: GitText::from_bytes(&answer[..answer.len().min(200)]).to_string() }
}

/// Seconds since the Unix epoch, as git writes them; what a timestamp cannot hold becomes the nearest that it can.
fn seconds(text: &str) -> Option<Timestamp> {
    Some(Timestamp::from_micros(text.parse::<i64>().ok()?.saturating_mul(1_000_000)))
}

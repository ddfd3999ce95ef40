//! The ledger: takes in commits one by one, and turns their changes into commands to files.
//!
//! The hash of a commit is the correlation id of its events, the commit before it their causation id, its author
//! their actor, and the time of the commit their time.
//! Living files stay at hand, so that a command to one of them reads only what is new, and not its whole history.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use es_core::store::EventStore;
use es_core::{ExecuteError, Executed, Loaded, Metadata, Position, Repository};
use examples::HistoryClock;

use crate::file::{AddFile, DeleteFile, File, FileCommand, FileError, FileEvent, FileId, ModifyFile, RenameFile};
use crate::git::{Change, Commit, GitError};
use crate::git_text::GitText;

/// A history as events, and what is needed to take in the next commit.
#[derive(Debug)]
pub struct Ledger<S> {
    files: Repository<File, S>,
    clock: HistoryClock,
    living: HashMap<GitText, FileId>,
    at_hand: HashMap<FileId, Loaded<File>>,
    added: u64,
    events: u64,
    escaped: u64,
    commits: HashMap<String, Position>,
    position: Position,
}

/// Why a commit could not be taken in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the message of each variant is its documentation")]
pub enum LedgerError {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error("commit {commit} changes `{path}`, which no commit before it has added")]
    UnknownPath { commit: String, path: GitText },
    #[error("the change of `{path}` by commit {commit} was not recorded")]
    Execute { commit: String, path: GitText, source: Box<ExecuteError<FileError>> },
}

impl<S: EventStore> Ledger<S> {
    /// A ledger in an empty store.
    pub fn new(store: S) -> Self {
        let clock = HistoryClock::default();
        Self {
            files: Repository::new(store).with_clock(clock.clone()),
            clock,
            living: HashMap::new(),
            at_hand: HashMap::new(),
            added: 0,
            events: 0,
            escaped: 0,
            commits: HashMap::new(),
            position: Position::START,
        }
    }

    /// Takes in a commit; its parent must be the one before.
    pub async fn record(&mut self, commit: Commit) -> Result<(), LedgerError> {
        let Commit { hash, parent, author, at, subject, changes } = commit;
        self.clock.put(at);
        self.escaped += u64::from(author.is_escaped()) + u64::from(subject.is_escaped());
        // The first commit begins the chain, so it is its own cause.
        let cause = parent.as_deref().unwrap_or(&hash);
        let metadata =
            Metadata::new().with_actor(author.as_str()).with_correlation_id(hash.as_str()).with_causation_id(cause);
        for change in changes {
            let path = change.path().clone();
            let Some(file) = self.identify(&change) else {
                return Err(LedgerError::UnknownPath { commit: hash, path });
            };
            match self.execute(file, change, &subject, metadata.clone()).await {
                Ok(done) => self.position = done.position,
                Err(source) => return Err(LedgerError::Execute { commit: hash, path, source: Box::new(source) }),
            }
            self.events += 1;
            self.escaped += u64::from(path.is_escaped());
        }
        self.commits.insert(hash, self.position);
        Ok(())
    }

    /// Says which file a change is about, and remembers where it is afterwards.
    ///
    /// One after the other will do: git never names a path that one change of a commit leaves and another one takes,
    /// but calls that a modification.
    fn identify(&mut self, change: &Change) -> Option<FileId> {
        let (file, path) = match change {
            Change::Added { path, .. } => {
                self.added += 1;
                (FileId(self.added), path)
            }
            Change::Modified { path, .. } => return self.living.get(path).copied(),
            Change::Renamed { from, to, .. } => (self.living.remove(from)?, to),
            Change::Deleted { path } => return self.living.remove(path),
        };
        self.living.insert(path.clone(), file);
        Some(file)
    }

    async fn execute(
        &mut self,
        file: FileId,
        change: Change,
        subject: &GitText,
        metadata: Metadata,
    ) -> Result<Executed<FileEvent>, ExecuteError<FileError>> {
        let subject = subject.clone();
        let command: FileCommand = match change {
            Change::Added { path, content } => {
                return self.files.execute_with(&file, AddFile { path, content, subject }, metadata).await;
            }
            Change::Modified { content, .. } => ModifyFile { content, subject }.into(),
            Change::Renamed { to, content, .. } => RenameFile { to, content, subject }.into(),
            Change::Deleted { .. } => {
                self.at_hand.remove(&file);
                return self.files.execute_with(&file, DeleteFile { subject }, metadata).await;
            }
        };
        let loaded = match self.at_hand.entry(file) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(self.files.load(&file).await?),
        };
        self.files.execute_on(loaded, command, metadata).await
    }
}

impl<S> Ledger<S> {
    /// The files.
    pub fn files(&self) -> &Repository<File, S> {
        &self.files
    }

    /// The ids of all files that ever were, in the order in which they appeared.
    pub fn ids(&self) -> impl Iterator<Item = FileId> + use<S> {
        (1..=self.added).map(FileId)
    }

    /// How many commits were taken in.
    pub fn commits(&self) -> u64 {
        self.commits.len() as u64
    }

    /// How many events they made.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// How many paths, authors and subjects hold bytes that had to be escaped.
    pub fn escaped(&self) -> u64 {
        self.escaped
    }

    /// Where the log stood after a commit; `None` if the commit is not in the ledger.
    pub fn position_after(&self, commit: &str) -> Option<Position> {
        self.commits.get(commit).copied()
    }
}

//! The history of a git repository as an event store.
//!
//! `cargo run --release --example git-ledger -- PATH` reads every commit on the line of first parents, turns what it
//! changed into commands to files, proves that the files in the store are those of git, and answers questions about
//! any moment of the history.
//! `--help` lists the questions.

pub mod activity;
pub mod arguments;
pub mod commits;
pub mod file;
pub mod git;
pub mod git_text;
pub mod ledger;
pub mod paths;
pub mod progress;
pub mod report;
pub mod verify;

#[cfg(test)]
mod tests;

use std::error::Error;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

use es_core::store::{EventStore, ReadStream};
use es_core::{Position, Projection, ProjectionError, ProjectionRunner};
use examples::Pace;

use crate::activity::{Activity, GetMostChanged};
use crate::arguments::{Arguments, HELP};
use crate::commits::{Commits, GetCommit};
use crate::git::Git;
use crate::git_text::GitText;
use crate::ledger::{Ledger, LedgerError};
use crate::paths::{GetFileAt, Paths};
use crate::progress::Progress;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args_os().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("error: {error}\n\n{HELP}");
            return ExitCode::FAILURE;
        }
    };
    examples::ending(run(&arguments).await)
}

async fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let git = Git::open(&arguments.repository)?;
    let asked = Asked::resolve(arguments, &git)?;
    let mut out = io::stdout();
    report::repository(&mut out, &arguments.repository, git.head(), git.is_shallow()?)?;

    let (store, start) = (examples::connect_empty(&arguments.store).await?, Instant::now());
    let ledger = import(&git, store.clone()).await?;
    report::imported(&mut out, &ledger, Pace::since(start, ledger.events()))?;

    let verified = verify::verify(&ledger, git.files(git.head())?).await?;
    report::verified(&mut out, &verified, git.head())?;

    let start = Instant::now();
    let activity = projected(&store, Activity::default()).await?;
    let commits = projected(&store, Commits::default()).await?;
    let paths = projected(&store, Paths::default()).await?;
    report::projected(&mut out, Pace::since(start, 3 * ledger.events()))?;

    report::most_changed(&mut out, &activity.query(GetMostChanged { limit: arguments.top }))?;
    report::commit(&mut out, &asked.commit, commits.query(GetCommit { hash: &asked.commit }).as_ref())?;
    if let Some((path, commit)) = &asked.file {
        file_at(&mut out, &ledger, &paths, path, commit).await?;
    }
    match verified.differences.len() {
        0 => Ok(()),
        differences => Err(format!("the ledger and git disagree about {differences} paths").into()),
    }
}

/// Reads the whole history into `store`.
async fn import<S: EventStore>(git: &Git, store: S) -> Result<Ledger<S>, LedgerError> {
    let mut ledger = Ledger::new(store);
    let mut progress = Progress::of(git.count()?);
    for commit in git.history()? {
        ledger.record(commit?).await?;
        progress.commit();
    }
    progress.done();
    Ok(ledger)
}

async fn projected<P: Projection, S: EventStore + Clone>(
    store: &S,
    projection: P,
) -> Result<ProjectionRunner<P, S>, ProjectionError> {
    let runner = ProjectionRunner::new(store.clone(), projection);
    runner.catch_up().await?;
    Ok(runner)
}

/// What was at `path` after `commit`: the file is found by a projection, and loaded as it was then.
async fn file_at<S: EventStore>(
    out: &mut dyn Write,
    ledger: &Ledger<S>,
    paths: &ProjectionRunner<Paths, S>,
    path: &OsStr,
    commit: &str,
) -> Result<(), Box<dyn Error>> {
    let at = ledger.position_after(commit).ok_or_else(|| {
        format!("commit {commit} is not on the line of first parents that ends at HEAD, so the ledger does not know it")
    })?;
    let (path, found) = find(paths, path, at);
    let Some(found) = found else {
        return Ok(report::no_file(out, &path, commit)?);
    };
    let loaded = ledger.files().load_at(&found.id, found.version).await?;
    let last = ReadStream { after: (found.version.get() - 1).into(), ..ReadStream::all() }.limit(1);
    let page = ledger.files().store().read_stream(loaded.stream(), last).await?;
    Ok(report::file(out, &path, commit, &found, &loaded, page.events.first())?)
}

/// Looks for the path as it was given, then for the path that is written like this.
fn find<S: EventStore>(
    paths: &ProjectionRunner<Paths, S>,
    path: &OsStr,
    at: Position,
) -> (GitText, Option<paths::FileAt>) {
    let given = GitText::from_bytes(path.as_encoded_bytes());
    match (paths.query(GetFileAt { path: &given, at }), path.to_str().map(GitText::from_escaped)) {
        (None, Some(written)) if written != given => {
            let found = paths.query(GetFileAt { path: &written, at });
            (if found.is_some() { written } else { given }, found)
        }
        (found, _) => (given, found),
    }
}

/// The commits that are asked for, as hashes.
struct Asked {
    commit: String,
    file: Option<(std::ffi::OsString, String)>,
}

impl Asked {
    /// Finds them before the history is read, so that a mistyped name is told at once.
    fn resolve(arguments: &Arguments, git: &Git) -> Result<Self, git::GitError> {
        let hash = |name: &Option<String>| match name {
            Some(name) => git.commit(name),
            None => Ok(git.head().to_owned()),
        };
        let commit = hash(&arguments.commit)?;
        let file = match &arguments.file {
            Some(path) => Some((path.clone(), hash(&arguments.at)?)),
            None => None,
        };
        Ok(Self { commit, file })
    }
}

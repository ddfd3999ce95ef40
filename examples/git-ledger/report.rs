//! What the program prints.

use std::io::{self, Write};
use std::path::Path;

use es_core::{Loaded, RecordedEvent};
use examples::{Grouped, Pace};

use crate::activity::MostChanged;
use crate::commits::{CommitDone, FileChange};
use crate::file::{Content, File};
use crate::git_text::GitText;
use crate::ledger::Ledger;
use crate::paths::FileAt;
use crate::verify::Verified;

/// More differences or changes than this are counted, not listed.
const LISTED: usize = 20;

/// Which history it is.
pub fn repository(out: &mut dyn Write, path: &Path, head: &str, is_shallow: bool) -> io::Result<()> {
    writeln!(out, "The history of {} up to {head}\n", path.display())?;
    if is_shallow {
        writeln!(out, "shallow    files from before the oldest commit that is here count as added by it")?;
    }
    Ok(())
}

/// What was imported.
pub fn imported<S>(out: &mut dyn Write, ledger: &Ledger<S>, pace: Pace) -> io::Result<()> {
    writeln!(out, "imported   {pace}")?;
    let (commits, files) = (Grouped(ledger.commits()), Grouped(ledger.ids().count() as u64));
    writeln!(out, "           {commits} commits, {files} files")?;
    if ledger.escaped() > 0 {
        writeln!(
            out,
            "           {} paths, authors and subjects hold bytes that are not plain text; they are written \\xNN",
            Grouped(ledger.escaped())
        )?;
    }
    Ok(())
}

/// What the comparison with git found.
pub fn verified(out: &mut dyn Write, verified: &Verified, head: &str) -> io::Result<()> {
    writeln!(out, "replayed   {}", verified.pace)?;
    let living = Grouped(verified.living);
    if verified.differences.is_empty() {
        writeln!(out, "verified   {living} living files are those of `git ls-tree -r {}`", short(head))?;
        writeln!(out, "           path by path, with mode and hash")?;
        return Ok(());
    }
    writeln!(out, "DIFFERENT  {} paths, among {living} living files", Grouped(verified.differences.len() as u64))?;
    for difference in verified.differences.iter().take(LISTED) {
        let (ledger, git) = (shown(difference.ledger.as_ref()), shown(difference.git.as_ref()));
        writeln!(out, "           {}: {ledger} in the ledger, {git} in git", difference.path)?;
    }
    Ok(())
}

/// How the projections went.
pub fn projected(out: &mut dyn Write, pace: Pace) -> io::Result<()> {
    writeln!(out, "projected  {pace}, three projections together")
}

/// The files that were changed most often.
pub fn most_changed(out: &mut dyn Write, files: &[MostChanged]) -> io::Result<()> {
    writeln!(out, "\nChanged most often:")?;
    for file in files {
        let gone = if file.deleted { " (deleted)" } else { "" };
        let (commits, people) = (Grouped(file.changes), Grouped(file.authors as u64));
        writeln!(out, "{commits:>9} commits by {people:>5} people  {}{gone}", file.path)?;
    }
    Ok(())
}

/// What a commit did.
pub fn commit(out: &mut dyn Write, hash: &str, done: Option<&CommitDone>) -> io::Result<()> {
    let Some(done) = done else {
        writeln!(out, "\nCommit {} changed no file of the ledger.", short(hash))?;
        return Ok(());
    };
    writeln!(out, "\nCommit {} by {} at {}: {}", short(hash), done.author, done.at, done.subject)?;
    for change in done.changes.iter().take(LISTED) {
        match change {
            FileChange::Added(path) => writeln!(out, "    added     {path}")?,
            FileChange::Modified(path) => writeln!(out, "    modified  {path}")?,
            FileChange::Renamed { from, to } => writeln!(out, "    renamed   {from} to {to}")?,
            FileChange::Deleted(path) => writeln!(out, "    deleted   {path}")?,
        }
    }
    if let Some(more @ 1..) = done.changes.len().checked_sub(LISTED) {
        writeln!(out, "    .. and {} more", Grouped(more as u64))?;
    }
    Ok(())
}

/// What was at a path after a commit.
pub fn file(
    out: &mut dyn Write,
    path: &GitText,
    hash: &str,
    at: &FileAt,
    loaded: &Loaded<File>,
    changed: Option<&RecordedEvent>,
) -> io::Result<()> {
    writeln!(out, "\n{path} after commit {}:", short(hash))?;
    writeln!(out, "    file {} at version {} of {}", at.id, at.version, at.latest)?;
    if let Some(living) = loaded.state().living() {
        writeln!(out, "    mode {}, content {}", living.content.mode, living.content.hash)?;
    }
    if let Some(event) = changed {
        let commit = event.metadata.correlation_id().map(ToString::to_string).unwrap_or_default();
        writeln!(out, "    since {} by {}", short(&commit), event.metadata.actor().unwrap_or("an unknown author"))?;
        writeln!(out, "    at {}", event.recorded_at)?;
    }
    Ok(())
}

/// Nothing was at a path after a commit.
pub fn no_file(out: &mut dyn Write, path: &GitText, hash: &str) -> io::Result<()> {
    writeln!(out, "\nThere was no {path} after commit {}.", short(hash))?;
    Ok(())
}

fn shown(content: Option<&Content>) -> String {
    content.map_or_else(|| "nothing".to_owned(), |content| format!("{} {}", content.mode, short(&content.hash)))
}

fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

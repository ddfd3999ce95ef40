//! Throwaway repositories, written by `git fast-import` so that any bytes can be in any place on any file system.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::git::Git;

/// A repository that is gone when the test ends.
pub(super) struct Scratch(TempDir);

/// The commits of a repository, as they are put together.
#[derive(Default)]
pub(super) struct Script {
    stream: Vec<u8>,
    commits: u64,
}

impl Scratch {
    /// A repository with no commit.
    pub(super) fn empty() -> Self {
        Self::initialised(&[])
    }

    /// A repository with these commits; the last one is HEAD.
    pub(super) fn of(script: &Script) -> Self {
        Self::empty().with(script)
    }

    pub(super) fn initialised(options: &[&str]) -> Self {
        let scratch = Self(TempDir::with_prefix("git-ledger").unwrap());
        scratch.git(&[&["init", "--quiet", "--initial-branch=main"], options].concat(), b"");
        scratch
    }

    pub(super) fn with(self, script: &Script) -> Self {
        self.git(&["fast-import", "--quiet"], &script.stream);
        self
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn open(&self) -> Git {
        Git::open(self.path()).unwrap()
    }

    /// Runs git with nobody's configuration.
    pub(super) fn git(&self, arguments: &[&str], input: &[u8]) {
        let mut git = Command::new("git")
            .current_dir(self.path())
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env_remove("GIT_DIR")
            .env_remove("GIT_WORK_TREE")
            .env_remove("GIT_INDEX_FILE")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        git.stdin.take().unwrap().write_all(input).unwrap();
        assert!(git.wait().unwrap().success(), "git {arguments:?}");
    }
}

impl Script {
    /// Begins a commit on the one before, by Ada, a minute later.
    pub(super) fn commit(&mut self, subject: &str) -> &mut Self {
        let at = 1_700_000_000 + 60 * self.commits.cast_signed();
        self.commit_by(b"Ada", at, subject.as_bytes())
    }

    pub(super) fn commit_by(&mut self, author: &[u8], at: i64, subject: &[u8]) -> &mut Self {
        let parents: Vec<u64> = (self.commits > 0).then_some(self.commits).into_iter().collect();
        self.commit_on(&parents, author, at, subject)
    }

    /// Begins a commit on others, which are counted from 1; the first of them is what it is compared with.
    pub(super) fn merge(&mut self, parents: &[u64], subject: &str) -> &mut Self {
        let at = 1_700_000_000 + 60 * self.commits.cast_signed();
        self.commit_on(parents, b"Ada", at, subject.as_bytes())
    }

    fn commit_on(&mut self, parents: &[u64], author: &[u8], at: i64, subject: &[u8]) -> &mut Self {
        self.commits += 1;
        self.line(b"commit refs/heads/main");
        self.line(format!("mark :{}", self.commits).as_bytes());
        self.line(&[b"committer ", author, format!(" <ada@example.org> {at} +0100").as_bytes()].concat());
        self.data(subject);
        for (number, parent) in parents.iter().enumerate() {
            self.line(format!("{} :{parent}", if number == 0 { "from" } else { "merge" }).as_bytes());
        }
        self
    }

    pub(super) fn put(&mut self, path: &[u8], content: &str) -> &mut Self {
        self.put_as("100644", path, content)
    }

    pub(super) fn put_as(&mut self, mode: &str, path: &[u8], content: &str) -> &mut Self {
        self.line(&[format!("M {mode} inline ").as_bytes(), &quoted(path)].concat());
        self.data(content.as_bytes());
        self
    }

    pub(super) fn submodule(&mut self, path: &[u8], commit: &str) -> &mut Self {
        self.line(&[format!("M 160000 {commit} ").as_bytes(), &quoted(path)].concat());
        self
    }

    pub(super) fn rename(&mut self, from: &[u8], to: &[u8]) -> &mut Self {
        self.line(&[b"R ", &quoted(from)[..], b" ", &quoted(to)].concat());
        self
    }

    pub(super) fn delete(&mut self, path: &[u8]) -> &mut Self {
        self.line(&[b"D ", &quoted(path)[..]].concat());
        self
    }

    fn data(&mut self, data: &[u8]) {
        self.line(format!("data {}", data.len()).as_bytes());
        self.line(data);
    }

    fn line(&mut self, line: &[u8]) {
        self.stream.extend_from_slice(line);
        self.stream.push(b'\n');
    }
}

fn quoted(path: &[u8]) -> Vec<u8> {
    let escaped = path.iter().flat_map(|byte| format!("\\{byte:03o}").into_bytes());
    [b'"'].into_iter().chain(escaped).chain([b'"']).collect()
}

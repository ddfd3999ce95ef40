//! Calls of the `git` command line: no shell, no pager, no prompt, no colours, messages in English.

use std::ffi::OsStr;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;

use super::GitError;

/// A call that is being put together.
pub(super) struct Call {
    command: Command,
    name: &'static str,
}

/// A call that is running, and whose answer is read while it comes.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    name: &'static str,
    answer: BufReader<ChildStdout>,
    said: Option<JoinHandle<Vec<u8>>>,
}

impl Call {
    pub(super) fn new(repository: &Path, name: &'static str) -> Self {
        let mut command = Command::new("git");
        command.arg("--no-pager").arg("-C").arg(repository).arg(name);
        // Where a hook or another git has started this program, these would lead to its repository instead.
        for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"] {
            command.env_remove(variable);
        }
        command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0").env("GIT_OPTIONAL_LOCKS", "0");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { command, name }
    }

    pub(super) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub(super) fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(args);
        self
    }

    /// Runs to the end, and gives the whole answer.
    pub(super) fn output(self) -> Result<Vec<u8>, GitError> {
        let mut running = self.spawn()?;
        let mut answer = Vec::new();
        running.answer.read_to_end(&mut answer).map_err(|source| GitError::Run { source })?;
        running.finish()?;
        Ok(answer)
    }

    pub(super) fn spawn(mut self) -> Result<Running, GitError> {
        let mut child = self.command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => GitError::NotInstalled,
            _ => GitError::Run { source: error },
        })?;
        let answer = child.stdout.take().map(|stdout| BufReader::with_capacity(1 << 16, stdout));
        // Both pipes are read at once, or git would wait for ever when one of them is full.
        let said = child.stderr.take().map(|mut stderr| {
            std::thread::spawn(move || {
                let mut said = Vec::new();
                // What cannot be read is missing from an error message only.
                let _ = stderr.read_to_end(&mut said);
                said
            })
        });
        let answer = answer.ok_or_else(|| GitError::Run { source: io::ErrorKind::BrokenPipe.into() })?;
        Ok(Running { child, name: self.name, answer, said })
    }
}

impl Running {
    pub(super) fn answer(&mut self) -> &mut BufReader<ChildStdout> {
        &mut self.answer
    }

    /// Waits for the end, which is an error unless git says that all went well.
    pub(super) fn finish(&mut self) -> Result<(), GitError> {
        let said = self.said.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        let status = self.child.wait().map_err(|source| GitError::Run { source })?;
        if status.success() {
            return Ok(());
        }
        Err(GitError::Failed { command: self.name, said: String::from_utf8_lossy(&said).trim().to_owned() })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails where git has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

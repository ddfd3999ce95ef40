//! A server process that does not outlive the test process, however that ends.
//!
//! A shell watches: it starts the server and waits on a pipe that only this process holds. When the pipe is closed, by
//! `drop` or because the process is gone, it ends the server and removes its folder.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::debian::run;

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

const WATCH: &str = r#"
folder=$1 signal=$2; shift 2
"$@" >>"$folder/log" 2>&1 </dev/null &
server=$!
echo "$server"
read -r word
kill "-$signal" "$server" 2>/dev/null
kill -CONT "$server" 2>/dev/null
wait "$server"
[ "$word" = keep ] || rm -rf "$folder"
"#;

/// A running server; ended when it is dropped.
#[derive(Debug)]
pub struct Process {
    watch: Child,
    pipe: Option<ChildStdin>,
    server: String,
    folder: PathBuf,
}

impl Process {
    /// Starts a server whose data and log are in `folder`, which is removed after it; `signal` ends it.
    ///
    /// # Errors
    /// It could not be started.
    pub fn start(folder: &Path, signal: &str, server: &Command) -> Result<Self, String> {
        let mut watch = Command::new("sh");
        watch.args(["-c", WATCH, "watch"]).arg(folder).arg(signal).arg(server.get_program()).args(server.get_args());
        for (name, value) in server.get_envs() {
            if let Some(value) = value {
                watch.env(name, value);
            }
        }
        watch.stdin(Stdio::piped()).stdout(Stdio::piped()).current_dir("/");
        // A group of its own, so that an interrupt from the keyboard reaches the test and not the one who tidies up.
        let mut watch = watch.process_group(0).spawn().map_err(|error| format!("`sh` could not be run: {error}"))?;
        let (pipe, mut server) = (watch.stdin.take(), String::new());
        if let Some(said) = watch.stdout.take() {
            BufReader::new(said).read_line(&mut server).map_err(|error| error.to_string())?;
        }
        Ok(Self { watch, pipe, server: server.trim().to_owned(), folder: folder.to_path_buf() })
    }

    /// Waits until `is_ready`.
    ///
    /// # Errors
    /// The server ended instead, or took too long; with its log.
    pub fn wait_until(&self, mut is_ready: impl FnMut() -> bool) -> Result<(), String> {
        let start = Instant::now();
        while !is_ready() {
            if !self.is_running() || start.elapsed() > PATIENCE {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                return Err(format!("the server did not start: {log}"));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn is_running(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.server)).unwrap_or_default();
        // After the name, which is in brackets, stands the state.
        stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'))
    }

    /// Sends the server a signal, `STOP` or `CONT` for example.
    ///
    /// # Errors
    /// It could not be sent.
    pub fn signal(&self, signal: &str) -> Result<(), String> {
        run(Command::new("kill").arg(format!("-{signal}")).arg(&self.server)).map(drop)
    }

    /// Ends the server and its children in the midst of whatever they do, as the kernel would; keeps the folder.
    pub fn kill(mut self) {
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.server)).unwrap_or_default();
        let all = [self.server.as_str()].into_iter().chain(children.split_whitespace());
        // Some of them may have ended already.
        let _ = Command::new("kill").arg("-KILL").args(all).stderr(Stdio::null()).status();
        for child in children.split_whitespace() {
            while Path::new("/proc").join(child).exists() {
                thread::sleep(Duration::from_millis(5));
            }
        }
        self.end(Some("keep\n"));
    }

    fn end(&mut self, word: Option<&str>) {
        if let Some(mut pipe) = self.pipe.take() {
            // If nobody reads it, there is nothing left to end.
            let _ = word.map(|word| pipe.write_all(word.as_bytes()));
        }
        let _ = self.watch.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end(None);
    }
}

/// A port that nobody listens on right now.
///
/// # Errors
/// There is none.
pub fn free_port() -> Result<u16, String> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    bound.map(|address| address.port()).map_err(|error| error.to_string())
}

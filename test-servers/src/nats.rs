//! NATS servers with JetStream: one alone, or a cluster on the loopback address whose nodes can be killed and paused.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::debian::{Program, of_release};
use crate::or_skip;
use crate::process::{Process, free_port};

/// The release whose server is new enough for stores.
const GOOD: &str = "forky";
/// The release whose server lets several writers win one race.
const OLD: &str = "bookworm";

/// How servers are configured that many tests share.
const LARGE: &str = "jetstream: enabled\nmax_payload: 8388608";

/// How long a cluster may take to agree on a leader.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server; stopped when it is dropped, and its data removed.
#[derive(Debug)]
pub struct Nats {
    process: Option<Process>,
    program: Program,
    folder: PathBuf,
    port: u16,
    monitor: u16,
}

impl Nats {
    /// The server that all tests of this process share; it takes messages of 8 MiB. `None` if there is none to be had.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Nats>> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(LARGE)).as_ref()
    }

    /// A server of one's own. `None` if there is none to be had.
    ///
    /// `config` is added to what it is configured with: its name, its ports and where its data are.
    pub fn start(config: &str) -> Option<Self> {
        or_skip("a NATS server", good().and_then(|program| Self::alone(&program, config)))
    }

    /// A server of Debian 12, 2.9.10.
    pub fn start_old(config: &str) -> Option<Self> {
        or_skip("an old NATS server", old().and_then(|program| Self::alone(&program, config)))
    }

    fn alone(program: &Program, config: &str) -> Result<Self, String> {
        let mut server = Self::prepared(program)?;
        server.configure("alone", config)?;
        server.launch()?;
        Ok(server)
    }

    /// A server with a folder and ports, not yet running.
    fn prepared(program: &Program) -> Result<Self, String> {
        let folder = tempfile::Builder::new().prefix("test-nats-").tempdir().map_err(|error| error.to_string())?;
        let (port, monitor) = (free_port()?, free_port()?);
        Ok(Self { process: None, program: program.clone(), folder: folder.keep(), port, monitor })
    }

    fn configure(&self, name: &str, config: &str) -> Result<(), String> {
        let (port, monitor, data) = (self.port, self.monitor, self.folder.join("data"));
        let text = format!(
            "server_name: {name}\nlisten: \"127.0.0.1:{port}\"\nhttp: \"127.0.0.1:{monitor}\"\n{}\n",
            config.replace("jetstream: enabled", &format!("jetstream: {{ store_dir: \"{}\" }}", data.display()))
        );
        fs::write(self.folder.join("config"), text).map_err(|error| error.to_string())
    }

    fn launch(&mut self) -> Result<(), String> {
        let mut command = self.program.command();
        command.arg("-c").arg(self.folder.join("config"));
        let process = Process::start(&self.folder, "KILL", &command)?;
        let (port, monitor) = (self.port, self.monitor);
        let listens = || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
        process.wait_until(|| get(monitor, "/varz").is_some() && listens())?;
        self.process = Some(process);
        Ok(())
    }

    /// Where clients connect to.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Where clients connect to on the loopback address.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends it in the midst of whatever it does.
    pub fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }

    /// Stops it where it is, as a machine does that swaps or is moved: connections stay, and nothing answers.
    ///
    /// # Panics
    /// If it is not running.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Lets it go on after [`pause`](Self::pause).
    ///
    /// # Panics
    /// If it is not running.
    pub fn go_on(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        let process = self.process.as_ref().expect("the server is running");
        process.signal(signal).unwrap_or_else(|error| panic!("{error}"));
    }

    /// Starts it again after [`kill`](Self::kill), with its data and at the same ports.
    ///
    /// # Panics
    /// If it does not start.
    pub fn restart(&mut self) {
        self.launch().unwrap_or_else(|error| panic!("{error}"));
    }

    /// Whether it takes part in JetStream and has caught up.
    pub fn is_healthy(&self) -> bool {
        self.process.is_some() && get(self.monitor, "/healthz").is_some_and(|answer| answer.contains("200 OK"))
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        if self.process.take().is_none() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Servers that form a cluster.
#[derive(Debug)]
pub struct NatsCluster {
    /// The servers, in the order in which they were started.
    pub nodes: Vec<Nats>,
}

impl NatsCluster {
    /// Three servers that agree, and take messages of 8 MiB. `None` if there are none to be had.
    pub fn start() -> Option<Self> {
        or_skip("a NATS server", good().and_then(|program| Self::of(&program, 3)))
    }

    /// Three servers of Debian 12, 2.9.10.
    pub fn start_old() -> Option<Self> {
        or_skip("an old NATS server", old().and_then(|program| Self::of(&program, 3)))
    }

    fn of(program: &Program, size: usize) -> Result<Self, String> {
        let mut nodes = (0..size).map(|_| Nats::prepared(program)).collect::<Result<Vec<_>, _>>()?;
        let routes = (0..size).map(|_| free_port()).collect::<Result<Vec<_>, _>>()?;
        let listed: Vec<_> = routes.iter().map(|port| format!("\"nats://127.0.0.1:{port}\"")).collect();
        let listed = listed.join(", ");
        for ((number, node), route) in nodes.iter().enumerate().zip(&routes) {
            let cluster = format!("cluster {{ name: test, listen: \"127.0.0.1:{route}\", routes: [{listed}] }}");
            node.configure(&format!("node-{number}"), &format!("{LARGE}\n{cluster}"))?;
        }
        nodes.iter_mut().try_for_each(Nats::launch)?;
        let cluster = Self { nodes };
        cluster.wait_until_healthy()?;
        Ok(cluster)
    }

    /// Waits until every node that runs takes part and has caught up.
    ///
    /// # Errors
    /// They do not.
    pub fn wait_until_healthy(&self) -> Result<(), String> {
        let start = Instant::now();
        let running = || self.nodes.iter().filter(|node| node.process.is_some());
        while !running().all(Nats::is_healthy) {
            if start.elapsed() > PATIENCE {
                return Err("the cluster does not agree".to_owned());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Where clients connect to: all nodes, separated by commas.
    pub fn url(&self) -> String {
        self.nodes.iter().map(Nats::url).collect::<Vec<_>>().join(",")
    }
}

fn good() -> Result<Program, String> {
    of_release(GOOD, "nats-server", "usr/sbin/nats-server")
}

fn old() -> Result<Program, String> {
    of_release(OLD, "nats-server", "usr/sbin/nats-server")
}

/// What the monitor at a port answers, if it does.
fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

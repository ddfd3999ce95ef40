//! A server is there while it is needed, and no longer.

use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use test_servers::Postgres;

fn within_reason(mut is_so: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !is_so() {
        if start.elapsed() > Duration::from_secs(60) {
            return false;
        }
        thread::sleep(Duration::from_millis(20));
    }
    true
}

#[test]
fn what_was_committed_outlives_a_kill_and_nothing_outlives_the_server() {
    let Some(mut server) = Postgres::start(&[]) else { return };
    let (folder, port) = (server.socket().to_path_buf(), server.port());
    server.psql("postgres", "CREATE TABLE kept AS SELECT 7 AS number");
    server.kill();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    server.restart();
    assert_eq!(server.psql("postgres", "SELECT number FROM kept"), "7");
    drop(server);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err() && !folder.exists());
}

#[test]
fn each_database_is_empty_and_the_server_is_shared() {
    let Some(server) = Postgres::shared() else { return };
    let (one, other) = (server.database(), Postgres::shared().map(Postgres::database));
    assert_ne!(Some(one), other);
}

/// The first is run again in a process of its own, and killed.
#[test]
fn a_server_ends_with_a_process_that_is_killed() {
    if std::env::var_os("HOLDS_A_SERVER").is_some() {
        let Some(server) = Postgres::shared() else { return println!("none") };
        println!("\nfolder {}", server.socket().display());
        thread::sleep(Duration::from_secs(600));
    }
    let mut held = Command::new(std::env::current_exe().unwrap());
    held.args(["--exact", "--nocapture", "a_server_ends_with_a_process_that_is_killed"]).env("HOLDS_A_SERVER", "");
    let mut held = held.stdout(Stdio::piped()).spawn().unwrap();
    let said = std::io::BufRead::lines(std::io::BufReader::new(held.stdout.take().unwrap()));
    let folder = said.map_while(Result::ok).find_map(|line| line.strip_prefix("folder ").map(str::to_owned));
    let Some(folder) = folder else { return println!("skipped: there is no server to hold") };
    assert!(std::path::Path::new(&folder).exists());
    held.kill().unwrap();
    held.wait().unwrap();
    assert!(within_reason(|| !std::path::Path::new(&folder).exists()), "{folder} is still there");
}

//! Throwaway repositories of every awkward shape, compared with what git says about them, commit by commit.

mod scratch;

use std::collections::BTreeMap;

use es_core::store::{EventStore, ReadLog};
use es_core::{ProjectionRunner, RecordedEvent};
use es_memory_store::MemoryStore;

use self::scratch::{Scratch, Script};
use crate::activity::{Activity, GetMostChanged};
use crate::commits::{Commits, FileChange, GetCommit};
use crate::file::{Content, FileId};
use crate::git::{Git, GitError};
use crate::git_text::GitText;
use crate::ledger::Ledger;
use crate::paths::{GetFileAt, Paths};

/// A history in a store, with what the tests look at.
struct Read<S = MemoryStore> {
    git: Git,
    store: S,
    ledger: Ledger<S>,
    hashes: Vec<String>,
}

/// Reads the history, and compares the files after each commit with git's own list of them.
async fn read(git: Git) -> Read {
    read_into(MemoryStore::new(), git).await
}

async fn read_into<S: EventStore + Clone>(store: S, git: Git) -> Read<S> {
    let (mut ledger, mut hashes) = (Ledger::new(store.clone()), Vec::new());
    for commit in git.history().unwrap() {
        let commit = commit.unwrap();
        hashes.push(commit.hash.clone());
        ledger.record(commit).await.unwrap();
        let verified = crate::verify::verify(&ledger, git.files(hashes.last().unwrap()).unwrap()).await.unwrap();
        assert_eq!(verified.differences, []);
    }
    assert_eq!(hashes.last().unwrap(), git.head());
    assert_eq!(git.count().unwrap(), hashes.len() as u64);
    let read = Read { git, store, ledger, hashes };
    read.travel_through_time().await;
    read
}

impl<S: EventStore + Clone> Read<S> {
    /// Looks back from the end of the history at each path after each commit, and compares with git again.
    async fn travel_through_time(&self) {
        let paths = self.projected(Paths::default()).await;
        let lists: Vec<_> = self.hashes.iter().map(|hash| self.git.files(hash).unwrap()).collect();
        let all: BTreeMap<&GitText, &Content> = lists.iter().flatten().collect();
        for (hash, list) in self.hashes.iter().zip(&lists) {
            let at = self.ledger.position_after(hash).unwrap();
            for path in all.keys() {
                let there = match paths.query(GetFileAt { path, at }) {
                    Some(found) => self.ledger.files().load_at(&found.id, found.version).await.unwrap().into_state(),
                    None => crate::file::File::default(),
                };
                let expected = list.get(path).map(|content| (*path, content));
                assert_eq!(there.living().map(|living| (&living.path, &living.content)), expected, "{path} at {hash}");
            }
        }
    }

    async fn projected<P: es_core::Projection>(&self, projection: P) -> ProjectionRunner<P, S> {
        crate::projected(&self.store, projection).await.unwrap()
    }

    async fn events(&self) -> Vec<RecordedEvent> {
        self.store.read_log(ReadLog::after(0.into())).await.unwrap().events
    }

    /// What each commit did, as lines.
    async fn told(&self) -> Vec<String> {
        let commits = self.projected(Commits::default()).await;
        let told = |hash: &String| match commits.query(GetCommit { hash }) {
            None => vec!["nothing".to_owned()],
            Some(done) => done.changes.iter().map(|change| format!("{}: {}", done.subject, line(change))).collect(),
        };
        self.hashes.iter().flat_map(told).collect()
    }
}

fn line(change: &FileChange) -> String {
    match change {
        FileChange::Added(path) => format!("added {path}"),
        FileChange::Modified(path) => format!("modified {path}"),
        FileChange::Renamed { from, to } => format!("renamed {from} to {to}"),
        FileChange::Deleted(path) => format!("deleted {path}"),
    }
}

const LONG: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n";

#[tokio::test]
async fn a_file_keeps_its_stream_across_renames_and_a_deleted_one_does_not_come_back() {
    let mut script = Script::default();
    script.commit("begin").put(b"a.txt", LONG).put(b"b.txt", "b");
    script.commit("edit").put(b"a.txt", &(LONG.to_owned() + "eleven\n"));
    script.commit("move").rename(b"a.txt", b"deep/down/a.txt");
    script.commit("remove").delete(b"deep/down/a.txt");
    script.commit("again").put(b"deep/down/a.txt", "another");
    let read = read(Scratch::of(&script).open()).await;
    let told = [
        "begin: added a.txt",
        "begin: added b.txt",
        "edit: modified a.txt",
        "move: renamed a.txt to deep/down/a.txt",
        "remove: deleted deep/down/a.txt",
        "again: added deep/down/a.txt",
    ];
    assert_eq!(read.told().await, told);
    let versions = async |id| read.ledger.files().load(&FileId(id)).await.unwrap().version().get();
    assert_eq!((versions(1).await, versions(2).await, versions(3).await), (4, 1, 1));
    let activity = read.projected(Activity::default()).await.query(GetMostChanged { limit: 1 });
    assert_eq!((activity[0].path.as_str(), activity[0].changes, activity[0].deleted), ("deep/down/a.txt", 4, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_in_postgresql_is_the_same() {
    let Some(server) = test_servers::Postgres::shared() else { return };
    is_the_same_in(&server.database()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_in_jetstream_is_the_same() {
    let Some(server) = test_servers::Nats::shared() else { return };
    is_the_same_in(&format!("{}/ledger", server.url())).await;
}

async fn is_the_same_in(url: &str) {
    let mut script = Script::default();
    script.commit("begin").put(b"a.txt", LONG).put(b"b.txt", "b");
    script.commit("move").rename(b"a.txt", b"deep/a.txt").put(b"b.txt", "c");
    script.commit("remove").delete(b"b.txt");
    script.commit("again").put(b"b.txt", "another");
    let scratch = Scratch::of(&script);
    let there = read_into(examples::connect_empty(url).await.unwrap(), scratch.open()).await;
    let here = read(scratch.open()).await;
    assert_eq!(there.told().await, here.told().await);
    assert_eq!(there.told().await.len(), 6);
    let without_positions = |events: Vec<RecordedEvent>| -> Vec<_> {
        // Positions are those of the store, ids are random.
        events
            .into_iter()
            .map(|event| (event.stream, event.version, event.name, event.recorded_at, event.payload))
            .collect()
    };
    assert_eq!(without_positions(there.events().await), without_positions(here.events().await));
}

#[tokio::test]
async fn a_path_that_is_taken_over_in_one_commit_stays_with_its_file() {
    let mut script = Script::default();
    let (one, two) = (LONG, LONG.to_uppercase());
    script.commit("begin").put(b"one", one).put(b"two", &two).put(b"dir", "a file where a directory will be");
    script.commit("swap").put(b"one", &two).put(b"two", one);
    script.commit("push").rename(b"two", b"three").put(b"two", "new in its place");
    script.commit("nest").delete(b"dir").put(b"dir/file", "below what was a file");
    script.commit("chain").rename(b"three", b"four").rename(b"one", b"three");
    let read = read(Scratch::of(&script).open()).await;
    let told = [
        "swap: modified one",
        "swap: modified two",
        "push: added three",
        "push: modified two",
        "nest: deleted dir",
        "nest: added dir/file",
        "chain: added four",
        "chain: deleted one",
        "chain: modified three",
    ];
    assert_eq!(read.told().await[3..], told);
}

#[tokio::test]
async fn a_merge_counts_as_what_it_changed_in_its_first_parent() {
    let mut script = Script::default();
    script.commit("begin").put(b"shared", "1");
    script.merge(&[1], "side").put(b"side", "only on the side").put(b"shared", "2");
    script.merge(&[1], "main").put(b"main", "only on the main line");
    script.merge(&[3, 2], "merge").put(b"side", "only on the side").put(b"shared", "2");
    script.merge(&[1], "other").put(b"other", "o");
    script.merge(&[4, 5, 1], "octopus").put(b"other", "o");
    script.merge(&[6, 5], "empty merge");
    script.commit("empty");
    let read = read(Scratch::of(&script).open()).await;
    let told = [
        "begin: added shared",
        "main: added main",
        "merge: modified shared",
        "merge: added side",
        "octopus: added other",
        "nothing",
        "nothing",
    ];
    assert_eq!(read.told().await, told);
    let causes: Vec<_> = read.events().await.iter().map(|e| e.metadata.causation_id().unwrap().to_string()).collect();
    let h = |commit: usize| read.hashes[commit].clone();
    assert_eq!(causes, [h(0), h(0), h(1), h(1), h(2)]);
}

#[tokio::test]
async fn any_bytes_may_be_in_paths_names_and_messages() {
    let mut script = Script::default();
    let long = [b"very/long/".repeat(60), b"path".to_vec()].concat();
    script.commit_by(b"Zo\xEB", 1_700_000_000, b"caf\xE9 \x1B[31m\\ \xF0\x9F\x92\xA9");
    script.put(b"caf\xE9", "latin").put("café".as_bytes(), "utf").put(b"line\nbreak\ttab", "x").put(&long, "y");
    script.put(b":100644 100644 a b M", "looks like a change").put(b"back\\slash", "z").put(b"quo\"te", "w");
    script.commit_by(b"Zo\xEB", 1_700_000_060, b"").rename(b"caf\xE9", b"\xFF\xFE");
    let read = read(Scratch::of(&script).open()).await;
    let events = read.events().await;
    assert_eq!(events.len(), 8);
    assert_eq!(events[0].metadata.actor(), Some(r"Zo\xEB <ada@example.org>"));
    let told = read.told().await;
    assert!(told.contains(&r"caf\xE9 \x1B[31m\\ 💩: added caf\xE9".to_owned()), "{told:?}");
    assert_eq!(told.last().unwrap(), r": renamed caf\xE9 to \xFF\xFE");
    // Two authors, one subject, and of the paths two with odd bytes, one with control characters, one backslash.
    assert_eq!(read.ledger.escaped(), 2 + 1 + 2 + 1 + 1);
}

#[tokio::test]
async fn links_submodules_modes_and_kinds_are_kept() {
    let commit = "1234567890123456789012345678901234567890";
    let mut script = Script::default();
    script.commit("begin").put(b"file", "x").put_as("120000", b"link", "file").submodule(b"module", commit);
    script.commit("executable").put_as("100755", b"file", "x");
    script.commit("kinds").put_as("120000", b"file", "link").put(b"link", "y").put(b"module", "no module");
    script.commit("back").delete(b"module").submodule(b"module/nested", commit);
    let read = read(Scratch::of(&script).open()).await;
    let told = read.told().await;
    assert_eq!(
        told[3..7],
        ["executable: modified file", "kinds: modified file", "kinds: modified link", "kinds: modified module"]
    );
}

#[tokio::test]
async fn events_carry_commit_parent_author_and_time_as_git_has_them() {
    let mut script = Script::default();
    script.commit_by(b"Ada", 1_700_000_500, b"first").put(b"a", "1");
    script.commit_by(b"Bob", 1_700_000_100, b"clock went wrong").put(b"a", "2").put(b"b", "1");
    let read = read(Scratch::of(&script).open()).await;
    let event = |event: &RecordedEvent| {
        let meta = &event.metadata;
        (meta.correlation_id().unwrap().to_string(), meta.actor().unwrap().to_owned(), event.recorded_at.as_micros())
    };
    let events: Vec<_> = read.events().await.iter().map(event).collect();
    let (ada, bob) = ("Ada <ada@example.org>".to_owned(), "Bob <ada@example.org>".to_owned());
    let (first, second) = (read.hashes[0].clone(), read.hashes[1].clone());
    let expected = [
        (first, ada, 1_700_000_500_000_000),
        (second.clone(), bob.clone(), 1_700_000_100_000_000),
        (second, bob, 1_700_000_100_000_000),
    ];
    assert_eq!(events, expected);
}

#[tokio::test]
async fn the_configuration_of_the_user_changes_nothing() {
    let mut script = Script::default();
    script.commit("begin").put(b"z/a.txt", LONG).put(b"b.txt", "b").submodule(b"m", &"12".repeat(20));
    script.commit("copy").put(b"copy.txt", LONG).rename(b"z/a.txt", b"z/c.txt").submodule(b"m", &"34".repeat(20));
    let (plain, odd) = (Scratch::of(&script), Scratch::of(&script));
    for (key, value) in [
        ("log.showRoot", "false"),
        ("log.showSignature", "true"),
        ("log.decorate", "full"),
        ("log.date", "relative"),
        ("log.diffMerges", "off"),
        ("diff.renames", "false"),
        ("diff.relative", "true"),
        ("diff.ignoreSubmodules", "all"),
        ("diff.noprefix", "true"),
        ("diff.orderFile", "order"),
        ("format.pretty", "fuller"),
        ("core.quotePath", "true"),
        ("core.abbrev", "4"),
        ("color.ui", "always"),
        ("i18n.logOutputEncoding", "UTF-16"),
    ] {
        odd.git(&["config", key, value], b"");
    }
    std::fs::write(odd.path().join("order"), "*.none\n").unwrap();
    let (plain, odd) = (read(plain.open()).await, read(odd.open()).await);
    assert_eq!(plain.told().await, odd.told().await);
    let told = ["copy: renamed z/a.txt to copy.txt", "copy: modified m", "copy: added z/c.txt"];
    assert_eq!(plain.told().await[3..], told);
}

#[tokio::test]
async fn a_shallow_clone_begins_where_it_was_cut() {
    let mut script = Script::default();
    script.commit("begin").put(b"a", "1").put(b"b", "1");
    script.commit("next").put(b"a", "2");
    script.commit("last").put(b"b", "2");
    let (whole, clone) = (Scratch::of(&script), Scratch::empty());
    let url = format!("file://{}", whole.path().display());
    clone.git(&["fetch", "--quiet", "--depth=2", &url, "main"], b"");
    clone.git(&["update-ref", "refs/heads/main", "FETCH_HEAD"], b"");
    let (git, whole) = (clone.open(), whole.open());
    assert_eq!((git.is_shallow().unwrap(), whole.is_shallow().unwrap()), (true, false));
    assert_eq!(read(git).await.told().await, ["next: added a", "next: added b", "last: modified b"]);
}

#[tokio::test]
async fn hashes_of_sha_256_and_directories_inside_the_repository_do_as_well() {
    let mut script = Script::default();
    script.commit("begin").put(b"dir/a", "1").put(b"b", "1");
    let scratch = Scratch::initialised(&["--object-format=sha256"]).with(&script);
    std::fs::create_dir(scratch.path().join("dir")).unwrap();
    let read = read(Git::open(&scratch.path().join("dir")).unwrap()).await;
    assert_eq!(read.git.head().len(), 64);
    assert_eq!(read.told().await, ["begin: added b", "begin: added dir/a"]);
}

#[test]
fn a_commit_is_found_by_whatever_git_calls_it() {
    let mut script = Script::default();
    script.commit("one").put(b"a", "1");
    script.commit("two").put(b"a", "2");
    let git = Scratch::of(&script);
    let open = git.open();
    let first = open.commit("HEAD~1").unwrap();
    assert_eq!(open.commit(&first[..10]).unwrap(), first);
    assert_eq!(open.commit("main").unwrap(), open.head());
    for name in ["HEAD~2", "nothing", "--all", "", "main:a"] {
        assert!(matches!(open.commit(name), Err(GitError::NoSuchCommit { .. })), "{name}");
    }
}

#[test]
fn what_is_no_history_has_its_own_error() {
    let empty = Scratch::empty();
    assert!(matches!(Git::open(empty.path()), Err(GitError::Empty { .. })));
    let plain = tempfile::tempdir().unwrap();
    assert!(matches!(Git::open(plain.path()), Err(GitError::NotARepository { .. })));
    let file = plain.path().join("file");
    std::fs::write(&file, "x").unwrap();
    assert!(matches!(Git::open(&file), Err(GitError::NotADirectory { .. })));
    assert!(matches!(Git::open(&plain.path().join("missing")), Err(GitError::NotADirectory { .. })));
}

//! Several stores as one: where streams are, what is refused, and that each log is read by itself.

mod counter;

use std::collections::BTreeMap;

use counter::{Counter, GetGrandTotal, GrandTotal, Increase};
use es_core::copy::{CopyOptions, copy_transform};
use es_core::store::{
    CheckpointName, CheckpointStore, EventFilter, EventStore, HASH_SLOTS, InvalidPartitions, MultiAppend,
    MultiAppendError, MultiStreamAppend, Partition, PartitionedStore, PlacementError, ReadError, ReadLog, ReadStream,
    Snapshot, SnapshotStore, Subscribe, hash_slot,
};
use es_core::{
    EventId, EventName, Events, ExpectedVersion, Fingerprint, Metadata, NewEvent, Position, ProjectionRunner,
    RecordedEvent, Repository, StreamId, Timestamp, Version,
};
use es_memory_store::MemoryStore;
use uuid::Uuid;

type Bank = PartitionedStore<MemoryStore>;

/// By slot, and by category.
fn bank() -> Bank {
    PartitionedStore::new([
        Partition::new("west", MemoryStore::new()).slots(..512),
        Partition::new("east", MemoryStore::new()).slots(512..),
        Partition::new("audit", MemoryStore::new()).categories(["audit", "login"]),
    ])
    .unwrap()
}

fn stream(text: &str) -> StreamId {
    text.parse().unwrap()
}

fn event(number: u64) -> NewEvent {
    NewEvent {
        id: EventId::new(Uuid::from_u128(number.into())),
        name: EventName::from_static("counted"),
        schema_version: 1,
        recorded_at: Timestamp::UNIX_EPOCH,
        metadata: Metadata::new(),
        payload: format!("{number}").into(),
    }
}

fn numbers(events: &[RecordedEvent]) -> Vec<u64> {
    events.iter().map(|event| u64::try_from(event.id.as_uuid().as_u128()).unwrap()).collect()
}

async fn append(store: &impl EventStore, to: &str, number: u64) -> Position {
    let appended = store.append(&stream(to), ExpectedVersion::Any, vec![event(number)]).await.unwrap();
    appended.position.unwrap()
}

/// What the stores have, without the store around them.
async fn stored(bank: &Bank) -> BTreeMap<String, Vec<u64>> {
    let mut stored = BTreeMap::new();
    for partition in bank.partitions() {
        let log = partition.store().read_log(ReadLog::all()).await.unwrap();
        stored.insert(partition.name().to_owned(), numbers(&log.events));
    }
    stored
}

/// Streams are where this says, so it may never say anything else. The hash of `a` and `foobar` is in the tables of the
/// authors of FNV.
#[test]
fn the_slot_of_an_id_never_changes() {
    let slots = [
        ("a", 192),
        ("foobar", 665),
        ("ada", 290),
        ("bob", 589),
        ("1", 688),
        ("日本", 164),
        ("018f4d3c-0000-7000-8000-000000000001", 392),
    ];
    for (id, slot) in slots {
        assert_eq!(hash_slot(&StreamId::new("account", id).unwrap()), slot, "{id}");
        assert_eq!(hash_slot(&StreamId::new("order", id).unwrap()), slot, "{id}");
    }
    assert_eq!(hash_slot(&StreamId::new("account", "a".repeat(500)).unwrap()), 799);
}

/// Ids that count, that are alike at the end or at the start, and that repeat themselves.
#[test]
fn slots_are_used_alike() {
    type Ids = (&'static str, fn(u32) -> String);
    let kinds: [Ids; 4] = [
        ("numbers", |number| number.to_string()),
        ("padded", |number| format!("DE{number:020}")),
        ("suffixed", |number| format!("{number:x}@example.org")),
        ("repeated", |number| format!("{number:08x}-{number:08x}")),
    ];
    for (kind, id) in kinds {
        let mut slots = vec![0_u32; usize::from(HASH_SLOTS)];
        for number in 0..102_400 {
            slots[usize::from(hash_slot(&StreamId::new("account", id(number)).unwrap()))] += 1;
        }
        let (least, most) = (slots.iter().min().unwrap(), slots.iter().max().unwrap());
        assert!(*least > 30 && *most < 200, "{kind}: {least} to {most}, where 100 are the mean");
        for half in slots.chunks(512) {
            let share = half.iter().sum::<u32>();
            assert!((49_000..=53_400).contains(&share), "{kind}: {share} in one half");
        }
    }
}

#[test]
fn each_slot_leads_to_the_partition_that_has_it() {
    let quarters = (0..4).map(|quarter| {
        let range = quarter * 256..(quarter + 1) * 256;
        Partition::new(format!("{quarter}"), ()).slots(range)
    });
    let bank = PartitionedStore::new(quarters).unwrap();
    let mut seen = vec![false; usize::from(HASH_SLOTS)];
    for number in 0..20_000 {
        let id = StreamId::new("account", number).unwrap();
        let slot = hash_slot(&id);
        assert_eq!(bank.partition_of(&id).name(), format!("{}", slot / 256), "{id} has slot {slot}");
        seen[usize::from(slot)] = true;
    }
    assert_eq!(seen.iter().filter(|seen| !**seen).count(), 0);
}

#[tokio::test]
async fn a_stream_is_in_its_partition_and_in_no_other() {
    let bank = bank();
    for (number, (id, home)) in (1..).zip([
        ("account-ada", "west"),
        ("order-ada", "west"),
        ("account-bob", "east"),
        ("audit-ada", "audit"),
        ("audit-bob", "audit"),
        ("login-bob", "audit"),
        ("auditor-bob", "east"),
    ]) {
        let id = stream(id);
        assert_eq!(bank.partition_of(&id).name(), home, "{id}");
        assert_eq!(bank.log_of(&id).partition().name(), home, "{id}");
        bank.append(&id, ExpectedVersion::NoStream, vec![event(number)]).await.unwrap();
        let page = bank.read_stream(&id, ReadStream::all()).await.unwrap();
        assert_eq!((numbers(&page.events), page.version), (vec![number], Version::new(1)));
        let mut shown = Vec::new();
        let mut visit = |events: &[RecordedEvent]| {
            shown.extend_from_slice(events);
            std::ops::ControlFlow::Continue(())
        };
        bank.visit_stream(&id, ReadStream::all(), &mut visit).await.unwrap();
        assert_eq!(shown, page.events);
        assert!(bank.reads_as_appended(&id));
    }
    let meant = [("west", vec![1, 2]), ("east", vec![3, 7]), ("audit", vec![4, 5, 6])];
    assert_eq!(stored(&bank).await, meant.map(|(name, numbers)| (name.to_owned(), numbers)).into());
    bank.check_placement().await.unwrap();
}

#[tokio::test]
async fn snapshots_are_where_their_stream_is() {
    let (bank, fingerprint) = (bank(), Fingerprint::of(["x"]));
    for id in ["account-ada", "account-bob", "audit-ada"] {
        let snapshot = Snapshot {
            stream: stream(id),
            version: Version::new(1),
            position: Position::new(1),
            event_id: event(1).id,
            recorded_at: Timestamp::UNIX_EPOCH,
            latest_at: Timestamp::UNIX_EPOCH,
            fingerprint,
            payload: "{}".into(),
            taken_at: Timestamp::UNIX_EPOCH,
        };
        bank.save_snapshot(snapshot.clone()).await.unwrap();
        let (stream, home) = (&snapshot.stream, bank.partition_of(&snapshot.stream).name().to_owned());
        for partition in bank.partitions() {
            let kept = partition.store().load_snapshot(stream, fingerprint, Version::MAX).await.unwrap();
            assert_eq!(kept.is_some(), partition.name() == home, "{id}");
        }
        assert_eq!(bank.load_snapshot(stream, fingerprint, Version::MAX).await.unwrap().as_ref(), Some(&snapshot));
        bank.delete_snapshots(stream).await.unwrap();
        assert_eq!(bank.load_snapshot(stream, fingerprint, Version::MAX).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_log_is_read_where_all_that_is_selected_is_in_one_partition() {
    let bank = bank();
    for (number, id) in (1..).zip(["account-ada", "audit-ada", "account-bob", "login-ada", "audit-bob"]) {
        append(&bank, id, number).await;
    }
    let page = bank.read_log(ReadLog::all().category("audit")).await.unwrap();
    // Positions and head are those of the partition.
    assert_eq!((numbers(&page.events), page.head), (vec![2, 5], Position::new(3)));
    assert_eq!(page.events[1].position, Position::new(3));
    let both = bank.read_log(ReadLog::all().categories(["audit", "login"]).limit(2)).await.unwrap();
    assert_eq!(numbers(&both.events), [2, 4]);

    let refused = [
        (ReadLog::all(), vec!["west", "east", "audit"]),
        (ReadLog::all().names(["counted"]), vec!["west", "east", "audit"]),
        (ReadLog::all().category("account"), vec!["west", "east"]),
        (ReadLog::all().categories(["account", "audit"]).backward(), vec!["west", "east", "audit"]),
        (ReadLog::all().filter(EventFilter::all().categories([""; 0])), vec!["west", "east", "audit"]),
    ];
    for (range, meant) in refused {
        let read = bank.read_log(range.clone()).await;
        let Err(ReadError::SeveralPartitions { partitions }) = read else { panic!("{range:?}: {read:?}") };
        assert_eq!(partitions, meant, "{range:?}");
        let mut visit = |_: &[RecordedEvent]| panic!("something is shown");
        let visited = bank.visit_log(range, &mut visit).await;
        assert!(matches!(visited, Err(ReadError::SeveralPartitions { .. })), "{visited:?}");
    }
    let error = bank.read_log(ReadLog::all()).await.unwrap_err().to_string();
    assert_eq!(
        error,
        "the log of partitions west, east, audit has no common order: read each by itself, with a checkpoint of its own"
    );
    let named = |category: &str| bank.log_of_category(category).map(|log| log.partition().name().to_owned());
    assert_eq!((named("login"), named("account")), (Some("audit".to_owned()), None));
}

#[tokio::test]
async fn each_partition_has_a_log_positions_and_checkpoints_of_its_own() {
    let bank = bank();
    let (one, other) = (append(&bank, "account-ada", 1).await, append(&bank, "account-bob", 2).await);
    assert_eq!(one, other, "two events of two partitions may have one position");
    let (west, east) = (bank.log("west").unwrap(), bank.log("east").unwrap());
    assert!(bank.log("north").is_none());
    assert_eq!(bank.logs().map(|log| log.partition().name().to_owned()).collect::<Vec<_>>(), ["west", "east", "audit"]);
    assert_eq!(numbers(&west.read_log(ReadLog::all()).await.unwrap().events), [1]);
    assert_eq!(numbers(&east.read_log(ReadLog::all()).await.unwrap().events), [2]);
    east.appended_after(Position::START).await.unwrap();

    // Streams are the same from wherever they are asked for.
    append(&west, "account-bob", 3).await;
    let bob = west.read_stream(&stream("account-bob"), ReadStream::all()).await.unwrap();
    assert_eq!(numbers(&bob.events), [2, 3]);
    assert_eq!(numbers(&west.read_log(ReadLog::all()).await.unwrap().events), [1]);
    let batch = MultiAppend::new().append(&stream("order-bob"), ExpectedVersion::NoStream, vec![event(4)]);
    west.append_multi(batch).await.unwrap();
    assert_eq!(stored(&bank).await["east"], [2, 3, 4]);

    let name = CheckpointName::new("reader").unwrap();
    west.save_checkpoint(&name, None, Position::new(1)).await.unwrap();
    assert_eq!(east.load_checkpoint(&name).await.unwrap(), None);
    assert_eq!(bank.log("west").unwrap().load_checkpoint(&name).await.unwrap(), Some(Position::new(1)));
}

#[tokio::test]
async fn an_append_to_several_streams_stays_in_one_partition() {
    let bank = bank();
    let (ada, order, bob) = (stream("account-ada"), stream("order-ada"), stream("account-bob"));
    let both = MultiAppend::new().append(&ada, ExpectedVersion::NoStream, vec![event(1)]).append(
        &order,
        ExpectedVersion::NoStream,
        vec![event(2)],
    );
    let done = bank.append_multi(both.clone()).await.unwrap();
    assert_eq!(done.position, Some(Position::new(2)));
    assert_eq!(bank.append_multi(both).await.unwrap(), done);
    assert_eq!(bank.append_multi(MultiAppend::new()).await.unwrap().position, None);

    let apart = [
        MultiAppend::new().append(&ada, ExpectedVersion::Any, vec![event(3)]).append(
            &bob,
            ExpectedVersion::Any,
            vec![event(4)],
        ),
        // Also a check that writes nothing, and events for a stream of which nothing is expected.
        MultiAppend::new().append(&ada, ExpectedVersion::Any, vec![event(3)]).check(&bob, ExpectedVersion::NoStream),
        MultiAppend::new().append(&ada, ExpectedVersion::Any, vec![event(3)]).then(&bob, vec![event(4)]),
    ];
    for batch in apart {
        let refused = bank.append_multi(batch).await;
        let Err(MultiAppendError::SeveralPartitions { stream, partition, other, other_partition }) = &refused else {
            panic!("{refused:?}")
        };
        assert_eq!((stream, partition.as_str(), other, other_partition.as_str()), (&ada, "west", &bob, "east"));
        assert_eq!(
            refused.unwrap_err().to_string(),
            "append to several streams refused: stream `account-ada` is in partition `west`, stream `account-bob` in partition `east`"
        );
    }
    assert_eq!(stored(&bank).await["west"], [1, 2]);
    assert_eq!(stored(&bank).await["east"], [0; 0]);
}

#[tokio::test]
async fn commands_work_as_ever_and_a_projection_runs_for_each_partition() {
    let bank = bank();
    let counters = Repository::<Counter, _>::new(bank.clone()).with_cache(8);
    let totals: BTreeMap<String, ProjectionRunner<GrandTotal, _>> = bank
        .logs()
        .map(|log| (log.partition().name().to_owned(), ProjectionRunner::new(log, GrandTotal::default())))
        .collect();
    for number in 1..=20 {
        let id = format!("c{number}");
        counters.execute(id.as_str(), Increase { by: 1 }).await.unwrap();
        let done = counters.execute(id.as_str(), Increase { by: number }).await.unwrap();
        assert_eq!(done.version, Version::new(u64::from(number) + 1));
        // Its own log has this position, and so it does not wait for another event.
        totals[bank.partition_of(&done.stream).name()].wait_for(done.position).await.unwrap();
    }
    let sums: Vec<_> = totals.values().map(|total| total.query(GetGrandTotal)).collect();
    assert_eq!((sums.iter().sum::<u32>(), totals["audit"].query(GetGrandTotal)), (230, 0));
    assert!(totals["west"].query(GetGrandTotal) > 0 && totals["east"].query(GetGrandTotal) > 0, "{sums:?}");
    // Each total is that of its own log, and not of all.
    for (name, total) in &totals {
        let log = bank.log(name).unwrap().read_log(ReadLog::all()).await.unwrap();
        assert_eq!(total.query(GetGrandTotal), u32::try_from(log.events.len()).unwrap(), "{name}");
    }

    // Whoever drives one over all of them is told.
    let of_all = ProjectionRunner::new(bank, GrandTotal::default());
    assert_eq!(
        of_all.catch_up().await.unwrap_err().to_string(),
        "the log of partitions west, east, audit has no common order: read each by itself, with a checkpoint of its own"
    );
}

/// Rules 15 to 17 hold in each partition, and do not see the others.
#[tokio::test]
async fn an_event_id_is_unique_in_its_partition() {
    let bank = bank();
    append(&bank, "account-ada", 1).await;
    let again = bank.append(&stream("order-ada"), ExpectedVersion::Any, vec![event(1)]).await;
    assert!(matches!(again, Err(es_core::store::AppendError::EventIdStored { .. })), "{again:?}");
    append(&bank, "account-bob", 1).await;
}

#[tokio::test]
async fn a_store_is_divided_by_copying_each_partition() {
    let (old, bank) = (MemoryStore::new(), bank());
    for number in 1..=60 {
        append(&old, &format!("account-{}", number % 17), number).await;
        append(&old, &format!("audit-{}", number % 17), 1_000 + number).await;
    }
    let mut copied = 0;
    for partition in bank.partitions() {
        let goes = |event: RecordedEvent| {
            let is_here = bank.partition_of(&event.stream).name() == partition.name();
            Ok(if is_here { Events::one(event) } else { Events::none() })
        };
        copied += copy_transform(&old, partition.store(), goes, CopyOptions::new()).await.unwrap().checksum.events;
    }
    assert_eq!(copied, 120);
    bank.check_placement().await.unwrap();
    for number in 0..17 {
        for category in ["account", "audit"] {
            let id = StreamId::new(category, number).unwrap();
            let (before, now) =
                (old.read_stream(&id, ReadStream::all()).await, bank.read_stream(&id, ReadStream::all()).await);
            assert_eq!(numbers(&before.unwrap().events), numbers(&now.unwrap().events));
        }
    }
}

#[tokio::test]
async fn streams_that_are_elsewhere_are_noticed() {
    let (west, east, main) = (MemoryStore::new(), MemoryStore::new(), MemoryStore::new());
    append(&west, "account-ada", 1).await;
    append(&east, "account-bob", 2).await;
    // Interchanged.
    let bank = PartitionedStore::new([
        Partition::new("west", east.clone()).slots(..512),
        Partition::new("east", west.clone()).slots(512..),
    ]);
    let found = bank.unwrap().check_placement().await;
    let Err(PlacementError::Misplaced { stream: found, found_in, belongs_to }) = found else { panic!("{found:?}") };
    assert_eq!((found.as_str(), found_in.as_str(), belongs_to.as_str()), ("account-bob", "west", "east"));

    // A category that was given a partition of its own, and not copied; however far behind in the log it is.
    for number in 1..=1_000 {
        append(&main, "account-ada", number).await;
    }
    append(&main, "audit-ada", 2_000).await;
    let bank = PartitionedStore::new([
        Partition::new("main", main).slots(..),
        Partition::new("audit", MemoryStore::new()).categories(["audit"]),
    ])
    .unwrap();
    assert_eq!(
        bank.check_placement().await.unwrap_err().to_string(),
        "stream `audit-ada` is in partition `main`, but belongs to partition `audit`"
    );
}

#[test]
fn partitions_that_leave_it_open_where_a_stream_is_are_refused() {
    let part = |name: &str| Partition::new(name, ());
    let refused = |partitions: Vec<Partition<()>>| PartitionedStore::new(partitions).unwrap_err().to_string();
    assert_eq!(refused(vec![]), "slot 0 belongs to no partition: together they have all slots from 0 to 1023");
    let gap = vec![part("a").slots(..512), part("b").slots(513..)];
    assert_eq!(refused(gap), "slot 512 belongs to no partition: together they have all slots from 0 to 1023");
    let only_categories = vec![part("a").categories(["audit"])];
    assert!(refused(only_categories).starts_with("slot 0 belongs to no partition"));
    let overlap = vec![part("a").slots(..=512), part("b").slots(512..)];
    assert_eq!(refused(overlap), "slot 512 belongs to partition `a` and to partition `b`");
    let twice = vec![part("a").slots(..).slots(7..=7)];
    assert_eq!(refused(twice), "slot 7 belongs to partition `a` and to partition `a`");
    let beyond = vec![part("a").slots(..2_000)];
    assert_eq!(refused(beyond), "partition `a` has slot 1999, but the last one is 1023");
    let names = vec![part("a").slots(..512), part("a").slots(512..)];
    assert_eq!(refused(names), "two partitions are called `a`");
    let idle = vec![part("a").slots(..), part("b").slots(5..5)];
    assert_eq!(refused(idle), "no stream belongs to partition `b`: give it slots or categories");
    let categories = vec![part("a").slots(..).categories(["x"]), part("b").categories(["x"])];
    assert_eq!(refused(categories), "category `x` belongs to partition `a` and to partition `b`");
    let wrong = PartitionedStore::new([part("a").slots(..).categories(["a-b"])]).unwrap_err();
    assert!(matches!(wrong, InvalidPartitions::Category { .. }), "{wrong:?}");

    // Ranges add up, in any order, and one partition is enough.
    PartitionedStore::new([part("a").slots(900..).slots(..100), part("b").slots(100..900).categories(["x"])]).unwrap();
    let one = PartitionedStore::new([part("a").slots(..).categories(["x"])]).unwrap();
    assert_eq!(one.log_of_category("account").unwrap().partition().name(), "a");
}

//! Servers that cannot do what the store needs: too old, standby, read-only, full. What the error says, that nothing is
//! half done, and that the store goes on when the server can again.

mod common;
#[path = "common/proxy.rs"]
#[allow(dead_code, reason = "other tests cut connections")]
mod proxy;

use std::time::{Duration, Instant};

use common::{cause, client, event, numbers, stream};
use es_core::store::{EventStore, ReadLog, ReadStream, Subscribe};
use es_core::{EventName, ExpectedVersion, NewEvent, Position};
use es_postgres_store::{OpenError, PostgresError, PostgresStore};
use proxy::Proxy;
use test_servers::Postgres;

/// The oldest server that can be had is good enough, so this one is made to say that it is older.
#[tokio::test]
async fn a_server_that_is_too_old_is_refused() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.database();
    let client = client(&url).await;
    let row = client.query_one("SELECT current_setting('server_version_num')::integer", &[]).await.unwrap();
    let (number, old): (i32, i32) = (row.get(0), 12_99_99);
    let proxy = Proxy::start_replacing(server.port(), number.to_be_bytes().to_vec(), old.to_be_bytes().to_vec()).await;
    let through = url.replace(&format!(":{}/", server.port()), &format!(":{}/", proxy.port));
    let error = PostgresStore::connect(&through).await.unwrap_err();
    assert!(matches!(&error, OpenError::TooOld { .. }), "{error:?}");
    assert!(error.to_string().ends_with("the store needs 13 or later"), "{error}");
    let made = client.query_one("SELECT count(*) FROM pg_namespace WHERE nspname = 'es'", &[]).await.unwrap();
    assert_eq!(made.get::<_, i64>(0), 0, "nothing was made there");
}

#[tokio::test]
async fn a_standby_is_refused_and_takes_over_when_it_is_promoted() {
    let Some(mut primary) = Postgres::start(&[("fsync", "off")]) else { return };
    let url = primary.database();
    let id = stream("account-a");
    let first = PostgresStore::connect(&url).await.unwrap();
    first.append(&id, ExpectedVersion::Any, vec![event(1)]).await.unwrap();
    let standby = primary.standby();
    let of_standby = url.replace(&format!(":{}/", primary.port()), &format!(":{}/", standby.port()));
    let error = PostgresStore::connect(&of_standby).await.unwrap_err();
    assert!(matches!(&error, OpenError::Standby), "{error:?}");
    assert!(error.to_string().contains("target_session_attrs=read-write"), "{error}");

    // Both, and the standby first: the store finds the primary, then and later.
    let ports = format!("{},127.0.0.1:{}", standby.port(), primary.port());
    let both = url.replace(&format!("{}/", primary.port()), &format!("{ports}/"));
    let store = PostgresStore::connect(&format!("{both}?target_session_attrs=read-write")).await.unwrap();
    store.append(&id, ExpectedVersion::Any, vec![event(2)]).await.unwrap();
    let (start, name) = (Instant::now(), url.rsplit('/').next().unwrap().to_owned());
    while standby.psql(&name, "SELECT count(*) FROM es.events") != "2" {
        assert!(start.elapsed() < Duration::from_secs(60), "the standby does not follow");
        tokio::task::yield_now().await;
    }
    primary.kill();
    let error = store.append(&id, ExpectedVersion::Any, vec![event(3)]).await.unwrap_err();
    assert!(
        matches!(cause(&error), PostgresError::ConnectionLost { .. } | PostgresError::Unreachable { .. }),
        "{error:?}"
    );
    standby.promote();
    let again = store.append(&id, ExpectedVersion::Any, vec![event(3)]).await.unwrap();
    assert_eq!(again.version.get(), 3);
    assert_eq!(numbers(&store.read_log(ReadLog::all()).await.unwrap().events), [1, 2, 3]);
}

/// The standby is cut off before the last appends, whose positions are given again by it.
#[tokio::test]
async fn what_a_failover_has_lost_is_not_skipped_by_who_had_not_read_it() {
    let Some(mut primary) = Postgres::start(&[("fsync", "off")]) else { return };
    let (url, id) = (primary.database(), stream("account-a"));
    PostgresStore::connect(&url).await.unwrap();
    let standby = primary.standby();
    let ports = format!("{},127.0.0.1:{}", standby.port(), primary.port());
    let both = url.replace(&format!("{}/", primary.port()), &format!("{ports}/"));
    let store = PostgresStore::connect(&format!("{both}?target_session_attrs=read-write")).await.unwrap();
    let first = store.append(&id, ExpectedVersion::Any, vec![event(1), event(2)]).await.unwrap();
    let (start, name) = (Instant::now(), url.rsplit('/').next().unwrap().to_owned());
    let until = async |sql: &str, due: &str| {
        while standby.psql(&name, sql) != due {
            assert!(start.elapsed() < Duration::from_secs(60), "{sql}");
            tokio::task::yield_now().await;
        }
    };
    until("SELECT count(*) FROM es.events", "2").await;
    standby.psql(&name, "ALTER SYSTEM SET primary_conninfo = ''");
    standby.psql(&name, "SELECT pg_reload_conf()");
    until("SELECT count(*) FROM pg_stat_wal_receiver", "0").await;
    let new = |number| NewEvent { name: EventName::from_static("new"), ..event(number) };
    let lost = store.append(&id, ExpectedVersion::Any, vec![new(3), new(4)]).await.unwrap();
    assert_eq!(Some(store.read_log(ReadLog::all().limit(0)).await.unwrap().head), lost.position);
    primary.kill();
    standby.promote();
    // The first read may find that its connection is lost.
    let read = async |after| {
        let range = ReadLog::after(after);
        match store.read_log(range.clone()).await {
            Ok(page) => page,
            Err(_) => store.read_log(range).await.unwrap(),
        }
    };
    let page = read(Position::START).await;
    assert_eq!(
        (numbers(&page.events), Some(page.head), Some(page.through)),
        (vec![1, 2], first.position, first.position)
    );
    let waiting = {
        let (store, through) = (store.clone(), page.through);
        tokio::spawn(async move { store.appended_after(through).await })
    };
    let again = async || store.append(&id, ExpectedVersion::Any, vec![new(5), new(6)]).await;
    let appended = match again().await {
        Ok(appended) => appended,
        Err(_) => again().await.unwrap(),
    };
    assert_eq!(appended.position, lost.position, "the positions are given again");
    waiting.await.unwrap().unwrap();
    assert_eq!(numbers(&read(page.through).await.events), [5, 6]);
    // The number of their name was lost, too: somebody who knows only the new server understands them.
    let of_standby = url.replace(&format!(":{}/", primary.port()), &format!(":{}/", standby.port()));
    let after = PostgresStore::connect(&of_standby).await.unwrap();
    let events = after.read_log(ReadLog::after(page.through)).await.unwrap().events;
    assert!(events.len() == 2 && events.iter().all(|event| event.name.as_str() == "new"), "{events:?}");
}

#[tokio::test]
async fn a_server_that_only_reads_says_so_and_is_read() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.database();
    let (id, database) = (stream("account-a"), url.rsplit('/').next().unwrap());
    PostgresStore::connect(&url).await.unwrap().append(&id, ExpectedVersion::Any, vec![event(1)]).await.unwrap();
    let set = |value| {
        server.psql("postgres", &format!("ALTER DATABASE {database} SET default_transaction_read_only = {value}"));
    };
    set("on");
    let store = PostgresStore::connect(&url).await.unwrap();
    let error = store.append(&id, ExpectedVersion::Any, vec![event(2)]).await.unwrap_err();
    assert!(matches!(cause(&error), PostgresError::Unavailable { .. }), "{error:?}");
    assert!(cause(&error).to_string().contains("only reads"), "{}", cause(&error));
    assert_eq!(numbers(&store.read_stream(&id, ReadStream::all()).await.unwrap().events), [1]);
    // A schema that is missing cannot be made, either.
    let error = PostgresStore::options().schema("other").connect(&url).await.unwrap_err();
    assert!(matches!(&error, OpenError::Store(PostgresError::Unavailable { .. })), "{error:?}");
    set("off");
    let store = PostgresStore::connect(&url).await.unwrap();
    assert_eq!(store.append(&id, ExpectedVersion::Any, vec![event(2)]).await.unwrap().version.get(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_what_was_acknowledged_stays() {
    let Some(server) = Postgres::start(&[("fsync", "off")]) else { return };
    let Some(disk) = server.small_disk(24) else { return };
    server.psql("postgres", "CREATE DATABASE bank TABLESPACE small");
    let store = PostgresStore::connect(&server.url("bank")).await.unwrap();
    let id = stream("account-a");
    let large = |number| {
        let mut event = event(number);
        // Nothing that could be made smaller.
        event.payload = (0..200_000_u64)
            .map(|at| u8::try_from((at + number).wrapping_mul(6_364_136_223_846_793_005) >> 56).unwrap())
            .collect::<Vec<_>>()
            .into();
        event
    };
    let mut acknowledged = 0;
    let error = loop {
        assert!(acknowledged < 1_000, "the disk is not full");
        match store.append(&id, ExpectedVersion::Any, vec![large(acknowledged + 1)]).await {
            Ok(_) => acknowledged += 1,
            Err(error) => break error,
        }
    };
    assert!(acknowledged > 0);
    assert!(matches!(cause(&error), PostgresError::Full { .. }), "{error:?}");
    // Several at once: one that fits is not failed by one that does not.
    let writers: Vec<_> = (0..8)
        .map(|number| {
            let (store, event) = (store.clone(), large(10_000 + number));
            tokio::spawn(async move {
                store.append(&stream(&format!("account-{number}")), ExpectedVersion::Any, vec![event]).await
            })
        })
        .collect();
    for writer in writers {
        if let Err(error) = writer.await.unwrap() {
            assert!(matches!(cause(&error), PostgresError::Full { .. }), "{error:?}");
        } else {
            acknowledged += 1;
        }
    }
    // It is read while it is full, and written when it is not.
    let in_log = async || {
        let (mut after, mut count) = (Position::START, 0);
        loop {
            let page = store.read_log(ReadLog::after(after).limit(16)).await.unwrap();
            (after, count) = (page.through, count + page.events.len() as u64);
            if page.is_end {
                return count;
            }
        }
    };
    assert_eq!(in_log().await, acknowledged);
    disk.grow(64);
    store.append(&id, ExpectedVersion::Any, vec![large(20_000)]).await.unwrap();
    assert_eq!(in_log().await, acknowledged + 1);
}

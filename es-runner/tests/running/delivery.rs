//! Every event once, in order, for each processor, from one read of the log.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use es_core::store::EventFilter;
use es_memory_store::MemoryStore;
use es_runner::{Options, Runner, StartError, State, WaitError};

use crate::bench::{Counted, LONG, Notes, fill, name, p, put, put_in};

#[tokio::test(start_paused = true)]
async fn each_event_comes_once_and_in_order_from_the_past_and_the_present() {
    let store = MemoryStore::new();
    fill(&store, 1000, 7).await;
    let notes = Arc::new(Notes::new("notes"));
    let running = Runner::new(store.clone()).add(Arc::clone(&notes), Options::default()).start().unwrap();
    let last = fill(&store, 50, 7).await;
    running.wait_for(&name("notes"), last, LONG).await.unwrap();
    let last = fill(&store, 50, 7).await;
    running.wait_for(&name("notes"), last, LONG).await.unwrap();
    assert_eq!(notes.sorted(), (1..=1100).collect::<Vec<_>>());
    notes.assert_order();
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_processor_goes_on_after_its_checkpoint() {
    let store = MemoryStore::new();
    fill(&store, 30, 3).await;
    let notes = Arc::new(Notes::new("notes"));
    notes.model().checkpoint = Some(p(20));
    let running = Runner::new(store.clone()).add(Arc::clone(&notes), Options::default()).start().unwrap();
    running.wait_for(&name("notes"), p(30), LONG).await.unwrap();
    assert_eq!(notes.sorted(), (21..=30).collect::<Vec<_>>());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn batches_have_a_bound_and_their_commits_follow_each_other() {
    let store = MemoryStore::new();
    fill(&store, 100, 100).await;
    let notes = Arc::new(Notes::new("notes"));
    let options = Options::default().batch(8);
    let running = Runner::new(store.clone()).add(Arc::clone(&notes), options).start().unwrap();
    running.wait_for(&name("notes"), p(100), LONG).await.unwrap();
    running.stop().await;
    let model = notes.model();
    assert!(model.batches.iter().all(|batch| batch.len() <= 8), "{:?}", model.batches);
    let mut at = None;
    for (expected, through) in &model.commits {
        assert_eq!(*expected, at);
        at = Some(*through);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_filter_leaves_out_moves_the_checkpoint_as_well() {
    let store = MemoryStore::new();
    fill(&store, 20, 3).await;
    put_in(&store, "loan", 1, "fine").await;
    let last = fill(&store, 20, 3).await;
    let loans = Arc::new(Notes::new("loans").filtered(EventFilter::all().category("loan")));
    let all = Arc::new(Notes::new("all"));
    let runner = Runner::new(store.clone()).add(Arc::clone(&loans), Options::default());
    let running = runner.add(Arc::clone(&all), Options::default()).start().unwrap();
    running.wait_for(&name("loans"), last, LONG).await.unwrap();
    running.wait_for(&name("all"), last, LONG).await.unwrap();
    assert_eq!(loans.effects(), [21]);
    assert_eq!(all.sorted(), (1..=41).collect::<Vec<_>>());
    let last = put(&store, 1, "fine").await;
    running.wait_for(&name("loans"), last, LONG).await.unwrap();
    assert_eq!(loans.effects(), [21]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn ten_processors_take_about_one_read_of_the_log() {
    let reads = async |processors: usize| {
        let store = MemoryStore::new();
        let last = fill(&store, 10_000, 50).await;
        let counted = Counted::new(store.clone());
        let mut runner = Runner::new(counted.clone()).page(100);
        let all: Vec<_> = (0..processors).map(|number| Arc::new(Notes::new(&format!("n{number}")))).collect();
        for notes in &all {
            runner = runner.add(Arc::clone(notes), Options::default().batch(100));
        }
        let running = runner.start().unwrap();
        for notes in &all {
            running.wait_for(&name(es_core::EventProcessor::name(&**notes).as_str()), last, LONG).await.unwrap();
            assert_eq!(notes.sorted().len(), 10_000);
        }
        let past = counted.reads.load(SeqCst);
        for _ in 0..100 {
            let last = put(&store, 1, "fine").await;
            for notes in &all {
                running.wait_for(es_core::EventProcessor::name(&**notes), last, LONG).await.unwrap();
            }
        }
        running.stop().await;
        (past, counted.reads.load(SeqCst) - past)
    };
    let (one, ten) = (reads(1).await, reads(10).await);
    println!("reads of past and present: {one:?} for one processor, {ten:?} for ten");
    assert!(ten.0 <= one.0 * 3 / 2 && ten.1 <= one.1 * 3 / 2, "{one:?} {ten:?}");
}

#[tokio::test(start_paused = true)]
async fn one_that_is_far_behind_catches_up_by_itself_and_joins_the_others() {
    let store = MemoryStore::new();
    let last = fill(&store, 5_000, 50).await;
    let (late, early) = (Arc::new(Notes::new("late")), Arc::new(Notes::new("early")));
    early.model().checkpoint = Some(last);
    let runner = Runner::new(store.clone()).page(50).add(Arc::clone(&late), Options::default().batch(50));
    let running = runner.add(Arc::clone(&early), Options::default()).start().unwrap();
    let last = put(&store, 1, "fine").await;
    running.wait_for(&name("early"), last, LONG).await.unwrap();
    running.wait_for(&name("late"), last, LONG).await.unwrap();
    assert_eq!((early.effects(), late.sorted().len()), (vec![5001], 5001));
    late.assert_order();
    running.stop().await;
}

#[tokio::test]
async fn lanes_work_side_by_side_and_keys_keep_their_order() {
    let store = MemoryStore::new();
    let notes = Arc::new(Notes::new("notes"));
    for number in 0..400_u64 {
        // Every seventh event is about two accounts, and ties them together.
        put(&store, number % 12, if number % 7 == 0 { "with 3" } else { "fine" }).await;
    }
    let options = Options::default().lanes(6).batch(64);
    let running = Runner::new(store.clone()).add(Arc::clone(&notes), options).start().unwrap();
    running.wait_for(&name("notes"), p(400), LONG).await.unwrap();
    assert!(notes.most_at_work.load(SeqCst) > 1, "no two lanes were at work at once");
    assert_eq!(notes.sorted(), (1..=400).collect::<Vec<_>>());
    notes.assert_order();
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_happens_after_stop_has_returned() {
    let store = MemoryStore::new();
    fill(&store, 500, 20).await;
    let notes = Arc::new(Notes::new("notes").pausing(std::time::Duration::from_millis(50)));
    let running = Runner::new(store.clone()).add(Arc::clone(&notes), Options::default().batch(10)).start().unwrap();
    running.wait_for(&name("notes"), p(50), LONG).await.unwrap();
    let status = running.watch(&name("notes")).unwrap();
    running.stop().await;
    let before = (notes.handled.load(SeqCst), notes.effects().len(), notes.model().checkpoint);
    fill(&store, 20, 20).await;
    tokio::time::sleep(LONG).await;
    assert_eq!((notes.handled.load(SeqCst), notes.effects().len(), notes.model().checkpoint), before);
    // The batch at hand was finished.
    assert_eq!(before.0, before.1);
    assert!(matches!(status.borrow().state, State::Stopped(_)));
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_does_not_end_is_dropped_when_the_time_to_stop_is_over() {
    let store = MemoryStore::new();
    fill(&store, 5, 5).await;
    let notes = Arc::new(Notes::new("notes").pausing(LONG));
    let runner = Runner::new(store.clone()).drain(std::time::Duration::from_secs(3));
    let running = runner.add(Arc::clone(&notes), Options::default()).start().unwrap();
    while notes.handled.load(SeqCst) < 5 {
        tokio::task::yield_now().await;
    }
    let asked = tokio::time::Instant::now();
    running.stop().await;
    assert_eq!(asked.elapsed().as_secs(), 3);
    assert_eq!(notes.model().checkpoint, None);
}

#[tokio::test(start_paused = true)]
async fn who_waits_too_long_learns_for_whom_for_what_and_what_there_is() {
    let store = MemoryStore::new();
    fill(&store, 5, 5).await;
    let notes = Arc::new(Notes::new("notes"));
    let running = Runner::new(store.clone()).add(notes, Options::default()).start().unwrap();
    let timeout = std::time::Duration::from_secs(9);
    let late = running.wait_for(&name("notes"), p(6), timeout).await;
    assert_eq!(late, Err(WaitError::Timeout { processor: name("notes"), wanted: p(6), seen: Some(p(5)), timeout }));
    let unknown = running.wait_for(&name("other"), p(1), timeout).await;
    assert_eq!(unknown, Err(WaitError::Unknown { processor: name("other") }));
    assert_eq!(running.status(&name("other")).state, State::Unknown);
    running.stop().await;
}

#[tokio::test]
async fn a_runner_that_cannot_work_does_not_start() {
    let (one, two) = (Arc::new(Notes::new("notes")), Arc::new(Notes::new("notes")));
    let twice = Runner::new(MemoryStore::new()).add(one, Options::default()).add(two, Options::default()).start();
    assert_eq!(twice.unwrap_err(), StartError::DuplicateName { processor: name("notes") });
    let parks = Options::default().on_failure(es_runner::OnFailure::Park(es_core::store::ParkCapacity::default()));
    let nowhere = Runner::new(MemoryStore::new()).add(Arc::new(Notes::new("notes")), parks).start();
    assert_eq!(nowhere.unwrap_err(), StartError::NowhereToPark { processor: name("notes") });
    let follows = Runner::new(MemoryStore::new());
    let follows = follows.add_successor(Arc::new(Notes::new("v2")), &name("v1"), Options::default()).start();
    assert_eq!(follows.unwrap_err(), StartError::NothingToFollow { processor: name("v2"), old: name("v1") });
}

#[tokio::test(start_paused = true)]
async fn who_has_all_the_time_of_the_world_may_say_so() {
    let store = MemoryStore::new();
    let running = Runner::new(store.clone()).add(Arc::new(Notes::new("notes")), Options::default()).start().unwrap();
    let last = fill(&store, 10, 1).await;
    running.wait_for(&name("notes"), last, Duration::MAX).await.unwrap();
    running.stop().await;
}

#[test]
fn who_waits_and_the_processor_do_not_wait_for_each_other() {
    let (done, is_done) = std::sync::mpsc::channel();
    // In a thread of its own, which is left behind if it does not end.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
        runtime.block_on(ask_all_the_time());
        done.send(()).unwrap();
    });
    is_done
        .recv_timeout(Duration::from_secs(120))
        .expect("who waits for a position gets on, and so does the processor");
}

/// Every event is another status, and others look at it all the time.
async fn ask_all_the_time() {
    const EVENTS: u64 = 20_000;
    let store = MemoryStore::new();
    let notes = Arc::new(Notes::new("notes"));
    let running = Runner::new(store.clone()).add(Arc::clone(&notes), Options::default()).start().unwrap();
    let running = Arc::new(running);
    fill(&store, 1, 1).await;
    let asking = |_| {
        let running = Arc::clone(&running);
        tokio::spawn(async move {
            let name = name("notes");
            while running.status(&name).checkpoint < Some(p(EVENTS)) {
                running.wait_for(&name, p(1), LONG).await.unwrap();
            }
        })
    };
    let asking: Vec<_> = (0..3).map(asking).collect();
    for _ in 1..EVENTS {
        fill(&store, 1, 1).await;
        tokio::task::yield_now().await;
    }
    for asking in asking {
        asking.await.unwrap();
    }
}

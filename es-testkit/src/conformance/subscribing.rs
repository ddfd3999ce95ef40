//! Rules 23 to 25, and what subscriptions make of them.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use es_core::store::{Delivery, ReadLog, StreamSubscription, Subscription};
use es_core::{Position, Version};

use super::executor::yield_now;
use super::numbered::{number, numbers, put, v};
use super::rules::{ended, rule, same};
use super::subject::Subject;

/// Looks at a future once.
fn look<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

pub(super) async fn rule_23_waiting_for_what_is_there_ends_at_once(on: &Subject) {
    let a = on.stream("a");
    on.put(&a, [1, 2]).await;
    let first = on.own().await[0].position;
    for position in [Position::START, on.floor(), first] {
        ended!(23, on.subscribe().appended_after(position).await, Ok(()) => (), "waiting after {position}");
    }
}

pub(super) async fn rule_23_waiting_ends_when_there_is_an_event_which_a_read_then_finds(on: &Subject) {
    let a = on.stream("a");
    for round in 0..30 {
        let (store, head) = (on.subscribe(), on.head().await);
        let waiting = on.spawn(async move {
            loop {
                ended!(23, store.appended_after(head).await, Ok(()) => (), "waiting after {head}");
                let page = ended!(23, store.read_log(ReadLog::after(head)).await, Ok(page) => page, "a read");
                if !page.events.is_empty() {
                    return page.events;
                }
                yield_now().await;
            }
        });
        on.put(&a, [round]).await;
        let found: Vec<_> = waiting.await.into_iter().filter(|event| on.is_own(event)).collect();
        same!(23, numbers(&found), [round], "what a waiter found");
    }
}

pub(super) async fn rule_24_waiting_at_the_head_does_not_end_early_for_ever(on: &Subject) {
    on.put(&on.stream("a"), [1]).await;
    for _ in 0..1000 {
        let (store, head) = (on.subscribe(), on.head().await);
        if look(store.appended_after(head)).is_none() {
            return;
        }
    }
    rule!(24, false, "waiting at the head ended at once a thousand times, and there was nothing");
}

pub(super) async fn rule_24_dropping_a_waiter_does_no_harm(on: &Subject) {
    let a = on.stream("a");
    for round in 0..30 {
        let (store, head) = (on.subscribe(), on.head().await);
        for _ in 0..10 {
            drop(look(store.appended_after(head)));
        }
        let waiting = on.spawn(async move { store.appended_after(head).await });
        on.put(&a, [round]).await;
        ended!(24, waiting.await, Ok(()) => (), "waiting after others were dropped");
    }
}

pub(super) async fn rule_25_every_waiter_is_woken(on: &Subject) {
    let a = on.stream("a");
    for round in 0..10 {
        let head = on.head().await;
        let waiting: Vec<_> = (0..24)
            .map(|_| {
                let store = on.subscribe();
                on.spawn(async move { store.appended_after(head).await })
            })
            .collect();
        for _ in 0..round {
            yield_now().await;
        }
        on.put(&a, [round]).await;
        for waiter in waiting {
            ended!(25, waiter.await, Ok(()) => (), "one of 24 waiters");
        }
    }
}

pub(super) async fn rule_25_no_event_is_missed_between_looking_and_waiting(on: &Subject) {
    let a = on.stream("a");
    for round in 0..150 {
        let (store, head) = (on.subscribe(), on.head().await);
        let waiting = on.spawn(async move { store.appended_after(head).await });
        if round % 3 == 1 {
            yield_now().await;
        }
        on.put(&a, [round]).await;
        ended!(25, waiting.await, Ok(()) => (), "waiting while an event comes");
    }
}

pub(super) async fn rule_25_a_reader_that_waits_keeps_up_with_a_fast_writer(on: &Subject) {
    const EVENTS: u64 = 200;
    let (store, floor, salt, a) = (on.subscribe(), on.floor(), on.salt(), on.stream("a"));
    let category = on.filter(&[""]);
    let reader = on.spawn(async move {
        let (mut seen, mut range) = (vec![], ReadLog::after(floor).filter(category));
        while (seen.len() as u64) < EVENTS {
            ended!(25, store.appended_after(range.after).await, Ok(()) => (), "waiting");
            let page = ended!(25, store.read_log(range.clone()).await, Ok(page) => page, "a read");
            range = range.resume(page.through);
            seen.extend(numbers(&page.events));
            yield_now().await;
        }
        seen
    });
    for number in 0..EVENTS {
        put(&**on.store(), salt, &a, [number]).await;
    }
    same!(25, reader.await, (0..EVENTS).collect::<Vec<_>>(), "what a waiting reader saw");
}

pub(super) async fn rule_23_a_subscription_gives_the_past_then_one_mark_then_what_happens(on: &Subject) {
    let (a, b) = (on.stream("a"), on.stream("b"));
    on.put(&a, [1, 2]).await;
    let mut all = Subscription::new(on.subscribe(), on.floor()).filter(on.filter(&[""])).ahead(1);
    let mut next = async || ended!(23, all.next().await, Ok(delivery) => delivery, "a subscription");
    let mut said = vec![];
    for round in 0..3 {
        let mut marks = 0;
        while marks == 0 {
            match next().await {
                Delivery::Event(event) => said.push(number(&event)),
                Delivery::CaughtUp(_) => marks += 1,
                Delivery::Advanced(_) => {}
            }
        }
        same!(23, said.len(), 2 + round, "the number of events before mark {round}");
        on.put(&b, [3 + round as u64]).await;
    }
    same!(23, said, [1, 2, 3, 4], "what a subscription gave");
}

pub(super) async fn rule_13_what_a_filter_leaves_out_moves_a_subscription_on(on: &Subject) {
    let (a, rare) = (on.stream("a"), on.stream_in("rare", "a"));
    on.put(&a, 0..400).await;
    let mut all = Subscription::new(on.subscribe(), on.floor()).filter(on.filter(&["rare"])).ahead(10);
    let head = on.head().await;
    for _ in 0..10_000 {
        match ended!(13, all.next().await, Ok(delivery) => delivery, "a subscription") {
            Delivery::Event(event) => rule!(19, false, "it gave event {}", number(&event)),
            Delivery::Advanced(_) => {}
            Delivery::CaughtUp(_) => break,
        }
    }
    rule!(13, all.checkpoint() >= head, "a subscription that found nothing is at {}, not {head}", all.checkpoint());
    on.put(&rare, [777]).await;
    for _ in 0..10_000 {
        if let Delivery::Event(event) = ended!(13, all.next().await, Ok(delivery) => delivery, "a subscription") {
            return same!(19, number(&event), 777, "the event that it found");
        }
    }
    rule!(13, false, "a subscription gave ten thousand marks and no event");
}

pub(super) async fn rule_23_a_subscription_that_resumes_goes_on_after_its_checkpoint(on: &Subject) {
    let a = on.stream("a");
    on.put(&a, 0..20).await;
    let (mut checkpoint, mut seen) = (on.floor(), vec![]);
    while seen.len() < 20 {
        let mut part = Subscription::new(on.subscribe(), checkpoint).filter(on.filter(&[""])).ahead(3);
        let mut taken = 0;
        while taken < 4 && seen.len() < 20 {
            if let Delivery::Event(event) = ended!(23, part.next().await, Ok(delivery) => delivery, "a subscription") {
                seen.push(number(&event));
                taken += 1;
            }
        }
        checkpoint = part.checkpoint();
    }
    same!(23, seen, (0..20).collect::<Vec<_>>(), "what resumed subscriptions gave");
}

pub(super) async fn rule_23_a_subscription_hands_over_from_past_to_present_while_many_write(on: &Subject) {
    const WRITERS: u64 = 4;
    const EACH: u64 = 50;
    on.put(&on.stream("past"), 100_000..100_020).await;
    let mut all = Subscription::new(on.subscribe(), on.floor()).filter(on.filter(&[""])).ahead(5);
    let mut of_2 = StreamSubscription::new(on.subscribe(), &on.stream("w2"), Version::EMPTY).ahead(3);
    let total = WRITERS * EACH + 20;
    let log = on.spawn(async move {
        let mut seen = vec![];
        while (seen.len() as u64) < total {
            if let Delivery::Event(event) = ended!(23, all.next().await, Ok(delivery) => delivery, "a subscription") {
                seen.push(event);
            }
        }
        seen
    });
    let one = on.spawn(async move {
        let mut seen = vec![];
        while (seen.len() as u64) < EACH {
            if let Delivery::Event(event) = ended!(23, of_2.next().await, Ok(delivery) => delivery, "one of a stream") {
                seen.push(number(&event));
            }
        }
        seen
    });
    on.at_once(WRITERS, |writer| {
        let (store, salt, stream) = (on.store().clone(), on.salt(), on.stream(&format!("w{writer}")));
        async move {
            for round in 0..EACH {
                put(&*store, salt, &stream, [writer * 1000 + round]).await;
                yield_now().await;
            }
        }
    })
    .await;
    let seen = log.await;
    rule!(11, seen.is_sorted_by(|one, next| one.position < next.position), "a subscription gave events out of order");
    let mut given = numbers(&seen);
    given.sort_unstable();
    let mut meant: Vec<u64> = (0..WRITERS).flat_map(|writer| writer * 1000..writer * 1000 + EACH).collect();
    meant.extend(100_000..100_020);
    same!(23, given, meant, "what a subscription gave while many wrote");
    same!(23, one.await, (2000..2000 + EACH).collect::<Vec<_>>(), "what one of a stream gave");
    same!(2, on.version(&on.stream("w2")).await, v(EACH), "the version of that stream");
}

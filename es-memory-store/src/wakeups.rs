//! Waking those who wait for something, at next to no cost while nobody waits.

use std::sync::atomic::{AtomicUsize, Ordering, fence};

use event_listener::Event;

/// Those who wait.
#[derive(Default)]
pub(crate) struct Wakeups {
    happened: Event,
    waiting: AtomicUsize,
}

/// Somebody who waits, or has given up when this is dropped.
struct Waiting<'w>(&'w AtomicUsize);

impl Wakeups {
    /// Wakes all who wait, after what they wait for has happened.
    pub(crate) fn happened(&self) {
        // Either this sees who waits, or who waits sees what has happened: each first says its own, then looks.
        fence(Ordering::SeqCst);
        if self.waiting.load(Ordering::Relaxed) > 0 {
            self.happened.notify(usize::MAX);
        }
    }

    /// Returns when `is_so`, which is asked at first and after each wake-up.
    pub(crate) async fn wait_until(&self, is_so: impl Fn() -> bool) {
        if is_so() {
            return;
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        loop {
            // Listening comes before looking, so that what happens between the two is not missed.
            let listener = self.happened.listen();
            fence(Ordering::SeqCst);
            if is_so() {
                return;
            }
            listener.await;
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

//! How often, and after what pause, a command is decided again.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

type Pause = Arc<dyn Fn(u32) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// How many times a command is decided before a conflict is given back to the caller, and what is waited for between.
///
/// The default is 10 attempts with nothing but a yield to other tasks between them, which suits stores in the same
/// process.
/// The core knows no timer, so a pause comes from your runtime:
///
/// ```
/// use es_core::RetryBudget;
/// use std::time::Duration;
///
/// let patient = RetryBudget::attempts(5).with_pause(|failed| tokio::time::sleep(Duration::from_millis(10 << failed)));
/// let never_again = RetryBudget::attempts(1);
/// # let _ = (patient, never_again);
/// ```
#[derive(Clone)]
pub struct RetryBudget {
    attempts: u32,
    pause: Option<Pause>,
}

impl RetryBudget {
    /// Decides at most `attempts` times; 0 is taken as 1.
    pub fn attempts(attempts: u32) -> Self {
        Self { attempts: attempts.max(1), pause: None }
    }

    /// Waits for the future that `pause` makes from the number of failed attempts, 1 at first.
    #[must_use]
    pub fn with_pause<F>(mut self, pause: impl Fn(u32) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.pause = Some(Arc::new(move |failed| Box::pin(pause(failed))));
        self
    }

    pub(super) fn is_spent_after(&self, failed: u32) -> bool {
        failed >= self.attempts
    }

    pub(super) async fn pause(&self, failed: u32) {
        match &self.pause {
            Some(pause) => pause(failed).await,
            None => YieldOnce(false).await,
        }
    }
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self::attempts(10)
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryBudget").field("attempts", &self.attempts).finish_non_exhaustive()
    }
}

/// Lets other tasks of the executor run.
struct YieldOnce(bool);

impl Future for YieldOnce {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

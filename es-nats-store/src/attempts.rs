//! Changing what others change as well: somebody else may be faster, again and again.

use std::time::{Duration, Instant};

use crate::error::NatsError;
use crate::js::Js;

const SHORTEST: Duration = Duration::from_millis(2);
const LONGEST: Duration = Duration::from_millis(500);

/// Attempts with pauses in between that grow, until patience ends.
pub(crate) struct Attempts {
    start: Instant,
    pause: Duration,
    patience: Duration,
}

impl Attempts {
    /// Waits before what was `last` in the way is tried again.
    pub(crate) async fn again(&mut self, last: &str) -> Result<(), NatsError> {
        if self.start.elapsed() + self.pause >= self.patience {
            return Err(NatsError::NoAnswer { patience: self.patience, last: last.to_owned() });
        }
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST);
        Ok(())
    }
}

impl Js {
    /// For a change that is to be attempted as long as [`patiently`](Self::patiently) asks.
    pub(crate) fn attempts(&self) -> Attempts {
        Attempts { start: Instant::now(), pause: SHORTEST, patience: self.patience }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn attempts_end_with_patience() {
        let (start, pause, patience) = (Instant::now(), Duration::from_millis(1), Duration::from_millis(20));
        let (mut attempts, mut pauses) = (Attempts { start, pause, patience }, 0);
        let ended = loop {
            match attempts.again("others are faster").await {
                Ok(()) => pauses += 1,
                Err(error) => break error,
            }
        };
        // 1, 2, 4 and 8 ms at most.
        assert!((0..=4).contains(&pauses), "{pauses}");
        assert!(matches!(&ended, NatsError::NoAnswer { last, .. } if last == "others are faster"), "{ended:?}");
    }
}

//! Where a driver writes how its processor is, for all who want to know.

use std::sync::Arc;

use es_core::store::CheckpointName;
use tokio::sync::{broadcast, watch};

use crate::status::{Happened, Progress, State, Status, Stopped};

/// The status of one processor, and the feed of all.
pub(crate) struct Board {
    pub(crate) name: CheckpointName,
    status: Arc<watch::Sender<Status>>,
    progress: broadcast::Sender<Progress>,
}

impl Board {
    pub(crate) fn new(
        name: CheckpointName,
        status: Arc<watch::Sender<Status>>,
        progress: broadcast::Sender<Progress>,
    ) -> Self {
        Self { name, status, progress }
    }

    /// Changes the status, and notifies if it is another one.
    pub(crate) fn update(&self, change: impl FnOnce(&mut Status)) {
        self.status.send_if_modified(|status| {
            let before = status.clone();
            change(status);
            *status != before
        });
    }

    pub(crate) fn set(&self, state: State) {
        self.update(|status| status.state = state);
    }

    pub(crate) fn tell(&self, what: Happened) {
        // Nobody may be listening.
        let _ = self.progress.send(Progress { processor: self.name.clone(), what });
    }

    pub(crate) fn stop(&self, why: Stopped) {
        self.update(|status| {
            status.state = State::Stopped(why.clone());
            status.token = None;
        });
        self.tell(Happened::Stopped(why));
    }
}

impl Drop for Board {
    /// Whatever ended the driver, nobody is told that it still runs.
    fn drop(&mut self) {
        let why = if std::thread::panicking() {
            Stopped::Failed { at: None, errors: vec!["it panicked where it says where it is".to_owned()] }
        } else {
            Stopped::Requested
        };
        self.update(|status| {
            if !matches!(status.state, State::Stopped(_)) {
                status.state = State::Stopped(why);
            }
            status.token = None;
        });
    }
}

//! Telling those who wait that the log has grown, and other processes that they may look.
//!
//! A look at the head of the log is the truth. Being told, by this process or by others, only makes it come sooner.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use es_core::Position;
use event_listener::{Event, EventListener};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::append::channel;
use crate::connection::Connection;
use crate::error::PostgresError;
use crate::pool::Pool;
use crate::read::Reader;
use crate::schema::SchemaName;

/// How many looks without anybody waiting end the task.
const IDLE_LOOKS: u32 = 20;
/// How often other processes are told at most.
const TELL_EVERY: Duration = Duration::from_millis(10);

/// Those who wait for the head of the log to move, and the task that looks for them.
pub(crate) struct Watch {
    /// The head that those who wait were told of last.
    told: AtomicU64,
    grown: Event,
    looking: Mutex<Looking>,
    poke: Arc<Notify>,
    interval: Duration,
    pool: Arc<Pool>,
    reader: Arc<Reader>,
    listen: String,
    tell: Arc<str>,
    is_telling: AtomicBool,
    has_more_to_tell: AtomicBool,
}

#[derive(Default)]
struct Looking {
    waiting: usize,
    is_running: bool,
    /// Why the last look failed.
    failed: Option<PostgresError>,
}

impl Watch {
    pub(crate) fn new(pool: Arc<Pool>, reader: Arc<Reader>, schema: &SchemaName, interval: Duration) -> Self {
        let channel = channel(schema);
        Self {
            told: AtomicU64::new(0),
            grown: Event::new(),
            looking: Mutex::default(),
            poke: Arc::default(),
            interval,
            pool,
            reader,
            listen: format!("LISTEN {channel}"),
            tell: format!("SELECT pg_notify('{channel}', '')").into(),
            is_telling: AtomicBool::new(false),
            has_more_to_tell: AtomicBool::new(false),
        }
    }

    /// The log has come to `head`, or has fallen back to it with the loss of a server.
    pub(crate) fn moved(&self, head: Position) {
        if self.told.swap(head.get(), Ordering::SeqCst) != head.get() {
            self.grown.notify(usize::MAX);
        }
    }

    /// The head as it was seen last.
    pub(crate) fn head(&self) -> Position {
        self.reader.last_head()
    }

    pub(crate) fn listen(&self) -> EventListener {
        self.grown.listen()
    }

    /// Has the log looked at for as long as what is returned is kept.
    pub(crate) fn wait(self: &Arc<Self>) -> Waiting {
        self.looking().waiting += 1;
        Waiting(Arc::clone(self))
    }

    /// Has it looked at now.
    ///
    /// # Errors
    /// Why the last look failed.
    pub(crate) fn look(self: &Arc<Self>) -> Result<(), PostgresError> {
        let mut looking = self.looking();
        if let Some(failed) = looking.failed.take() {
            return Err(failed);
        }
        if !std::mem::replace(&mut looking.is_running, true) {
            drop(looking);
            tokio::spawn(Arc::clone(self).run(Running(Some(Arc::clone(self)))));
        }
        Ok(())
    }

    /// This process has appended something.
    pub(crate) fn appended(self: &Arc<Self>) {
        if self.looking().waiting > 0 {
            self.poke.notify_one();
        }
        self.has_more_to_tell.store(true, Ordering::SeqCst);
        if !self.is_telling.swap(true, Ordering::SeqCst) {
            tokio::spawn(Arc::clone(self).tell(Telling(Arc::clone(self))));
        }
    }

    /// Tells the other processes, not for every append, and without an append waiting for it.
    async fn tell(self: Arc<Self>, mut over: Telling) {
        loop {
            while self.has_more_to_tell.swap(false, Ordering::SeqCst) {
                // If they are not told, they look all the same.
                if let Ok(mut connection) = self.pool.get().await {
                    let told = connection.query(&self.tell, &[]).await;
                    let _ = connection.after(told);
                }
                sleep(TELL_EVERY).await;
            }
            drop(over);
            // Whoever had more to tell in between has left it to this task.
            if !self.has_more_to_tell.load(Ordering::SeqCst) || self.is_telling.swap(true, Ordering::SeqCst) {
                return;
            }
            over = Telling(Arc::clone(&self));
        }
    }

    async fn run(self: Arc<Self>, mut over: Running) {
        let mut connection = None;
        let mut idle = 0;
        loop {
            let mut looked = self.look_once(&mut connection).await;
            if looked.is_err() {
                // The connection may just have been lost; on a new one, it is not.
                connection = None;
                looked = self.look_once(&mut connection).await;
            }
            match looked {
                Ok(head) => self.moved(head),
                Err(error) => {
                    let mut looking = self.looking();
                    looking.failed = (looking.waiting > 0).then_some(error);
                    return;
                }
            }
            {
                let mut looking = self.looking();
                idle = if looking.waiting == 0 { idle + 1 } else { 0 };
                if idle >= IDLE_LOOKS {
                    looking.is_running = false;
                    over.0 = None;
                    return;
                }
            }
            let _ = timeout(self.interval, self.poke.notified()).await;
        }
    }

    async fn look_once(&self, connection: &mut Option<Connection>) -> Result<Position, PostgresError> {
        if connection.as_ref().is_none_or(|connection| !connection.is_open()) {
            let poke = Arc::clone(&self.poke);
            let new = self.pool.connector.connect(move || poke.notify_one()).await?;
            new.batch(&self.listen).await?;
            *connection = Some(new);
        }
        let connection = connection.as_mut().ok_or(PostgresError::ShuttingDown)?;
        self.reader.head(connection).await
    }

    fn looking(&self) -> MutexGuard<'_, Looking> {
        self.looking.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// However the task ends, and be it before it has begun, those who wait are told, and can start another.
struct Running(Option<Arc<Watch>>);

impl Drop for Running {
    fn drop(&mut self) {
        let Some(watch) = self.0.take() else { return };
        watch.looking().is_running = false;
        watch.grown.notify(usize::MAX);
    }
}

/// However the task ends, and be it before it has begun, another can be started.
struct Telling(Arc<Watch>);

impl Drop for Telling {
    fn drop(&mut self) {
        self.0.is_telling.store(false, Ordering::SeqCst);
    }
}

/// Somebody who waits.
pub(crate) struct Waiting(Arc<Watch>);

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut looking = self.0.looking();
        looking.waiting -= 1;
        if looking.waiting == 0 {
            // Who waits later is to know of later looks.
            looking.failed = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use tokio::runtime::Builder;

    use super::*;
    use crate::connection::Connector;
    use crate::tls::Tls;

    fn watch() -> Arc<Watch> {
        let second = Duration::from_secs(1);
        let config = "postgres://nobody@127.0.0.1:1/nothing".parse().unwrap();
        let connector = Connector { config, tls: Tls::None, connect_timeout: second, statement_timeout: second };
        let schema = SchemaName::new("es").unwrap();
        let (pool, reader) = (Arc::new(Pool::new(connector, 1)), Arc::new(Reader::new(&schema)));
        Arc::new(Watch::new(pool, reader, &schema, second))
    }

    fn is_idle(watch: &Watch) -> bool {
        !watch.looking().is_running && !watch.is_telling.load(Ordering::SeqCst)
    }

    #[test]
    fn tasks_that_never_began_can_be_started_again() {
        let watch = watch();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            watch.look().unwrap();
            watch.appended();
        });
        assert!(!is_idle(&watch), "both are about to run");
        drop(runtime);
        assert!(is_idle(&watch));
        assert!(catch_unwind(AssertUnwindSafe(|| watch.look())).is_err(), "there is no runtime");
        assert!(catch_unwind(AssertUnwindSafe(|| watch.appended())).is_err(), "there is no runtime");
        assert!(is_idle(&watch));
    }

    #[tokio::test]
    async fn a_failure_is_not_told_to_who_comes_after_all_have_gone() {
        let watch = watch();
        let (first, second) = (watch.wait(), watch.wait());
        watch.looking().failed = Some(PostgresError::ShuttingDown);
        drop(first);
        assert!(watch.looking().failed.is_some(), "one still waits");
        drop(second);
        assert!(watch.looking().failed.is_none());
        // Nobody waits for this look at a server that cannot be reached.
        let over = Running(Some(Arc::clone(&watch)));
        Arc::clone(&watch).run(over).await;
        assert!(watch.looking().failed.is_none());
        let _waiting = watch.wait();
        Arc::clone(&watch).run(Running(Some(Arc::clone(&watch)))).await;
        assert!(watch.look().is_err(), "who waits is told");
    }
}

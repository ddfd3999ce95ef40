//! What panics is noted, and takes nothing else with it.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use es_app::Application;
use es_core::process::{Reaction, Rejected, Trigger};
use es_core::{ProcessManager, Project, Projection, React, RecordedEvent};
use es_memory_store::MemoryStore;

use crate::domain::{Account, AccountOpened, Balance, BonusDue, DAY, Deposit, MoneyDeposited, OpenAccount, SOON};
use crate::running::runtime_clock;

static IS_CALM: AtomicBool = AtomicBool::new(false);

#[derive(Debug, Default, ProcessManager)]
#[process(
    name = "nervous_bonus", id = String,
    events(AccountOpened(start, key = recorded.stream.id().to_owned())),
    deadlines(BonusDue),
    commands(Account(Deposit)),
)]
struct NervousBonus {}

impl React<AccountOpened> for NervousBonus {
    fn react(&self, _: &AccountOpened, trigger: &Trigger) -> Reaction<Self> {
        Reaction::new().schedule(BonusDue {}, trigger.after(DAY))
    }
}

impl React<BonusDue> for NervousBonus {
    fn react(&self, _: &BonusDue, trigger: &Trigger) -> Reaction<Self> {
        assert!(IS_CALM.load(SeqCst), "what now?");
        Reaction::new().send::<Account>(trigger.process.id(), Deposit { amount: 7 }).end()
    }
}

impl React<Rejected<Deposit>> for NervousBonus {
    fn react(&self, _: &Rejected<Deposit>, _: &Trigger) -> Reaction<Self> {
        Reaction::none()
    }
}

#[derive(Debug, Default, Projection)]
#[projection(name = "nervous-total", events(MoneyDeposited))]
struct NervousTotal {
    cents: i64,
}

impl Project<MoneyDeposited> for NervousTotal {
    fn project(&mut self, event: MoneyDeposited, _: &RecordedEvent) {
        self.cents += event.amount;
        assert!(event.amount != 7, "seven?");
    }
}

#[tokio::test(start_paused = true)]
async fn what_panics_is_noted_and_the_others_go_on() {
    let app = Application::new(MemoryStore::new())
        .clock(runtime_clock())
        .aggregate::<Account>()
        .projection::<Balance>()
        .process::<NervousBonus>()
        .in_memory(NervousTotal::default())
        .start()
        .await
        .unwrap();
    let done = app.execute::<Account>("ada", OpenAccount { owner: "Ada".into() }).await.unwrap();
    app.wait_for::<NervousBonus>(done.position, SOON).await.unwrap();

    tokio::time::sleep(2 * DAY).await;
    let status = app.status();
    assert_eq!(status.deadlines[0].1.errors, ["it panicked: what now?"]);
    assert!(!status.is_healthy());
    // The deadline is still due, and is tried again.
    IS_CALM.store(true, SeqCst);
    tokio::time::sleep(Duration::from_secs(100)).await;
    let status = app.status();
    assert_eq!((status.deadlines[0].1.reached, status.deadlines[0].1.errors.len()), (1, 0));
    assert_eq!(app.load::<Account>("ada").await.unwrap().state().balance, 7);

    // It has counted the seven and not said so, so it does no more.
    let done = app.execute::<Account>("ada", Deposit { amount: 5 }).await.unwrap();
    app.wait_for::<Balance>(done.position, SOON).await.unwrap();
    let status = app.status();
    assert_eq!(status.in_memory[0].1.errors, ["it panicked: seven?"]);
    assert!(!status.is_healthy());
    app.wait_for::<NervousTotal>(done.position, SOON).await.unwrap_err();
    assert_eq!(app.in_memory::<NervousTotal>().unwrap().read(|total, _| total.cents), 7);
    app.stop().await;
}

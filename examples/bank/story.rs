//! What the bank does, and what it says about it.

use std::error::Error;

use es::Store;
use es_core::store::{EventStore, ReadLog, ReadStream};
use es_core::{
    Aggregate, Metadata, Position, ProcessDriver, ProjectionRunner, RecordedEvent, Repository, RetryBudget, StreamId,
    Timestamp,
};

use crate::account::{Account, CloseAccount, Deposit, OpenAccount, Withdraw};
use crate::balances::{Balances, GetBalance, GetRichest};
use crate::history;
use crate::order::{Order, OrderTransfer, Status};
use crate::transfer::Transfer;

type Told = Result<(), Box<dyn Error>>;
type Tell<'a> = &'a mut dyn FnMut(String);
type Accounts = Repository<Account, Store>;

/// Runs the bank and hands every line of the story to `tell`; a bank that has been run before tells what it remembers.
///
/// # Errors
/// Anything that went another way than told.
pub async fn tell(store: Store, tell: Tell<'_>) -> Told {
    let accounts = Accounts::new(store.clone()).with_snapshots().with_cache(1_000);
    let balances = ProjectionRunner::new(store.clone(), Balances::default());
    let known = head(&store).await?;
    if known > Position::START {
        return remembered(&accounts, &balances, known, tell).await;
    }
    commands(&accounts, tell).await?;
    old_events(&accounts, tell).await?;
    many_at_once(&accounts, tell).await?;
    read_model(&accounts, &balances, tell).await?;
    transfers(&accounts, tell).await?;
    model(tell);
    Ok(())
}

async fn remembered(
    accounts: &Accounts,
    balances: &ProjectionRunner<Balances, Store>,
    known: Position,
    tell: Tell<'_>,
) -> Told {
    tell(format!("The bank remembers: {known} events from before"));
    balances.catch_up().await?;
    for (account, balance) in balances.query(GetRichest { count: 10 }) {
        tell(format!("   {account} has {balance}, at version {}", accounts.load(&account).await?.version()));
    }
    let done = accounts.execute("ada", Deposit { amount: 1, currency: "EUR".into() }).await?;
    tell(format!("   Ada deposits 1: version {}, position {}", done.version, done.position));
    tell(format!("   and has {}", accounts.load("ada").await?.state().balance));
    tell("   For the whole story, begin with another file: `--store sqlite:new.db`, or `--store memory:`".into());
    Ok(())
}

async fn commands(accounts: &Accounts, tell: Tell<'_>) -> Told {
    tell("1. Commands become events, or are refused".into());
    accounts.execute("ada", OpenAccount { owner: "Ada".into() }).await?;
    accounts.execute("ada", Deposit { amount: 100, currency: "EUR".into() }).await?;
    let done = accounts.execute("ada", Withdraw { amount: 30 }).await?;
    tell(format!("   Ada opens an account, deposits 100, withdraws 30: version {}, {:?}", done.version, done.events));
    let refused = accounts.execute("ada", Withdraw { amount: 500 }).await.expect_err("Ada has only 70");
    tell(format!("   Ada withdraws 500: refused, {refused}"));
    let again = accounts.execute("ada", OpenAccount { owner: "Eve".into() }).await.expect_err("the account exists");
    tell(format!("   Eve opens the same account: refused, {again}"));
    let (now, before) = (accounts.load("ada").await?, accounts.load_at("ada", 2).await?);
    let (now, before) = (now.state().balance, before.state().balance);
    tell(format!("   her balance, replayed from the events: {now} now, {before} at version 2"));
    for event in stream(accounts.store(), "ada").await? {
        tell(format!("   stored: {} {}", event.name, String::from_utf8_lossy(&event.payload)));
    }
    Ok(())
}

async fn old_events(accounts: &Accounts, tell: Tell<'_>) -> Told {
    tell("\n2. An old event never breaks you".into());
    history::store_events_of_grace(accounts.store()).await?;
    for (name, version, payload) in history::OF_GRACE {
        tell(format!("   stored long ago: {name} version {version} {payload}"));
    }
    let grace = accounts.load("grace").await?;
    tell(format!("   Grace's balance, each read in its own version: {}", grace.state().balance));
    let time: Timestamp = "2012-12-31T00:00:00Z".parse()?;
    tell(format!("   at the end of 2012 it was: {}", accounts.load_at("grace", time).await?.state().balance));
    Ok(())
}

async fn many_at_once(accounts: &Accounts, tell: Tell<'_>) -> Told {
    tell("\n3. Twenty deposits at the same time".into());
    let mut tasks = Vec::new();
    for _ in 0..20 {
        // All twenty meet at one account, so the last of them may have to decide twenty times.
        let accounts = accounts.clone().with_retry(RetryBudget::attempts(100));
        let deposit = Deposit { amount: 1, currency: "EUR".into() };
        tasks.push(tokio::spawn(async move { accounts.execute("ada", deposit).await }));
    }
    for task in tasks {
        task.await??;
    }
    let ada = accounts.load("ada").await?;
    tell(format!(
        "   whoever was too late has decided again: version {}, balance {}",
        ada.version(),
        ada.state().balance
    ));
    Ok(())
}

async fn read_model(accounts: &Accounts, balances: &ProjectionRunner<Balances, Store>, tell: Tell<'_>) -> Told {
    tell("\n4. A read model answers queries".into());
    let live = tokio::spawn({
        let balances = balances.clone();
        async move { balances.run().await }
    });
    let done = accounts.execute("ada", Deposit { amount: 10, currency: "EUR".into() }).await?;
    balances.wait_for(done.position).await?;
    let ada = balances.query(GetBalance { account: "ada" }).ok_or("Ada has an account")?;
    tell(format!("   the deposit at position {} is seen: Ada has {ada}", done.position));
    tell(format!("   the richest: {:?}", balances.query(GetRichest { count: 2 })));
    live.abort();

    // The read model and its checkpoint can be kept, and go on later from there.
    let (kept, checkpoint) = balances.read(|balances, checkpoint| (balances.clone(), checkpoint));
    let resumed = ProjectionRunner::resume(accounts.store().clone(), kept, checkpoint);
    let done = accounts.execute("ada", Withdraw { amount: 40 }).await?;
    resumed.wait_for(done.position).await?;
    let ada = resumed.query(GetBalance { account: "ada" }).ok_or("Ada has an account")?;
    tell(format!("   resumed after position {checkpoint}: Ada has {ada}"));
    Ok(())
}

async fn transfers(accounts: &Accounts, tell: Tell<'_>) -> Told {
    tell("\n5. A transfer, one that is made good, and one that waits for money".into());
    let store = accounts.store();
    let orders = Repository::<Order, _>::new(store.clone());
    let transfers = ProcessDriver::<Transfer, _>::new(store.clone())?;
    accounts.execute("bob", OpenAccount { owner: "Bob".into() }).await?;
    accounts.execute("carl", OpenAccount { owner: "Carl".into() }).await?;
    accounts.execute("carl", CloseAccount {}).await?;
    for (name, to) in [("rent", "bob"), ("gift", "carl")] {
        let before = head(store).await?;
        order(&orders, name, to, 25).await?;
        transfers.catch_up().await?;
        tell(format!("   {name}: 25 from ada to {to}: {}", status(&orders, name).await?));
        for event in store.read_log(ReadLog::after(before)).await?.events {
            let belongs_to = event.metadata.correlation_id().map(ToString::to_string).unwrap_or_default();
            tell(format!("      {} {} {}, part of `{belongs_to}`", event.stream, event.version, event.name));
        }
    }
    let (ada, bob) = (accounts.load("ada").await?, accounts.load("bob").await?);
    tell(format!("   Ada has {}, Bob has {}", ada.state().balance, bob.state().balance));

    // The process waits for an hour, and so does nobody here: a clock says that it is later.
    order(&orders, "car", "bob", 50).await?;
    transfers.catch_up().await?;
    let due = transfers.next_due().await?.ok_or("the process waits for money")?;
    tell(format!("   car: 50 from ada to bob: {}, since she has too little", status(&orders, "car").await?));
    tell(format!("   before the hour is over, {} deadlines are reached", transfers.fire_due().await?));
    accounts.execute("ada", Deposit { amount: 20, currency: "EUR".into() }).await?;
    let later = transfers.clone().with_clock(move || due);
    tell(format!("   Ada deposits 20; after an hour, {} is reached", later.fire_due().await?));
    later.catch_up().await?;
    tell(format!("   car: 50 from ada to bob: {}", status(&orders, "car").await?));
    let (ada, bob) = (accounts.load("ada").await?, accounts.load("bob").await?);
    tell(format!("   Ada has {}, Bob has {}", ada.state().balance, bob.state().balance));
    Ok(())
}

/// Ada orders a transfer; all that follows from it is in one conversation, which is named as the order.
async fn order(orders: &Repository<Order, Store>, name: &str, to: &str, amount: u64) -> Told {
    let request = Metadata::new().with_correlation_id(name).with_actor("ada");
    let command = OrderTransfer { from: "ada".into(), to: to.into(), amount };
    orders.execute_with(name, command, request).await?;
    Ok(())
}

async fn status(orders: &Repository<Order, Store>, name: &str) -> Result<String, Box<dyn Error>> {
    Ok(match orders.load(name).await?.into_state().status {
        Status::Unknown => "not ordered".into(),
        Status::Open => "still open".into(),
        Status::Completed => "completed".into(),
        Status::Failed { because } => format!("returned, because {because}"),
    })
}

fn model(tell: Tell<'_>) {
    tell("\n6. The derives know the domain".into());
    for command in Account::MODEL.commands {
        tell(format!("   {}: {}", command.type_name, command.doc));
        if command.creates {
            tell("      requires that there is none yet".into());
        }
        for rule in command.rules {
            tell(format!("      requires {}", rule.condition));
        }
        for event in command.emits {
            tell(format!("      emits {event}"));
        }
    }
}

async fn stream(store: &Store, id: &str) -> Result<Vec<RecordedEvent>, Box<dyn Error>> {
    Ok(store.read_stream(&StreamId::new(Account::NAME, id)?, ReadStream::all()).await?.events)
}

async fn head(store: &Store) -> Result<Position, Box<dyn Error>> {
    Ok(store.read_log(ReadLog::after(Position::START).limit(0)).await?.head)
}

#[cfg(test)]
mod tests {
    async fn told(url: &str) -> Vec<String> {
        let mut told = Vec::new();
        super::tell(es::connect(url).await.unwrap(), &mut |line| told.push(line)).await.unwrap();
        told
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_story_goes_as_told() {
        goes_as_told(&told("memory:").await, "28");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn it_goes_the_same_way_in_postgresql_and_the_bank_remembers_it() {
        let Some(server) = test_servers::Postgres::shared() else { return };
        goes_the_same_way(&server.database()).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn it_goes_the_same_way_in_jetstream_and_the_bank_remembers_it() {
        let Some(server) = test_servers::Nats::shared() else { return };
        goes_the_same_way(&format!("{}/bank", server.url())).await;
    }

    /// Positions are those of the store, and nothing else differs.
    async fn goes_the_same_way(url: &str) {
        let first = told(url).await;
        let seen = first.iter().find_map(|line| line.strip_prefix("   the deposit at position ")).unwrap();
        goes_as_told(&first, seen.split(' ').next().unwrap());
        let second = told(url).await;
        assert!(second[0].starts_with("The bank remembers: "), "{second:?}");
        assert!(second.contains(&"   and has 6".to_owned()), "{second:#?}");
    }

    fn goes_as_told(told: &[String], position: &str) {
        let seen = format!("   the deposit at position {position} is seen: Ada has 100");
        let resumed = format!("   resumed after position {position}: Ada has 60");
        for line in [
            "   Ada withdraws 500: refused, balance 70 does not cover 500",
            "   her balance, replayed from the events: 70 now, 100 at version 2",
            "   stored: money-deposited {\"amount\":100,\"currency\":\"EUR\"}",
            "   Grace's balance, each read in its own version: 123",
            "   at the end of 2012 it was: 100",
            "   whoever was too late has decided again: version 23, balance 90",
            &seen,
            "   the richest: [(\"grace\", 123), (\"ada\", 100)]",
            &resumed,
            "   rent: 25 from ada to bob: completed",
            "   gift: 25 from ada to carl: returned, because the account is not open",
            "      account-ada 28 money-deposited, part of `gift`",
            "      transfer-gift 1 process-reacted, part of `gift`",
            "   Ada has 35, Bob has 25",
            "   car: 50 from ada to bob: still open, since she has too little",
            "   before the hour is over, 0 deadlines are reached",
            "   Ada deposits 20; after an hour, 1 is reached",
            "   car: 50 from ada to bob: completed",
            "   Ada has 5, Bob has 75",
            "      requires command.amount > 0",
        ] {
            assert!(told.iter().any(|had| had == line), "not told: {line}\n{}", told.join("\n"));
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_second_run_on_the_same_file_remembers_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("bank.db").display());
        assert_eq!(told(&url).await.last().unwrap(), "      emits account-closed");
        for (version, balance) in [(31, 6), (32, 7)] {
            let told = told(&url).await;
            assert!(told[0].starts_with("The bank remembers: "), "{told:?}");
            let before = format!("   ada has {}, at version {}", balance - 1, version - 1);
            assert!(told.contains(&before), "{before}\n{told:#?}");
            assert!(told.contains(&format!("   and has {balance}")), "{told:#?}");
        }
    }
}

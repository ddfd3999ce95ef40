use es_core::{Aggregate, Apply, Command, Decision, Event, EventSet, Handle, HandledBy, events};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(Debug, Clone, Command)]
#[command(emits = AccountOpened)]
struct OpenAccount;

#[derive(Debug, Clone, Command)]
#[require(true, AccountError)]
struct CloseAccount;

#[derive(Debug, thiserror::Error)]
#[error("refused")]
struct AccountError;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "account")]
struct Account;

impl Apply<AccountOpened> for Account {
    fn apply(&mut self, _: AccountOpened) {}
}

impl Handle<CloseAccount> for Account {
    fn handle(&self, _: CloseAccount) -> Decision<Self> {
        if EVENTS == 0 { Err(AccountError) } else { Ok(events![AccountOpened, AccountOpened]) }
    }
}

const EVENTS: usize = Account::MODEL.events.len();

fn use_it(account: &mut Account) -> Decision<Account> {
    account.apply_event(AccountEvent::AccountOpened(AccountOpened));
    account.apply_event(AccountOpened.into());
    let name = AccountEvent::from(AccountOpened).name();
    let command = AccountCommand::from(OpenAccount);
    match command {
        AccountCommand::OpenAccount(open) => open.handled_by(account)?,
        AccountCommand::CloseAccount(close) => close.handled_by(account)?,
    };
    CloseAccount.handled_by(account)
}

fn main() {}

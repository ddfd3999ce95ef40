use es_core::{Aggregate, Apply, Command, Decision, Event, Handle, HandledBy, events};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(Debug, Clone, Command)]
#[command(emits = AccountOpened)]
struct OpenAccount;

#[derive(Debug, Clone, Command)]
struct CloseAccount;

#[derive(Debug, Default, Aggregate)]
#[aggregate(
    name = "bank-account", id = String,
    events(AccountOpened, AccountOpened),
    commands(OpenAccount, CloseAccount),
)]
struct Account;

impl Apply<AccountOpened> for Account {
    fn apply(&mut self, _: AccountOpened) {}
}

impl Handle<CloseAccount> for Account {
    fn handle(&self, _: CloseAccount) -> Decision<Self> {
        Ok(events![AccountOpened])
    }
}

const EVENTS: usize = Account::MODEL.events.len();

fn use_it(mut account: Account) -> Decision<Account> {
    account.apply_event(AccountEvent::AccountOpened(AccountOpened));
    account.apply_event(AccountOpened.into());
    let command = AccountCommand::from(OpenAccount);
    CloseAccount.handled_by(&account)?;
    command.handled_by(&account)
}

fn main() {}

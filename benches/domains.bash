# shellcheck shell=bash
# Writes domains with any number of events, by hand and derived, for what measures the compiler; it is sourced.

has_past() { # variant n
    [[ $1 == *-past ]] && (($2 % 3 == 0))
}

each() { # text, with @ for the number, and how many
    local n
    for ((n = 1; n <= $2; n++)); do echo "${1//@/$n}"; done
}

version() { # variant n
    if has_past "$1" "$2"; then echo 3; else echo 1; fi
}

events_and_commands() { # variant events
    local variant=$1 n
    for ((n = 1; n <= $2; n++)); do
        local derive='' event='' command=''
        if [[ $variant == derived* ]]; then
            derive=', Event' command=', Command' event="#[event(name = \"event-$n\")]"
            if has_past "$variant" "$n"; then
                event="#[event(name = \"event-$n\", version = 3)]
#[upcast(1 => 2, rename(amt => amount))]
#[upcast(2 => 3, add(currency = \"EUR\"))]"
            fi
        elif has_past "$variant" "$n"; then
            cat <<RUST
#[derive(Debug, Deserialize)]
pub struct Event${n}V1 { account: String, amt: i64, note: Option<String> }
#[derive(Debug, Deserialize)]
pub struct Event${n}V2 { account: String, amount: i64, note: Option<String> }
impl From<Event${n}V1> for Event${n}V2 {
    fn from(old: Event${n}V1) -> Self { Self { account: old.account, amount: old.amt, note: old.note } }
}
impl From<Event${n}V2> for Event$n {
    fn from(old: Event${n}V2) -> Self {
        Self { account: old.account, amount: old.amount, currency: "EUR".into(), note: old.note }
    }
}
RUST
        fi
        cat <<RUST
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize$derive)]
$event
pub struct Event$n { pub account: String, pub amount: i64, pub currency: String, pub note: Option<String> }
#[derive(Debug, Clone$command)]
pub struct Command$n { pub account: String, pub amount: i64, pub note: Option<String> }
RUST
    done
}

by_hand() { # variant events
    local n
    echo 'use serde::{Deserialize, Serialize};
use serde_json::{from_slice, to_vec};'
    events_and_commands "$1" "$2"
    echo '#[derive(Debug)]
pub enum ReadError { Unknown, Payload(serde_json::Error) }
impl From<serde_json::Error> for ReadError { fn from(cause: serde_json::Error) -> Self { Self::Payload(cause) } }
#[derive(Debug)]
pub struct NotPositive;
#[derive(Debug, Clone, PartialEq)]
pub enum AccountEvent {'
    each '    Event@(Event@),' "$2"
    echo '}
impl AccountEvent {
    pub fn name(&self) -> &'\''static str { match self {'
    each '        Self::Event@(_) => "event-@",' "$2"
    echo '    } }
    pub fn schema_version(&self) -> u32 { match self {'
    for ((n = 1; n <= $2; n++)); do echo "        Self::Event$n(_) => $(version "$1" "$n"),"; done
    echo '    } }
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> { match self {'
    each '        Self::Event@(event) => to_vec(event),' "$2"
    echo '    } }
    pub fn decode(name: &str, version: u32, payload: &[u8]) -> Result<Self, ReadError> { Ok(match (name, version) {'
    for ((n = 1; n <= $2; n++)); do
        echo "        (\"event-$n\", $(version "$1" "$n")) => Self::Event$n(from_slice(payload)?),"
        if has_past "$1" "$n"; then
            echo "        (\"event-$n\", 2) => Self::Event$n(from_slice::<Event${n}V2>(payload)?.into()),"
            echo "        (\"event-$n\", 1) => Self::Event$n(Event${n}V2::from(from_slice::<Event${n}V1>(payload)?).into()),"
        fi
    done
    echo '        _ => return Err(ReadError::Unknown),
    }) }
}
#[derive(Debug, Clone)]
pub enum AccountCommand {'
    each '    Command@(Command@),' "$2"
    echo '}
#[derive(Debug, Default)]
pub struct Account { balance: i64, last: String }
impl Account {
    pub fn apply(&mut self, event: AccountEvent) { match event {'
    each '        AccountEvent::Event@(event) => { self.balance += event.amount; self.last = event.account; }' "$2"
    echo '    } }
    pub fn handle(&self, command: AccountCommand) -> Result<Vec<AccountEvent>, NotPositive> { match command {'
    each '        AccountCommand::Command@(command) => self.handle_command@(command),' "$2"
    echo '    } }'
    each '    pub fn handle_command@(&self, command: Command@) -> Result<Vec<AccountEvent>, NotPositive> {
        if self.balance + command.amount < 0 { return Err(NotPositive); }
        let Command@ { account, amount, note } = command;
        Ok(vec![AccountEvent::Event@(Event@ { account, amount, currency: "EUR".into(), note })])
    }' "$2"
    echo '}'
}

derived() { # variant events
    echo 'use es_core::{Aggregate, Apply, Command, Decision, Event, Handle, events};
use serde::{Deserialize, Serialize};'
    events_and_commands "$1" "$2"
    echo '#[derive(Debug)]
pub struct NotPositive;
impl std::fmt::Display for NotPositive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'\''_>) -> std::fmt::Result { f.write_str("not positive") }
}
impl std::error::Error for NotPositive {}
#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "account", id = String, error = NotPositive, events('
    each '    Event@,' "$2"
    echo '), commands('
    each '    Command@,' "$2"
    echo '))]
pub struct Account { balance: i64, last: String }'
    each 'impl Apply<Event@> for Account {
    fn apply(&mut self, event: Event@) { self.balance += event.amount; self.last = event.account; }
}
impl Handle<Command@> for Account {
    fn handle(&self, command: Command@) -> Decision<Self> {
        if self.balance + command.amount < 0 { return Err(NotPositive); }
        let Command@ { account, amount, note } = command;
        Ok(events![Event@ { account, amount, currency: "EUR".into(), note }])
    }
}' "$2"
}

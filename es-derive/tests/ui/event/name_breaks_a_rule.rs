use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "")]
struct Empty;

#[derive(Serialize, Deserialize, Event)]
#[event(name = "$opened")]
struct Reserved;

#[derive(Serialize, Deserialize, Event)]
#[event(name = "account\nopened")]
struct TwoLines;

#[derive(Serialize, Deserialize, Event)]
#[event(name = "account-opened-account-opened-account-opened-account-opened-account-opened-account-opened-account-opened-account-opened-account-opened-account-opened-account-opened-account-opened-account-opened-account-opened-account-opened-account-opened-account-opened-account-opened-")]
struct TooLong;

fn main() {}

use std::convert::Infallible;

use es_core::Aggregate;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "account", id = String, error = Infallible, events(), commands())]
struct Account;

fn main() {}

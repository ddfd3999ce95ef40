use es_core::Aggregate;

#[derive(Debug, Default, Aggregate)]
struct Account;

fn main() {}

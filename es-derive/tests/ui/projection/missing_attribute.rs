use es_core::Projection;

#[derive(Projection)]
struct Accounts;

fn main() {}

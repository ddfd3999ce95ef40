use es_core::Projection;

#[derive(Projection)]
#[projection(name = "accounts", events())]
struct Accounts;

fn main() {}

use es_core::Event;

#[derive(Event)]
#[event(name = "account-opened")]
struct AccountOpened {
    owner: String,
}

fn main() {}

use es_core::Event;

#[derive(Event)]
#[event(name = "account-changed")]
union AccountChanged {
    a: u8,
    b: i8,
}

fn main() {}

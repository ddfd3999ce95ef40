use es_core::Command;

#[derive(Command)]
union Change {
    a: u8,
    b: i8,
}

fn main() {}

use es_core::Command;

#[derive(Command)]
enum Change {
    Open,
    Close,
}

fn main() {}

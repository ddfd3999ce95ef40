use es_core::EventSet;

#[derive(EventSet)]
enum Facts {}

fn main() {}

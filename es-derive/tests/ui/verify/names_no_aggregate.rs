es_testkit::verify!();

fn main() {}

pub struct Account;

es_testkit::verify!(Account, cases);

fn main() {}

pub struct Account;

es_testkit::verify!(Account, case = 64, lock = "here", seed = 1, seed = 2);

fn main() {}

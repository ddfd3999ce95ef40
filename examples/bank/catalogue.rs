//! `docs/catalogue-of-the-bank.md`: written from the code, and held against it by a test.

use std::{env, fs, path};

use es_core::catalogue::Catalogue;

use crate::account::Account;
use crate::balances::Balances;
use crate::order::Order;
use crate::transfer::Transfer;

fn catalogue() -> Catalogue {
    Catalogue::new("The catalogue of the bank")
        .introduction(
            "What [`examples/bank`](../examples/bank) stores, decides and shows.\n\
             This page is written by `ES_CATALOGUE=write cargo test --example bank catalogue`; do not edit it.",
        )
        .aggregate::<Account>()
        .aggregate::<Order>()
        .projection::<Balances>()
        .process::<Transfer>()
}

#[test]
fn the_catalogue_in_docs_is_that_of_the_code() {
    let path = path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/catalogue-of-the-bank.md");
    let written = catalogue().to_markdown();
    if env::var("ES_CATALOGUE").as_deref() == Ok("write") {
        fs::write(&path, &written).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap();
    let mut lines = (1..).zip(written.lines().zip(found.lines()));
    let differs: Option<(u32, _)> = lines.find(|(_, (written, found))| written != found);
    assert!(
        written == found,
        "docs/catalogue-of-the-bank.md is not what the code says; the first line that differs is {differs:#?}.\n\
         Write it again: ES_CATALOGUE=write cargo test --example bank catalogue"
    );
}

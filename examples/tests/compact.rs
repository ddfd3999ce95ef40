//! Every event of the bank and of the ledger of files keeps its meaning in the compact codec; the loans have this test
//! among their own.

#![allow(dead_code, missing_docs, unreachable_pub, reason = "the examples are programs, of which these are parts")]

#[path = "../bank/account.rs"]
mod account;
#[path = "../compact_check.rs"]
mod compact_check;
#[path = "../git-ledger/file.rs"]
mod file;
#[path = "../git-ledger/git_text.rs"]
mod git_text;

use compact_check::check;

#[test]
fn the_events_of_the_bank() {
    assert_eq!(check::<account::AccountEvent>("account"), 6);
}

#[test]
fn the_events_of_the_ledger_of_files() {
    assert_eq!(check::<file::FileEvent>("file"), 4);
}

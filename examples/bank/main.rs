//! A bank, told step by step. Run with `cargo run --example bank [-- --store URL]`; without a URL, it is kept in the file
//! `bank.db` of the working directory, and a second run remembers the first.
//!
//! `account.rs` is the aggregate, `balances.rs` the read model, `order.rs` a second aggregate, `transfer.rs` the process
//! manager between them, `history.rs` what was stored long ago.

#![allow(missing_docs, reason = "the domain of an example explains itself by its names")]

pub mod account;
pub mod balances;
#[cfg(test)]
mod catalogue;
pub mod history;
pub mod order;
pub mod story;
pub mod transfer;

use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;

const DEFAULT: &str = "sqlite:bank.db";

#[tokio::main]
async fn main() -> ExitCode {
    examples::ending(run(std::env::args_os().skip(1).collect()).await)
}

async fn run(mut arguments: Vec<std::ffi::OsString>) -> Result<(), Box<dyn Error>> {
    let url = examples::take_store_url(&mut arguments)?;
    if !arguments.is_empty() {
        return Err("usage: bank [--store URL]".into());
    }
    if url.is_none() {
        writeln!(io::stdout(), "The bank is kept in {DEFAULT}; `--store URL` keeps it elsewhere\n")?;
    }
    let store = es::connect(url.as_deref().unwrap_or(DEFAULT)).await?;
    let mut written = Ok(());
    let mut tell = |line| {
        if written.is_ok() {
            written = writeln!(io::stdout(), "{line}");
        }
    };
    story::tell(store, &mut tell).await?;
    Ok(written?)
}

//! A bank, told step by step. Run with `cargo run --example bank`.
//!
//! `account.rs` is the aggregate, `balances.rs` the read model, `transfer.rs` a process of two accounts, `history.rs`
//! what was stored long ago.

#![allow(missing_docs, reason = "the domain of an example explains itself by its names")]

pub mod account;
pub mod balances;
#[cfg(test)]
mod catalogue;
pub mod history;
pub mod story;
pub mod transfer;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(story::tell(&mut |line| println!("{line}")))
}

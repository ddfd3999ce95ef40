//! The bank behind HTTP. Run with `cargo run --example bank-service [-- --store URL] [--listen ADDRESS]`; without more,
//! it keeps `bank.db` of the working directory and listens on `127.0.0.1:8080`.
//!
//! `routes.rs` says what the bank consists of, and which request is which command or query; `transfers.rs` the same of
//! money that moves, by a process manager; `preconditions.rs` reads `If-Match` and `Idempotency-Key`,
//! `problem.rs` turns errors into `application/problem+json`. The domain is that of the example `bank`, unchanged; the
//! read model, `balance.rs`, is kept in the store, so a restart goes on where it stopped.
//!
//! ```text
//! curl -i -X PUT  localhost:8080/accounts/ada -H 'content-type: application/json' -d '{"owner":"Ada"}'
//! curl -i -X POST localhost:8080/accounts/ada/deposits -H 'content-type: application/json' \
//!      -H 'if-match: "1"' -H 'idempotency-key: 7c1' -d '{"amount":100,"currency":"EUR"}'
//! curl -i 'localhost:8080/balances/ada?after=2'
//! ```

#![allow(missing_docs, reason = "the domain of an example explains itself by its names")]

#[path = "../bank/account.rs"]
pub mod account;
pub mod balance;
#[path = "../bank/order.rs"]
pub mod order;
pub mod preconditions;
pub mod problem;
pub mod routes;
#[cfg(test)]
mod tests;
#[path = "../bank/transfer.rs"]
pub mod transfer;
pub mod transfers;

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::routes::Bank;

const STORE: &str = "sqlite:bank.db";
const ADDRESS: &str = "127.0.0.1:8080";

#[tokio::main]
async fn main() -> ExitCode {
    examples::ending(run(std::env::args_os().skip(1).collect()).await)
}

async fn run(mut arguments: Vec<OsString>) -> Result<(), Box<dyn Error>> {
    let url = examples::take_store_url(&mut arguments)?.unwrap_or_else(|| STORE.to_owned());
    let address = match arguments.as_slice() {
        [] => ADDRESS,
        [option, address] if option == "--listen" => address.to_str().ok_or("the address is not UTF-8")?,
        _ => return Err("usage: bank-service [--store URL] [--listen ADDRESS]".into()),
    };
    let bank = Bank::open(es::connect(&url).await?).await?;
    let listener = tokio::net::TcpListener::bind(address).await?;
    writeln!(io::stdout(), "The bank is open at http://{}", listener.local_addr()?)?;

    let app = bank.app.clone();
    let stop = async {
        // Without the signal, the process is stopped by others.
        let _ = tokio::signal::ctrl_c().await;
    };
    axum::serve(listener, routes::router(bank)).with_graceful_shutdown(stop).await?;
    app.stop().await;
    Ok(())
}

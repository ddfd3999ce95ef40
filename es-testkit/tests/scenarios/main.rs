//! The scenarios themselves under test: each expectation once met and once not, with what it prints and where.

mod account;
mod failing;

mod aggregates;
mod outcomes;
mod processes;
mod projections;
mod round_trips;
mod rows;

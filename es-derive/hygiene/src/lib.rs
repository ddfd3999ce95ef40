//! The derives under hostile conditions; that this crate compiles without a warning is most of the test.

#![forbid(unsafe_code)]
#![deny(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused,
    unused_qualifications,
    unused_results,
    single_use_lifetimes,
    private_interfaces,
    private_bounds,
    let_underscore_drop,
    trivial_casts,
    variant_size_differences,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::cargo
)]
#![allow(clippy::multiple_crate_versions, clippy::cargo_common_metadata)]

pub mod generic;
pub mod many;
pub mod modules;
pub mod shadowed;
pub mod visibility;

//! A domain told to people and to programs of others.
//!
//! Everything is read from the models and the shapes, so nothing here can be forgotten or out of date.
//! It knows no store and reads no payload.

mod object;
mod schema;

pub use self::schema::json_schema;

//! What the types of an aggregate can do beyond what its trait asks: found where the derive stands, because there the
//! types are known. No driver looks at it.

use std::fmt::Debug;
use std::marker::PhantomData;

#[cfg(feature = "json")]
use serde::{Serialize, de::DeserializeOwned};

use super::Aggregate;
use crate::codec::CodecError;
#[cfg(feature = "json")]
use crate::codec::{Codec, Json};
use crate::model::CommandModel;
use crate::shape::Shape;

/// What the state and the commands of an aggregate can do, as far as their types allow it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Abilities<A: Aggregate> {
    /// Of the state.
    pub state: StateAbilities<A>,
    /// Of each command, in the order of the model.
    pub commands: Vec<CommandAbilities<A::Command>>,
}

impl<A: Aggregate> Abilities<A> {
    /// Both together.
    pub fn new(state: StateAbilities<A>, commands: Vec<CommandAbilities<A::Command>>) -> Self {
        Self { state, commands }
    }
}

impl<A: Aggregate> Default for Abilities<A> {
    fn default() -> Self {
        Self::new(StateAbilities { write: None, read: None, same: None, show: None }, Vec::new())
    }
}

/// Writes a value as JSON.
pub type WriteJson<T> = fn(&T) -> Result<Vec<u8>, CodecError>;

/// Reads a value from JSON.
pub type ReadJson<T> = fn(&[u8]) -> Result<T, CodecError>;

/// What a state can do.
#[derive(Debug, Clone, Copy)]
pub struct StateAbilities<A> {
    /// Be written, if it is `Serialize`.
    pub write: Option<WriteJson<A>>,
    /// Be read, if it is `Deserialize`.
    pub read: Option<ReadJson<A>>,
    /// Be compared, if it is `PartialEq`.
    pub same: Option<fn(&A, &A) -> bool>,
    /// Be shown on several lines, if it is `Debug`.
    pub show: Option<fn(&A) -> String>,
}

/// What a command can do; `C` is the set of all commands of the aggregate.
#[derive(Debug, Clone, Copy)]
pub struct CommandAbilities<C> {
    /// What the derive knows of it.
    pub model: CommandModel,
    /// Tells what it looks like as serde reads it.
    pub shape: fn() -> Shape,
    /// Be read, if it is `Deserialize`.
    pub read: Option<ReadJson<C>>,
}

/// Asks a state what it can do: a constant of its own if a bound holds, one of [`UnableState`] otherwise; the compiler
/// prefers the first.
#[derive(Debug)]
pub struct StateProbe<T>(PhantomData<T>);

#[cfg(feature = "json")]
impl<T: Serialize> StateProbe<T> {
    /// It can be written.
    pub const WRITE: Option<WriteJson<T>> = Some(|state| Json.encode(state));
}

#[cfg(feature = "json")]
impl<T: DeserializeOwned> StateProbe<T> {
    /// It can be read.
    pub const READ: Option<ReadJson<T>> = Some(|bytes| Json.decode(bytes));
}

impl<T: PartialEq> StateProbe<T> {
    /// It can be compared.
    pub const SAME: Option<fn(&T, &T) -> bool> = Some(|left, right| left == right);
}

impl<T: Debug> StateProbe<T> {
    /// It can be shown.
    pub const SHOW: Option<fn(&T) -> String> = Some(|state| format!("{state:#?}"));
}

/// What a state cannot do.
pub trait UnableState<T> {
    /// It cannot be written.
    const WRITE: Option<WriteJson<T>> = None;
    /// It cannot be read.
    const READ: Option<ReadJson<T>> = None;
    /// It cannot be compared.
    const SAME: Option<fn(&T, &T) -> bool> = None;
    /// It cannot be shown.
    const SHOW: Option<fn(&T) -> String> = None;
}

impl<T> UnableState<T> for StateProbe<T> {}

/// Asks a command of the set `C` what it can do, as [`StateProbe`] does.
#[derive(Debug)]
pub struct CommandProbe<C, T>(PhantomData<(C, T)>);

#[cfg(feature = "json")]
impl<C: From<T>, T: DeserializeOwned> CommandProbe<C, T> {
    /// It can be read.
    pub const READ: Option<ReadJson<C>> = Some(|bytes| Json.decode::<T>(bytes).map(C::from));
}

/// What a command cannot do.
pub trait UnableCommand<C> {
    /// It cannot be read.
    const READ: Option<ReadJson<C>> = None;
}

impl<C, T> UnableCommand<C> for CommandProbe<C, T> {}

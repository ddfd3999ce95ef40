//! The values that rows of a read model are found by, beside their keys.
//!
//! Knows neither rows nor stores: only what can stand in an index, and in which order.

use std::fmt::{self, Display};

use crate::time::Timestamp;

/// A value in an index.
///
/// Integers come before texts; integers are ordered as numbers, texts by their bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IndexValue {
    /// A number, a `bool` as 0 or 1, or a time in microseconds.
    Integer(i64),
    /// A text.
    Text(String),
}

impl Display for IndexValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => number.fmt(f),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

/// What a field must be to stand in an index of a projection.
///
/// ```
/// use es_core::{IndexValue, Indexed};
///
/// assert_eq!(5_u64.index_value()?, Some(IndexValue::Integer(5)));
/// assert_eq!(Some("ada").index_value()?, Some(IndexValue::Text("ada".into())));
/// assert_eq!(None::<i32>.index_value()?, None);
/// assert!(u64::MAX.index_value().is_err());
/// # Ok::<(), es_core::NotIndexable>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in an index",
    label = "an index holds integers, `bool`s, texts and times, or an `Option` of one",
    note = "write `impl Indexed for {Self}`, or index another field"
)]
pub trait Indexed {
    /// The value; `None`, if the row is not to be found by it.
    ///
    /// # Errors
    /// It has no place in the order of an index.
    fn index_value(&self) -> Result<Option<IndexValue>, NotIndexable>;
}

/// A number that is larger than an index can hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{number} cannot stand in an index, which holds numbers from {} to {}", i64::MIN, i64::MAX)]
pub struct NotIndexable {
    /// The number.
    pub number: i128,
}

macro_rules! integers {
    ($($ty:ident),+) => {$(
        impl Indexed for $ty {
            fn index_value(&self) -> Result<Option<IndexValue>, NotIndexable> {
                let number = i64::try_from(*self).map_err(|_| NotIndexable { number: i128::from(*self) })?;
                Ok(Some(IndexValue::Integer(number)))
            }
        }
    )+};
}
integers!(u64);

macro_rules! small_integers {
    ($($ty:ident),+) => {$(
        impl Indexed for $ty {
            fn index_value(&self) -> Result<Option<IndexValue>, NotIndexable> {
                Ok(Some(IndexValue::Integer(i64::from(*self))))
            }
        }
    )+};
}
small_integers!(bool, i8, i16, i32, i64, u8, u16, u32);

impl Indexed for str {
    fn index_value(&self) -> Result<Option<IndexValue>, NotIndexable> {
        Ok(Some(IndexValue::Text(self.to_owned())))
    }
}

impl Indexed for String {
    fn index_value(&self) -> Result<Option<IndexValue>, NotIndexable> {
        self.as_str().index_value()
    }
}

impl Indexed for Timestamp {
    fn index_value(&self) -> Result<Option<IndexValue>, NotIndexable> {
        Ok(Some(IndexValue::Integer(self.as_micros())))
    }
}

impl Indexed for IndexValue {
    fn index_value(&self) -> Result<Option<IndexValue>, NotIndexable> {
        Ok(Some(self.clone()))
    }
}

impl<T: Indexed + ?Sized> Indexed for &T {
    fn index_value(&self) -> Result<Option<IndexValue>, NotIndexable> {
        (**self).index_value()
    }
}

impl<T: Indexed> Indexed for Option<T> {
    fn index_value(&self) -> Result<Option<IndexValue>, NotIndexable> {
        self.as_ref().map_or(Ok(None), Indexed::index_value)
    }
}

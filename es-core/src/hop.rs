//! Hops between versions that code of the user's makes, and what its signatures may be.

use std::error::Error;

use crate::envelope::RecordedEvent;

/// Why a hop failed, as the user's code says it.
pub type HopError = Box<dyn Error + Send + Sync>;

/// A function from an older shape to the next: `fn(Old) -> New` or `fn(Old, &RecordedEvent) -> New`.
#[diagnostic::on_unimplemented(
    message = "`with` takes a function from `{Old}` to `{New}`",
    label = "this is not `fn({Old}) -> {New}`, nor `fn({Old}, &RecordedEvent) -> {New}`"
)]
pub trait HopFunction<Old, New, Kind> {
    /// The newer shape.
    fn hop(self, old: Old, recorded: &RecordedEvent) -> New;
}

/// A function that looks at the older shape only.
#[derive(Debug)]
pub struct OfPayload;

/// A function that looks at the stored event as well.
#[derive(Debug)]
pub struct OfRecorded;

impl<F: FnOnce(Old) -> New, Old, New> HopFunction<Old, New, OfPayload> for F {
    #[inline]
    fn hop(self, old: Old, _: &RecordedEvent) -> New {
        self(old)
    }
}

impl<F: FnOnce(Old, &RecordedEvent) -> New, Old, New> HopFunction<Old, New, OfRecorded> for F {
    #[inline]
    fn hop(self, old: Old, recorded: &RecordedEvent) -> New {
        self(old, recorded)
    }
}

/// `from = Old, with = function`.
#[inline]
pub fn hop<F: HopFunction<Old, New, Kind>, Old, New, Kind>(function: F, old: Old, recorded: &RecordedEvent) -> New {
    function.hop(old, recorded)
}

/// `try_from = Old, with = function`.
///
/// # Errors
/// That of the function.
#[inline]
pub fn try_hop<F, Old, New, E, Kind>(function: F, old: Old, recorded: &RecordedEvent) -> Result<New, HopError>
where
    F: HopFunction<Old, Result<New, E>, Kind>,
    E: Into<HopError>,
{
    function.hop(old, recorded).map_err(Into::into)
}

/// The conversion that `#[upcast(.., try_from = Old)]` asks for; every `TryFrom` is one.
#[diagnostic::on_unimplemented(
    message = "the upcast from `{Old}` to `{Self}` is missing",
    label = "named as the older shape, but there is no conversion from it",
    note = "write `impl TryFrom<{Old}> for {Self}`"
)]
pub trait TryUpcastFrom<Old>: Sized {
    /// The newer shape of `old`.
    ///
    /// # Errors
    /// That of the conversion.
    fn try_upcast_from(old: Old) -> Result<Self, HopError>;
}

impl<Old, New> TryUpcastFrom<Old> for New
where
    New: TryFrom<Old>,
    New::Error: Into<HopError>,
{
    #[inline]
    fn try_upcast_from(old: Old) -> Result<New, HopError> {
        New::try_from(old).map_err(Into::into)
    }
}

/// A field that `add(field = "text")` can make.
#[diagnostic::on_unimplemented(
    message = "a text is no `{Self}`",
    label = "the field is a `{Self}`, which is not made from a text",
    note = "write a value of type `{Self}`"
)]
pub trait TextField {
    /// The field.
    fn from_text(text: &'static str) -> Self;
}

impl<T: From<&'static str>> TextField for T {
    #[inline]
    fn from_text(text: &'static str) -> T {
        T::from(text)
    }
}

/// `with = function` alone: from JSON to JSON, and then to what the next version is.
///
/// # Errors
/// That of the function, or its result does not fit the next version.
#[cfg(feature = "json")]
pub fn json_hop<F, New, E, Kind>(function: F, old: serde_json::Value, recorded: &RecordedEvent) -> Result<New, HopError>
where
    F: HopFunction<serde_json::Value, Result<serde_json::Value, E>, Kind>,
    E: Into<HopError>,
    New: serde::de::DeserializeOwned,
{
    let newer = function.hop(old, recorded).map_err(Into::into)?;
    Ok(serde_json::from_value(newer)?)
}

//! Hops between versions that functions of the user's make, and what their signatures may be.

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

/// `try_from = Old`.
///
/// # Errors
/// That of the conversion.
#[inline]
pub fn try_upcast<Old, New>(old: Old) -> Result<New, HopError>
where
    New: TryFrom<Old>,
    New::Error: Into<HopError>,
{
    New::try_from(old).map_err(Into::into)
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

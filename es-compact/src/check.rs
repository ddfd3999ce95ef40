//! Whether all that is written of an event can be read back, before any of it is written.

use es_core::EventSet;
use es_core::shape::{Record, Shape, Tagging};

use crate::name;

/// An event that cannot be kept in this format, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotCompact {
    /// An enum has to see names before it knows its variant.
    #[error(
        "version {version} of `{event}` has an enum at `{path}` that is untagged, tagged internally, or tagged \
         adjacently with variants that have fields; leave serde's attribute out"
    )]
    NamesWanted {
        /// The stored name.
        event: &'static str,
        /// The version.
        version: u32,
        /// Where the enum is.
        path: String,
    },
    /// Two names in the same place have the same number.
    #[error("version {version} of `{event}` has `{first}` and `{second}` at `{path}`, which have the same number")]
    SameNumber {
        /// The stored name.
        event: &'static str,
        /// The version.
        version: u32,
        /// Where they are.
        path: String,
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// What the type looks like is not known, so it cannot be checked, nor told as JSON.
    #[error(
        "version {version} of `{event}` has `{ty}` at `{path}`, which does not tell its shape; derive `EventData` for it"
    )]
    UnknownShape {
        /// The stored name.
        event: &'static str,
        /// The version.
        version: u32,
        /// Where it is.
        path: String,
        /// The type, as it is written; `any` for raw JSON.
        ty: String,
    },
}

/// Checks every version that is read of every event.
pub(crate) fn check<S: EventSet>() -> Result<(), NotCompact> {
    for model in S::EVENTS.iter().chain(S::SPLIT) {
        for version in model.oldest..=model.version {
            if let Some(shape) = S::shape(model.name, version) {
                let place = Place { event: model.name, version };
                place.shape("", &shape)?;
            }
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Place {
    event: &'static str,
    version: u32,
}

impl Place {
    fn shape(self, path: &str, shape: &Shape) -> Result<(), NotCompact> {
        let Self { event, version } = self;
        match shape {
            Shape::Optional(shape) | Shape::List(shape) => self.shape(path, shape),
            Shape::Tuple(shapes) => shapes.iter().try_for_each(|shape| self.shape(path, shape)),
            Shape::Map(keys, values) => self.shape(path, keys).and_then(|()| self.shape(path, values)),
            Shape::Record(record) => self.record(path, record),
            Shape::Choice(choice) => {
                // serde asks for anything where it reads the fields of a variant that is not tagged externally.
                let has_fields = || choice.variants.iter().any(|(_, held)| matches!(held, Some(Shape::Record(_))));
                let wants_names = match choice.tagging {
                    Tagging::External => false,
                    Tagging::Adjacent { .. } => has_fields(),
                    _ => true,
                };
                if wants_names {
                    return Err(NotCompact::NamesWanted { event, version, path: path.to_owned() });
                }
                let aliases = choice.aliases.iter().map(|(alias, _)| alias.as_str());
                self.differ(path, choice.variants.iter().map(|(name, _)| name.as_str()).chain(aliases))?;
                let held = choice.variants.iter().filter_map(|(name, shape)| Some((name, shape.as_ref()?)));
                held.into_iter().try_for_each(|(name, shape)| self.shape(&below(path, name), shape))
            }
            Shape::Scalar(name) if name == "any" => {
                Err(NotCompact::UnknownShape { event, version, path: path.to_owned(), ty: name.clone() })
            }
            Shape::Spelled(ty) => {
                Err(NotCompact::UnknownShape { event, version, path: path.to_owned(), ty: ty.clone() })
            }
            _ => Ok(()),
        }
    }

    fn record(self, path: &str, record: &Record) -> Result<(), NotCompact> {
        let aliases = record.aliases.iter().map(|(alias, _)| alias.as_str());
        self.differ(path, record.fields.iter().map(|field| field.name.as_str()).chain(aliases))?;
        record.fields.iter().try_for_each(|field| self.shape(&below(path, &field.name), &field.shape))
    }

    fn differ<'n>(self, path: &str, names: impl Iterator<Item = &'n str>) -> Result<(), NotCompact> {
        let Self { event, version } = self;
        let names: Vec<_> = names.collect();
        for (index, second) in names.iter().enumerate() {
            let same =
                names[..index].iter().find(|first| *first != second && name::number(first) == name::number(second));
            if let Some(first) = same {
                let (path, first, second) = (path.to_owned(), (*first).to_owned(), (*second).to_owned());
                return Err(NotCompact::SameNumber { event, version, path, first, second });
            }
        }
        Ok(())
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

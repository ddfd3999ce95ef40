//! Whether what was stored in one shape still reads in another.

use super::{Choice, Record, RecordField, Shape, Tagging};

impl Shape {
    /// Whether everything that was stored in the `old` shape still reads in this one, and nothing of it is lost.
    ///
    /// This is so in formats that name what they hold, as JSON does.
    /// Fields that may be missing, other names and variants may have come, null may have become possible, and integers
    /// may have become wider; everything else must be the same.
    ///
    /// ```
    /// use es_core::shape::Shape;
    ///
    /// assert!(Shape::of::<Option<u64>>().reads(&Shape::of::<u32>()));
    /// assert!(!Shape::of::<i64>().reads(&Shape::of::<u64>()));
    /// ```
    pub fn reads(&self, old: &Self) -> bool {
        match (self, old) {
            // What is passed over may have been anything, and JSON is kept as it is.
            (Self::Scalar(new), _) if new == "ignored" || new == "any" => true,
            (Self::Scalar(new), Self::Scalar(old)) => takes(new, old),
            (Self::Record(new), Self::Record(old)) => new.reads(old),
            (Self::Choice(new), Self::Choice(old)) => new.reads(old),
            (Self::Optional(new), Self::Optional(old)) | (Self::List(new), Self::List(old)) => new.reads(old),
            (Self::Optional(new), old) => new.reads(old),
            (Self::Map(new_key, new), Self::Map(old_key, old)) => new_key.reads(old_key) && new.reads(old),
            (Self::Tuple(new), Self::Tuple(old)) => {
                new.len() == old.len() && new.iter().zip(old).all(|(new, old)| new.reads(old))
            }
            _ => self == old,
        }
    }
}

impl Record {
    fn reads(&self, old: &Self) -> bool {
        let read_as = |name: &str| {
            let alias = self.aliases.iter().find(|(alias, _)| alias == name);
            self.field(name).or_else(|| self.field(&alias?.1))
        };
        let kept = old.fields.iter().all(|old| {
            let still = |new: &RecordField| (new.may_be_missing || !old.may_be_missing) && new.shape.reads(&old.shape);
            read_as(&old.name).is_some_and(still)
        });
        let names_kept = old.aliases.iter().all(|(alias, _)| read_as(alias).is_some());
        let is_old = |new: &RecordField| {
            let is_alias = |name: &str| self.aliases.iter().any(|(alias, of)| alias == name && *of == new.name);
            old.fields.iter().any(|old| old.name == new.name || is_alias(&old.name))
        };
        let mut came = self.fields.iter().filter(|new| !is_old(new));
        kept && names_kept && came.all(|new| new.may_be_missing)
    }
}

type Variant = (String, Option<Shape>);

impl Choice {
    fn reads(&self, old: &Self) -> bool {
        if self.tagging != old.tagging {
            return false;
        }
        if self.tagging == Tagging::Untagged {
            return self.reads_untagged(old);
        }
        let read_as = |name: &str| {
            let alias = self.aliases.iter().find(|(alias, _)| alias == name);
            let named = |name: &str| self.variants.iter().find(|(new, _)| new == name);
            named(name).or_else(|| named(&alias?.1))
        };
        let still = |(name, old): &Variant| read_as(name).is_some_and(|(_, new)| holds(new.as_ref(), old.as_ref()));
        old.variants.iter().all(still) && old.aliases.iter().all(|(alias, _)| read_as(alias).is_some())
    }

    /// The first variant that fits is read, so one that takes more than before may take what was another's: only the
    /// last one may, and others may come after it.
    fn reads_untagged(&self, old: &Self) -> bool {
        let Some(((_, last), before)) = old.variants.split_last() else { return true };
        let Some((_, new)) = self.variants.get(before.len()) else { return false };
        let is_same = |((_, new), (_, old)): (&Variant, &Variant)| {
            new.as_ref().map(Shape::sorted) == old.as_ref().map(Shape::sorted)
        };
        self.variants.iter().zip(before).all(is_same) && holds(new.as_ref(), last.as_ref())
    }
}

fn holds(new: Option<&Shape>, old: Option<&Shape>) -> bool {
    match (new, old) {
        (Some(new), Some(old)) => new.reads(old),
        (new, old) => new.is_none() && old.is_none(),
    }
}

/// Whether one scalar reads all values of the other.
fn takes(new: &str, old: &str) -> bool {
    if new == old {
        return true;
    }
    if new == "string" {
        return matches!(old, "char" | "uuid" | "timestamp");
    }
    match (Integer::of(new), Integer::of(old)) {
        (Some(new), Some(old)) => {
            new.least <= old.least && new.greatest >= old.greatest && (new.has_zero || !old.has_zero)
        }
        _ => false,
    }
}

/// What an integer type holds; `usize` and `isize` differ between machines, so nothing is known of them.
struct Integer {
    least: i128,
    greatest: u128,
    has_zero: bool,
}

impl Integer {
    fn of(name: &str) -> Option<Self> {
        let plain = name.strip_suffix(" but 0");
        let has_zero = plain.is_none();
        let (least, greatest) = match plain.unwrap_or(name) {
            "u8" => (0, u8::MAX.into()),
            "u16" => (0, u16::MAX.into()),
            "u32" => (0, u32::MAX.into()),
            "u64" => (0, u64::MAX.into()),
            "u128" => (0, u128::MAX),
            "i8" => (i8::MIN.into(), i8::MAX.unsigned_abs().into()),
            "i16" => (i16::MIN.into(), i16::MAX.unsigned_abs().into()),
            "i32" => (i32::MIN.into(), i32::MAX.unsigned_abs().into()),
            "i64" => (i64::MIN.into(), i64::MAX.unsigned_abs().into()),
            "i128" => (i128::MIN, i128::MAX.unsigned_abs()),
            _ => return None,
        };
        Some(Self { least, greatest, has_zero })
    }
}

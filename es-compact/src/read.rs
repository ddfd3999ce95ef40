//! Bytes into values.

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use crate::error::CompactError;
use crate::{name, tag};

/// Bytes that are being read.
pub(crate) struct Reader<'de> {
    bytes: &'de [u8],
    at: usize,
    depth: u32,
}

impl<'de> Reader<'de> {
    pub(crate) fn new(bytes: &'de [u8]) -> Self {
        Self { bytes, at: 0, depth: 0 }
    }

    /// Refuses what is left.
    pub(crate) fn end(&self) -> Result<(), CompactError> {
        match self.bytes.len() - self.at {
            0 => Ok(()),
            left => Err(CompactError::Trailing { left }),
        }
    }

    #[inline]
    pub(crate) fn peek(&self) -> Result<u8, CompactError> {
        self.bytes.get(self.at).copied().ok_or(CompactError::Truncated)
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8, CompactError> {
        let byte = self.peek()?;
        self.at += 1;
        Ok(byte)
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'de [u8], CompactError> {
        let taken = self.bytes[self.at..].get(..length).ok_or(CompactError::Truncated)?;
        self.at += length;
        Ok(taken)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], CompactError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    #[inline]
    pub(crate) fn number(&mut self) -> Result<u16, CompactError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    #[inline]
    fn length(&mut self) -> Result<u64, CompactError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(CompactError::Refused("a number has more than 64 bits".to_owned()))
    }

    #[inline]
    fn size(&mut self) -> Result<usize, CompactError> {
        // What does not fit is longer than the payload.
        usize::try_from(self.length()?).map_err(|_| CompactError::Truncated)
    }

    #[inline]
    pub(crate) fn count(&mut self, tag: u8) -> Result<usize, CompactError> {
        if tag == tag::FIELDS { self.size() } else { Ok(usize::from(tag - tag::FEW_FIELDS)) }
    }

    #[inline]
    pub(crate) fn text(&mut self, tag: u8) -> Result<&'de str, CompactError> {
        let length = if tag == tag::TEXT { self.size()? } else { usize::from(tag - tag::SHORT_TEXT) };
        let at = self.at;
        std::str::from_utf8(self.take(length)?).map_err(|_| CompactError::NotUtf8 { at })
    }

    #[inline]
    pub(crate) fn deeper(&mut self) -> Result<(), CompactError> {
        self.depth += 1;
        if self.depth > CompactError::DEPTH { Err(CompactError::TooDeep) } else { Ok(()) }
    }

    pub(crate) fn shallower(&mut self) {
        self.depth -= 1;
    }

    pub(crate) fn unknown(&self, tag: u8) -> CompactError {
        CompactError::UnknownTag { tag, at: self.at - 1 }
    }

    /// Anything that has no names.
    #[inline(never)]
    pub(crate) fn scalar<V: Visitor<'de>>(&mut self, tag: u8, visitor: V) -> Result<V::Value, CompactError> {
        match tag {
            0..=tag::SMALL => visitor.visit_u64(tag.into()),
            tag::NULL => visitor.visit_unit(),
            tag::FALSE => visitor.visit_bool(false),
            tag::TRUE => visitor.visit_bool(true),
            tag::UNSIGNED => visitor.visit_u64(self.length()?),
            tag::NEGATIVE => match (!self.length()?).cast_signed() {
                value if value < 0 => visitor.visit_i64(value),
                _ => Err(CompactError::Refused("a negative number has more than 64 bits".to_owned())),
            },
            tag::F32 => visitor.visit_f32(f32::from_le_bytes(self.array()?)),
            tag::F64 => visitor.visit_f64(f64::from_le_bytes(self.array()?)),
            tag::U128 => visitor.visit_u128(u128::from_le_bytes(self.array()?)),
            tag::I128 => visitor.visit_i128(i128::from_le_bytes(self.array()?)),
            tag::BYTES => {
                let length = self.size()?;
                visitor.visit_borrowed_bytes(self.take(length)?)
            }
            tag::TEXT | tag::SHORT_TEXT..tag::FEW_FIELDS => visitor.visit_borrowed_str(self.text(tag)?),
            _ => Err(self.unknown(tag)),
        }
    }

    /// Passes one value by, whatever it is.
    fn skip(&mut self) -> Result<(), CompactError> {
        let tag = self.byte()?;
        match tag {
            tag::LIST | tag::MAP => {
                self.deeper()?;
                while self.peek()? != tag::END {
                    self.skip()?;
                }
                self.at += 1;
                self.depth -= 1;
            }
            tag::FIELDS | tag::FEW_FIELDS..=0xef => {
                self.deeper()?;
                for _ in 0..self.count(tag)? {
                    self.number()?;
                    self.skip()?;
                }
                self.depth -= 1;
            }
            tag::VARIANT => {
                self.number()?;
            }
            tag::HOLDING => {
                self.deeper()?;
                self.number()?;
                self.skip()?;
                self.depth -= 1;
            }
            _ => {
                self.scalar(tag, de::IgnoredAny)?;
            }
        }
        Ok(())
    }

    fn list<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, CompactError> {
        self.deeper()?;
        let value = visitor.visit_seq(Open { reader: self })?;
        match self.byte()? {
            tag::END => {}
            _ => return Err(CompactError::Refused("a list has more values than its type".to_owned())),
        }
        self.depth -= 1;
        Ok(value)
    }

    fn map<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, CompactError> {
        self.deeper()?;
        let value = visitor.visit_map(Open { reader: self })?;
        match self.byte()? {
            tag::END => {}
            _ => return Err(CompactError::Refused("a map has more values than its type".to_owned())),
        }
        self.depth -= 1;
        Ok(value)
    }

    #[inline]
    fn fields<V: Visitor<'de>>(
        &mut self,
        tag: u8,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CompactError> {
        self.deeper()?;
        let left = self.count(tag)?;
        let mut fields = Fields { reader: self, names, left, next: 0 };
        let value = visitor.visit_map(&mut fields)?;
        if fields.left > 0 {
            return Err(CompactError::Refused("a struct has more fields than its type".to_owned()));
        }
        self.depth -= 1;
        Ok(value)
    }
}

macro_rules! as_number {
    ($($method:ident)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CompactError> {
            let tag = self.byte()?;
            match tag {
                0..=tag::SMALL => visitor.visit_u64(tag.into()),
                tag::UNSIGNED => visitor.visit_u64(self.length()?),
                _ => self.scalar(tag, visitor),
            }
        }
    )*};
}

macro_rules! as_any {
    ($($method:ident)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CompactError> {
            self.deserialize_any(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = CompactError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CompactError> {
        let tag = self.byte()?;
        match tag {
            tag::LIST => self.list(visitor),
            tag::MAP => self.map(visitor),
            tag::FIELDS | tag::FEW_FIELDS..=0xef | tag::VARIANT | tag::HOLDING => Err(CompactError::NamesWanted),
            _ => self.scalar(tag, visitor),
        }
    }

    as_number! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    as_any! {
        deserialize_bool deserialize_i128 deserialize_u128 deserialize_f32
        deserialize_f64 deserialize_char deserialize_bytes deserialize_byte_buf deserialize_unit
        deserialize_seq deserialize_map
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CompactError> {
        let tag = self.byte()?;
        match tag {
            tag::SHORT_TEXT..tag::FEW_FIELDS | tag::TEXT => visitor.visit_borrowed_str(self.text(tag)?),
            _ => self.scalar(tag, visitor),
        }
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CompactError> {
        self.deserialize_str(visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CompactError> {
        if self.peek()? == tag::NULL {
            self.at += 1;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, CompactError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, CompactError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, CompactError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, CompactError> {
        self.deserialize_seq(visitor)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CompactError> {
        let tag = self.byte()?;
        match tag {
            tag::FIELDS | tag::FEW_FIELDS..=0xef => self.fields(tag, names, visitor),
            tag::MAP => self.map(visitor),
            tag::LIST => self.list(visitor),
            _ => self.scalar(tag, visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CompactError> {
        let tag = self.byte()?;
        match tag {
            tag::VARIANT | tag::HOLDING => {}
            // A value that came from JSON has the names of its variants in full.
            tag::TEXT | tag::SHORT_TEXT..tag::FEW_FIELDS => {
                return visitor.visit_enum(StrDeserializer::new(self.text(tag)?));
            }
            tag::MAP => {
                self.deeper()?;
                let value = visitor.visit_enum(MapAccessDeserializer::new(Open { reader: self }))?;
                if self.byte()? != tag::END {
                    return Err(CompactError::Refused("an enum has more than one variant".to_owned()));
                }
                self.depth -= 1;
                return Ok(value);
            }
            _ => return self.scalar(tag, visitor),
        }
        let number = self.number()?;
        let variant = names.iter().find(|name| name::number(name) == number);
        let &variant = variant.ok_or(CompactError::UnknownVariant { name, number })?;
        self.deeper()?;
        let value = visitor.visit_enum(Variant { reader: self, name: variant, holds: tag == tag::HOLDING })?;
        self.depth -= 1;
        Ok(value)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CompactError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CompactError> {
        self.skip()?;
        visitor.visit_unit()
    }
}

/// A list or a map, up to its end.
struct Open<'r, 'de> {
    reader: &'r mut Reader<'de>,
}

impl<'de> SeqAccess<'de> for Open<'_, 'de> {
    type Error = CompactError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, CompactError> {
        if self.reader.peek()? == tag::END {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

impl<'de> MapAccess<'de> for Open<'_, 'de> {
    type Error = CompactError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, CompactError> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, CompactError> {
        seed.deserialize(&mut *self.reader)
    }
}

/// The fields of a struct, in the order in which they were written.
struct Fields<'r, 'de> {
    reader: &'r mut Reader<'de>,
    names: &'static [&'static str],
    left: usize,
    /// Where the next name is, if they stand in the order of the type.
    next: usize,
}

impl<'de> MapAccess<'de> for &mut Fields<'_, 'de> {
    type Error = CompactError;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, CompactError> {
        while self.left > 0 {
            self.left -= 1;
            let number = self.reader.number()?;
            let is_it = |name: &&'static str| name::number(name) == number;
            let at = match self.names.get(self.next) {
                Some(name) if is_it(name) => Some(self.next),
                _ => self.names.iter().position(is_it),
            };
            if let Some(at) = at {
                self.next = at + 1;
                return seed.deserialize(self.names[at].into_deserializer()).map(Some);
            }
            // As serde does with JSON: a field that the type does not have is passed by.
            self.reader.skip()?;
        }
        Ok(None)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, CompactError> {
        seed.deserialize(&mut *self.reader)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

struct Variant<'r, 'de> {
    reader: &'r mut Reader<'de>,
    name: &'static str,
    holds: bool,
}

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = CompactError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), CompactError> {
        let variant = seed.deserialize(self.name.into_deserializer())?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = CompactError;

    fn unit_variant(self) -> Result<(), CompactError> {
        if self.holds { Err(CompactError::Refused(format!("`{}` holds nothing", self.name))) } else { Ok(()) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, CompactError> {
        if self.holds { seed.deserialize(self.reader) } else { Err(self.empty()) }
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, CompactError> {
        if self.holds { self.reader.deserialize_tuple(length, visitor) } else { Err(self.empty()) }
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CompactError> {
        if self.holds { self.reader.deserialize_struct(self.name, names, visitor) } else { Err(self.empty()) }
    }
}

impl Variant<'_, '_> {
    fn empty(&self) -> CompactError {
        CompactError::Refused(format!("nothing is stored that `{}` holds", self.name))
    }
}

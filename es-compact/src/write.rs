//! Values into bytes.

use serde::ser::{self, Serialize};

use crate::error::CompactError;
use crate::{name, tag};

/// Bytes in the making.
pub(crate) struct Writer {
    bytes: Vec<u8>,
    depth: u32,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self { bytes: Vec::with_capacity(128), depth: 0 }
    }

    /// No longer than it has to be, because it is kept for long.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn length(&mut self, mut value: u64) {
        while value >= 0x80 {
            #[allow(clippy::cast_possible_truncation, reason = "seven bits are taken")]
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        #[allow(clippy::cast_possible_truncation, reason = "seven bits are left")]
        self.bytes.push(value as u8);
    }

    fn unsigned(&mut self, value: u64) {
        match u8::try_from(value) {
            Ok(small) if small <= tag::SMALL => self.bytes.push(small),
            _ => {
                self.bytes.push(tag::UNSIGNED);
                self.length(value);
            }
        }
    }

    fn fields(&mut self, count: usize) {
        match u8::try_from(count) {
            Ok(few) if count <= tag::FEWEST => self.bytes.push(tag::FEW_FIELDS + few),
            _ => {
                self.bytes.push(tag::FIELDS);
                self.length(count as u64);
            }
        }
    }

    fn variant(&mut self, tag: u8, name: &str) {
        self.bytes.push(tag);
        self.bytes.extend(name::number(name).to_le_bytes());
    }

    fn deeper(&mut self) -> Result<(), CompactError> {
        self.depth += 1;
        if self.depth > CompactError::DEPTH { Err(CompactError::TooDeep) } else { Ok(()) }
    }
}

impl<'w> ser::Serializer for &'w mut Writer {
    type Ok = ();
    type Error = CompactError;
    type SerializeSeq = Open<'w>;
    type SerializeTuple = Open<'w>;
    type SerializeTupleStruct = Open<'w>;
    type SerializeTupleVariant = Open<'w>;
    type SerializeMap = Open<'w>;
    type SerializeStruct = Fields<'w>;
    type SerializeStructVariant = Fields<'w>;

    fn serialize_bool(self, value: bool) -> Result<(), CompactError> {
        self.bytes.push(if value { tag::TRUE } else { tag::FALSE });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), CompactError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), CompactError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), CompactError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), CompactError> {
        if let Ok(value) = u64::try_from(value) {
            self.unsigned(value);
        } else {
            self.bytes.push(tag::NEGATIVE);
            self.length(!value.cast_unsigned());
        }
        Ok(())
    }

    fn serialize_i128(self, value: i128) -> Result<(), CompactError> {
        if let Ok(value) = i64::try_from(value) {
            return self.serialize_i64(value);
        }
        self.bytes.push(tag::I128);
        self.bytes.extend(value.to_le_bytes());
        Ok(())
    }

    fn serialize_u8(self, value: u8) -> Result<(), CompactError> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), CompactError> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), CompactError> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), CompactError> {
        self.unsigned(value);
        Ok(())
    }

    fn serialize_u128(self, value: u128) -> Result<(), CompactError> {
        if let Ok(value) = u64::try_from(value) {
            return self.serialize_u64(value);
        }
        self.bytes.push(tag::U128);
        self.bytes.extend(value.to_le_bytes());
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), CompactError> {
        self.bytes.push(tag::F32);
        self.bytes.extend(value.to_le_bytes());
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result<(), CompactError> {
        self.bytes.push(tag::F64);
        self.bytes.extend(value.to_le_bytes());
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), CompactError> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Result<(), CompactError> {
        match u8::try_from(text.len()) {
            Ok(short) if text.len() <= tag::SHORTEST => self.bytes.push(tag::SHORT_TEXT + short),
            _ => {
                self.bytes.push(tag::TEXT);
                self.length(text.len() as u64);
            }
        }
        self.bytes.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), CompactError> {
        self.bytes.push(tag::BYTES);
        self.length(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), CompactError> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), CompactError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), CompactError> {
        self.bytes.push(tag::NULL);
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), CompactError> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), CompactError> {
        self.variant(tag::VARIANT, variant);
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), CompactError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), CompactError> {
        self.variant(tag::HOLDING, variant);
        self.deeper()?;
        value.serialize(&mut *self)?;
        self.depth -= 1;
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'w>, CompactError> {
        self.deeper()?;
        self.bytes.push(tag::LIST);
        Ok(Open(self))
    }

    fn serialize_tuple(self, length: usize) -> Result<Open<'w>, CompactError> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Open<'w>, CompactError> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Open<'w>, CompactError> {
        self.variant(tag::HOLDING, variant);
        self.serialize_seq(Some(length))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Open<'w>, CompactError> {
        self.deeper()?;
        self.bytes.push(tag::MAP);
        Ok(Open(self))
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Fields<'w>, CompactError> {
        self.deeper()?;
        self.fields(length);
        Ok(Fields { writer: self, written: Vec::new(), few: [0; 8], count: 0, length })
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Fields<'w>, CompactError> {
        self.variant(tag::HOLDING, variant);
        self.serialize_struct(name, length)
    }
}

/// A list or a map, up to its end.
pub(crate) struct Open<'w>(&'w mut Writer);

impl Open<'_> {
    fn close(self) {
        self.0.bytes.push(tag::END);
        self.0.depth -= 1;
    }
}

impl ser::SerializeSeq for Open<'_> {
    type Ok = ();
    type Error = CompactError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CompactError> {
        value.serialize(&mut *self.0)
    }

    fn end(self) -> Result<(), CompactError> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeTuple for Open<'_> {
    type Ok = ();
    type Error = CompactError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CompactError> {
        value.serialize(&mut *self.0)
    }

    fn end(self) -> Result<(), CompactError> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeTupleStruct for Open<'_> {
    type Ok = ();
    type Error = CompactError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CompactError> {
        value.serialize(&mut *self.0)
    }

    fn end(self) -> Result<(), CompactError> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeTupleVariant for Open<'_> {
    type Ok = ();
    type Error = CompactError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CompactError> {
        value.serialize(&mut *self.0)
    }

    fn end(self) -> Result<(), CompactError> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeMap for Open<'_> {
    type Ok = ();
    type Error = CompactError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), CompactError> {
        key.serialize(&mut *self.0)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CompactError> {
        value.serialize(&mut *self.0)
    }

    fn end(self) -> Result<(), CompactError> {
        self.close();
        Ok(())
    }
}

/// The fields of a struct, whose numbers have to differ.
pub(crate) struct Fields<'w> {
    writer: &'w mut Writer,
    few: [u16; 8],
    count: usize,
    length: usize,
    /// Those beyond a few.
    written: Vec<u16>,
}

impl Fields<'_> {
    fn field<T: Serialize + ?Sized>(&mut self, field: &'static str, value: &T) -> Result<(), CompactError> {
        let number = name::number(field);
        let few = self.count.min(self.few.len());
        if self.few[..few].contains(&number) || self.written.contains(&number) {
            return Err(CompactError::SameNumber { field });
        }
        match self.few.get_mut(self.count) {
            Some(place) => *place = number,
            None => self.written.push(number),
        }
        self.count += 1;
        self.writer.bytes.extend(number.to_le_bytes());
        value.serialize(&mut *self.writer)
    }

    fn close(self) -> Result<(), CompactError> {
        self.writer.depth -= 1;
        if self.count != self.length {
            let Self { count, length, .. } = self;
            return Err(CompactError::Refused(format!("{length} fields were announced, and {count} written")));
        }
        Ok(())
    }
}

impl ser::SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = CompactError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, field: &'static str, value: &T) -> Result<(), CompactError> {
        self.field(field, value)
    }

    fn end(self) -> Result<(), CompactError> {
        self.close()
    }
}

impl ser::SerializeStructVariant for Fields<'_> {
    type Ok = ();
    type Error = CompactError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, field: &'static str, value: &T) -> Result<(), CompactError> {
        self.field(field, value)
    }

    fn end(self) -> Result<(), CompactError> {
        self.close()
    }
}

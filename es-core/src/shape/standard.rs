//! The shapes of the standard library's types.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, LinkedList, VecDeque};
use std::marker::PhantomData;
use std::num;
use std::rc::Rc;
use std::sync::Arc;

use super::{EventData, Outer, Record, RecordField, Shape};
use crate::time::Timestamp;

macro_rules! scalars {
    ($($name:literal: $($ty:ty),+;)+) => {$($(
        impl EventData for $ty {
            fn shape(_: &mut Outer) -> Shape {
                Shape::scalar($name)
            }
        }
    )+)+};
}
scalars! {
    "bool": bool;
    "char": char;
    "string": String, str, std::path::PathBuf, std::net::IpAddr, std::net::Ipv4Addr, std::net::Ipv6Addr;
    "null": (), PhantomData<()>;
    "u8": u8; "u16": u16; "u32": u32; "u64": u64; "u128": u128; "usize": usize;
    "i8": i8; "i16": i16; "i32": i32; "i64": i64; "i128": i128; "isize": isize;
    "f32": f32; "f64": f64;
    "u8 but 0": num::NonZeroU8; "u16 but 0": num::NonZeroU16; "u32 but 0": num::NonZeroU32;
    "u64 but 0": num::NonZeroU64; "i64 but 0": num::NonZeroI64;
}

#[cfg(feature = "json")]
impl EventData for serde_json::Value {
    fn shape(_: &mut Outer) -> Shape {
        Shape::scalar("any")
    }
}

/// A value that is there, but of no use, may have any shape.
impl EventData for serde::de::IgnoredAny {
    fn shape(_: &mut Outer) -> Shape {
        Shape::scalar("ignored")
    }
}

impl EventData for uuid::Uuid {
    fn shape(_: &mut Outer) -> Shape {
        Shape::scalar("uuid")
    }
}

/// RFC 3339.
impl EventData for Timestamp {
    fn shape(_: &mut Outer) -> Shape {
        Shape::scalar("timestamp")
    }
}

#[cfg(feature = "jiff")]
impl EventData for jiff::Timestamp {
    fn shape(_: &mut Outer) -> Shape {
        Shape::scalar("timestamp")
    }
}

macro_rules! same_as_inner {
    ($($ty:ty),+) => {$(
        impl<T: EventData + ?Sized> EventData for $ty {
            fn shape(outer: &mut Outer) -> Shape {
                T::shape(outer)
            }
        }
    )+};
}
same_as_inner!(&T, Box<T>, Rc<T>, Arc<T>);

impl<T: EventData + ToOwned + ?Sized> EventData for Cow<'_, T> {
    fn shape(outer: &mut Outer) -> Shape {
        T::shape(outer)
    }
}

impl<T: EventData> EventData for Option<T> {
    fn shape(outer: &mut Outer) -> Shape {
        Shape::Optional(Box::new(T::shape(outer)))
    }
}

macro_rules! lists {
    ($($ty:ty),+) => {$(
        impl<T: EventData> EventData for $ty {
            fn shape(outer: &mut Outer) -> Shape {
                Shape::List(Box::new(T::shape(outer)))
            }
        }
    )+};
}
lists!(Vec<T>, VecDeque<T>, LinkedList<T>, BTreeSet<T>, [T]);

impl<T: EventData, S> EventData for HashSet<T, S> {
    fn shape(outer: &mut Outer) -> Shape {
        Shape::List(Box::new(T::shape(outer)))
    }
}

/// serde stores an array as a tuple, so its length is part of the shape.
impl<T: EventData, const N: usize> EventData for [T; N] {
    fn shape(outer: &mut Outer) -> Shape {
        Shape::Tuple((0..N).map(|_| T::shape(outer)).collect())
    }
}

impl<K: EventData, V: EventData> EventData for BTreeMap<K, V> {
    fn shape(outer: &mut Outer) -> Shape {
        Shape::Map(Box::new(K::shape(outer)), Box::new(V::shape(outer)))
    }
}

impl<K: EventData, V: EventData, S> EventData for HashMap<K, V, S> {
    fn shape(outer: &mut Outer) -> Shape {
        Shape::Map(Box::new(K::shape(outer)), Box::new(V::shape(outer)))
    }
}

macro_rules! tuples {
    ($(($($ty:ident),+))+) => {$(
        impl<$($ty: EventData),+> EventData for ($($ty,)+) {
            fn shape(outer: &mut Outer) -> Shape {
                Shape::Tuple(vec![$($ty::shape(outer)),+])
            }
        }
    )+};
}
tuples! { (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) }

impl EventData for std::time::Duration {
    fn shape(_: &mut Outer) -> Shape {
        let field =
            |name: &str, ty| RecordField { name: name.to_owned(), may_be_missing: false, shape: Shape::scalar(ty) };
        Shape::Record(Record {
            fields: vec![field("secs", "u64"), field("nanos", "u32")],
            aliases: Vec::new(),
            denies_unknown: true,
        })
    }
}

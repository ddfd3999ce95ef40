//! Types of every kind that serde writes in a way of its own.

use std::collections::BTreeMap;

use es_core::EventData;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, EventData)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Money {
    pub(crate) minor_units: i64,
    #[serde(rename = "cur")]
    pub(crate) currency: Option<String>,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    #[serde(skip)]
    #[expect(dead_code, reason = "it is not stored")]
    pub(crate) cache: u8,
}

pub(crate) fn money() -> Money {
    Money { minor_units: 5, currency: Some("EUR".into()), tags: vec!["a".into()], cache: 0 }
}

#[derive(Serialize, Deserialize, EventData)]
pub(crate) struct Cents(pub(crate) i64);

#[derive(Serialize, Deserialize, EventData)]
#[serde(transparent)]
pub(crate) struct Wrapped {
    pub(crate) inner: Cents,
}

#[derive(Serialize, Deserialize, EventData)]
pub(crate) struct Pair(pub(crate) u8, pub(crate) String);

#[derive(Serialize, Deserialize, EventData)]
pub(crate) struct Unit;

#[derive(Default, Serialize, Deserialize, EventData)]
#[serde(default)]
pub(crate) struct Defaults {
    pub(crate) a: u8,
    pub(crate) b: Vec<bool>,
}

#[derive(Serialize, Deserialize, EventData)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Kind {
    VerySmall,
    #[serde(rename = "big")]
    Large {
        size: u32,
    },
    Other(String, u8),
    #[serde(rename_all = "kebab-case")]
    WithFields {
        one_field: bool,
    },
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, EventData)]
pub(crate) enum Plain {
    One,
    Two,
}

#[derive(Serialize, Deserialize, EventData)]
#[serde(tag = "type", content = "data")]
pub(crate) enum Adjacent {
    A(u8),
    B,
    C { x: u8, y: Option<bool> },
}

#[derive(Serialize, Deserialize, EventData)]
#[serde(tag = "type")]
pub(crate) enum Internal {
    A { x: u8 },
    B,
    C(Money),
    D(Inner),
    F(()),
    G(BTreeMap<String, u8>),
}

#[derive(Serialize, Deserialize, EventData)]
#[serde(tag = "kind")]
pub(crate) enum Inner {
    E { z: u8 },
}

#[derive(Serialize, Deserialize, EventData)]
#[serde(untagged)]
pub(crate) enum Untagged {
    Number(u8),
    Text(String),
    Wide(u32),
}

#[derive(Serialize, Deserialize, EventData)]
pub(crate) struct Tree {
    pub(crate) children: Vec<Tree>,
}

#[derive(Serialize, Deserialize, EventData)]
pub(crate) struct Opaque {
    #[serde(with = "as_text")]
    pub(crate) number: u8,
    pub(crate) rest: Option<Unknown>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Unknown;

mod as_text {
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
    pub(crate) fn serialize<S: Serializer>(number: &u8, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[derive(Serialize, Deserialize, EventData)]
pub(crate) struct Flattened {
    pub(crate) minor_units: i64,
    pub(crate) note: Option<String>,
}

#[derive(Serialize, Deserialize, EventData)]
pub(crate) struct Flat {
    pub(crate) a: u8,
    #[serde(flatten)]
    pub(crate) money: Flattened,
}

#[derive(Serialize, Deserialize, EventData)]
pub(crate) struct FlatMap {
    pub(crate) a: u8,
    #[serde(flatten)]
    pub(crate) rest: BTreeMap<String, u8>,
}

#[derive(Serialize, Deserialize, EventData)]
pub(crate) struct FlatChoice<T> {
    pub(crate) a: u8,
    #[serde(flatten)]
    pub(crate) kind: T,
}

#[derive(Serialize, Deserialize, EventData)]
pub(crate) enum Happened {
    Opened { owner: String },
    Closed,
}

#[derive(Serialize, Deserialize, EventData)]
#[serde(tag = "event", content = "of")]
pub(crate) enum Tagged {
    Opened { owner: String },
    Closed,
}

#[derive(Serialize, Deserialize, EventData)]
#[serde(untagged)]
pub(crate) enum Either {
    Left { l: u8 },
    Right { r: bool },
}

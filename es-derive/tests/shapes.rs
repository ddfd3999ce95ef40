//! The shapes that the derives tell, held against what serde writes.

#![allow(missing_docs, missing_debug_implementations, reason = "the domain of a test")]

use std::collections::{BTreeMap, HashMap};

use es_core::shape::Shape;
use es_core::{Command, Event, EventData};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, EventData)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Money {
    pub minor_units: i64,
    #[serde(rename = "cur")]
    pub currency: Option<String>,
    #[serde(default)]
    pub tags: Vec<String>,
    #[serde(skip)]
    pub cache: u8,
}

#[derive(Default, Serialize, Deserialize, EventData)]
pub struct Cents(i64);

#[derive(Serialize, Deserialize, EventData)]
#[serde(transparent)]
pub struct Wrapped {
    inner: Cents,
}

#[derive(Serialize, Deserialize, EventData)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
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

#[derive(Serialize, Deserialize, EventData)]
#[serde(tag = "type", content = "data")]
pub enum Adjacent {
    A(u8),
}

#[derive(Serialize, Deserialize, EventData)]
#[serde(tag = "type")]
pub enum Internal {
    A { x: u8 },
}

#[derive(Serialize, Deserialize, EventData)]
#[serde(untagged)]
pub enum Untagged {
    Number(u8),
    Text(String),
}

#[derive(Serialize, Deserialize, EventData)]
pub struct Renamed {
    #[serde(alias = "amt", alias = "sum")]
    pub amount: u32,
    pub kind: RenamedKind,
}

#[derive(Serialize, Deserialize, EventData)]
#[serde(deny_unknown_fields)]
pub enum RenamedKind {
    #[serde(alias = "Cash")]
    Coins {
        count: u8,
    },
    Card,
}

#[derive(Serialize, Deserialize, EventData)]
pub struct Tree {
    pub children: Vec<Tree>,
}

#[derive(Serialize, Deserialize, EventData)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<Box<Page<T>>>,
}

#[derive(Serialize, Deserialize, EventData)]
pub struct Flat {
    #[serde(flatten)]
    pub money: Money,
    #[serde(with = "as_text")]
    pub number: u8,
    pub rest: Unknown,
}

#[derive(Serialize, Deserialize, EventData)]
pub struct FlatChoices {
    #[serde(flatten)]
    pub kind: Adjacent,
    #[serde(flatten)]
    pub other: Option<Internal>,
    #[serde(flatten)]
    pub rest: BTreeMap<String, u8>,
}

#[derive(Serialize, Deserialize)]
pub struct Unknown;

#[derive(Clone, Serialize, Deserialize, EventData)]
#[serde(try_from = "String", into = "String")]
pub struct Iban(String);

impl TryFrom<String> for Iban {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.len() > 4 { Ok(Self(text)) } else { Err(format!("`{text}` is no IBAN")) }
    }
}

impl From<Iban> for String {
    fn from(iban: Iban) -> Self {
        iban.0
    }
}

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

fn shown<T: EventData>() -> String {
    Shape::of::<T>().to_string()
}

#[test]
fn structs_are_as_serde_stores_them() {
    assert_eq!(shown::<Money>(), "{minorUnits: i64, cur?: string?, tags?: [string], no others}");
    assert_eq!(shown::<Cents>(), "i64");
    assert_eq!(shown::<Wrapped>(), "i64");
    assert_eq!(shown::<Iban>(), "string");
}

#[test]
fn enums_are_as_serde_stores_them() {
    assert_eq!(shown::<Kind>(), "VERY_SMALL | big {size: u32} | OTHER (string, u8) | WITH_FIELDS {one-field: bool}");
    assert_eq!(shown::<Adjacent>(), "A u8, told by `type`, held in `data`");
    assert_eq!(shown::<Internal>(), "A {x: u8}, told by `type`");
    assert_eq!(shown::<Untagged>(), "Number u8 | Text string, untagged");
    let json = serde_json::to_value([Kind::VerySmall, Kind::WithFields { one_field: true }]).unwrap();
    assert_eq!(json, serde_json::json!(["VERY_SMALL", { "WITH_FIELDS": { "one-field": true } }]));
}

#[test]
fn other_names_are_part_of_the_shape() {
    let shape = Shape::of::<Renamed>();
    assert_eq!(shape.to_string(), "{amount/amt/sum: u32, kind: Coins/Cash {count: u8, no others} | Card}");
    let stored = serde_json::json!({ "sum": 3, "kind": { "Cash": { "count": 2 } } });
    let Renamed { amount: 3, kind: RenamedKind::Coins { count: 2 } } = serde_json::from_value(stored).unwrap() else {
        panic!("serde reads other names")
    };
    let more = serde_json::json!({ "Coins": { "count": 2, "more": 1 } });
    assert!(serde_json::from_value::<RenamedKind>(more).is_err(), "serde denies others in the fields of variants");
    let json = serde_json::json!({ "amt": "u32", "kind": { "$one_of": { "Cash": { "count": "u8" } } } });
    let older = Shape::from_json(&json).unwrap();
    assert!(shape.reads(&older) && !older.reads(&shape));
    let paths: Vec<_> = shape.lines().into_iter().map(|(path, shape)| format!("{path}: {shape}")).collect();
    assert_eq!(paths[2..], ["amt: another name of `amount`", "sum: another name of `amount`"]);
    let fewer = Shape::from_json(&serde_json::json!({ "amount": "u32", "kind": shape.to_json()["kind"] })).unwrap();
    assert!(!fewer.reads(&shape), "payloads under the other names may be stored");
}

#[test]
fn wider_integers_read_narrower_ones() {
    let reads = |new: &str, old: &str| Shape::scalar(new).reads(&Shape::scalar(old));
    for (new, old) in [
        ("u64", "u32"),
        ("i64", "i32"),
        ("i64", "u32"),
        ("i128", "u64"),
        ("u128", "u64"),
        ("u8", "u8 but 0"),
        ("u64 but 0", "u32 but 0"),
        ("i64", "u8 but 0"),
        ("string", "uuid"),
        ("any", "u8"),
    ] {
        assert!(reads(new, old) && !reads(old, new), "{new} reads {old}, and not the other way");
    }
    for (new, old) in [("i64", "u64"), ("u64", "i64"), ("u64 but 0", "u32"), ("f64", "u32"), ("u64", "usize")] {
        assert!(!reads(new, old), "{new} does not read {old}");
    }
}

#[test]
fn untagged_variants_may_only_come_after_the_others() {
    let of = |variants: &[&str]| {
        let variants: Vec<_> = variants.iter().map(|name| serde_json::json!({ *name: name })).collect();
        Shape::from_json(&serde_json::json!({ "$one_of": variants, "$untagged": true })).unwrap()
    };
    let (two, three) = (of(&["u8", "string"]), of(&["u8", "string", "bool"]));
    assert!(three.reads(&two) && !two.reads(&three));
    assert!(!of(&["bool", "u8", "string"]).reads(&two) && !of(&["string", "u8"]).reads(&two));
    assert_eq!(two.sorted(), two, "their order is kept");
}

#[test]
fn types_of_the_standard_library_are_known() {
    assert_eq!(shown::<HashMap<String, [u8; 2]>>(), "{string => (u8, u8)}");
    assert_eq!(shown::<BTreeMap<u32, Option<Vec<char>>>>(), "{u32 => [char]?}");
    assert_eq!(shown::<(bool, std::time::Duration)>(), "(bool, {secs: u64, nanos: u32, no others})");
}

#[test]
fn a_type_that_contains_itself_ends() {
    assert_eq!(shown::<Tree>(), "{children: [Tree again]}");
    assert_eq!(shown::<Page<Cents>>(), "{items: [i64], next?: Page again?}");
}

#[test]
fn what_is_flattened_or_unknown_is_told_as_far_as_it_can_be() {
    assert_eq!(
        shown::<Flat>(),
        "{minorUnits: i64, cur?: string?, tags?: [string], number: `u8 by as_text`, rest: `Unknown`}"
    );
    assert_eq!(
        shown::<FlatChoices>(),
        "{..kind: A u8, told by `type`, held in `data`, ..other?: A {x: u8}, told by `type`, ..rest?: {string => u8}}"
    );
}

#[test]
fn a_shape_comes_back_from_json() {
    for shape in [
        Shape::of::<Money>(),
        Shape::of::<Kind>(),
        Shape::of::<Adjacent>(),
        Shape::of::<Internal>(),
        Shape::of::<Untagged>(),
        Shape::of::<Renamed>(),
        Shape::of::<Page<(Cents, Flat)>>(),
        Shape::of::<HashMap<u8, Option<Money>>>(),
        Shape::of::<()>(),
    ] {
        let again = Shape::from_json(&shape.to_json()).unwrap();
        assert!(again.reads(&shape) && shape.reads(&again), "{shape}\n{again}");
    }
    assert!(Shape::from_json(&serde_json::json!([1, 2])).is_err());
}

/// Every version is reconstructed.
#[derive(Serialize, Deserialize, Event)]
#[event(name = "paid", version = 5)]
#[upcast(1 => 2, change(price: String => price.parse()?), remove(#[serde(rename = "Memo")] memo: Option<Kind>))]
#[upcast(2 => 3, rename(price => amount))]
#[upcast(3 => 4, remove(old), add(currency = "EUR"))]
#[upcast(4 => 5, add(money = Cents(amount)), remove(amount: i64))]
#[serde(rename_all = "camelCase")]
pub struct Paid {
    #[serde(default)]
    money: Cents,
    currency: String,
}

#[test]
fn the_shapes_of_old_versions_follow_from_the_hops() {
    let shapes: Vec<_> = (0..=6).map(|version| Paid::shape(version).map(|shape| shape.to_string())).collect();
    let expected = [
        None,
        Some(
            "{price: string, old?: ignored, Memo?: VERY_SMALL | big {size: u32} | OTHER (string, u8) | WITH_FIELDS {one-field: bool}?}",
        ),
        Some("{price: i64, old?: ignored}"),
        Some("{amount: i64, old?: ignored}"),
        Some("{currency: string, amount: i64}"),
        Some("{money?: i64, currency: string}"),
        None,
    ];
    assert_eq!(shapes, expected.map(|text| text.map(ToOwned::to_owned)));
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "stored")]
#[serde(rename_all = "camelCase")]
pub struct Stored {
    pub one_field: u8,
    #[serde(rename = "other")]
    pub another: u8,
    #[serde(skip)]
    pub skipped: u8,
    #[serde(flatten)]
    pub money: Money,
    pub r#type: u8,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "in-places")]
pub struct InPlaces(pub u8, #[serde(skip)] pub u8, pub u8);

#[test]
fn the_model_knows_stored_names() {
    let names = |fields: &[es_core::model::FieldModel]| -> Vec<_> {
        fields.iter().map(|field| (field.name, field.stored)).collect()
    };
    assert_eq!(
        names(Stored::MODEL.fields),
        [
            ("one_field", Some("oneField")),
            ("another", Some("other")),
            ("skipped", None),
            ("money", None),
            ("type", Some("type")),
        ]
    );
    assert_eq!(names(InPlaces::MODEL.fields), [("0", Some("0")), ("1", None), ("2", Some("1"))]);
}

#[derive(Deserialize, Command)]
#[serde(rename_all = "camelCase")]
#[command(emits = Paid { money, currency })]
pub struct Pay {
    money: Cents,
    currency: String,
    #[serde(default, rename = "note")]
    _note: Option<Vec<Kind>>,
}

#[test]
fn a_command_tells_its_shape_as_an_event_does() {
    let kind = "VERY_SMALL | big {size: u32} | OTHER (string, u8) | WITH_FIELDS {one-field: bool}";
    assert_eq!(Pay::shape().to_string(), format!("{{money: i64, currency: string, note?: [{kind}]?}}"));
}

//! The JSON Schemas of shapes and events, held against what serde writes and reads, by a validator that knows neither.

mod agreement;
mod events;
mod stored;
mod types;

use std::collections::{BTreeMap, BTreeSet};

use es_core::catalogue::json_schema;
use es_core::shape::Shape;
use serde_json::{Value, json};

use self::agreement::{agree, fits};
use self::types::{
    Adjacent, Cents, Defaults, Either, Flat, FlatChoice, FlatMap, Flattened, Happened, Inner, Internal, Kind, Money,
    Opaque, Pair, Plain, Tagged, Tree, Unit, Untagged, Wrapped, money,
};

#[test]
fn structs_fit_their_schemas() {
    agree(&[money(), Money { currency: None, tags: vec![], ..money() }]);
    agree(&[Cents(-5)]);
    agree(&[Wrapped { inner: Cents(5) }]);
    agree(&[Pair(1, "x".into())]);
    agree(&[Unit]);
    agree(&[Defaults::default()]);
}

#[test]
fn choices_fit_their_schemas_in_every_tagging() {
    agree(&[
        Kind::VerySmall,
        Kind::Large { size: 5 },
        Kind::Other("x".into(), 5),
        Kind::WithFields { one_field: true },
    ]);
    agree(&[Plain::One, Plain::Two]);
    agree(&[Some(Plain::One), None]);
    agree(&[Adjacent::A(5), Adjacent::B, Adjacent::C { x: 5, y: None }]);
    agree(&[Internal::A { x: 5 }, Internal::B, Internal::C(money()), Internal::D(Inner::E { z: 1 }), Internal::F(())]);
    agree(&[Internal::G([("k".to_owned(), 5)].into())]);
    agree(&[Untagged::Number(5), Untagged::Text("x".into()), Untagged::Wide(70_000)]);
}

#[test]
fn values_fit_their_schemas() {
    agree(&[0, u8::MAX]);
    agree(&[i8::MIN, i8::MAX]);
    agree(&[0, u16::MAX]);
    agree(&[i16::MIN]);
    agree(&[0, u32::MAX]);
    agree(&[i32::MIN]);
    agree(&[0, u64::MAX]);
    agree(&[i64::MIN, i64::MAX]);
    agree(&[1.5_f64, -0.25]);
    agree(&[true]);
    agree(&['ü']);
    agree(&[std::num::NonZeroU8::MIN, std::num::NonZeroU8::MAX]);
    agree(&[std::num::NonZeroI64::MIN]);
    agree(&[(), ()]);
    agree(&[Some(5_u8), None]);
    agree(&[Some('c'), None]);
    agree(&[(true, 5_u8, "x".to_owned())]);
    agree(&[([1_u8, 2], [(); 0])]);
    agree(&[vec![(1_u8, Some('c'))], vec![]]);
    agree(&[BTreeSet::from([1_u8, 2])]);
    agree(&[std::time::Duration::from_millis(1500)]);
}

#[test]
fn integers_end_where_the_rust_type_ends() {
    let schema = |shape| json_schema(&Shape::scalar(shape));
    let limits = |shape| (schema(shape)["minimum"].clone(), schema(shape)["maximum"].clone());
    assert_eq!(limits("u8"), (json!(0), json!(255)));
    assert_eq!(limits("i16"), (json!(-32_768), json!(32_767)));
    assert_eq!(limits("u64"), (json!(0), json!(u64::MAX)));
    assert_eq!(limits("i64"), (json!(i64::MIN), json!(i64::MAX)));
    assert_eq!(limits("u128"), (json!(0), Value::Null));
    assert_eq!(limits("i128"), (Value::Null, Value::Null));
    assert_eq!(limits("u32 but 0"), (json!(1), json!(u32::MAX)));
    for (shape, payload) in [("u8", json!(256)), ("u8", json!(-1)), ("i64 but 0", json!(0)), ("u64", json!(-1))] {
        assert!(!fits(&schema(shape), &payload), "{payload} fits {shape}");
    }
}

#[test]
fn keys_of_maps_fit_their_schemas() {
    agree(&[BTreeMap::from([("a".to_owned(), 5_u8)])]);
    agree(&[BTreeMap::from([(5_u32, Some('c'))])]);
    agree(&[BTreeMap::from([(-5_i8, true)])]);
    agree(&[BTreeMap::from([(true, 5_u8)])]);
    agree(&[BTreeMap::from([('c', 5_u8)])]);
    agree(&[BTreeMap::from([(Plain::Two, 5_u8)])]);
}

#[test]
fn what_is_flattened_fits_its_schema() {
    agree(&[Flat { a: 1, money: Flattened { minor_units: 1, note: None } }]);
    agree(&[FlatMap { a: 1, rest: [("k".to_owned(), 5)].into() }]);
    agree(&[
        FlatChoice { a: 1, kind: Happened::Opened { owner: "Ada".into() } },
        FlatChoice { a: 1, kind: Happened::Closed },
    ]);
    agree(&[
        FlatChoice { a: 1, kind: Tagged::Opened { owner: "Ada".into() } },
        FlatChoice { a: 1, kind: Tagged::Closed },
    ]);
    agree(&[FlatChoice { a: 1, kind: Either::Left { l: 1 } }, FlatChoice { a: 1, kind: Either::Right { r: true } }]);
    agree(&[FlatChoice { a: 1, kind: Some(Tagged::Closed) }]);
    let schema = json_schema(&Shape::of::<FlatChoice<Option<Flattened>>>());
    assert!(fits(&schema, &json!({ "a": 1 })) && fits(&schema, &json!({ "a": 1, "minor_units": 5 })));
    assert!(!fits(&schema, &json!({ "minor_units": 5 })) && !fits(&schema, &json!({ "a": 1, "minor_units": "5" })));
}

#[test]
fn where_the_shape_ends_anything_fits_and_a_comment_says_so() {
    let schema = json_schema(&Shape::of::<Tree>());
    let again = &schema["properties"]["children"]["items"];
    assert_eq!(*again, json!({ "$comment": "`Tree` again, which contains itself" }));
    let tree = Tree { children: vec![Tree { children: vec![] }] };
    assert!(fits(&schema, &serde_json::to_value(tree).unwrap()));
    assert!(!fits(&schema, &json!({ "children": 5 })));

    let schema = json_schema(&Shape::of::<Opaque>());
    let comments = |field: &str| schema["properties"][field].clone();
    assert_eq!(comments("number"), json!({ "$comment": "`u8 by as_text`, which does not tell its shape" }));
    assert_eq!(comments("rest"), json!({ "$comment": "`Option<Unknown>`, which does not tell its shape" }));
    assert!(fits(&schema, &serde_json::to_value(Opaque { number: 5, rest: None }).unwrap()));
}

#[test]
fn an_array_of_one_type_is_not_told_place_by_place() {
    let array = json!({ "type": "array", "items": { "type": "boolean" }, "minItems": 4, "maxItems": 4 });
    let schema = json_schema(&Shape::of::<[bool; 4]>());
    assert_eq!(schema["items"], array["items"]);
    let mixed = json_schema(&Shape::of::<(bool, char)>());
    assert_eq!((&mixed["prefixItems"][0]["type"], &mixed["items"]), (&json!("boolean"), &json!(false)));
}

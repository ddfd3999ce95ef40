use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event]
struct E0;

#[derive(Serialize, Deserialize, Event)]
#[event()]
struct E1;

#[derive(Serialize, Deserialize, Event)]
#[event = "e"]
struct E2;

#[derive(Serialize, Deserialize, Event)]
#[event(name = )]
struct E3;

#[derive(Serialize, Deserialize, Event)]
#[event(name = "e", version = )]
struct E4;

#[derive(Serialize, Deserialize, Event)]
#[event(name = "e", ,)]
struct E5;

#[derive(Serialize, Deserialize, Event)]
#[event("e")]
struct E6;

#[derive(Serialize, Deserialize, Event)]
#[event(name: "e")]
struct E7;

#[derive(Serialize, Deserialize, Event)]
#[event(name("e"))]
struct E8;

#[derive(Serialize, Deserialize, Event)]
#[event(e)]
struct E9;

#[derive(Serialize, Deserialize, Event)]
#[event(name = "e"; version = 1)]
struct E10;

#[derive(Serialize, Deserialize, Event)]
#[event(name = "e", crate)]
struct E11;

#[derive(Serialize, Deserialize, Event)]
#[event(name = "a" "b")]
struct E12;

fn main() {}

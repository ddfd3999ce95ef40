use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n0", version = 2)]
#[upcast]
struct E0 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n1", version = 2)]
#[upcast()]
struct E1 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n2", version = 2)]
#[upcast(1)]
struct E2 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n3", version = 2)]
#[upcast(1 =>)]
struct E3 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n4", version = 2)]
#[upcast(1 => 2,)]
struct E4 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n5", version = 2)]
#[upcast(1 => 2, add)]
struct E5 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n6", version = 2)]
#[upcast(1 => 2, add(amount =))]
struct E6 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n7", version = 2)]
#[upcast(1 => 2, rename(a =>))]
struct E7 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n8", version = 2)]
#[upcast(1 => 2, rename(=> amount))]
struct E8 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n9", version = 2)]
#[upcast(1 => 2, from)]
struct E9 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n10", version = 2)]
#[upcast(1 => 2, from =)]
struct E10 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n11", version = 2)]
#[upcast(1 => 2 add(amount))]
struct E11 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n12", version = 2)]
#[upcast = 3]
struct E12 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n13", version = 2)]
#[upcast(1 -> 2, add(amount))]
struct E13 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n14", version = 2)]
#[upcast(1 => 2, , add(amount))]
struct E14 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n15", version = 2)]
#[upcast(one => two)]
struct E15 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n16", version = 2)]
#[upcast(1 => 2, add(amount, ,))]
struct E16 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n17", version = 2)]
#[upcast(1 => 2, 3)]
struct E17 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n18", version = 2)]
#[upcast(1 => 2, remove(a:))]
struct E18 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n19", version = 2)]
#[upcast(1 => 2, change(amount))]
struct E19 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n20", version = 2)]
#[upcast(1 => 2, change(amount: => 3))]
struct E20 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n21", version = 2)]
#[upcast(1 => 2, change(amount: u8 =>))]
struct E21 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n22", version = 2)]
#[upcast(1 => 2, with =)]
struct E22 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n23", version = 2)]
#[upcast(1 => 2, with = 3)]
struct E23 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n24", version = 2)]
#[upcast(1 => 2, from = 3)]
struct E24 {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "n25", version = 2)]
#[upcast(4294967295 => 4294967296, add(amount))]
struct E25 {
    amount: u64,
}

fn main() {}

use es_core::Aggregate;

#[derive(Debug, Default, Aggregate)]
#[aggregate]
struct A0;

#[derive(Debug, Default, Aggregate)]
#[aggregate()]
struct A1;

#[derive(Debug, Default, Aggregate)]
#[aggregate = "a"]
struct A2;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name)]
struct A3;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "a", id = , error = E, events(X), commands())]
struct A4;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "a", id = String, error, events(X), commands())]
struct A5;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "a", id = String, error = E, events, commands())]
struct A6;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "a", id = String, error = E, events(, X), commands())]
struct A7;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "a", id = String, error = E, events(X Y), commands())]
struct A8;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "a", id = String, error = E, events(X = ), commands())]
struct A9;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "a", id = String, error = E, events(X), commands(= Y))]
struct A10;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "a", id = String, error = E, events(X), commands(), event_enum = )]
struct A11;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "a", id = String, error = E, events(X), commands(), event_enum = "E")]
struct A12;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "a", id = String, error = E, events(X), commands(), event_derive(Debug Clone))]
struct A13;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "a", id = String, error = E, event = , commands())]
struct A14;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "a", id = String, error = E, events(X::), commands())]
struct A15;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "a"; id = String; error = E; events(X); commands())]
struct A16;

fn main() {}

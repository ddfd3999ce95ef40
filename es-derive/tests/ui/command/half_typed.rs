use es_core::Command;

#[derive(Command)]
#[command]
struct C0;

#[derive(Command)]
#[command()]
struct C1;

#[derive(Command)]
#[command(create = )]
struct C2;

#[derive(Command)]
#[command(emits = )]
struct C3;

#[derive(Command)]
#[command(emits = E {})]
struct C4;

#[derive(Command)]
#[command(emits = E { a: })]
struct C5;

#[derive(Command)]
#[command(emits = E { a b })]
struct C6;

#[derive(Command)]
#[command(emits = E { , })]
struct C7;

#[derive(Command)]
#[command(emits = E { self })]
struct C8;

#[derive(Command)]
#[command(emits = E::)]
struct C9;

#[derive(Command)]
#[command(aggregate = )]
struct C10;

#[derive(Command)]
#[command(, create)]
struct C11;

#[derive(Command)]
#[command(create emits = E)]
struct C12;

#[derive(Command)]
#[command = "x"]
struct C13;

#[derive(Command)]
#[require(command.)]
struct C14;

#[derive(Command)]
#[require(command., E::A)]
struct C15;

#[derive(Command)]
#[require(true, )]
struct C16;

#[derive(Command)]
#[require(, E::A)]
struct C17;

#[derive(Command)]
#[require = 3]
struct C18;

#[derive(Command)]
#[require(true, E::)]
struct C19;

#[derive(Command)]
#[command(emits = E { 0: 1 })]
struct C20;

#[derive(Command)]
#[command(emits = E<)]
struct C21;

fn main() {}

use es_core::Projection;

#[derive(Projection)]
#[projection]
struct P0;

#[derive(Projection)]
#[projection()]
struct P1;

#[derive(Projection)]
#[projection = "p"]
struct P2;

#[derive(Projection)]
#[projection(name = , events(X))]
struct P3;

#[derive(Projection)]
#[projection(name = "p", events)]
struct P4;

#[derive(Projection)]
#[projection(name = "p", events = X)]
struct P5;

#[derive(Projection)]
#[projection(name = "p", events(X Y))]
struct P6;

#[derive(Projection)]
#[projection(name = "p" events(X))]
struct P7;

fn main() {}

//! Measures one subject once, in a process of its own: `subject NAME WORKLOAD SIZE`.

fn main() {
    peers::subjects::main();
}

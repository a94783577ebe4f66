//! The `pcemon` command: parse, run, return the code; nothing else.

fn main() {}

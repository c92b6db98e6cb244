//! Code shared by the benches. Each uses its own part.

#![allow(dead_code, unreachable_pub, reason = "each bench uses its own part")]

pub mod binary;
pub mod budget;
pub mod contender;
pub mod figures;
pub mod herd;
pub mod home;
pub mod machine;
pub mod options;
pub mod peers;
pub mod rounds;
pub mod service;
pub mod table;
pub mod tools;

use std::error::Error;
use std::io::{self, Write};

/// A bench ends at the first unexpected result: its figures would be meaningless.
pub type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// A line of the report.
pub fn say(text: &str) -> Outcome {
    Ok(writeln!(io::stdout().lock(), "{text}")?)
}

/// Reports why a program is not compared.
pub fn skipped(what: &str, why: &str) {
    let _ = writeln!(io::stderr().lock(), "skipped: {what}: {why}");
}

//! Requests of a caller that need not be git.
#![no_main]

mod git;

libfuzzer_sys::fuzz_target!(|data: &[u8]| git::check(data));

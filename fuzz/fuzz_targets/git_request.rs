//! Requests of any caller, not only git.
#![no_main]

mod git;

libfuzzer_sys::fuzz_target!(|data: &[u8]| git::check(data));

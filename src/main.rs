//! Parse, run, error → exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    concur_cred::main()
}

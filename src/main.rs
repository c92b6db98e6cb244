//! Parse, run, error → exit code.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use concur_cred::commands;
use concur_cred::sys::env::Env;
use concur_cred::sys::streams::{self, Patient};
use concur_cred::sys::{clock, failpoint, hardening};
use concur_cred::ui::context::Surroundings;

fn main() -> ExitCode {
    hardening::begin();
    let mut out = Patient(io::stdout().lock());
    let mut err = streams::stderr();
    let around = Surroundings {
        env: Env::of_process(),
        clock: clock::now_epoch,
        out_is_terminal: || io::stdout().is_terminal(),
        out: &mut out,
        err: &mut err,
    };
    let code = commands::main(std::env::args_os().collect(), around);
    failpoint::pass("end");
    ExitCode::from(code)
}

//! Parse, run, error → exit code.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use concur_cred::app::Surroundings;
use concur_cred::env::Env;
use concur_cred::streams::{self, Patient};
use concur_cred::{clock, commands, failpoint, hardening};

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

//! `completions`: what a shell needs to complete our commands and options.

use clap::CommandFactory;

use crate::app::App;
use crate::cli::{Cli, Completions};
use crate::error::Result;

pub(super) fn run(app: &mut App<'_>, args: &Completions) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "concur-cred", &mut script);
    app.answer(&script)?;
    Ok(0)
}

//! `--help` of the program and of each command.

use super::is_as_reviewed;
use crate::harness::World;

/// Wrapped at this many columns, as on a terminal of that width.
const COLUMNS: &str = "100";

#[test]
fn the_help_of_every_command_is_as_reviewed() {
    use clap::CommandFactory as _;
    let world = World::new();
    let program = concur_cred::Cli::command();
    let nested = |command: &clap::Command| -> Vec<Vec<String>> {
        let name = command.get_name().to_owned();
        let further = command.get_subcommands().map(|inner| inner.get_name().to_owned());
        let further = further.map(|inner| vec![name.clone(), inner]);
        std::iter::once(vec![name.clone()]).chain(further).collect()
    };
    let mut all = vec![Vec::new()];
    all.extend(program.get_subcommands().flat_map(nested));
    for words in all {
        let run = world.concur(words.iter().map(String::as_str).chain(["--help"]));
        let help = run.env("COLUMNS", COLUMNS).ok();
        let name = if words.is_empty() { "concur-cred".to_owned() } else { words.join("-") };
        is_as_reviewed(&world, help.text(), &format!("help/{name}"));
    }
}

//! `completions`: shell scripts that complete commands, options, and the names of profiles.
//!
//! The scripts are clap's static ones, with our own hook, which calls the program for names. clap's own dynamic
//! engine could do this, but it is unstable, larger, and reads the environment at every start.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::{Cli, Completions, Names};
use crate::error::Result;
use crate::model::origin::SHORT_NAMES;
use crate::model::profile::ProfileName;
use crate::ui::context::Context;

const BASH_HOOK: &str = include_str!("completions/hook.bash");
const ZSH_HOOK: &str = include_str!("completions/hook.zsh");
const FISH_HOOK: &str = include_str!("completions/hook.fish");
const POWERSHELL_HOOK: &str = include_str!("completions/hook.ps1");

/// The options with a name as their value, and the value of `--list` for it.
const OPTIONS: [(&str, &str); 3] =
    [("profile", "profiles"), ("application", "applications"), ("base-url", "data-centres")];

pub(super) fn run(context: &mut Context<'_>, args: &Completions) -> Result<u8> {
    let answer = match (args.shell, args.list) {
        (Some(shell), _) => script(shell),
        (None, Some(what)) => listed(context, what),
        (None, None) => String::new(),
    };
    context.answer(answer.as_bytes())?;
    Ok(0)
}

/// The names, one per line; none on an error, because a message would disturb the command line that is typed.
fn listed(context: &Context<'_>, what: Names) -> String {
    let mut names = names(context, what).unwrap_or_default();
    // Names are stored unsealed, and a shell could execute parts of an edited one.
    names.retain(|name| name.parse::<ProfileName>().is_ok());
    names.sort();
    names.into_iter().map(|name| name + "\n").collect()
}

fn names(context: &Context<'_>, what: Names) -> Result<Vec<String>> {
    if what == Names::DataCentres {
        return Ok(SHORT_NAMES.map(str::to_owned).to_vec());
    }
    let Some(store) = context.store()? else { return Ok(Vec::new()) };
    if what == Names::Profiles {
        return Ok(store.profile_names()?);
    }
    Ok(store.applications()?.into_iter().map(|application| application.name).collect())
}

fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "concur-cred", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        Shell::Bash => bash(&script),
        Shell::Zsh => zsh(&script),
        Shell::Fish => fish(&script),
        Shell::PowerShell => powershell(&script),
        _ => script,
    }
}

/// The shell calls the hook, which calls clap's function for everything except names.
fn bash(script: &str) -> String {
    // If the name of the program or command has a hyphen, clap_complete uses this separator where it reads a
    // command's label and not where it sets it: options would never be found.
    let script = script.replace("__subcmd__", "__");
    script.replace("complete -F _concur__cred ", "complete -F _concur_cred_or_names ") + BASH_HOOK
}

/// `:_default'` ends an argument without a completion of clap.
fn zsh(script: &str) -> String {
    let woven = by_lines(script, |line| {
        let option = OPTIONS.iter().find(|(option, _)| line.starts_with(&format!("'--{option}=[")));
        // A profile as an argument; a new name cannot be completed.
        let of_a_profile = line.trim_start_matches("':").trim_start_matches(':');
        let of_a_profile = of_a_profile.starts_with("name -- ").then_some(&OPTIONS[0]);
        let (_, list) = option.or(of_a_profile)?;
        let ours = format!(":_concur_cred_names {list}' ");
        line.contains(":_default' ").then(|| line.replace(":_default' ", &ours))
    });
    // Inserted before the end of the script, which calls the function.
    woven.replacen("if [ \"$funcstack[1]\"", &format!("{ZSH_HOOK}\nif [ \"$funcstack[1]\""), 1)
}

fn fish(script: &str) -> String {
    let woven = by_lines(script, |line| {
        let takes =
            |option: &str| line.contains(&format!(" -l {option} ")) && line.ends_with(" -r");
        let (_, list) = OPTIONS.iter().find(|(option, _)| takes(option))?;
        Some(format!("{line} -f -a \"(__concur_cred_names {list})\""))
    });
    woven + FISH_HOOK
}

fn powershell(script: &str) -> String {
    let head = "    param($wordToComplete, $commandAst, $cursorPosition)\n";
    script.replacen(head, &format!("{head}{POWERSHELL_HOOK}"), 1)
}

fn by_lines(script: &str, change: impl Fn(&str) -> Option<String>) -> String {
    script.lines().map(|line| change(line).unwrap_or_else(|| line.to_owned()) + "\n").collect()
}

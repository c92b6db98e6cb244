//! `configure-git`: makes git ask this program for Concur's hosts, and no others.

use std::path::Path;

use crate::cli::ConfigureGit;
use crate::error::Result;
use crate::integrations::git::plan::{self, Plan, Scope};
use crate::integrations::git::{self, Helper, link};
use crate::sys::files;
use crate::ui::context::Context;

pub(super) fn run(context: &mut Context<'_>, args: &ConfigureGit) -> Result<u8> {
    let scope = match (args.system, args.local) {
        (true, _) => Scope::System,
        (_, true) => Scope::Local,
        _ => Scope::Global,
    };
    git::check_version()?;
    git::refuse_no_file(scope, &context.env)?;
    if args.unset {
        let plan = plan::to_unset(scope, &git::helpers(scope)?);
        carry_out(context, args, &plan, "")?;
        if !args.print {
            tell(
                context,
                &plan,
                "git no longer asks concur-cred for",
                "configure-git has written nothing there",
            );
        }
        return Ok(0);
    }
    let urls = urls(context)?;
    let link = findable(context, args)?;
    let plan = plan::to_set(scope, &urls, &git::helpers(scope)?);
    carry_out(context, args, &plan, &link)?;
    for key in &plan.left {
        context.note(&format!(
            "{key} is already set and was not changed; to add this helper, run: git config {} \
             --add {} {}",
            scope.option(),
            files::shell_word(Path::new(key)),
            plan::VALUE
        ));
    }
    if !args.print {
        tell(context, &plan, "git asks concur-cred for", "git asks concur-cred for nothing");
    }
    Ok(0)
}

/// Concur's hosts, and the other origins of profiles.
fn urls(context: &Context<'_>) -> Result<Vec<String>> {
    let records = match context.store()? {
        Some(store) => store.accounts()?,
        None => Vec::new(),
    };
    Ok(plan::urls(records.iter().map(|record| record.geolocation.as_str())))
}

/// Ensures that git finds this program by the helper's name. Returns the command for that, if it must only be
/// printed.
fn findable(context: &mut Context<'_>, args: &ConfigureGit) -> Result<String> {
    let mut helper = git::helper()?;
    if helper == Helper::None {
        let program = link::own_program()?;
        if args.print && link::is_taken(&program) {
            return Err(link::not_found(&program));
        }
        if args.print {
            return Ok(format!("{}\n", link::command(&program)));
        }
        if link::make(&program)? {
            context.note(&format!("made {}", link::place(&program).display()));
        }
        helper = git::helper()?;
        if helper == Helper::None {
            return Err(link::not_found(&program));
        }
    }
    match helper {
        Helper::Ours(version) if version != env!("CARGO_PKG_VERSION") => context.note(&format!(
            "the {} that git finds has version {version}, but this is {}: replace it",
            plan::NAME,
            env!("CARGO_PKG_VERSION")
        )),
        Helper::Ours(_) | Helper::None => {}
        Helper::Foreign => return Err(git::foreign_helper()),
    }
    Ok(String::new())
}

/// Runs the commands, or prints them after `first`.
fn carry_out(
    context: &mut Context<'_>,
    args: &ConfigureGit,
    plan: &Plan,
    first: &str,
) -> Result<()> {
    if args.print {
        let lines = plan.commands.iter().map(|command| plan::command_line(command) + "\n");
        let text: String = std::iter::once(first.to_owned()).chain(lines).collect();
        return context.answer(text.as_bytes());
    }
    plan.commands.iter().try_for_each(|command| git::configure(command))
}

fn tell(context: &mut Context<'_>, plan: &Plan, what: &str, nothing: &str) {
    if plan.urls.is_empty() {
        context.note(nothing);
    } else {
        context.note(&format!("{what} {}", plan.urls.join(", ")));
    }
}

//! `login`: obtains tokens by one of Concur's grants and makes a profile, or gives one new tokens.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::import;
use crate::auth::login::dialog::guide;
use crate::auth::login::obtain::{self, Credentials};
use crate::auth::login::start::{self, Start};
use crate::auth::login::{application, browser, company, known, otp, refresh, user};
use crate::cli::{BrowserOptions, Import, Login, LoginGrant};
use crate::error::{Error, Kind, Result};
use crate::model::grant::GrantKind;
use crate::sys::files::shell_word;
use crate::ui::context::Context;
use crate::ui::prompt;

const DEFAULT_FILE: &str = "credentials.json";

pub(super) fn run(context: &mut Context<'_>, args: &Login) -> Result<u8> {
    if args.scope.is_some() && !args.grant.is_some_and(LoginGrant::takes_scope) {
        return Err(no_scope(args));
    }
    let is_browser = args.grant == Some(LoginGrant::Browser);
    if let (Some(option), false) = (args.browser.first_given(), is_browser) {
        return Err(for_browser_only(option));
    }
    // Before anything is asked of a person, or spent.
    context.need_paths()?;
    let credentials =
        obtain::credentials(context, args.credentials.as_deref(), Path::new(DEFAULT_FILE))?;
    let named = match args.place.as_deref() {
        Some(place) => obtain::place(place).map(Some),
        None => obtain::base_url(args.base_url.as_deref()),
    };
    let base_url = match named? {
        None => credentials.base_url(context)?,
        named => named,
    };
    let kind = grant(context, args, &credentials)?;
    credentials.check(kind)?;
    let mut start = Start {
        base_url,
        service: start::token_service(context)?,
        names: credentials.names(),
        credentials,
        replace: args.replace,
        replaces_application: false,
        kind,
        options: options(args),
        renewal: Vec::new(),
        unknown_fields: None,
    };
    known::fill(context, &mut start)?;
    match kind {
        GrantKind::Company => company::log_in(context, start),
        GrantKind::User => user::log_in(context, start),
        GrantKind::Application => application::log_in(context, start),
        GrantKind::Browser => browser::log_in(context, start, &browser_options(args)),
        GrantKind::Otp => otp::log_in(context, start, args.scope.as_deref()),
        GrantKind::Refresh => refresh::log_in(context, start),
        GrantKind::Import => return import_files(context, args),
    }
    .map(|()| 0)
}

/// The grant that was named, or that the credentials are for. Without either, a person logs a profile in again
/// as before, and is asked how to log in to a new one.
fn grant(context: &mut Context<'_>, args: &Login, credentials: &Credentials) -> Result<GrantKind> {
    let named = args.grant.map(LoginGrant::kind);
    if let Some(clear) = named.or_else(|| credentials.settled_grant()) {
        return Ok(clear);
    }
    if !prompt::is_possible() {
        return Ok(GrantKind::Company);
    }
    let known = if args.replace { None } else { known::way(context)? };
    known.map_or_else(|| guide::choose(context), Ok)
}

/// Imports the tutorial's files, where they are in the current folder.
fn import_files(context: &mut Context<'_>, args: &Login) -> Result<u8> {
    let file = PathBuf::from(import::DEFAULT_FILE);
    if !file.exists() {
        return Err(Error::new(
            Kind::Usage,
            format!("There is no {} in this folder", file.display()),
            "Change to the folder of the tutorial's files and run: concur-cred import. For a credentials.json alone: \
             concur-cred login --credentials FILE",
        ));
    }
    let Login { credentials, base_url, place, replace, .. } = args;
    let base_url = base_url.clone().or_else(|| place.clone());
    let import = Import {
        file,
        credentials: credentials.clone(),
        base_url,
        dry_run: false,
        replace: *replace,
    };
    import::run(context, &import)
}

fn browser_options(args: &Login) -> browser::Options<'_> {
    let BrowserOptions { redirect_uri, timeout, no_browser } = &args.browser;
    browser::Options {
        redirect_uri: redirect_uri.as_deref(),
        scope: args.scope.as_deref(),
        timeout: timeout.and_then(|secs| u64::try_from(secs).ok()).map(Duration::from_secs),
        open_browser: !no_browser,
    }
}

/// What was given besides grant and profile, for the command that a person is to run again.
fn options(args: &Login) -> String {
    let Login { grant: _, credentials, base_url, place, scope, browser, replace } = args;
    let path = |text: &Option<String>| text.as_ref().map(PathBuf::from);
    let BrowserOptions { redirect_uri, timeout: _, no_browser } = browser;
    let values = [
        ("base-url", path(base_url).or(path(place))),
        ("credentials", credentials.clone()),
        ("scope", path(scope)),
        ("redirect-uri", path(redirect_uri)),
    ];
    let flags = [("no-browser", *no_browser), ("replace", *replace)];
    let values = values.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let values = values.map(|(name, value)| format!(" --{name} {}", shell_word(&value)));
    let flags = flags.into_iter().filter(|(_, is)| *is).map(|(name, _)| format!(" --{name}"));
    values.chain(flags).collect()
}

fn no_scope(args: &Login) -> Error {
    Error::new(
        Kind::Usage,
        format!(
            "The {} grant takes no --scope",
            args.grant.map_or("company", |by| by.kind().name())
        ),
        "Leave it out: the tokens have the scopes that the application has.",
    )
}

fn for_browser_only(option: &str) -> Error {
    Error::new(
        Kind::Usage,
        format!("{option} is for --grant browser only"),
        "Leave it out, or add --grant browser.",
    )
}

//! `login`: obtains tokens by one of Concur's grants and makes a profile, or gives one new tokens.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::auth::login::start::{self, Start};
use crate::auth::login::{application, browser, company, obtain, otp, refresh, user};
use crate::cli::{BrowserOptions, Login, LoginGrant};
use crate::error::{Error, Kind, Result};
use crate::sys::files::shell_word;
use crate::ui::context::Context;

const DEFAULT_FILE: &str = "credentials.json";

pub(super) fn run(context: &mut Context<'_>, args: &Login) -> Result<u8> {
    if args.scope.is_some() && !args.grant.takes_scope() {
        return Err(no_scope(args));
    }
    if let (Some(option), true) = (args.browser.first_given(), args.grant != LoginGrant::Browser) {
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
    let start = Start {
        base_url,
        service: start::token_service(context)?,
        credentials,
        replace: args.replace,
        kind: args.grant.kind(),
        options: options(args),
        unknown_fields: None,
    };
    match args.grant {
        LoginGrant::Company => company::log_in(context, start),
        LoginGrant::User => user::log_in(context, start),
        LoginGrant::App => application::log_in(context, start),
        LoginGrant::Browser => browser::log_in(context, start, &browser_options(args)),
        LoginGrant::Otp => otp::log_in(context, start, args.scope.as_deref()),
        LoginGrant::Refresh => refresh::log_in(context, start),
    }
    .map(|()| 0)
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
        format!("The {} grant takes no --scope", args.grant.kind().name()),
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

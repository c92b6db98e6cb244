//! `login`: obtains tokens by one of Concur's grants and makes or renews a profile. One file a grant:
//! what it needs to be told, and from whom; what all share is in `flow`.

use std::path::{Path, PathBuf};

use crate::auth::login::start::Start;
use crate::auth::login::{application, browser, company, flow, obtain, otp, refresh, user};
use crate::auth::oauth::client::TokenService;
use crate::cli::{BrowserOptions, Login, LoginGrant};
use crate::error::{Error, Kind, Result};
use crate::model::grant::GrantKind;
use crate::model::origin::Origin;
use crate::model::secret::Secret;
use crate::sys::files::shell_word;
use crate::ui::context::Context;

pub(super) use crate::auth::login::flow::DEFAULT_BASE_URL;

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
    let given = obtain::given(context, args.credentials.as_deref(), Path::new(DEFAULT_FILE))?;
    let base_url = match obtain::base_url(args.base_url.as_deref())? {
        None => given.base_url(context)?,
        named => named,
    };
    let service = TokenService::new(&context.config.http)?;
    for warning in service.warnings() {
        context.note(warning);
    }
    let start = Start {
        base_url,
        service,
        given,
        replace: args.replace,
        kind: args.grant.kind(),
        options: options(args),
        unknown_fields: None,
    };
    match args.grant {
        LoginGrant::Company => company::log_in(context, start),
        LoginGrant::User => user::log_in(context, start),
        LoginGrant::App => application::log_in(context, start),
        LoginGrant::Browser => browser::log_in(context, start, args),
        LoginGrant::Otp => otp::log_in(context, start, args.scope.as_deref()),
        LoginGrant::Refresh => refresh::log_in(context, start),
    }
    .map(|()| 0)
}

/// A refresh token of a file, whose tokens do not say whose they are.
pub(super) struct Handed {
    pub(super) client_id: String,
    pub(super) client_secret: Secret,
    pub(super) refresh_token: Secret,
    /// Where to use it; found allowed.
    pub(super) origin: Origin,
    /// Unknown fields of the file.
    pub(super) unknown_fields: Option<Secret>,
    /// The variables that App ID and secret came from.
    pub(super) variables: Vec<&'static str>,
    /// With what the import is run again.
    pub(super) options: String,
}

/// Uses a refresh token at once for `import`, and keeps what comes in its place.
pub(super) fn use_handed(context: &mut Context<'_>, handed: Handed, replace: bool) -> Result<()> {
    let Handed {
        client_id,
        client_secret,
        refresh_token,
        origin,
        unknown_fields,
        variables,
        options,
    } = handed;
    let service = TokenService::new(&context.config.http)?;
    for warning in service.warnings() {
        context.note(warning);
    }
    let start = Start {
        base_url: Some(origin),
        service,
        given: obtain::Given { variables, ..obtain::Given::default() },
        replace,
        kind: GrantKind::Import,
        options,
        unknown_fields,
    };
    let application = flow::Application { client_id, client_secret };
    refresh::use_now(context, &start, &application, &refresh_token)
}

/// What was given besides grant and profile, for the command that a person is to run again.
fn options(args: &Login) -> String {
    let Login { grant: _, credentials, base_url, scope, browser, replace } = args;
    let path = |text: &Option<String>| text.as_ref().map(PathBuf::from);
    let BrowserOptions { redirect_uri, timeout: _, no_browser } = browser;
    let values = [
        ("base-url", path(base_url)),
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

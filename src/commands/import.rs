//! `import`: imports the tutorial's refreshTokenObjectFile.json, or any JSON object with a refresh token,
//! completely or not at all.

mod whose;

use std::path::Path;

use serde_json::json;

use crate::auth::held;
use crate::auth::login::another::{self, Source};
use crate::auth::login::dialog::questions::Application;
use crate::auth::login::obtain::{self, Credentials};
use crate::auth::login::refresh;
use crate::auth::login::start::{self, Start};
use crate::auth::oauth::answer::{assumed_refresh_expiry, refresh_expiry};
use crate::auth::refresh::Refresher;
use crate::cli::Import as Args;
use crate::error::{Error, Kind, Result};
use crate::formats::tutorial::TokenFile;
use crate::model::grant::{Grant, GrantKind};
use crate::model::jwt;
use crate::model::origin::Origin;
use crate::model::principal::PrincipalType;
use crate::model::profile::ProfileName;
use crate::model::record::Record;
use crate::model::secret::Secret;
use crate::store::audit::Event;
use crate::store::lock::RecordLock;
use crate::store::{NewAccount, Store};
use crate::sys::files::{self, shell_word};
use crate::sys::{failpoint, streams};
use crate::ui::context::Context;

/// The values from credentials and variables.
const READ: [&str; 3] = ["appID", "clientSecret", "companyUUID"];
/// The App ID and secret are required; the company is optional.
const OF_APPLICATION: [&str; 2] = ["appID", "clientSecret"];
/// The longest plausible lifetime of an access token without its own expiry, seconds: a day.
const LONGEST_ACCESS_LIFE_SECS: i64 = 86_400;
/// The default file (`cli::Import`).
pub(super) const DEFAULT_FILE: &str = "refreshTokenObjectFile.json";

/// The values to store.
struct Import {
    client_id: String,
    client_secret: Secret,
    origin: Origin,
    /// `None`: unknown.
    principal: Option<String>,
    grant: Grant,
    obtained_at: i64,
    unknown_fields: Option<Secret>,
    replace: bool,
    /// The variables that provided the values, for messages.
    variables: Vec<&'static str>,
    /// The options and the file, for a command that repeats the import.
    options: String,
}

pub(super) fn run(context: &mut Context<'_>, args: &Args) -> Result<u8> {
    let named_origin = obtain::base_url(args.base_url.as_deref())?;
    context.need_paths()?;
    let file = read(context, &args.file)?;
    let credentials = whose::application(context, args, &file)?;
    let place = credentials.file.as_deref();
    let (Some(client_id), Some(client_secret)) =
        (credentials.client_id.clone(), credentials.client_secret.clone())
    else {
        return Err(no_application(&credentials));
    };
    let origin = origin(context, &file, &credentials, named_origin)?;
    let (grant, obtained_at) = grant(context, &file, origin.clone());
    let principal = whose::principal(&grant, &file, &credentials)?;
    if principal.is_none() && grant.refresh_token.is_none() {
        return Err(obtain::missing(&["companyUUID"], &READ, place));
    }
    let unknown_fields = file.unknown.to_secret_json();
    let replace = args.replace;
    let import = Import {
        client_id,
        client_secret,
        origin,
        principal,
        grant,
        obtained_at,
        unknown_fields,
        replace,
        variables: credentials.variables,
        options: options(args),
    };
    let present = context.store()?;
    let (profile, old) = obtain::profile(context, present.as_ref())?;
    let is_wanted = match &present {
        Some(store) => import.is_wanted(store, &profile, old.as_ref())?,
        None => true,
    };
    drop(present);
    if is_wanted && args.dry_run {
        context.note(&format!("{profile}: {}; nothing was changed", import.intention()));
        return Ok(0);
    }
    let is_kept = is_wanted && keep(context, import, &profile, old.as_ref())?;
    if !is_kept {
        context.note(&format!("{profile}: already has this refresh token; nothing was changed"));
        return Ok(0);
    }
    context.audit(Event {
        at: context.now(),
        profile: Some(profile.to_string()),
        action: "import".to_owned(),
        outcome: "kept".to_owned(),
        ..Event::default()
    });
    Ok(0)
}

impl Import {
    /// Whether to change the profile; it is an error if that is not allowed.
    fn is_wanted(
        &self,
        store: &Store,
        profile: &ProfileName,
        old: Option<&Record>,
    ) -> Result<bool> {
        let believed = obtain::believed(Some(store), old);
        let source = Source::tokens();
        let principal = self.principal.as_deref().map(|principal| (principal, &source));
        another::refuse(believed, (&self.client_id, &source), principal, self.replace)?;
        if let Some(old) = believed.filter(|_| !self.replace) {
            let standing = held::standing(store, old, &self.grant);
            if !held::is_to_be_kept(standing, profile.as_str())? {
                return Ok(false);
            }
        }
        let own = old.map(|record| record.id);
        let Some(token) = &self.grant.refresh_token else { return Ok(true) };
        match held::other_holder(store, own, &self.client_id, token) {
            Some(other) => Err(held::refused(&other)),
            None => Ok(true),
        }
    }

    /// The result of a dry run.
    fn intention(&self) -> String {
        let Some(principal) = &self.principal else {
            return format!(
                "the tokens do not say who they belong to: would use the refresh token once at {}",
                self.origin
            );
        };
        let whose = self.grant.principal_type().map_or("company", PrincipalType::noun);
        format!("would be {whose} {principal} at {}", self.origin)
    }

    /// Refreshes at once, and stores the new tokens.
    fn use_refresh_token(self, context: &mut Context<'_>) -> Result<()> {
        let Self { client_id, client_secret, .. } = self;
        let refresh_token = self
            .grant
            .refresh_token
            .ok_or_else(|| obtain::missing(&["companyUUID"], &READ, None))?;
        let credentials = Credentials { variables: self.variables, ..Credentials::default() };
        let start = Start {
            base_url: Some(self.origin),
            service: start::token_service(context)?,
            names: credentials.names(),
            credentials,
            replace: self.replace,
            replaces_application: false,
            kind: GrantKind::Import,
            options: self.options,
            renewal: Vec::new(),
            unknown_fields: self.unknown_fields,
        };
        let application = Application { client_id, client_secret };
        refresh::use_now(context, &start, &application, &refresh_token)
    }
}

/// Stores the tokens under the record's lock. Returns whether it did: another process may have stored the same
/// ones meanwhile.
fn keep(
    context: &mut Context<'_>,
    import: Import,
    profile: &ProfileName,
    old: Option<&Record>,
) -> Result<bool> {
    if import.principal.is_none() {
        context.note(
            "the tokens do not say who they belong to: the refresh token is used once to find out",
        );
        return import.use_refresh_token(context).map(|()| true);
    }
    let mut store = context.store_or_new()?;
    let lock = obtain::lock(context, &store, old)?;
    let kept = keep_under(context, import, profile, &mut store, &lock);
    if kept.is_err() && old.is_none() {
        obtain::discard(&store, lock);
    }
    kept
}

fn keep_under(
    context: &mut Context<'_>,
    import: Import,
    profile: &ProfileName,
    store: &mut Store,
    lock: &RecordLock,
) -> Result<bool> {
    let current = match store.reread(lock.record_id())? {
        // The newest tokens may still be in the reserve file.
        Some(record) if !import.replace => Some(Refresher::with(context, |refresher| {
            refresher.settled_under(store, lock, &record)
        })?),
        current => current,
    };
    failpoint::pass("import-locked");
    // Also for a new profile: another one may have the same refresh token by now.
    if !import.is_wanted(store, profile, current.as_ref())? {
        return Ok(false);
    }
    let Import { client_id, client_secret, origin, principal, grant, obtained_at, .. } = import;
    let fields = import.unknown_fields.as_ref();
    let unknown_fields = held::remembered(store, current.as_ref(), &client_id, fields, None);
    let account = NewAccount {
        profile: profile.clone(),
        client_id,
        client_secret,
        application_origin: origin,
        principal: principal.unwrap_or_default(),
        obtained_by: Some(GrantKind::Import),
        // The age of a request token in a file is unknown.
        request_token: None,
        grant,
        obtained_at,
        unknown_fields,
    };
    obtain::keep(context, store, lock, &account).map(|()| true)
}

fn no_application(credentials: &Credentials) -> Error {
    let is_missing = [credentials.client_id.is_none(), credentials.client_secret.is_none()];
    let names = OF_APPLICATION.into_iter().zip(is_missing);
    let names: Vec<&str> = names.filter_map(|(name, is)| is.then_some(name)).collect();
    obtain::missing(&names, &OF_APPLICATION, credentials.file.as_deref())
}

/// The arguments besides the profile, for a command that repeats the import.
fn options(args: &Args) -> String {
    let Args { file, credentials, base_url, dry_run: _, replace } = args;
    let base_url = base_url.as_ref().map(|url| format!(" --base-url {}", shell_word(url.as_ref())));
    let credentials =
        credentials.as_ref().map(|path| format!(" --credentials {}", shell_word(path)));
    let replace = replace.then(|| " --replace".to_owned());
    let given: String = [base_url, credentials, replace].into_iter().flatten().collect();
    format!("{given} {}", shell_word(file))
}

fn read(context: &mut Context<'_>, path: &Path) -> Result<TokenFile> {
    let is_stdin = path == Path::new("-");
    let bytes = if is_stdin {
        files::read_bounded(&mut streams::stdin(), Path::new("stdin"))?
    } else {
        let is_default = path == Path::new(DEFAULT_FILE);
        let read = if is_default { files::read_default } else { files::read_named };
        let file = read(path)?;
        if let Some(warning) = file.warning {
            context.warn(&warning);
        }
        file.bytes
    };
    TokenFile::parse(&bytes).map_err(|error| {
        Error::new(
            Kind::Usage,
            format!("{}: {error}", if is_stdin { Path::new("stdin") } else { path }.display()),
            "Name a file that the tutorial's script or concur-cred export wrote, or a JSON object with a \
             refresh token; nothing was changed. For values in another form: concur-cred login --grant refresh",
        )
    })
}

/// The base URL of the tokens, and the application: from the operator's option, else from the file or the
/// credentials, which can never add an allowed origin.
fn origin(
    context: &Context<'_>,
    file: &TokenFile,
    credentials: &Credentials,
    named: Option<Origin>,
) -> Result<Origin> {
    if let Some(named) = named {
        return Ok(named);
    }
    if let Some(text) = &file.geolocation {
        return obtain::origin_of_file(context, text, "The file's geolocation");
    }
    credentials.base_url(context)?.ok_or_else(|| {
        Error::new(
            Kind::Usage,
            "The file has no geolocation",
            "Name the base URL with --base-url (for example us2).",
        )
    })
}

/// The file's tokens. It has no issue time, so the access token's expiry can only come from the token itself,
/// or from an `expires_in` that is a time; without an expiry it is refreshed at the first use.
fn grant(context: &mut Context<'_>, file: &TokenFile, geolocation: Origin) -> (Grant, i64) {
    let now = context.now();
    let claims = file.access_token.as_ref().and_then(jwt::claims);
    let issued = claims.as_ref().and_then(|claims| claims.issued_at).filter(|at| *at <= now);
    let obtained_at = issued.unwrap_or(now);
    // A time that is too late for an access token is the refresh token's.
    let absolute = file.absolute_expiry();
    let of_access = absolute.filter(|at| *at <= now.saturating_add(LONGEST_ACCESS_LIFE_SECS));
    let told = file.refresh_expires_at.or(absolute.filter(|_| of_access.is_none()));
    let past = told.is_some_and(|at| at <= now && at > obtained_at);
    let believed = told.and_then(|at| refresh_expiry(&json!(at), obtained_at));
    if past {
        context.note("the refresh token seems to have expired; it is tried once at the first use");
    }
    let assumed = believed.is_none() && file.refresh_token.is_some();
    let refresh_expires_at = if assumed { assumed_refresh_expiry(obtained_at) } else { believed };
    let grant = Grant {
        access_token: file.access_token.clone(),
        access_expires_at: claims.and_then(|claims| claims.expires_at).or(of_access),
        refresh_token: file.refresh_token.clone(),
        refresh_expires_at,
        refresh_expiry_assumed: assumed,
        scope: file.scope.clone(),
        geolocation: Some(geolocation),
        id_token: file.id_token.clone(),
        principal: None,
    };
    (grant, obtained_at)
}

//! `import`: takes over the tutorial's refreshTokenObjectFile.json, all or nothing.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::app::App;
use crate::cli::Import;
use crate::error::{Error, Kind, Result};
use crate::exchange::TokenFile;
use crate::files;
use crate::model::grant::{Grant, GrantKind};
use crate::model::jwt;
use crate::model::origin::Origin;
use crate::oauth::answer::{assumed_refresh_expiry, refresh_expiry};
use crate::store::NewAccount;
use crate::store::events::Event;

use super::obtain;

/// What is read when no file is named (`cli::Import`).
const DEFAULT_FILE: &str = "refreshTokenObjectFile.json";

pub(super) fn run(app: &mut App<'_>, args: &Import) -> Result<u8> {
    let named_origin = obtain::base_url(args.base_url.as_deref())?;
    app.need_paths()?;
    let file = read(app, &args.file)?;
    let beside = beside(&args.file);
    let given = obtain::given(app, args.credentials.as_deref(), &beside)?;
    if let Some(path) = &given.file {
        app.note(&format!("application from {}", path.display()));
    }
    let place = given.file.clone();
    let (Some(client_id), Some(client_secret)) = (given.client_id, given.client_secret) else {
        return Err(obtain::missing(&["appID", "clientSecret"], place.as_deref()));
    };
    let subject = file.id_token.as_ref().and_then(jwt::claims).and_then(|claims| claims.subject);
    let principal = file.company_uuid.clone().or(given.company_uuid).or(subject);
    let principal = principal.ok_or_else(|| obtain::missing(&["companyUUID"], place.as_deref()))?;
    let present = app.store()?;
    let (profile, old) = obtain::target(app, present.as_ref())?;
    let believed = obtain::believed(present.as_ref(), old.as_ref());
    obtain::refuse_another(believed, &client_id, Some(&principal), args.replace)?;
    drop(present);
    let (application_origin, geolocation) = origins(app, &file, named_origin)?;
    let (grant, obtained_at) = grant(app, &file, geolocation);
    if args.dry_run {
        app.note(&format!(
            "{profile}: would hold company {principal} at {}; nothing was changed",
            grant.geolocation.as_ref().map_or("", Origin::as_str)
        ));
        return Ok(0);
    }
    let mut store = app.store_or_new()?;
    let lock = obtain::lock(app, &store, old.as_ref())?;
    let account = NewAccount {
        profile: profile.clone(),
        client_id,
        client_secret,
        application_origin,
        principal,
        obtained_by: Some(GrantKind::Import),
        // How old the request token in a file is, nobody knows.
        request_token: None,
        grant,
        obtained_at,
        unknown_fields: file.unknown.to_secret_json(),
    };
    if let Err(error) = obtain::keep(app, &mut store, &lock, &account) {
        if old.is_none() {
            obtain::discard(&store, lock);
        }
        return Err(error);
    }
    app.audit(Event {
        at: app.now(),
        profile: Some(profile.to_string()),
        action: "import".to_owned(),
        outcome: "kept".to_owned(),
        ..Event::default()
    });
    Ok(0)
}

fn read(app: &mut App<'_>, path: &Path) -> Result<TokenFile> {
    let bytes = if path == Path::new("-") {
        files::read_bounded(&mut io::stdin(), Path::new("stdin"))?
    } else {
        let is_default = path == Path::new(DEFAULT_FILE);
        let read = if is_default { files::read_default } else { files::read_named };
        let file = read(path)?;
        if let Some(warning) = file.warning {
            app.note(&warning);
        }
        file.bytes
    };
    TokenFile::parse(&bytes).map_err(|error| {
        Error::new(
            Kind::Usage,
            format!("{}: {error}", path.display()),
            "Name a file that the tutorial's script or concur-cred export wrote; nothing was changed.",
        )
    })
}

/// The `credentials.json` beside the file (in the current folder when that is stdin).
fn beside(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).join("credentials.json")
}

/// The application's origin and the token's base URL. The file can never widen what is allowed:
/// anything but Concur's own hosts must be named by the operator.
fn origins(app: &App<'_>, file: &TokenFile, named: Option<Origin>) -> Result<(Origin, Origin)> {
    let written = match &file.geolocation {
        Some(text) => Some(Origin::from_geolocation(text).map_err(|bad| {
            Error::new(
                Kind::Usage,
                // Not quoted: a secret that was pasted one line too high is no origin.
                format!("The file's geolocation is not usable: {bad}"),
                "Correct it; nothing was changed.",
            )
        })?),
        None => None,
    };
    let allowed = match &named {
        Some(origin) => app.config.allowed.and(origin),
        None => app.config.allowed.clone(),
    };
    match (named, written) {
        (Some(named), Some(written)) if allowed.permit(&written).is_some() => Ok((named, written)),
        (None, Some(written)) if allowed.permit(&written).is_some() => {
            Ok((written.clone(), written))
        }
        (_, Some(written)) => Err(Error::new(
            Kind::Usage,
            format!("The file's geolocation {written} is not an origin that may be sent a secret"),
            format!("If it is yours, run the same again with --base-url {written}"),
        )),
        (Some(named), None) => Ok((named.clone(), named)),
        (None, None) => Err(Error::new(
            Kind::Usage,
            "The file has no geolocation",
            "Name the base URL with --base-url (for example us2).",
        )),
    }
}

/// The file's tokens. It has no issue time, so the access token's expiry can only come from the
/// token itself; without one it is refreshed at the first use.
fn grant(app: &mut App<'_>, file: &TokenFile, geolocation: Origin) -> (Grant, i64) {
    let now = app.now();
    let claims = file.access_token.as_ref().and_then(jwt::claims);
    let issued = claims.as_ref().and_then(|claims| claims.issued_at).filter(|at| *at <= now);
    let obtained_at = issued.unwrap_or(now);
    let told = file.refresh_expires_at;
    let past = told.is_some_and(|at| at <= now && at > obtained_at);
    let believed = told.and_then(|at| refresh_expiry(&json!(at), obtained_at));
    if past {
        app.note("the refresh token's time is over; it is tried once at the first use");
    }
    let assumed = believed.is_none() && file.refresh_token.is_some();
    let refresh_expires_at = if assumed { assumed_refresh_expiry(obtained_at) } else { believed };
    let grant = Grant {
        access_token: file.access_token.clone(),
        access_expires_at: claims.and_then(|claims| claims.expires_at),
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

//! `export`: writes the tutorial's refreshTokenObjectFile.json.

use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use crate::auth::accounts;
use crate::auth::refresh::{Refresher, of_its_principal};
use crate::cli::Export;
use crate::error::{Error, Kind, Result, login_command};
use crate::formats::tutorial::TokenFile;
use crate::formats::tutorial::token_file::UnknownFields;
use crate::model::record::{Column, Record};
use crate::store::Store;
use crate::store::audit::Event;
use crate::sys::files::{self, Replace};
use crate::ui::context::Context;

pub(super) fn run(context: &mut Context<'_>, args: &Export) -> Result<u8> {
    let mut store = accounts::store(context)?;
    let record = accounts::selected_record(context, &store)?;
    let record = Refresher::with(context, |refresher| refresher.settled(&mut store, record))?;
    of_its_principal(&record, context.now())?;
    let text = rendered(&store, &record, context.now())?;
    if args.file == Path::new("-") {
        context.answer(&text)?;
        if (context.out_is_terminal)() {
            context.note(
                "the tokens are now on your screen and in its scrollback, and the refresh token \
                 is valid for months; to avoid this: concur-cred export FILE",
            );
        }
    } else {
        write(&args.file, &text, args.force)?;
        let profile = record.profile_name().unwrap_or_default();
        context.note(&format!("{profile}: wrote {}{}", args.file.display(), files::READERS));
    }
    if record.refresh_token.is_none() {
        context.note("it contains no refresh token and expires with its access token");
    }
    context.audit(Event {
        at: context.now(),
        profile: record.profile_name().map(str::to_owned),
        action: "export".to_owned(),
        outcome: "written".to_owned(),
        ..Event::default()
    });
    Ok(0)
}

fn rendered(store: &Store, record: &Record, now: i64) -> Result<Zeroizing<Vec<u8>>> {
    let unknown = store
        .unseal(record, Column::UnknownFields)?
        .and_then(|json| UnknownFields::from_secret_json(&json))
        .unwrap_or_default();
    let file = TokenFile {
        access_token: store.unseal(record, Column::AccessToken)?,
        refresh_token: store.unseal(record, Column::RefreshToken)?,
        id_token: store.unseal(record, Column::IdToken)?,
        expires_in: record.access_expires_at.map(|at| at.saturating_sub(now).max(0)),
        refresh_expires_at: record.refresh_expires_at,
        scope: record.scope.clone(),
        token_type: Some("Bearer".to_owned()),
        geolocation: Some(record.geolocation.clone()),
        company_uuid: Some(record.principal.clone()),
        unknown,
        ..TokenFile::default()
    };
    file.render().map_err(|error| {
        Error::new(
            Kind::Unusable,
            format!("The profile cannot be exported: {error}"),
            format!("Log in again: {}", login_command(record.profile_name())),
        )
        .of_profile(record.profile_name())
    })
}

fn write(path: &Path, text: &[u8], force: bool) -> Result<()> {
    let replace = if force { Replace::Yes } else { Replace::No };
    files::write_whole(path, text, replace).map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            Error::new(
                Kind::Usage,
                format!("{} already exists; nothing was changed", path.display()),
                "To overwrite it, run the same again with --force",
            )
        } else {
            files::cannot("write", path, &error)
        }
    })
}

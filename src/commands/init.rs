//! `init`: writes a blank credentials.json.

use std::io;

use crate::auth::login::dialog::guide;
use crate::auth::oauth::advice::IN_FILE;
use crate::cli::Init;
use crate::error::{Error, Kind, Result};
use crate::formats::tutorial::credentials::blank_template;
use crate::sys::files::{self, Replace, shell_word};
use crate::ui::context::Context;

pub(super) fn run(context: &mut Context<'_>, args: &Init) -> Result<u8> {
    let path = &args.file;
    files::write_whole(path, blank_template().as_bytes(), Replace::No).map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            Error::new(
                Kind::Usage,
                format!("{} already exists; nothing was changed", path.display()),
                "Fill it in and run: concur-cred login",
            )
        } else {
            files::cannot("write", path, &error)
        }
    })?;
    let file = shell_word(path);
    context.note(&format!("wrote {}{}; fill in:", path.display(), files::READERS));
    for line in guide::sources(None, &IN_FILE) {
        context.note(&line);
    }
    context.note(&format!("then run: concur-cred login --credentials {file}"));
    Ok(0)
}

//! Asking a person, on a terminal alone. Secrets are never echoed.

use std::io::{self, IsTerminal};

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::model::secret::Secret;

/// Whether there is a person to ask.
pub(super) fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a line that may be seen.
pub(super) fn line(app: &mut App<'_>, question: &str) -> Result<String> {
    let _ = write!(app.err, "{question}: ");
    let _ = app.err.flush();
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer).map_err(|_| nobody())?;
    let answer = answer.trim().to_owned();
    if read == 0 || answer.is_empty() { Err(nobody()) } else { Ok(answer) }
}

/// Asks for a secret, without echo.
pub(super) fn secret(question: &str) -> Result<Secret> {
    let answer = rpassword::prompt_password(format!("{question} (not shown): "));
    let answer = zeroize::Zeroizing::new(answer.map_err(|_| nobody())?);
    let answer = answer.trim();
    if answer.is_empty() { Err(nobody()) } else { Ok(Secret::from(answer)) }
}

fn nobody() -> Error {
    Error::new(
        Kind::Usage,
        "The question was not answered",
        "Fill in credentials.json (concur-cred init) and run it again.",
    )
}

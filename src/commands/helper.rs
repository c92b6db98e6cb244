//! A helper request on stdin, as `get`, `store` and `erase` read it.

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::protocol::git::Request;
use crate::stdin::{self, Patience};
use crate::trace;

/// The request; `None` when there is none at all (for git also when there is only its end).
pub(super) fn request(app: &mut App<'_>, by_git: bool) -> Result<Option<Request>> {
    let mut hint = || {
        app.note("waiting for a request on stdin (for the bare token use: concur-cred token)");
    };
    let Some(bytes) = stdin::gather(Patience::default(), &mut hint)? else { return Ok(None) };
    trace::step("request read");
    let request = Request::parse(&bytes).map_err(|refusal| malformed(&refusal.to_string()))?;
    if !request.is_specified() {
        let says_nothing = bytes.trim_ascii().is_empty();
        if by_git && says_nothing {
            return Ok(None);
        }
        return Err(malformed("it names no protocol or no host"));
    }
    Ok(Some(request))
}

fn malformed(why: &str) -> Error {
    Error::new(
        Kind::Usage,
        format!("What stdin gave is not a credential request: {why}"),
        "For the bare token, whatever stdin is, use: concur-cred token",
    )
}

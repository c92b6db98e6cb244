//! Reads a helper request on stdin, for `get`, `store` and `erase`.

use zeroize::Zeroizing;

use crate::error::{Error, Kind, Result};
use crate::formats::{Gatherer, bazel, git};
use crate::sys::stdin::{self, Patience};
use crate::sys::trace;
use crate::ui::context::Context;

/// A request of one of the protocols.
pub(super) enum Request {
    /// git's.
    Git(git::Request),
    /// Bazel's.
    Bazel(bazel::Request),
}

/// The request in either protocol, recognised by its first byte; `None` if there is no request.
pub(super) fn either_request(context: &mut Context<'_>) -> Result<Option<Request>> {
    let Some(bytes) = gathered(context, Gatherer::of_either())? else { return Ok(None) };
    if bazel::is_object(&bytes) {
        return bazels(&bytes).map(Some);
    }
    let request = gits(&bytes, false).map_err(|why| malformed(&why))?;
    Ok(request.map(Request::Git))
}

/// Bazel's request.
pub(super) fn bazel_request(context: &mut Context<'_>) -> Result<Request> {
    let bytes = gathered(context, Gatherer::of_bazel())?;
    bazels(&bytes.unwrap_or_default())
}

/// git's request to `get`; `None` if there is none (for git also if it is empty).
pub(super) fn git_request(context: &mut Context<'_>, by_git: bool) -> Result<Option<git::Request>> {
    let Some(bytes) = gathered(context, Gatherer::of_git())? else { return Ok(None) };
    gits(&bytes, by_git).map_err(|why| malformed(&why))
}

/// git's request to `store` and `erase`; `None` as for [`git_request`].
pub(super) fn git_credential(
    context: &mut Context<'_>,
    by_git: bool,
) -> Result<Option<git::Request>> {
    let Some(bytes) = gathered(context, Gatherer::of_git())? else { return Ok(None) };
    let as_git_does = "Send it as git does, in lines such as protocol=https and host=HOST; see \
                       gitcredentials(7).";
    gits(&bytes, by_git).map_err(|why| refused(&why, as_git_does))
}

fn gathered(context: &mut Context<'_>, gatherer: Gatherer) -> Result<Option<Zeroizing<Vec<u8>>>> {
    // Under its own name the program gets input from shells that add a byte-order mark or a blank line.
    let gatherer = if context.called_by_git { gatherer } else { gatherer.skipping_blanks() };
    if stdin::is_terminal() {
        context.is_typed = true;
        return Ok(None);
    }
    let mut hint = || {
        context.note("waiting for a request on stdin (for the bare token use: concur-cred token)");
    };
    let bytes = stdin::gather(gatherer, Patience::default(), &mut hint)?;
    trace::step("request read");
    Ok(bytes)
}

fn bazels(bytes: &[u8]) -> Result<Request> {
    let request = bazel::Request::parse(bytes);
    request.map(Request::Bazel).map_err(|refusal| malformed(&refusal.to_string()))
}

/// Checks it; the error is the reason.
fn gits(bytes: &[u8], by_git: bool) -> Result<Option<git::Request>, String> {
    let mut request = git::Request::parse(bytes).map_err(|refusal| refusal.to_string())?;
    request.make_host_canonical();
    if !request.is_specified() {
        let says_nothing = bytes.trim_ascii().is_empty();
        if by_git && says_nothing {
            return Ok(None);
        }
        return Err("it has no protocol or no host".to_owned());
    }
    Ok(Some(request))
}

fn malformed(why: &str) -> Error {
    refused(why, "For the bare token use: concur-cred token (it never reads stdin)")
}

fn refused(why: &str, remedy: &str) -> Error {
    Error::new(
        Kind::Usage,
        format!("The input on stdin is not a credential request: {why}"),
        remedy,
    )
}

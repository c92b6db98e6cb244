//! `GET /oauth2/v0/jwks`: the keys that tokens are signed with.

use hyper::Method;
use hyper::http::request::Parts;

use crate::endpoints::guard::{self, Served};
use crate::http::reply::Outgoing;
use crate::protocol::jwt;

pub(crate) fn serve(parts: &Parts) -> Result<Served, Served> {
    guard::methods(parts, &[Method::GET])?;
    Ok((Outgoing::json(200, &jwt::key_set()), "served"))
}

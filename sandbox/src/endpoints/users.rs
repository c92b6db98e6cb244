//! `GET /profile/identity/v4.1/Users`: the users of a made-up company.

use hyper::Method;
use hyper::http::request::Parts;
use serde_json::{Value, json};

use crate::endpoints::guard::{self, Served, scim_error};
use crate::http::reply::Outgoing;
use crate::state::call::Call;

const SCOPE: &str = "identity.user.core.read";

/// The users of the made-up company.
const USERS: [(&str, &str, &str); 3] = [
    ("0a3ac1d5-1c0b-4c5c-9d6a-5b8f3f3f0001", "Erika", "Mustermann"),
    ("0a3ac1d5-1c0b-4c5c-9d6a-5b8f3f3f0002", "Otto", "Normal"),
    ("0a3ac1d5-1c0b-4c5c-9d6a-5b8f3f3f0003", "Jane", "Doe"),
];

pub(crate) fn serve(call: &Call, parts: &Parts) -> Result<Served, Served> {
    guard::methods(parts, &[Method::GET])?;
    guard::token(call, parts, Some(SCOPE))?;
    Ok(list(parts))
}

/// A list of RFC 7644 §3.4.2, of at most `count` users.
fn list(parts: &Parts) -> Served {
    let query = parts.uri.query().unwrap_or_default();
    let count = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "count");
    let Ok(count) = count.map_or(Ok(USERS.len()), |(_, value)| value.parse::<usize>()) else {
        return (Outgoing::json(400, &scim_error(400, "count is not a number")), "bad count");
    };
    let resources: Vec<Value> = USERS.iter().take(count).map(|&user| resource(user)).collect();
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": USERS.len(),
        "startIndex": 1,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    });
    (Outgoing::json(200, &body), "served")
}

fn resource((id, given, family): (&str, &str, &str)) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": id,
        "userName": format!("{}@example.com", given.to_lowercase()),
        "name": { "givenName": given, "familyName": family },
        "active": true,
    })
}

//! Access tokens and id tokens: JWTs (RFC 7519) of the documented shape, as Concur issues them since April
//! 2026: `concur.type` says whose token it is, and neither `concur.profile` nor `concur.app` is there.
//!
//! The header says RS256 as Concur's does, but the signature is 256 random bytes: no client of an opaque
//! bearer token verifies it, and the sandbox knows its tokens by value. A random `jti` and that signature
//! make each token unique and unguessable.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The principal of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Principal {
    pub(crate) kind: PrincipalKind,
    pub(crate) uuid: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrincipalKind {
    Company,
    User,
    Application,
}

impl PrincipalKind {
    /// The value of the claim `concur.type`.
    pub(crate) fn claim(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::User => "user",
            Self::Application => "app",
        }
    }
}

/// What both tokens of one grant share.
pub(crate) struct Claims<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) principal: &'a Principal,
    pub(crate) scope: &'a str,
    /// Epoch seconds.
    pub(crate) issued_at: i64,
    /// Epoch seconds.
    pub(crate) expires_at: i64,
}

/// The id of the made-up signing key: the same in every token's header and at `/oauth2/v0/jwks`.
const KEY_ID: &str = "concur-sandbox-1";

pub(crate) fn access_token(claims: &Claims<'_>) -> String {
    let scopes: Vec<&str> = claims.scope.split_ascii_whitespace().collect();
    encode(&json!({
        "concur.version": 3,
        "concur.scopes": scopes,
        "concur.appId": format!("{}/profile/v1/apps/{}", claims.issuer, claims.client_id),
        "concur.type": claims.principal.kind.claim(),
        "aud": "*",
        "iss": claims.issuer,
        "sub": claims.principal.uuid,
        "iat": claims.issued_at,
        "nbf": claims.issued_at,
        "exp": claims.expires_at,
        "jti": Uuid::new_v4().to_string(),
    }))
}

pub(crate) fn id_token(claims: &Claims<'_>) -> String {
    encode(&json!({
        "concur.version": 3,
        "concur.type": claims.principal.kind.claim(),
        "aud": claims.client_id,
        "iss": claims.issuer,
        "sub": claims.principal.uuid,
        "iat": claims.issued_at,
        "nbf": claims.issued_at,
        "exp": claims.expires_at,
    }))
}

fn encode(claims: &Value) -> String {
    let header = json!({ "alg": "RS256", "kid": KEY_ID, "typ": "JWT" });
    let signature = random_bytes();
    [header.to_string().as_bytes(), claims.to_string().as_bytes(), &signature]
        .map(|part| URL_SAFE_NO_PAD.encode(part))
        .join(".")
}

/// 256 bytes: the length of a 2048-bit RSA signature.
fn random_bytes() -> Vec<u8> {
    (0..16).flat_map(|_| Uuid::new_v4().into_bytes()).collect()
}

/// `{"keys":[…]}` (RFC 7517) with one key whose modulus is made up: nothing verifies against it.
pub(crate) fn key_set() -> Value {
    let modulus: Vec<u8> = (0_u8..8).flat_map(|part| Sha256::digest([part])).collect();
    json!({ "keys": [{
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID,
        "e": "AQAB", "n": URL_SAFE_NO_PAD.encode(modulus),
    }]})
}

//! Where the endpoints are.

pub(crate) const TOKEN: &str = "/oauth2/v0/token";
pub(crate) const OTP: &str = "/oauth2/v0/otp";
pub(crate) const AUTHORIZE: &str = "/oauth2/v0/authorize";
pub(crate) const KEYS: &str = "/oauth2/v0/jwks";
pub(crate) const USERS: &str = "/profile/identity/v4.1/Users";
pub(crate) const USERS_V4: &str = "/profile/identity/v4/Users";
pub(crate) const CONNECTIONS: &str = "/app-mgmt/v0/connections";
pub(crate) const REPORTS: &str = "/api/v3.0/expense/reports";
/// Not of Concur: answers with what was sent.
pub(crate) const ECHO: &str = "/sandbox/echo";
/// Not of Concur: any number of bytes.
pub(crate) const BYTES: &str = "/sandbox/bytes";

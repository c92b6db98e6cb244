//! Every error code the service documents, with its status, `error` and `error_description`.
//!
//! Source: the "Response Codes" section of SAP Concur's authentication reference (tables of `/token` and
//! `/otp`), and its notes on company request tokens for 134 to 136. The statuses are 400 but for those
//! documented as 403: a disabled client, a grant the app lacks, a company that is not authorised.

/// One documented error code of the token service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The number in the body's `code`.
    pub number: u32,
    /// The HTTP status it comes with.
    pub status: u16,
    /// The body's `error`: RFC 6749 §5.2, and one of §4.1.2.1.
    pub error: &'static str,
    /// The body's `error_description`.
    pub description: &'static str,
}

const fn refused(number: u32, error: &'static str, description: &'static str) -> Code {
    Code { number, status: 400, error, description }
}

const fn forbidden(number: u32, error: &'static str, description: &'static str) -> Code {
    Code { number, status: 403, error, description }
}

const GRANT: &str = "invalid_grant";
const REQUEST: &str = "invalid_request";
const CLIENT: &str = "invalid_client";

/// The whole table, in ascending order of number.
pub const CODES: &[Code] = &[
    refused(5, GRANT, "Incorrect credentials. Please Retry"),
    refused(10, GRANT, "Account is disabled. Please contact support"),
    refused(11, GRANT, "Account is disabled. Please contact support"),
    refused(12, GRANT, "Logon Denied. Please contact support"),
    refused(13, GRANT, "Logon Denied. Please contact support"),
    refused(14, GRANT, "Account Locked. Please contact support"),
    refused(16, REQUEST, "user lives elsewhere"),
    refused(19, GRANT, "Incorrect credentials. Please Retry"),
    refused(20, GRANT, "Logon Denied. Please contact support"),
    refused(21, GRANT, "Logon Denied. Please contact support"),
    refused(51, REQUEST, "username was not supplied"),
    refused(52, REQUEST, "password was not supplied"),
    forbidden(53, CLIENT, "company is not enabled for this client"),
    refused(54, "invalid_scope", "requested scope exceeds granted scope"),
    refused(55, REQUEST, "we don't know this email"),
    refused(56, REQUEST, "otp was not supplied"),
    refused(57, REQUEST, "channel_type missing"),
    refused(58, REQUEST, "channel_handle missing"),
    forbidden(59, "access_denied", "client disabled"),
    forbidden(60, GRANT, "these are not the grants you are looking for"),
    refused(61, CLIENT, "client not found"),
    refused(62, REQUEST, "client_id was not supplied"),
    refused(63, REQUEST, "client_secret was not supplied"),
    refused(64, CLIENT, "Incorrect credentials. Please Retry"),
    refused(65, REQUEST, "grant_type was not supplied"),
    refused(80, REQUEST, "invalid channel type"),
    refused(81, REQUEST, "bad channel handle"),
    refused(82, REQUEST, "the number of open otp requests has been exceeded"),
    refused(83, REQUEST, "otp not found"),
    refused(84, REQUEST, "fact verification failed"),
    refused(85, REQUEST, "otp verification failed"),
    refused(100, REQUEST, "backend does not know about this username"),
    refused(101, REQUEST, "code was not supplied"),
    refused(102, REQUEST, "redirect_uri was not supplied"),
    refused(103, REQUEST, "code is bad or expired"),
    refused(104, GRANT, "redirect_uri does not match the previous grant"),
    refused(105, GRANT, "this grant was not issued to you!"),
    refused(106, REQUEST, "refresh_token was not supplied"),
    refused(107, REQUEST, "refresh disallowed for app"),
    refused(108, GRANT, "bad or expired refresh token"),
    refused(109, REQUEST, "loginid was not supplied"),
    refused(115, REQUEST, "unauthenticated client will not be issued token!"),
    refused(117, REQUEST, "nonce is mandatory for this response_type"),
    refused(118, REQUEST, "display is invalid"),
    refused(119, REQUEST, "prompt is invalid"),
    refused(120, REQUEST, "credtype is invalid"),
    refused(121, REQUEST, "login_type is invalid"),
    refused(122, REQUEST, "proxies supplied are invalid"),
    refused(123, REQUEST, "principal is disabled"),
    refused(134, REQUEST, "company is in scheduled maintenance"),
    refused(135, REQUEST, "unsupported request format"),
    refused(136, GRANT, "request token was issued for another app"),
];

/// The row of `number`. A number the service does not document answers as a plain `invalid_request`, so
/// that a test can see what a client does with a code it has never heard of.
pub fn code(number: u32) -> Code {
    let row = CODES.binary_search_by_key(&number, |row| row.number);
    row.map_or(refused(number, REQUEST, "undocumented"), |at| CODES[at])
}

/// A refusal: a documented code, and for code 16 where to go instead.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: u32,
    pub(crate) redirect_to: Option<String>,
}

impl From<u32> for Refusal {
    fn from(code: u32) -> Self {
        Self { code, redirect_to: None }
    }
}

//! A grant of Concur, parsed.

use super::jwt::{self, Claims};
use super::origin::Origin;
use super::principal::PrincipalType;
use super::secret::Secret;

/// The longest accepted principal: a UUID has 36 characters, an application's name more.
const MAX_PRINCIPAL_CHARS: usize = 255;

/// The grant by which an account's tokens were obtained. It decides how they are renewed, and how a person logs
/// in again. The names are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantKind {
    /// The company grant: a company UUID and its request token.
    Company,
    /// A user's name and password; the password is not stored.
    User,
    /// `client_credentials`: an application login, without a refresh token.
    Application,
    /// The authorization code grant, in a browser.
    Browser,
    /// A one-time password, sent by e-mail.
    Otp,
    /// Imported from a file; the original grant is unknown.
    Import,
    /// An existing refresh token; the original grant is unknown.
    Refresh,
}

impl GrantKind {
    /// All kinds, for parsing the stored name.
    pub const ALL: [Self; 7] = [
        Self::Company,
        Self::User,
        Self::Application,
        Self::Browser,
        Self::Otp,
        Self::Import,
        Self::Refresh,
    ];

    /// The stored name; also the value of `login --grant`, if there is such a grant.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::User => "user",
            Self::Application => "app",
            Self::Browser => "browser",
            Self::Otp => "otp",
            Self::Import => "import",
            Self::Refresh => "refresh",
        }
    }

    /// The principal type of this grant; `None` if it is unknown.
    pub const fn principal_type(self) -> Option<PrincipalType> {
        match self {
            Self::Company => Some(PrincipalType::Company),
            Self::User | Self::Browser | Self::Otp => Some(PrincipalType::User),
            Self::Application => Some(PrincipalType::Application),
            Self::Import | Self::Refresh => None,
        }
    }

    /// The kind with this stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// The tokens of one answer of the token service, or of an imported file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// `None` if the answer had no usable one; the rest is stored nevertheless.
    pub access_token: Option<Secret>,
    /// Epoch seconds; `None` if it is unknown.
    pub access_expires_at: Option<i64>,
    /// `None` if the answer had none: then the stored one is kept.
    pub refresh_token: Option<Secret>,
    /// Epoch seconds.
    pub refresh_expires_at: Option<i64>,
    /// Whether the expiry is our assumption.
    pub refresh_expiry_assumed: bool,
    /// The granted scope, space separated.
    pub scope: Option<String>,
    /// The new base URL, already checked to be allowed; `None` keeps the stored one.
    pub geolocation: Option<Origin>,
    /// `id_token`.
    pub id_token: Option<Secret>,
    /// Company or user UUID, if the answer names it.
    pub principal: Option<String>,
}

impl Grant {
    /// The principal: the subject of the `id_token`, else of the access token.
    pub fn subject(&self) -> Option<String> {
        let is_name = |name: &String| {
            (1..=MAX_PRINCIPAL_CHARS).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_graphic())
        };
        self.claims().filter_map(|claims| claims.subject).find(is_name)
    }

    /// The principal's type, if a token names it.
    pub fn principal_type(&self) -> Option<PrincipalType> {
        self.claims().find_map(|claims| claims.principal_type)
    }

    fn claims(&self) -> impl Iterator<Item = Claims> {
        [&self.id_token, &self.access_token].into_iter().flatten().filter_map(jwt::claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_name_is_read_as_what_it_was() {
        for kind in GrantKind::ALL {
            assert_eq!(GrantKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(GrantKind::from_name("of a newer program"), None);
    }
}

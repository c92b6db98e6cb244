//! What Concur grants, after its answer was understood.

use super::jwt::{self, Claims};
use super::origin::Origin;
use super::principal::PrincipalType;
use super::secret::Secret;

/// The longest principal that is believed: a UUID has 36 characters, an application's name more.
const MAX_PRINCIPAL_CHARS: usize = 255;

/// By which grant an account's tokens were obtained, and so what renews them and what a person does
/// when nothing does. The names are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantKind {
    /// The company grant: a company UUID and its request token.
    Company,
    /// A user's name and password; the password is not kept.
    User,
    /// `client_credentials`: the application for itself, without a refresh token.
    Application,
    /// The authorization code grant, in a browser.
    Browser,
    /// A one-time password, sent by e-mail.
    Otp,
    /// Taken over from a file; the grant behind it is not known.
    Import,
    /// A refresh token that the person already had; the grant behind it is not known.
    Refresh,
}

impl GrantKind {
    /// All of them, for the store's round trip.
    pub const ALL: [Self; 7] = [
        Self::Company,
        Self::User,
        Self::Application,
        Self::Browser,
        Self::Otp,
        Self::Import,
        Self::Refresh,
    ];

    /// The stored name; that of `login --grant` too, where there is such a grant.
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

    /// Whose tokens this grant obtains; `None` when that is not known.
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
    /// `None` when the answer had none that could be used; the rest is kept all the same.
    pub access_token: Option<Secret>,
    /// Epoch seconds; `None` when it could not be learnt.
    pub access_expires_at: Option<i64>,
    /// `None` when the answer had none: then the one already held is kept.
    pub refresh_token: Option<Secret>,
    /// Epoch seconds.
    pub refresh_expires_at: Option<i64>,
    /// Whether that is our assumption and not Concur's word.
    pub refresh_expiry_assumed: bool,
    /// The granted scope, space separated.
    pub scope: Option<String>,
    /// The base URL from now on, already found allowed; `None` keeps the present one.
    pub geolocation: Option<Origin>,
    /// `id_token`.
    pub id_token: Option<Secret>,
    /// Company or user UUID, where the answer tells it.
    pub principal: Option<String>,
}

impl Grant {
    /// Whose the tokens are: the subject of the `id_token`, else of the access token.
    pub fn subject(&self) -> Option<String> {
        let is_name = |name: &String| {
            (1..=MAX_PRINCIPAL_CHARS).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_graphic())
        };
        self.claims().filter_map(|claims| claims.subject).find(is_name)
    }

    /// Whether that is a company, a user or an application, where a token says so.
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

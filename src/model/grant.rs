//! What Concur grants, after its answer was understood.

use super::origin::Origin;
use super::secret::Secret;

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
}

impl GrantKind {
    /// All of them, for the store's round trip.
    pub const ALL: [Self; 6] =
        [Self::Company, Self::User, Self::Application, Self::Browser, Self::Otp, Self::Import];

    /// The stored name; that of `login --grant` too, where there is such a grant.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::User => "user",
            Self::Application => "app",
            Self::Browser => "browser",
            Self::Otp => "otp",
            Self::Import => "import",
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

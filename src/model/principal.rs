//! The kinds of principal a token is issued to.

/// The type of a token's principal, from Concur's claim `concur.type`. The names are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrincipalType {
    /// A company.
    Company,
    /// A user.
    User,
    /// The application itself.
    Application,
}

impl PrincipalType {
    /// The stored name, which is that of the claim.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::User => "user",
            Self::Application => "app",
        }
    }

    /// The claim's value; `None` if it is unknown.
    pub fn from_claim(text: &str) -> Option<Self> {
        match text {
            "company" => Some(Self::Company),
            "user" => Some(Self::User),
            "app" | "application" => Some(Self::Application),
            _ => None,
        }
    }

    /// The word in messages.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::User => "user",
            Self::Application => "application",
        }
    }
}

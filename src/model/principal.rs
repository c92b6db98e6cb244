//! The kinds of principal a token is issued to.

/// Whose a token is: what Concur's claim `concur.type` says. The names are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrincipalType {
    /// A company.
    Company,
    /// A user of one.
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

    /// What the claim says; `None` when it says nothing that is known.
    pub fn from_claim(text: &str) -> Option<Self> {
        match text {
            "company" => Some(Self::Company),
            "user" => Some(Self::User),
            "app" | "application" => Some(Self::Application),
            _ => None,
        }
    }

    /// The word for people.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::User => "user",
            Self::Application => "application",
        }
    }
}

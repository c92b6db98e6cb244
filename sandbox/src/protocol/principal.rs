//! Whom a token was granted to.

/// Whom a token speaks for.
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

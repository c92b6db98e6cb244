//! The last attempt to renew a record, and how it ended.

/// How the last attempt to renew ended. The names are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutcomeKind {
    /// New tokens were granted and stored.
    Granted,
    /// New tokens were granted and stored, but belong to another company or user: none is printed.
    OtherPrincipal,
    /// Code 108 (or a bare `invalid_grant` to a refresh): the refresh token is invalid.
    Condemned,
    /// Refused for a reason that can be fixed at Concur.
    Rejected,
    /// Throttled, down, or an answer that says nothing about the token.
    Transient,
    /// This caller could not reach the service: name resolution, connect, TLS, proxy.
    Local,
}

impl OutcomeKind {
    /// All kinds, for parsing the stored name.
    pub const ALL: [Self; 6] = [
        Self::Granted,
        Self::OtherPrincipal,
        Self::Condemned,
        Self::Rejected,
        Self::Transient,
        Self::Local,
    ];

    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::OtherPrincipal => "other-principal",
            Self::Condemned => "condemned",
            Self::Rejected => "rejected",
            Self::Transient => "transient",
            Self::Local => "local",
        }
    }

    /// The kind with this stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// The last attempt to renew a record, shared between all callers through the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attempt {
    /// Counts attempts; 0 before the first.
    pub number: i64,
    /// Epoch seconds when it began.
    pub started_at: Option<i64>,
    /// Epoch seconds when it ended. `None` with a start means that its process was killed.
    pub ended_at: Option<i64>,
    /// How it ended.
    pub outcome: Option<OutcomeKind>,
    /// The problem, as the beginning of a sentence; never a secret.
    pub why: Option<String>,
    /// Concur's `code`.
    pub code: Option<i64>,
    /// Concur's description, as received.
    pub description: Option<String>,
    /// The correlation id of its last request.
    pub correlation_id: Option<String>,
    /// Epoch seconds before which no caller tries again.
    pub not_before: Option<i64>,
    /// Failed attempts in a row; 0 after a grant.
    pub failures: i64,
}

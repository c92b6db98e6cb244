//! The one error type of the program, and the one place where an error becomes an exit code.
//!
//! Every error is two sentences: what happened, and what to do about it. Neither ever holds a
//! secret, an input line or `Debug` output. What Concur said travels beside them, escaped where it
//! is shown.

use std::fmt;
use std::sync::Arc;

use crate::model::grant::GrantKind;
use crate::model::printable::printable;

/// What the caller can do next; each kind is one documented exit code (DESIGN: exit codes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Anything without a code of its own. Exit code 1.
    Other,
    /// Wrong usage, or a malformed or under-specified request. Exit code 2.
    Usage,
    /// No such profile or credential, or none could be chosen. Exit code 3.
    NotFound,
    /// A person must log in again. Exit code 4.
    LoginNeeded,
    /// Worth trying again later: network, service, lock timeout. Exit code 5.
    Temporary,
    /// Configuration, permissions, key or store unusable. Exit code 6.
    Unusable,
}

impl Kind {
    /// The documented exit code.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Other => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::LoginNeeded => 4,
            Self::Temporary => 5,
            Self::Unusable => 6,
        }
    }
}

/// The exit code of several failures: who needs a person comes before what is unusable, and that before what needs
/// no action. A profile that was removed meanwhile is no failure.
pub(crate) fn worst_exit_code<'e>(failures: impl IntoIterator<Item = &'e Error>) -> u8 {
    let worst = [Kind::LoginNeeded, Kind::Unusable, Kind::Temporary, Kind::Other, Kind::Usage];
    let kinds: Vec<Kind> = failures.into_iter().map(Error::kind).collect();
    worst.into_iter().find(|kind| kinds.contains(kind)).map_or(0, Kind::exit_code)
}

/// What Concur said about a failure; SAP support asks for the correlation id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceWord {
    /// Concur's numeric `code`, where the answer had one.
    pub code: Option<i64>,
    /// `error_description`, else `error`, as the service wrote it (escaped when shown).
    pub description: Option<String>,
    /// The `concur-correlationid` of the call.
    pub correlation_id: Option<String>,
}

/// What happened and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<Details>);

/// The parts of an [`Error`]; boxed, so that a `Result` stays small.
#[derive(Debug, Clone)]
struct Details {
    kind: Kind,
    profile: Option<String>,
    problem: String,
    remedy: String,
    service: ServiceWord,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// By what a person reads: a source cannot be compared.
impl PartialEq for Details {
    fn eq(&self, other: &Self) -> bool {
        let Self { kind, profile, problem, remedy, service, source: _ } = self;
        (kind, profile, problem, remedy, service)
            == (&other.kind, &other.profile, &other.problem, &other.remedy, &other.service)
    }
}

impl Eq for Details {}

/// The result of everything that can fail in front of a person.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A variable, or a key of `config.toml` that is only read on use, and what is wrong with its value.
    pub fn of_setting(name: &str, wrong: &str) -> Self {
        let remedy = if name.starts_with("CONCUR_CRED_") {
            "Correct or unset it."
        } else {
            "Correct it in config.toml."
        };
        Self::new(Kind::Unusable, format!("{name} is {wrong}"), remedy)
    }

    /// `problem` and `remedy` are sentences without their final full stop being optional: write
    /// `problem` without one (details are put behind it) and `remedy` as it is to be read.
    pub fn new(kind: Kind, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self(Box::new(Details {
            kind,
            profile: None,
            problem: problem.into(),
            remedy: remedy.into(),
            service: ServiceWord::default(),
            source: None,
        }))
    }

    /// Names the profile it happened to.
    #[must_use]
    pub fn of_profile(mut self, profile: Option<&str>) -> Self {
        if self.0.profile.is_none() {
            self.0.profile = profile.map(str::to_owned);
        }
        self
    }

    /// Adds what Concur said.
    #[must_use]
    pub fn with_service(mut self, service: ServiceWord) -> Self {
        self.0.service = service;
        self
    }

    /// Adds what it comes from, for a debugger: no person reads it.
    #[must_use]
    pub fn with_source(mut self, source: Arc<dyn std::error::Error + Send + Sync>) -> Self {
        self.0.source = Some(source);
        self
    }

    /// What the caller can do next.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The first sentence, without what Concur said.
    pub fn problem(&self) -> &str {
        &self.0.problem
    }

    /// The second sentence.
    pub fn remedy(&self) -> &str {
        &self.0.remedy
    }

    /// What Concur said, if it was Concur.
    pub fn service(&self) -> &ServiceWord {
        &self.0.service
    }
}

/// The command with which a person logs this account in again.
pub(crate) fn login_command(profile: Option<&str>) -> String {
    match profile {
        Some(name) => format!("concur-cred login --profile {name}"),
        None => "concur-cred login".to_owned(),
    }
}

/// The command with which a person refreshes this account's tokens at once.
pub(crate) fn refresh_command(profile: Option<&str>) -> String {
    login_command(profile).replacen(" login", " refresh", 1)
}

/// The command with which a person replaces the client secret of this account's application.
pub(crate) fn set_secret_command(profile: Option<&str>) -> String {
    login_command(profile).replacen(" login", " set-secret", 1)
}

/// The same as [`login_command`] for an account whose tokens were obtained by this grant.
pub(crate) fn login_again(profile: Option<&str>, by: Option<GrantKind>) -> String {
    let command = login_command(profile);
    match by {
        Some(
            kind @ (GrantKind::User
            | GrantKind::Application
            | GrantKind::Browser
            | GrantKind::Otp
            | GrantKind::Refresh),
        ) => command.replacen(" login", &format!(" login --grant {}", kind.name()), 1),
        Some(GrantKind::Company | GrantKind::Import) | None => command,
    }
}

impl fmt::Display for ServiceWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = " (";
        if let Some(code) = self.code {
            write!(f, "{separator}code {code}")?;
            separator = ", ";
        }
        if let Some(description) = &self.description {
            write!(f, "{separator}\"{}\"", printable(description, 400))?;
            separator = ", ";
        }
        if let Some(id) = &self.correlation_id {
            write!(f, "{separator}correlation {}", printable(id, 80))?;
            separator = ", ";
        }
        if separator == ", " { f.write_str(")") } else { Ok(()) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("error: ")?;
        if let Some(profile) = &self.0.profile {
            write!(f, "{}: ", printable(profile, 80))?;
        }
        // Both can name a file, and what a file is called is anybody's choice.
        write!(f, "{}{}.", printable(&self.0.problem, usize::MAX), self.0.service)?;
        if !self.0.remedy.is_empty() {
            write!(f, "\nhint: {}", printable(&self.0.remedy, usize::MAX))?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source.as_ref() as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_problem_then_remedy_with_what_concur_said() {
        let error = Error::new(
            Kind::LoginNeeded,
            "Concur refused the refresh token",
            "Run: concur-cred login",
        )
        .of_profile(Some("acme"))
        .with_service(ServiceWord {
            code: Some(108),
            description: Some("bad or expired refresh token".into()),
            correlation_id: Some("2803b8f8".into()),
        });
        assert_eq!(
            error.to_string(),
            "error: acme: Concur refused the refresh token (code 108, \"bad or expired \
             refresh token\", correlation 2803b8f8).\nhint: Run: concur-cred login"
        );
    }

    #[test]
    fn control_characters_of_the_service_never_reach_a_terminal() {
        let word = ServiceWord { description: Some("\u{1b}[2J".into()), ..Default::default() };
        assert!(!word.to_string().contains('\u{1b}'));
    }

    #[test]
    fn a_name_in_an_error_is_escaped_and_makes_no_line_of_its_own() {
        let name = "a\u{1b}]0;x\u{7}\nconcur-cred: all is well";
        let error = Error::new(Kind::Other, format!("Cannot read {name}"), format!("rm {name}"));
        let shown = r"a\u{1b}]0;x\u{7}\u{a}concur-cred: all is well";
        assert_eq!(error.to_string(), format!("error: Cannot read {shown}.\nhint: rm {shown}"));
    }

    #[test]
    fn nothing_said_shows_no_empty_brackets() {
        assert_eq!(Error::new(Kind::Other, "It broke", "").to_string(), "error: It broke.");
    }

    #[test]
    fn who_needs_a_person_decides_the_exit_code() {
        let code = |kinds: &[Kind]| {
            let errors: Vec<Error> = kinds.iter().map(|kind| Error::new(*kind, "", "")).collect();
            worst_exit_code(&errors)
        };
        assert_eq!(code(&[]), 0);
        assert_eq!(code(&[Kind::NotFound]), 0);
        assert_eq!(code(&[Kind::Temporary, Kind::NotFound]), 5);
        assert_eq!(code(&[Kind::Temporary, Kind::Unusable]), 6);
        assert_eq!(code(&[Kind::Unusable, Kind::LoginNeeded, Kind::Temporary]), 4);
        assert_eq!(code(&[Kind::Other]), 1);
    }
}

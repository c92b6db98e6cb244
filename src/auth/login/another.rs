//! Another company, user or application than the profile's is refused, with what named it.

use std::path::Path;

use uuid::Uuid;

use crate::auth::oauth::advice::{IN_FILE, TYPED};
use crate::error::{Error, Kind, Result};
use crate::model::principal::PrincipalType;
use crate::model::record::Record;

/// What named a value, for messages.
pub(crate) struct Source {
    /// A variable, a field of a file, or tokens.
    pub(crate) text: String,
    /// Whether a person can correct it there.
    pub(crate) can_be_corrected: bool,
}

impl Source {
    /// That of the tokens themselves.
    pub(crate) fn tokens() -> Self {
        Self { text: "the new tokens".to_owned(), can_be_corrected: false }
    }

    /// That of a value with this name.
    pub(crate) fn of(name: &str, file: Option<&Path>) -> Self {
        let file = file.filter(|_| IN_FILE.all().contains(&name));
        let text = match file {
            Some(path) if path.parent() == Some(Path::new("")) => {
                format!("{name} in {} in the current folder", path.display())
            }
            Some(path) => format!("{name} in {}", path.display()),
            None => name.to_owned(),
        };
        Self { text, can_be_corrected: !TYPED.all().contains(&name) }
    }
}

/// Refuses to put another company, user or application into a profile, unless `replace`. `principal`
/// is `None` before it is known. Both with the source of the value.
pub(crate) fn refuse(
    old: Option<&Record>,
    client_id: (&str, &Source),
    principal: Option<(&str, &Source)>,
    replace: bool,
) -> Result<()> {
    let Some(old) = old.filter(|_| !replace) else { return Ok(()) };
    let is_another = |principal: &str| {
        !old.has_unknown_principal() && !old.principal.eq_ignore_ascii_case(principal)
    };
    let other = principal.filter(|(principal, _)| is_another(principal));
    let (what, held, (value, source)) = if let Some(other) = other {
        let what = match old.principal_type() {
            Some(PrincipalType::User) => "user",
            Some(PrincipalType::Application) => "account",
            Some(PrincipalType::Company) | None => "company",
        };
        (what, old.principal.as_str(), other)
    } else if old.client_id() == client_id.0 {
        return Ok(());
    } else {
        ("application", old.client_id(), client_id)
    };
    // What is no UUID may be a secret in the wrong place.
    let shown =
        |id: &str| Uuid::try_parse(id).map_or_else(|_| String::new(), |_| format!(" ({id})"));
    let name = old.profile_name().unwrap_or_default();
    let Source { text, can_be_corrected } = source;
    let correct = if *can_be_corrected {
        format!(" To log in {name} itself, correct {text}.")
    } else {
        String::new()
    };
    Err(Error::new(
        Kind::Usage,
        format!(
            "The profile {name} holds another {what}{} than {text}{}; nothing was changed",
            shown(held),
            shown(value)
        ),
        format!(
            "To keep both, run the same again with --profile NEW.{correct} To overwrite {name}, use --replace."
        ),
    ))
}

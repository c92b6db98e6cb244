//! What a person reads before the first question of a login: what there is to log in with, where the values
//! come from, and which are still needed.

use crate::auth::browser::redirect::DEFAULT_REDIRECT_URI;
use crate::auth::login::obtain::Credentials;
use crate::auth::login::start::Start;
use crate::auth::oauth::advice::{IN_FILE, IN_VARIABLES, Names, TOKEN_PAGE, TYPED};
use crate::error::Result;
use crate::model::grant::GrantKind;
use crate::ui::context::Context;
use crate::ui::prompt;

/// What there is to log in with, the most frequent first; an import for the tutorial's files.
const WAYS: [(GrantKind, &str); 5] = [
    (GrantKind::Company, "a company request token (most common)"),
    (GrantKind::Refresh, "a refresh token"),
    (GrantKind::Browser, "a user who signs in by SSO, in a browser"),
    (GrantKind::Application, "the application alone: App ID and client secret"),
    (
        GrantKind::Import,
        "the files of SAP's tutorial: refreshTokenObjectFile.json, credentials.json",
    ),
];

/// Asks a person what there is to log in with. [`GrantKind::Import`]: the tutorial's files.
pub(crate) fn choose(app: &mut Context<'_>) -> Result<GrantKind> {
    let chosen = prompt::choice(app, "What do you have?", &WAYS.map(|(_, what)| what))?;
    Ok(WAYS[chosen].0)
}

/// Says where the values of a login come from and which of `values` are still needed: each by its key in a
/// credentials file, with whether it is missing. For a profile that is logged in again, what is needed alone.
pub(crate) fn introduce(app: &mut Context<'_>, start: &Start, values: &[(&str, bool)]) {
    let lines = if start.renewal.is_empty() {
        let first = "Where the values come from:".to_owned();
        let sources = sources(Some(start.kind), &TYPED);
        [vec![first], sources, vec![needed(&start.credentials, values)]].concat()
    } else {
        [start.renewal.clone(), only_needed(values)].concat()
    };
    for line in lines {
        prompt::say(app, &line);
    }
}

/// What is needed of a profile that is logged in again.
fn only_needed(values: &[(&str, bool)]) -> Vec<String> {
    let missing: Vec<&str> =
        values.iter().filter(|(_, is_missing)| *is_missing).map(|(key, _)| typed(key)).collect();
    match missing[..] {
        [only] if only == typed(IN_FILE.request_token) => {
            vec![format!("Only a new {only} is needed, from"), format!("  {TOKEN_PAGE}")]
        }
        [] => Vec::new(),
        [only] => vec![format!("Only a new {only} is needed")],
        _ => vec![format!("Needed: {}", missing.join(", "))],
    }
}

/// What the value with this key in a credentials file is called.
fn typed(key: &str) -> &str {
    place(key).map_or(key, |at| without_article(TYPED.all()[at]))
}

/// The place of this key among the names.
fn place(key: &str) -> Option<usize> {
    IN_FILE.all().iter().position(|name| *name == key)
}

/// Where the values come from, in lines of less than 80 columns: those of this grant, else all that a
/// credentials file can have.
pub(crate) fn sources(by: Option<GrantKind>, names: &Names) -> Vec<String> {
    let [client_id, client_secret, company, request_token, refresh_token] =
        names.all().map(without_article);
    let mut lines = vec![
        format!(
            "  {client_id}, {client_secret}: Administration > Company > Authentication Admin >"
        ),
        "    OAuth 2.0 Application Management (role: Web Services Administrator)".to_owned(),
    ];
    if matches!(by, None | Some(GrantKind::Company | GrantKind::Import)) {
        lines.extend([
            format!("  {company}: shown with the company request token"),
            format!("  {request_token}: made from the App ID, valid for 24 hours, at"),
            format!("    {TOKEN_PAGE}"),
        ]);
    }
    lines.extend(match by {
        None => Some(format!(
            "  {refresh_token}, instead of the last two: from a vendor, another program or SAP"
        )),
        Some(GrantKind::Refresh) => {
            Some(format!("  {refresh_token}: from a vendor's page, another program or SAP"))
        }
        Some(GrantKind::Browser) => {
            Some(format!("  redirect URI: register {DEFAULT_REDIRECT_URI} in the same place"))
        }
        Some(_) => None,
    });
    lines
}

/// Which values are known, and from where; and which are still needed.
fn needed(credentials: &Credentials, values: &[(&str, bool)]) -> String {
    let (mut known, mut missing) = (Vec::new(), Vec::new());
    for (key, is_missing) in values {
        let name = typed(key);
        if *is_missing {
            missing.push(name);
            continue;
        }
        let variable = place(key).map(|at| IN_VARIABLES.all()[at]);
        let set = variable.filter(|variable| credentials.variables.contains(variable));
        let file = || credentials.file.as_ref().map(|file| file.display().to_string());
        let source = set.map(str::to_owned).or_else(file).unwrap_or_default();
        known.push(format!("{name} from {source}"));
    }
    let missing = missing.join(", ");
    if known.is_empty() {
        format!("Needed: {missing}")
    } else {
        format!("{}; still needed: {missing}", known.join(", "))
    }
}

fn without_article(name: &str) -> &str {
    name.strip_prefix("the ").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_fits_a_terminal_and_only_what_is_needed_is_explained() {
        let grants = GrantKind::ALL.map(Some).into_iter().chain([None]);
        for lines in grants.map(|by| sources(by, &TYPED)) {
            for line in &lines {
                assert!(line.chars().count() < 80 && !line.contains('\n'), "{line}");
            }
            assert!(lines[0].contains("App ID, client secret: "), "{lines:?}");
        }
        let all = sources(None, &IN_FILE).join("\n");
        assert!(IN_FILE.all().iter().all(|key| all.contains(key)), "{all}");
        let of_application = sources(Some(GrantKind::Application), &TYPED).join("\n");
        assert!(!of_application.contains("token"), "{of_application}");
    }

    #[test]
    fn what_is_known_is_named_with_its_source() {
        let values = [("appID", false), ("clientSecret", true), ("companyRequestToken", true)];
        let variables = vec!["CONCUR_CRED_CLIENT_ID"];
        let credentials = Credentials { variables, ..Credentials::default() };
        assert_eq!(
            needed(&credentials, &values),
            "App ID from CONCUR_CRED_CLIENT_ID; still needed: client secret, company request token"
        );
        let file = Some("acme.json".into());
        let credentials = Credentials { file, ..Credentials::default() };
        assert_eq!(
            needed(
                &credentials,
                &[("appID", false), ("clientSecret", false), ("refreshToken", true)]
            ),
            "App ID from acme.json, client secret from acme.json; still needed: refresh token"
        );
        let nothing = [("appID", true), ("clientSecret", true)];
        assert_eq!(needed(&Credentials::default(), &nothing), "Needed: App ID, client secret");
    }
}

//! What a person reads before the first question of a login: what there is to log in with, where the values
//! come from, and which are still needed.

use crate::auth::browser::redirect::DEFAULT_REDIRECT_URI;
use crate::auth::login::obtain::{self, Credentials};
use crate::auth::oauth::advice::{IN_FILE, IN_VARIABLES, Names, TOKEN_PAGE, TYPED};
use crate::error::Result;
use crate::model::grant::GrantKind;
use crate::ui::context::Context;
use crate::ui::prompt;

/// What there is to log in with, the most frequent first; an import for the tutorial's files.
const WAYS: [(GrantKind, &str); 5] = [
    (GrantKind::Company, "a company request token (the most frequent)"),
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

/// By which grant the profile is logged in again; `None`: there is no such profile, or its grant is not known.
pub(crate) fn known_way(app: &Context<'_>) -> Result<Option<GrantKind>> {
    let store = app.store()?;
    let (_, record) = obtain::profile(app, store.as_ref())?;
    let known = obtain::believed(store.as_ref(), record.as_ref());
    Ok(known.and_then(|record| record.obtained_by).filter(|by| *by != GrantKind::Import))
}

/// Says where the values of a login come from and which of `values` are still needed: each by its key in a
/// credentials file, with whether it is missing.
pub(crate) fn introduce(
    app: &mut Context<'_>,
    by: GrantKind,
    credentials: &Credentials,
    values: &[(&str, bool)],
) {
    prompt::say(app, "Where the values come from:");
    for line in sources(Some(by), &TYPED) {
        prompt::say(app, &line);
    }
    prompt::say(app, &needed(credentials, values));
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
        let Some(at) = IN_FILE.all().iter().position(|name| name == key) else { continue };
        let name = without_article(TYPED.all()[at]);
        let variable = IN_VARIABLES.all()[at];
        if *is_missing {
            missing.push(name.to_owned());
        } else if credentials.variables.contains(&variable) {
            known.push(format!("{name} from {variable}"));
        } else {
            let file = credentials.file.as_deref().unwrap_or_else(|| "the profile".as_ref());
            known.push(format!("{name} from {}", file.display()));
        }
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

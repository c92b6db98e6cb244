//! What Concur's answer to a login means for the person, and what the audit log keeps of it.

use super::start::Start;
use crate::auth::oauth::advice::{self, Refused, Sent};
use crate::auth::oauth::answer::Outcome;
use crate::auth::refresh::{Asked, Attempted};
use crate::error::{Error, Kind, Result, ServiceWord};
use crate::model::grant::{Grant, GrantKind};
use crate::model::profile::ProfileName;
use crate::store::Store;
use crate::store::audit::Event;
use crate::ui::context::Context;

const RUN_AGAIN: &str = "Nothing was changed. Run it again in a while.";
const CHECK_NETWORK: &str =
    "Check --base-url, network, name resolution, proxy and certificates; nothing was changed.";

/// The tokens, or why there are none; either way it stands in the audit log.
pub(crate) fn granted(
    app: &mut Context<'_>,
    asked: Asked,
    start: &Start,
    profile: &ProfileName,
) -> Result<Grant> {
    let Asked { ended, took, correlation_id } = asked;
    let (kind, again) = (start.kind, start.again(profile));
    let (outcome, result) = match ended {
        Attempted::Answered(Outcome::Granted(grant, odd)) => {
            for note in odd {
                app.note(&note);
            }
            ("granted", Ok(*grant))
        }
        Attempted::Answered(Outcome::Rejected { word, why, .. }) => {
            let names = start.credentials.names();
            let has_profile = has_profile(app, profile);
            let refused = Refused {
                // What an import uses is a refresh token that the person has.
                by: Some(if kind == GrantKind::Import { GrantKind::Refresh } else { kind }),
                login: &again,
                profile: Some(profile.as_str()),
                sent: Sent::Given { names: &names, has_profile },
            };
            let advice = advice::advice(word.code, &refused);
            let why = why.unwrap_or_else(|| "Concur refused the login".to_owned());
            ("rejected", Err(Error::new(Kind::LoginNeeded, why, advice).with_service(word)))
        }
        Attempted::Answered(Outcome::Transient { why, word, .. }) => {
            let problem = format!("The token service could not log you in: {why}");
            let remedy = advice::meanwhile(word.code).unwrap_or(RUN_AGAIN);
            ("transient", Err(Error::new(Kind::Temporary, problem, remedy).with_service(word)))
        }
        Attempted::Answered(Outcome::Elsewhere(..) | Outcome::Redirected(_)) => {
            ("elsewhere", Err(sent_on()))
        }
        Attempted::Unreached(why) => {
            let problem = format!("The token service cannot be reached: {why}");
            ("local", Err(Error::new(Kind::Temporary, problem, CHECK_NETWORK)))
        }
    };
    let word = match &result {
        Ok(_) => ServiceWord::default(),
        Err(error) => error.service().clone(),
    };
    let problem = result.as_ref().err().map(|error| format!(": {}", error.problem()));
    app.audit(Event {
        at: app.now(),
        profile: Some(profile.to_string()),
        action: "login".to_owned(),
        outcome: outcome.to_owned(),
        code: word.code,
        correlation_id: word.correlation_id.or(correlation_id),
        duration_ms: i64::try_from(took.as_millis()).ok(),
        detail: Some(format!("{} grant{}", kind.name(), problem.unwrap_or_default())),
    });
    result.map_err(|error| error.of_profile(Some(profile.as_str())))
}

/// Whether there is such a profile: then it has a client secret that may be the older one.
fn has_profile(app: &Context<'_>, profile: &ProfileName) -> bool {
    let found = |store: Store| store.find_profile(Some(profile.as_str())).unwrap_or_default();
    app.store().ok().flatten().map(found).is_some_and(|found| !found.is_empty())
}

/// The error of something asked before the grant itself, that was not done.
pub(crate) fn refused(
    app: &mut Context<'_>,
    asked: Asked,
    start: &Start,
    profile: &ProfileName,
) -> Error {
    granted(app, asked, start, profile).err().unwrap_or_else(sent_on)
}

fn sent_on() -> Error {
    Error::new(Kind::LoginNeeded, "Concur sent the login on twice", "Name the base URL: --base-url")
}

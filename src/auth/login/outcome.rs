//! What Concur's answer to a login means for the person, and what the audit log keeps of it.

use std::sync::Arc;
use std::time::Duration;

use super::start::Start;
use crate::auth::oauth::advice::{self, Refused, Sent};
use crate::auth::oauth::answer::Granted;
use crate::auth::oauth::asking::Asked;
use crate::auth::oauth::failure::Failure;
use crate::error::{Error, Kind, Result, ServiceWord};
use crate::model::grant::{Grant, GrantKind};
use crate::model::profile::ProfileName;
use crate::model::skew::REMEDY;
use crate::store::audit::Event;
use crate::store::{Store, Wanted};
use crate::ui::context::Context;
use crate::ui::times::apart;

const RUN_AGAIN: &str = "Nothing was changed. Run it again in a while.";
const CHECK_NETWORK: &str =
    "Check --base-url, network, name resolution, proxy and certificates; nothing was changed.";

/// The tokens, or why there are none; either way it is in the audit log.
pub(crate) fn granted(
    app: &mut Context<'_>,
    asked: Asked<Box<Granted>>,
    start: &Start,
    profile: &ProfileName,
) -> Result<Grant> {
    let Asked { result, took, correlation_id } = asked;
    match result {
        Ok(granted) => {
            for warning in &granted.warnings {
                app.warn(warning);
            }
            if let Some(skew) = granted.skew.filter(|skew| skew.is_off()) {
                app.warn(&format!(
                    "This machine's clock is {} Concur's, so expiries are misjudged. {REMEDY}",
                    apart(skew)
                ));
            }
            audit(app, start.kind, profile, ("granted", None), (took, correlation_id));
            Ok(granted.grant)
        }
        Err(failure) => Err(failed(app, failure, (took, correlation_id), start, profile)),
    }
}

/// The error for a failure, which is put in the audit log with how long the request took and its correlation id.
pub(crate) fn failed(
    app: &mut Context<'_>,
    failure: Failure,
    request: (Duration, Option<String>),
    start: &Start,
    profile: &ProfileName,
) -> Error {
    let (outcome, error) = meaning(app, failure, start, profile);
    audit(app, start.kind, profile, (outcome, Some(&error)), request);
    error.of_profile(Some(profile.as_str()))
}

/// What a failure is called in the audit log, and what it means for the person.
fn meaning(
    app: &Context<'_>,
    failure: Failure,
    start: &Start,
    profile: &ProfileName,
) -> (&'static str, Error) {
    match failure {
        Failure::Rejected { word, why, .. } => {
            let again = start.again(profile);
            let refused = Refused {
                // What an import uses is a refresh token that the person has.
                by: Some(match start.kind {
                    GrantKind::Import => GrantKind::Refresh,
                    kind => kind,
                }),
                login: &again,
                profile: Some(profile.as_str()),
                sent: Sent::Given { names: &start.names, has_profile: has_profile(app, profile) },
            };
            let advice = advice::advice(word.code, &refused);
            let why = why.unwrap_or_else(|| "Concur refused the login".to_owned());
            ("rejected", Error::new(Kind::LoginNeeded, why, advice).with_service(word))
        }
        Failure::Transient { why, word, .. } => {
            let problem = format!("The token service could not log you in: {why}");
            let remedy = advice::meanwhile(word.code).unwrap_or(RUN_AGAIN);
            let error = Error::new(Kind::Temporary, problem, remedy).with_service(word);
            ("transient", error.with_source(Arc::new(why)))
        }
        Failure::Unreached(none) => {
            let problem = format!("The token service cannot be reached: {none}");
            let error = Error::new(Kind::Temporary, problem, CHECK_NETWORK);
            ("local", error.with_source(Arc::new(*none)))
        }
    }
}

fn audit(
    app: &mut Context<'_>,
    kind: GrantKind,
    profile: &ProfileName,
    (outcome, error): (&str, Option<&Error>),
    (took, correlation_id): (Duration, Option<String>),
) {
    let word = error.map_or_else(ServiceWord::default, |error| error.service().clone());
    let problem = error.map(|error| format!(": {}", error.problem()));
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
}

/// Whether there is such a profile: then it has a client secret that may be the older one.
fn has_profile(app: &Context<'_>, profile: &ProfileName) -> bool {
    let found =
        |store: Store| store.find(Wanted::Profile(Some(profile.as_str()))).unwrap_or_default();
    app.store().ok().flatten().map(found).is_some_and(|found| !found.is_empty())
}

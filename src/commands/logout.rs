//! `logout`: forgets a profile and its tokens on this machine; with `--revoke`, at Concur first.

use crate::api::connections::{self, Deleted, Ended};
use crate::auth::accounts::{self, api_origin};
use crate::auth::refresh::{Refresher, ValidToken};
use crate::cli::Logout;
use crate::error::{Error, Kind, Result};
use crate::model::policy::{self, Need};
use crate::model::record::Record;
use crate::net::Http;
use crate::store::audit::Event;
use crate::store::lock::RecordLock;
use crate::store::{Store, reserve};
use crate::ui::context::Context;
use crate::ui::prompt;

pub(super) fn run(context: &mut Context<'_>, args: &Logout) -> Result<u8> {
    let mut store = accounts::store(context)?;
    let account = accounts::selected(context, &store)?;
    let record = accounts::stored_record(&store, &account)?;
    if args.revoke {
        store.preload_key()?;
        store.prove_identity(&record)?;
        confirm(context, &store, &record, args.yes)?;
    }
    let lock = Refresher::with(context, |refresher| refresher.lock(&store, &record))?;
    if args.revoke {
        revoke(context, &mut store, &lock, &record)?;
    }
    store.forget(&lock)?;
    reserve::remove(store.paths(), record.id);
    store.leave_cache();
    let profile = record.profile_name().unwrap_or_default().to_owned();
    let at_concur = if args.revoke {
        "revoked at Concur, and forgotten on this machine"
    } else {
        "forgotten on this machine; its tokens live on at Concur until they expire"
    };
    context.note(&format!("{profile}: {at_concur}"));
    context.audit(Event {
        at: context.now(),
        profile: Some(profile),
        action: "logout".to_owned(),
        outcome: "forgotten".to_owned(),
        ..Event::default()
    });
    Ok(0)
}

/// Concur revokes no single token here: all of the application for the company or user become invalid, also those
/// that other machines, other programs and other profiles hold. So a person types the profile's name first.
fn confirm(context: &mut Context<'_>, store: &Store, record: &Record, yes: bool) -> Result<()> {
    let profile = record.profile_name().unwrap_or_default();
    let same = |other: &Record| {
        other.id != record.id
            && other.client_id() == record.client_id()
            && other.principal == record.principal
    };
    let others = store.accounts()?.into_iter().filter(same);
    let others: Vec<String> =
        others.filter_map(|other| other.profile_name().map(str::to_owned)).collect();
    let others = if others.is_empty() {
        String::new()
    } else {
        format!(" (here: profile {} as well)", others.join(", "))
    };
    let ends = format!(
        "every token of this application for {}, wherever it is used{others}",
        record.principal
    );
    if yes {
        context.note(&format!("{profile}: revoking {ends}"));
        return Ok(());
    }
    if !prompt::is_possible() {
        return Err(Error::new(
            Kind::Usage,
            format!("Without a terminal to ask on, --revoke needs --yes: it ends {ends}"),
            format!("If that is intended, run: {} --revoke --yes", plain_logout(record)),
        ));
    }
    let place = record.base_url().map(|base| base.host().to_owned()).unwrap_or_default();
    prompt::say(context, &format!("{profile}, {place}: this ends {ends}."));
    prompt::say(context, REQUEST_TOKENS);
    let typed = prompt::line(
        context,
        "Type the profile's name to revoke them",
        None,
        prompt::shape::anything,
    )?;
    if typed == profile { Ok(()) } else { Err(not_confirmed(profile)) }
}

/// What a revoke does not end.
const REQUEST_TOKENS: &str = "A company request token is not revoked: for 24 hours after it was made, a profile or \
     a copy of the store that has it obtains new tokens.";

fn not_confirmed(profile: &str) -> Error {
    Error::new(
        Kind::Usage,
        "That is not the profile's name; nothing was revoked or forgotten",
        format!("Run it again and type: {profile}"),
    )
}

/// Revokes at Concur, under the record's lock, so that no refresh runs meanwhile. An error means that
/// nothing was forgotten.
fn revoke(
    context: &mut Context<'_>,
    store: &mut Store,
    lock: &RecordLock,
    record: &Record,
) -> Result<()> {
    let http = Http::new(&context.config.http)?;
    http.via(&api_origin(store, &context.config, record)?)?;
    let min_ttl = context.config.min_ttl;
    let settled =
        Refresher::with(context, |refresher| refresher.settled_under(store, lock, record))?;
    let used =
        Refresher::with(context, |refresher| refresher.token_under(store, lock, settled, min_ttl))
            .map_err(|error| cannot_ask(error, record))?;
    let mut deleted = ask(context, store, &http, &used)?;
    let may_force = policy::may_force(&used.record, used.record.generation, context.now());
    if matches!(deleted.ended, Ended::TokenRefused(_)) && may_force {
        let refresh = |refresher: &mut Refresher<'_>| {
            refresher.refresh_under(store, lock, &used.record, Need::Replacement)
        };
        let other = Refresher::with(context, refresh).map_err(|error| cannot_ask(error, record))?;
        deleted = ask(context, store, &http, &other)?;
    }
    let Deleted { ended, took, correlation_id } = deleted;
    let failed = match ended {
        Ended::Revoked => None,
        Ended::TokenRefused(error) | Ended::Failed(error) => Some(error),
    };
    context.audit(Event {
        at: context.now(),
        profile: record.profile_name().map(str::to_owned),
        action: "revoke".to_owned(),
        outcome: if failed.is_some() { "failed" } else { "revoked" }.to_owned(),
        code: failed.as_ref().and_then(|error| error.service().code),
        correlation_id,
        duration_ms: i64::try_from(took.as_millis()).ok(),
        detail: failed.as_ref().map(|error| error.problem().to_owned()),
    });
    failed.map_or(Ok(()), |error| Err(not_revoked(&error, record)))
}

fn ask(context: &Context<'_>, store: &Store, http: &Http, used: &ValidToken) -> Result<Deleted> {
    let to = api_origin(store, &context.config, &used.record)?;
    connections::delete(http, &to, &used.token)
}

fn not_revoked(error: &Error, record: &Record) -> Error {
    Error::new(
        Kind::Temporary,
        format!(
            "The tokens were not revoked, and nothing was forgotten: {}",
            lower_first(error.problem())
        ),
        format!("Run it again; to forget them here alone: {}", plain_logout(record)),
    )
    .with_service(error.service().clone())
    .of_profile(record.profile_name())
}

/// Without a valid access token Concur cannot be asked.
fn cannot_ask(error: Error, record: &Record) -> Error {
    if error.kind() != Kind::LoginNeeded {
        return error;
    }
    Error::new(
        Kind::LoginNeeded,
        format!("Nothing was revoked or forgotten: {}", lower_first(error.problem())),
        format!("It is of no use any more. To forget it here: {}", plain_logout(record)),
    )
    .with_service(error.service().clone())
    .of_profile(record.profile_name())
}

fn plain_logout(record: &Record) -> String {
    format!("concur-cred logout --profile {}", record.profile_name().unwrap_or_default())
}

/// A sentence as it stands behind a colon; names keep their capital.
fn lower_first(problem: &str) -> String {
    match problem.split_once(' ') {
        Some((first @ ("The" | "There"), rest)) => format!("{} {rest}", first.to_lowercase()),
        _ => problem.to_owned(),
    }
}

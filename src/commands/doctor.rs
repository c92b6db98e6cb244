//! `doctor`: prints the report, or writes its version for support.

use std::io;
use std::path::Path;

use crate::auth::login::flow::DEFAULT_BASE_URL;
use crate::cli::Doctor;
use crate::config::{DEFAULT_WARN_BEFORE_SECS, settings};
use crate::doctor;
use crate::doctor::report::Report;
use crate::doctor::support::{self, Findings};
use crate::error::{Error, Kind, Result};
use crate::model::health::Limits;
use crate::model::printable::{printable, printable_json};
use crate::store::audit;
use crate::sys::files::{self, Replace};
use crate::ui::context::Context;
use crate::ui::status::screen::Screen;

use super::config;

pub(super) fn run(context: &mut Context<'_>, args: &Doctor) -> Result<u8> {
    let paths = context.need_paths()?;
    let mut report = Report::default();
    let examined = doctor::Context {
        paths: &paths,
        env: &context.env,
        keys: &context.config.keys,
        now: context.now(),
        config_file: context.config_file().unwrap_or_else(|| paths.config_file()),
        config_problem: context.config_problem.as_ref(),
        lock_timeout: i64::try_from(context.config.lock_timeout.as_secs()).unwrap_or(i64::MAX),
        limits: limits(context),
        http: &context.config.http,
        allowed: &context.config.allowed,
        base_url: DEFAULT_BASE_URL,
        clock: context.clock,
        // Without readable settings the services and the proxy are unknown.
        is_online: !args.offline && context.config_problem.is_none(),
    };
    if args.repair {
        doctor::repair(&examined, &mut report)?;
    }
    doctor::examine(&examined, &mut report);
    match &args.report {
        Some(file) => {
            let text = for_support(context, &report);
            write(context, file, &text)?;
        }
        None if args.json => {
            context.answer(format!("{}\n", printable_json(&report.json())).as_bytes())?;
        }
        None => {
            let text = report.text(Screen::of(context), args.verbose);
            context.answer(text.as_bytes())?;
        }
    }
    Ok(if report.is_ok() { 0 } else { Kind::Unusable.exit_code() })
}

/// The limits of `status`; the default if the setting is invalid.
fn limits(context: &Context<'_>) -> Limits {
    let default = || i64::try_from(DEFAULT_WARN_BEFORE_SECS).unwrap_or(i64::MAX);
    let warn_before = context.config.warn_before.seconds(&context.env);
    Limits::of_warning(warn_before.unwrap_or_else(|_| default()))
}

fn for_support(context: &Context<'_>, checks: &Report) -> String {
    let shown = match &context.config_problem {
        Some(problem) => Err(problem.clone()),
        None => settings(&context.config, context.config_file().as_deref(), &context.env),
    };
    let paths = config::paths(context);
    let settings = match shown {
        Ok(shown) => config::as_text(&shown, &paths),
        Err(problem) => {
            format!(
                "{}\n{}",
                printable(problem.problem(), 600),
                config::as_text(&[], &paths).trim_start()
            )
        }
    };
    let events = context.paths.as_ref().map(|paths| audit::newest(paths, None, support::EVENTS));
    let home = context.env.path(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
    support::render(&Findings {
        now: context.now(),
        version: env!("CARGO_PKG_VERSION"),
        sqlite: rusqlite::version(),
        settings: &settings,
        checks,
        // Errors of the audit log are among the checks.
        events: &events.and_then(Result::ok).unwrap_or_default(),
        identities: &identities(context),
        home: home.as_deref(),
    })
}

/// Client ids, companies and users, as far as they are known here.
fn identities(context: &Context<'_>) -> Vec<String> {
    let records =
        context.paths.as_ref().and_then(|paths| doctor::records(paths, &context.config.keys));
    let of_records = records.unwrap_or_default().into_iter().flat_map(|record| {
        let client_id = record.client_id().to_owned();
        [client_id, record.principal]
    });
    let of_env = ["CONCUR_CRED_CLIENT_ID", "CONCUR_CRED_COMPANY"];
    of_records
        .chain(of_env.into_iter().filter_map(|name| context.env.setting(name).ok()?))
        .collect()
}

fn write(context: &mut Context<'_>, file: &Path, text: &str) -> Result<()> {
    if file == Path::new("-") {
        return context.answer(text.as_bytes());
    }
    files::write_whole(file, text.as_bytes(), Replace::No).map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            let problem = format!("{} already exists", file.display());
            return Error::new(Kind::Usage, problem, "Name a file that does not exist yet.");
        }
        files::cannot("write", file, &error)
    })?;
    context.note(&format!("the report is in {}; read it before you send it", file.display()));
    Ok(())
}

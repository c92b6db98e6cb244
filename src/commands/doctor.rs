//! `doctor`: what is wrong with this installation, and what mends it.

use std::io;
use std::path::Path;

use crate::cli::Doctor;
use crate::config::settings;
use crate::doctor::report::Report;
use crate::doctor::support::{self, Findings};
use crate::doctor::{self, Patient};
use crate::error::{Error, Kind, Result};
use crate::model::printable::{printable, printable_json};
use crate::store::audit;
use crate::sys::files::{self, Replace};
use crate::ui::context::App;

use super::{config, login};

pub(super) fn run(app: &mut App<'_>, args: &Doctor) -> Result<u8> {
    let paths = app.need_paths()?;
    let mut report = Report::default();
    let patient = Patient {
        paths: &paths,
        env: &app.env,
        keys: &app.config.keys,
        now: app.now(),
        config_file: app.config_file().unwrap_or_else(|| paths.config_file()),
        config_problem: app.config_problem.as_ref(),
        lock_timeout: i64::try_from(app.config.lock_timeout.as_secs()).unwrap_or(i64::MAX),
        http: &app.config.http,
        allowed: &app.config.allowed,
        base_url: login::DEFAULT_BASE_URL,
        clock: app.clock,
        // With settings that cannot be read nobody knows whom to ask, nor how.
        is_online: !args.offline && app.config_problem.is_none(),
    };
    if args.repair {
        doctor::repair(&patient, &mut report)?;
    }
    doctor::examine(&patient, &mut report);
    match &args.report {
        Some(file) => {
            let text = for_support(app, &report);
            write(app, file, &text)?;
        }
        None if args.json => {
            app.answer(format!("{}\n", printable_json(&report.json())).as_bytes())?;
        }
        None => app.answer(report.text().as_bytes())?,
    }
    Ok(if report.is_ok() { 0 } else { Kind::Unusable.exit_code() })
}

fn for_support(app: &App<'_>, checks: &Report) -> String {
    let shown = match &app.config_problem {
        Some(problem) => Err(problem.clone()),
        None => settings(&app.config, app.config_file().as_deref(), &app.env),
    };
    let paths = config::paths(app);
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
    let events = app.paths.as_ref().map(|paths| audit::newest(paths, None, support::EVENTS));
    let home = app.env.path(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
    support::render(&Findings {
        now: app.now(),
        version: env!("CARGO_PKG_VERSION"),
        sqlite: rusqlite::version(),
        settings: &settings,
        checks,
        // What is wrong with the trail is among the checks.
        events: &events.and_then(Result::ok).unwrap_or_default(),
        identities: &identities(app),
        home: home.as_deref(),
    })
}

/// Client ids, companies and users, as far as they are known here.
fn identities(app: &App<'_>) -> Vec<String> {
    let records = app.paths.as_ref().and_then(|paths| doctor::records(paths, &app.config.keys));
    let of_records = records.unwrap_or_default().into_iter().flat_map(|record| {
        let client_id = record.client_id().to_owned();
        [client_id, record.principal]
    });
    let of_env = ["CONCUR_CRED_CLIENT_ID", "CONCUR_CRED_COMPANY"];
    of_records.chain(of_env.into_iter().filter_map(|name| app.env.setting(name).ok()?)).collect()
}

fn write(app: &mut App<'_>, file: &Path, text: &str) -> Result<()> {
    if file == Path::new("-") {
        return app.answer(text.as_bytes());
    }
    files::write_whole(file, text.as_bytes(), Replace::No).map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            let problem = format!("{} is there already", file.display());
            return Error::new(Kind::Usage, problem, "Name a file that does not exist yet.");
        }
        files::cannot("write", file, &error)
    })?;
    app.note(&format!("the report is in {}; read it before you send it", file.display()));
    Ok(())
}

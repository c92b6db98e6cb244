//! `doctor`: what is wrong with this installation, and what mends it.

use crate::app::App;
use crate::cli::Doctor;
use crate::doctor::report::Report;
use crate::doctor::{self, Patient};
use crate::error::{Kind, Result};

pub(super) fn run(app: &mut App<'_>, args: &Doctor) -> Result<u8> {
    let paths = app.need_paths()?;
    let mut report = Report::default();
    let patient = Patient {
        paths: &paths,
        env: &app.env,
        now: app.now(),
        config_file: app.config_file().unwrap_or_else(|| paths.config_file()),
        config_problem: app.config_problem.as_ref(),
        lock_timeout: i64::try_from(app.config.lock_timeout.as_secs()).unwrap_or(i64::MAX),
    };
    if args.repair {
        doctor::repair(&patient, &mut report)?;
    }
    doctor::examine(&patient, &mut report);
    let text = if args.json { format!("{}\n", report.json()) } else { report.text() };
    app.answer(text.as_bytes())?;
    Ok(if report.is_ok() { 0 } else { Kind::Unusable.exit_code() })
}

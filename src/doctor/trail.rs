//! The audit trail's database.

use super::Patient;
use super::report::{Report, counted};
use crate::store::sqlite::inspect::{self, Trail};

const NAME: &str = "audit trail";

pub(super) fn examine(patient: &Patient<'_>, report: &mut Report) {
    match inspect::trail(patient.paths) {
        Ok(Trail::Absent) => report.ok(NAME, "none yet"),
        Ok(Trail::Good(events)) => {
            let count = usize::try_from(events).unwrap_or(0);
            report.ok(NAME, counted(count, "event"));
        }
        Ok(Trail::Newer(version)) => report.warn(
            NAME,
            format!("its schema version {version} is newer than this program"),
            "Install the newer concur-cred that wrote it.",
        ),
        Ok(Trail::Damaged(why)) => report.fail(
            NAME,
            format!("{why}; no token is in it"),
            "Run: concur-cred doctor --repair (it keeps the damaged file)",
        ),
        Err(error) => report.error(NAME, &error),
    }
}

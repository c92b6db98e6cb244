//! The audit log's database.

use super::Context;
use super::report::{Report, counted};
use crate::store::sqlite::inspect::{self, AuditLog};

const NAME: &str = "audit log";

pub(super) fn examine(context: &Context<'_>, report: &mut Report) {
    match inspect::audit_log(context.paths) {
        Ok(AuditLog::Absent) => report.ok(NAME, "none yet"),
        Ok(AuditLog::Sound(events)) => {
            let count = usize::try_from(events).unwrap_or(0);
            report.ok(NAME, counted(count, "event"));
        }
        Ok(AuditLog::Newer(version)) => report.warn(
            NAME,
            format!("its schema version {version} is newer than this program"),
            "Install the newer concur-cred that wrote it.",
        ),
        Ok(AuditLog::Damaged(why)) => report.fail(
            NAME,
            format!("{why}; it contains no tokens"),
            "Run: concur-cred doctor --repair (it keeps the damaged file)",
        ),
        Err(error) => report.error(NAME, error),
    }
}

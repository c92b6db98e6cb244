//! The audit log: events with their time and Concur's correlation id. A separate file beside the store; losing
//! it does no harm, so no command waits for it or fails because of it.

use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use super::sqlite::connecting;
use crate::model::printable::printable;
use crate::store::error::{Error, Result};
use crate::sys::paths::Paths;
use crate::sys::{files, trace};

const MIGRATION: &str = include_str!("../../migrations/events/0001_first.sql");
pub(super) const SCHEMA_VERSION: i64 = 1;
/// How many events are kept per profile.
pub const KEPT_PER_PROFILE: i64 = 500;
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// One line of the audit log. No field ever holds a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Event {
    /// Epoch seconds.
    pub at: i64,
    /// The profile it happened to.
    pub profile: Option<String>,
    /// `login`, `refresh`, `import`, …
    pub action: String,
    /// `granted`, `rejected`, …
    pub outcome: String,
    /// Concur's `code`.
    pub code: Option<i64>,
    /// Concur's correlation id.
    pub correlation_id: Option<String>,
    /// From the first request to the end, milliseconds.
    pub duration_ms: Option<i64>,
    /// The error message, or other details.
    pub detail: Option<String>,
}

/// Writes these to the audit log, in this order. It may fail without harm.
pub(crate) fn record_all(paths: &Paths, events: &mut Vec<Event>) {
    for event in events.drain(..) {
        if record(paths, &event).is_err() {
            trace::step("an event could not be written to the audit log");
        }
    }
}

/// Adds an event and forgets the oldest of its profile beyond [`KEPT_PER_PROFILE`].
pub(crate) fn record(paths: &Paths, event: &Event) -> Result<()> {
    let file = paths.events();
    files::check_private_dir(paths.state_dir())?;
    files::create_private(&file)?;
    files::check_private_file(&file)?;
    let mut connection = connect(&file)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version == 0 {
        transaction
            .execute_batch(MIGRATION)
            .and_then(|()| transaction.pragma_update(None, "user_version", SCHEMA_VERSION))?;
    }
    let Event { at, profile, action, outcome, code, correlation_id, duration_ms, detail } = event;
    let correlation_id = correlation_id.as_ref().map(|id| printable(id, 80));
    let detail = detail.as_ref().map(|detail| printable(detail, 300));
    transaction
        .execute(
            "INSERT INTO event (at, profile, action, outcome, code, correlation_id, duration_ms, \
             detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            (at, profile, action, outcome, code, correlation_id, duration_ms, detail),
        )
        .and_then(|_| {
            transaction.execute(
                "DELETE FROM event WHERE profile IS ?1 AND id <= (SELECT id FROM event \
                 WHERE profile IS ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
                (profile, KEPT_PER_PROFILE),
            )
        })?;
    transaction.commit().map_err(Error::from)
}

/// The newest `count` events, the oldest of them first.
pub(crate) fn newest(paths: &Paths, profile: Option<&str>, count: u32) -> Result<Vec<Event>> {
    let file = paths.events();
    files::check_private_dir(paths.state_dir())?;
    if !files::check_private_file(&file)? {
        return Ok(Vec::new());
    }
    let connection = connect(&file)?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version == 0 {
        // The process that created the file was interrupted.
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare(
        "SELECT at, profile, action, outcome, code, correlation_id, duration_ms, detail \
             FROM event WHERE ?1 IS NULL OR profile = ?1 ORDER BY id DESC LIMIT ?2",
    )?;
    let mut events: Vec<Event> = statement
        .query_map((profile, count), |row| {
            Ok(Event {
                at: row.get(0)?,
                profile: row.get(1)?,
                action: row.get(2)?,
                outcome: row.get(3)?,
                code: row.get(4)?,
                correlation_id: row.get(5)?,
                duration_ms: row.get(6)?,
                detail: row.get(7)?,
            })
        })
        .and_then(Iterator::collect)?;
    events.reverse();
    Ok(events)
}

/// The profiles that were not logged out, each with its last event's time (epoch seconds), the latest last.
pub(crate) fn last_seen(paths: &Paths) -> Result<Vec<(String, i64)>> {
    let mut seen: Vec<(String, i64)> = Vec::new();
    for event in newest(paths, None, u32::MAX)? {
        let Some(profile) = event.profile else { continue };
        let before = event.outcome.strip_prefix("was ").filter(|_| event.action == "rename");
        seen.retain(|(name, _)| *name != profile && Some(name.as_str()) != before);
        if event.action != "logout" {
            seen.push((profile, event.at));
        }
    }
    Ok(seen)
}

fn connect(file: &std::path::Path) -> Result<Connection> {
    connecting::connect(file, BUSY_TIMEOUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_events_of_a_profile_are_kept() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(&home.path().join("concur-cred"));
        files::ensure_private_dir(paths.state_dir()).unwrap();
        let event = |profile: &str, at| Event {
            at,
            profile: Some(profile.to_owned()),
            action: "refresh".to_owned(),
            outcome: "granted".to_owned(),
            ..Event::default()
        };
        record(&paths, &event("other", 0)).unwrap();
        for at in 0..KEPT_PER_PROFILE + 5 {
            record(&paths, &event("acme", at)).unwrap();
        }
        let kept = newest(&paths, Some("acme"), 10_000).unwrap();
        assert_eq!(kept.len(), usize::try_from(KEPT_PER_PROFILE).unwrap());
        assert_eq!(kept[0].at, 5);
        assert_eq!(newest(&paths, None, 10_000).unwrap().len(), kept.len() + 1);
    }

    #[test]
    fn a_profile_is_seen_until_it_is_logged_out_and_under_its_last_name() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(&home.path().join("concur-cred"));
        assert_eq!(last_seen(&paths).unwrap(), []);
        files::ensure_private_dir(paths.state_dir()).unwrap();
        for (at, profile, action, outcome) in [
            (1, "acme", "login", "granted"),
            (2, "globex", "login", "granted"),
            (3, "initech", "login", "granted"),
            (4, "hooli", "rename", "was acme"),
            (5, "globex", "logout", "forgotten"),
            (6, "initech", "refresh", "granted"),
        ] {
            let (action, outcome) = (action.to_owned(), outcome.to_owned());
            let profile = Some(profile.to_owned());
            record(&paths, &Event { at, profile, action, outcome, ..Event::default() }).unwrap();
        }
        let seen = [("hooli".to_owned(), 4), ("initech".to_owned(), 6)];
        assert_eq!(last_seen(&paths).unwrap(), seen);
    }
}

//! Joins lock, store and token service: exactly one refresh, however many callers find a token expired at the
//! same moment, and no answer lost.
//!
//! One refresh: [`Refresher::token`] plans it; `refresh` waits for the lock, or takes over what another process
//! obtained; `refresh_under` plans it again, on the record as it is under the lock; `attempt` sends the
//! requests, and stores the answer before anything is returned.

mod attempt;
mod ending;
mod failure;
mod keeping;
mod new_secret;
mod pending;
mod rotating;
mod waiting;

use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::model::policy::{self, Decision, Need};
use crate::model::printable::printable;
use crate::model::record::{Column, OutcomeKind, Record};
use crate::model::secret::Secret;
use crate::store::Store;
use crate::store::audit::Event;
use crate::store::lock::{RecordLock, Waited};
use crate::sys::{failpoint, message, progress, signals, trace};
use crate::ui::context::Context;

pub(crate) use failure::{gone, not_allowed, of_its_principal, or_another_application};
pub(crate) use keeping::Kept;

/// A valid access token, and the record it belongs to.
#[derive(Debug)]
pub(crate) struct ValidToken {
    /// The access token.
    pub token: Secret,
    /// The record as it is now.
    pub record: Record,
}

/// Refreshes managed accounts.
pub(crate) struct Refresher<'a> {
    /// The settings.
    pub config: &'a Config,
    /// The clock, epoch seconds.
    pub clock: fn() -> i64,
    /// Shows a note, one line each.
    pub note: &'a mut dyn FnMut(&str),
    /// Events for the audit log, written after the answer is printed.
    pub events: &'a mut Vec<Event>,
}

impl Refresher<'_> {
    /// Runs `work` with a command's settings; a terminal shows what the command waits for.
    pub(crate) fn with<T>(app: &mut Context<'_>, work: impl FnOnce(&mut Refresher<'_>) -> T) -> T {
        app.show_progress();
        let Context { config, clock, err, events, global, .. } = app;
        let mut note = |text: &str| {
            if !global.quiet {
                message::write(err, &printable(text, 600));
            }
        };
        work(&mut Refresher { config, clock: *clock, note: &mut note, events })
    }

    /// Shows what may need a person, though the refresh goes on.
    fn warn(&mut self, text: &str) {
        (self.note)(&format!("warning: {text}"));
    }

    /// The access token of a managed account: the stored one where it meets the need, else a refreshed one.
    pub(crate) fn token(
        &mut self,
        store: &mut Store,
        record: Record,
        need: Need,
    ) -> Result<ValidToken> {
        store.prove_identity(&record)?;
        let now = (self.clock)();
        match policy::plan(&record, now, need) {
            Decision::Fresh => self.stored(store, record),
            Decision::Soft => self.soft(store, record, need),
            Decision::Stale => self.refresh(store, &record, need),
            // A pending grant may already be the answer.
            Decision::Refused(_) if pending::is_there(store, &record) => {
                self.refresh(store, &record, need)
            }
            Decision::Refused(refusal) => Err(failure::refusal(&record, refusal, now)),
        }
    }

    /// Another token for a caller whose token (that of `used`) was refused by an API: one that was obtained
    /// meanwhile, else a refreshed one. `None` if the limit for forced refreshes is reached, so that a 403 for
    /// a missing scope does not cause a refresh storm.
    pub(crate) fn replace_rejected_token(
        &mut self,
        store: &mut Store,
        used: &Record,
    ) -> Result<Option<ValidToken>> {
        let current = reread(store, used)?;
        if current.generation != used.generation {
            let min_ttl = self.config.min_ttl;
            return self.token(store, current, Need::Token { min_ttl }).map(Some);
        }
        if !policy::may_force(&current, used.generation, (self.clock)()) {
            return Ok(None);
        }
        self.refresh(store, used, Need::Replacement).map(Some)
    }

    /// The stored access token. A cell that does not open must not block the others: the refresh token may still
    /// open.
    fn stored(&mut self, store: &mut Store, record: Record) -> Result<ValidToken> {
        match access_token(store, &record) {
            Ok(token) => Ok(ValidToken { token, record }),
            Err(damaged) => {
                // Proves that the rest of the record opens before anything is sent.
                if store.unseal_renewal(&record, (self.clock)()).is_err() {
                    return Err(damaged);
                }
                self.warn(damaged.problem());
                self.refresh(store, &record, Need::Refresh)
            }
        }
    }

    /// The current token, refreshed first if no other process is about to. A failure is recorded and returned
    /// to no caller: the current token is valid.
    fn soft(&mut self, store: &mut Store, record: Record, need: Need) -> Result<ValidToken> {
        store.preload_key()?;
        if let Ok(Some(lock)) = RecordLock::try_take(store.paths(), record.id) {
            let refreshed = self.refresh_under(store, &lock, &record, need);
            drop(lock);
            progress::wipe();
            match refreshed {
                Ok(refreshed) => return Ok(refreshed),
                Err(error) if is_of_another(store, &record) => return Err(error),
                Err(_) => {}
            }
        }
        self.stored(store, record)
    }

    /// Refreshes under the lock, or takes over what another process obtained (or failed to) meanwhile.
    fn refresh(&mut self, store: &mut Store, seen: &Record, need: Need) -> Result<ValidToken> {
        // The progress line also names the lock holder.
        signals::survive_the_file_size_limit();
        store.preload_key()?;
        match self.lock_or_news(store, seen)? {
            Waited::Locked(lock) => {
                let refreshed = self.refresh_under(store, &lock, seen, need);
                drop(lock);
                // Not earlier: a stopped terminal blocks its writers.
                progress::wipe();
                refreshed
            }
            Waited::Found(record) => opened(store, record),
        }
    }

    /// The same for the lock holder; the record's token under the lock, if it meets the need.
    pub(crate) fn refresh_under(
        &mut self,
        store: &mut Store,
        lock: &RecordLock,
        seen: &Record,
        need: Need,
    ) -> Result<ValidToken> {
        signals::survive_the_file_size_limit();
        trace::step("lock taken");
        failpoint::pass("lock-taken");
        store.reload_key_if_changed()?;
        let record = reread(store, seen)?;
        failpoint::pass("record-reread");
        store.prove_identity(&record)?;
        let record = match pending::absorb(store, lock, record, (self.clock)())? {
            pending::Absorbed::Record(record) => *record,
            pending::Absorbed::OnlyServed(token) => return Ok(*token),
        };
        let now = (self.clock)();
        if waiting::is_obtained_since(seen, &record, now)? {
            return opened(store, record);
        }
        match policy::plan(&record, now, need) {
            Decision::Fresh => opened(store, record),
            Decision::Soft | Decision::Stale => self.attempt(store, lock, &record, None),
            Decision::Refused(refusal) => Err(failure::refusal(&record, refusal, now)),
        }
    }

    /// [`Refresher::token`] for the lock holder, who accepts a token that will soon expire.
    pub(crate) fn token_under(
        &mut self,
        store: &mut Store,
        lock: &RecordLock,
        record: Record,
        min_ttl: i64,
    ) -> Result<ValidToken> {
        store.prove_identity(&record)?;
        let need = Need::Token { min_ttl };
        match policy::plan(&record, (self.clock)(), need) {
            Decision::Fresh | Decision::Soft => match access_token(store, &record) {
                Ok(token) => Ok(ValidToken { token, record }),
                Err(_) => self.refresh_under(store, lock, &record, Need::Replacement),
            },
            Decision::Stale | Decision::Refused(_) => {
                self.refresh_under(store, lock, &record, need)
            }
        }
    }

    /// The record, its pending grant committed: for a caller that returns the refresh token.
    pub(crate) fn settled(&mut self, store: &mut Store, record: Record) -> Result<Record> {
        if !pending::is_there(store, &record) {
            return Ok(record);
        }
        store.preload_key()?;
        let lock = self.lock(store, &record)?;
        self.settled_under(store, &lock, &record)
    }

    /// The same for the lock holder before it changes the record, which would make a pending grant obsolete.
    pub(crate) fn settled_under(
        &mut self,
        store: &mut Store,
        lock: &RecordLock,
        record: &Record,
    ) -> Result<Record> {
        let settled = self.settled_if_there(store, lock, record)?;
        settled.ok_or_else(|| gone(record.profile_name()))
    }

    /// The same; `None` when another process has removed the record.
    pub(crate) fn settled_if_there(
        &mut self,
        store: &mut Store,
        lock: &RecordLock,
        record: &Record,
    ) -> Result<Option<Record>> {
        store.reload_key_if_changed()?;
        let Some(current) = store.reread(record.id)? else { return Ok(None) };
        match pending::absorb(store, lock, current, (self.clock)())? {
            pending::Absorbed::Record(record) => Ok(Some(*record)),
            pending::Absorbed::OnlyServed(_) => Err(failure::still_pending(record)),
        }
    }
}

/// The record as it is now.
fn reread(store: &Store, record: &Record) -> Result<Record> {
    store.reread(record.id)?.ok_or_else(|| gone(record.profile_name()))
}

/// Whether the record now has another principal's tokens: then even the current token is not printed.
fn is_of_another(store: &Store, seen: &Record) -> bool {
    let current = store.reread(seen.id).ok().flatten();
    current.is_some_and(|record| record.attempt.outcome == Some(OutcomeKind::OtherPrincipal))
}

fn opened(store: &Store, record: Record) -> Result<ValidToken> {
    access_token(store, &record).map(|token| ValidToken { token, record })
}

fn access_token(store: &Store, record: &Record) -> Result<Secret> {
    store.unseal(record, Column::AccessToken)?.ok_or_else(|| {
        Error::new(
            Kind::Temporary,
            "Another process erased the token at the same moment",
            "Run it again.",
        )
    })
}

//! The one room that joins lock, store and token service: exactly one refresh, however many callers
//! find a token expired at the same moment, and nothing lost (DESIGN: how a `get` runs).

mod asking;
mod attempt;
mod failure;
mod granted;
mod keeping;
mod new_secret;
mod pending;
mod rotating;

use std::time::Duration;

use crate::auth::oauth::client::TokenService;
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::model::policy::{self, Decision, LoginReason, StaleReason};
use crate::model::printable::printable;
use crate::model::record::{Column, OutcomeKind, Record};
use crate::model::secret::Secret;
use crate::store::Store;
use crate::store::audit::Event;
use crate::store::lock::{RecordLock, Waiting};
use crate::sys::{failpoint, progress, signals, trace};
use crate::ui::context::Context;

pub(crate) use asking::{Asked, Asking, Attempted};
pub(crate) use failure::{gone, not_allowed, of_its_principal};
pub(crate) use keeping::Kept;

/// After this long a waiter says whom it waits for.
const SAY_WHO_HOLDS_AFTER: Duration = Duration::from_secs(2);

/// Why a renewal is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// The token cannot be handed out; `min_ttl` in seconds.
    Stale {
        /// Seconds of life that the caller needs.
        min_ttl: i64,
    },
    /// The token still serves, but not for long.
    Soft {
        /// Seconds of life that the caller needs.
        min_ttl: i64,
    },
    /// A person or job asks for it, whatever the state.
    Explicit,
    /// The service refused the token (the caller has asked [`policy::may_force`]); a refresh that failed
    /// lately stands all the same.
    Refused,
    /// The refresh token is to be used when it was not for `after` seconds.
    KeepAlive {
        /// Seconds since its last use.
        after: i64,
    },
}

/// A token that can be handed out, and the record it belongs to.
#[derive(Debug)]
pub(crate) struct Usable {
    /// The access token.
    pub token: Secret,
    /// The record as it is now.
    pub record: Record,
}

/// Renews managed accounts.
pub(crate) struct Refresher<'a> {
    /// The settings.
    pub config: &'a Config,
    /// Epoch seconds, when asked.
    pub clock: fn() -> i64,
    /// Takes notes for a person, one line each.
    pub note: &'a mut dyn FnMut(&str),
    /// What happened, to be written to the audit trail once the answer is out.
    pub events: &'a mut Vec<Event>,
}

/// What a caller finds when it looks at a record again.
enum Seen {
    /// Renewed by another process.
    Renewed(Box<Record>),
    /// Another process's attempt failed.
    Failed(Error),
    /// Nothing has happened.
    Nothing,
}

impl Refresher<'_> {
    /// Runs `work` with what a command has for it; a person at a terminal sees what is waited for.
    pub(crate) fn with<T>(app: &mut Context<'_>, work: impl FnOnce(&mut Refresher<'_>) -> T) -> T {
        app.show_progress();
        let Context { config, clock, err, events, global, .. } = app;
        let mut note = |text: &str| {
            if !global.quiet {
                let text = printable(text, 600);
                let _ = progress::beside(|| writeln!(err, "concur-cred: {text}"));
            }
        };
        work(&mut Refresher { config, clock: *clock, note: &mut note, events })
    }

    /// The access token of a managed account: handed out when it is good, renewed when it is not.
    pub(crate) fn usable(
        &mut self,
        store: &mut Store,
        record: Record,
        min_ttl: i64,
    ) -> Result<Usable> {
        store.prove_identity(&record)?;
        let decision = policy::decide(&record, (self.clock)(), min_ttl);
        match decision {
            Decision::Fresh => self.open_or_renew(store, record, min_ttl),
            Decision::Soft => self.soft(store, record, min_ttl),
            Decision::Stale(_) => self.renew(store, &record, Trigger::Stale { min_ttl }),
            refused => {
                // What an earlier caller could not commit may be the very answer.
                if pending::is_there(store, &record) {
                    return self.renew(store, &record, Trigger::Stale { min_ttl });
                }
                Err(failure::refusal(&record, refused, (self.clock)()))
            }
        }
    }

    /// A cell that does not open must not block the others: the refresh token may still open.
    fn open_or_renew(&mut self, store: &mut Store, record: Record, min_ttl: i64) -> Result<Usable> {
        match store.unseal(&record, Column::AccessToken) {
            Ok(Some(token)) => Ok(Usable { token, record }),
            Ok(None) => self.renew(store, &record, Trigger::Stale { min_ttl }),
            Err(damaged) => {
                // Proves that the rest of the record opens before anything is sent.
                if store.unseal_renewal(&record, (self.clock)()).is_err() {
                    return Err(damaged);
                }
                (self.note)(damaged.problem());
                self.renew(store, &record, Trigger::Explicit)
            }
        }
    }

    /// Serves the current token, after renewing it if nobody else is about to. A failure is recorded
    /// and harms nobody: the current token is good.
    fn soft(&mut self, store: &mut Store, record: Record, min_ttl: i64) -> Result<Usable> {
        store.have_key_at_hand()?;
        if let Ok(Some(lock)) = RecordLock::try_take(store.paths(), record.id) {
            let renewed = self.renew_under(store, &lock, &record, Trigger::Soft { min_ttl });
            drop(lock);
            progress::wipe();
            match renewed {
                Ok(renewed) => return Ok(renewed),
                Err(error) if is_of_another(store, &record) => return Err(error),
                Err(_) => {}
            }
        }
        self.open_or_renew(store, record, min_ttl)
    }

    /// Renews under the lock, or takes over what another process renewed (or failed to) meanwhile.
    pub(crate) fn renew(
        &mut self,
        store: &mut Store,
        seen: &Record,
        trigger: Trigger,
    ) -> Result<Usable> {
        // The lock's holder is written as well.
        signals::survive_the_file_size_limit();
        store.have_key_at_hand()?;
        let mut waiting = Waiting::new(store.paths(), seen.id)?;
        let mut said = false;
        let mut shown = None;
        loop {
            if let Some(lock) = waiting.try_take()? {
                if let Some(shown) = shown.take() {
                    progress::Waiting::leave(shown);
                }
                let renewed = self.renew_under(store, &lock, seen, trigger);
                drop(lock);
                // Only now: a terminal that is stopped holds up whoever writes to it.
                progress::wipe();
                return renewed;
            }
            shown.get_or_insert_with(waiting_for_another);
            match self.look_again(store, seen)? {
                Seen::Renewed(record) => return opened(store, *record),
                Seen::Failed(error) => return Err(error),
                Seen::Nothing => {}
            }
            if waiting.waited() >= self.config.lock_timeout {
                return Err(failure::lock_timeout(seen, &waiting.holder(), waiting.waited()));
            }
            if !said && waiting.waited() >= SAY_WHO_HOLDS_AFTER {
                said = true;
                (self.note)(&format!("waiting for {}, which is refreshing", waiting.holder()));
            }
            waiting.pause();
        }
    }

    /// Another token for a caller whose own (that of `used`) was refused by an API: the one that has come
    /// meanwhile, else a renewed one. `None` when the rule for forced refreshes says no, so that a 403 for
    /// a missing scope is no refresh storm.
    pub(crate) fn replace_rejected_token(
        &mut self,
        store: &mut Store,
        used: &Record,
    ) -> Result<Option<Usable>> {
        let current = store.reread(used.id)?.ok_or_else(|| failure::gone(used.profile_name()))?;
        if current.generation != used.generation {
            let min_ttl = self.config.min_ttl;
            return self.usable(store, current, min_ttl).map(Some);
        }
        if !policy::may_force(&current, used.generation, (self.clock)()) {
            return Ok(None);
        }
        self.renew(store, used, Trigger::Refused).map(Some)
    }

    /// [`Refresher::usable`] for whoever holds the lock.
    pub(crate) fn usable_under(
        &mut self,
        store: &mut Store,
        lock: &RecordLock,
        record: Record,
        min_ttl: i64,
    ) -> Result<Usable> {
        store.prove_identity(&record)?;
        let decision = policy::decide(&record, (self.clock)(), min_ttl);
        if matches!(decision, Decision::Fresh | Decision::Soft)
            && let Ok(Some(token)) = store.unseal(&record, Column::AccessToken)
        {
            return Ok(Usable { token, record });
        }
        let trigger = match decision {
            // The token is there and does not open.
            Decision::Fresh | Decision::Soft => Trigger::Refused,
            _ => Trigger::Stale { min_ttl },
        };
        self.renew_under(store, lock, &record, trigger)
    }

    /// The lock of a record, waited for like everybody else.
    pub(crate) fn lock(&mut self, store: &Store, record: &Record) -> Result<RecordLock> {
        let mut waiting = Waiting::new(store.paths(), record.id)?;
        let mut shown = None;
        loop {
            if let Some(lock) = waiting.try_take()? {
                return Ok(lock);
            }
            shown.get_or_insert_with(waiting_for_another);
            if waiting.waited() >= self.config.lock_timeout {
                return Err(failure::lock_timeout(record, &waiting.holder(), waiting.waited()));
            }
            waiting.pause();
        }
    }

    /// The record with a pending grant of it committed: for a caller who returns the refresh token.
    pub(crate) fn settled(&mut self, store: &mut Store, record: Record) -> Result<Record> {
        if !pending::is_there(store, &record) {
            return Ok(record);
        }
        store.have_key_at_hand()?;
        let lock = self.lock(store, &record)?;
        self.settled_under(store, &lock, &record)
    }

    /// The same for the lock holder who is about to change the record, which would make a pending grant
    /// one of an earlier generation.
    pub(crate) fn settled_under(
        &mut self,
        store: &mut Store,
        lock: &RecordLock,
        record: &Record,
    ) -> Result<Record> {
        store.look_at_key()?;
        let current =
            store.reread(record.id)?.ok_or_else(|| failure::gone(record.profile_name()))?;
        match pending::absorb(store, lock, current, (self.clock)())? {
            pending::Absorbed::Record(record) => Ok(*record),
            pending::Absorbed::OnlyServed(_) => Err(failure::still_pending(record)),
        }
    }

    fn look_again(&self, store: &Store, seen: &Record) -> Result<Seen> {
        let Some((generation, attempt, ended)) = store.progress(seen.id)? else {
            return Err(failure::gone(seen.profile_name()));
        };
        let renewed = generation != seen.generation;
        let failed = ended && is_news(seen, attempt);
        if !renewed && !failed {
            return Ok(Seen::Nothing);
        }
        let record = store.reread(seen.id)?.ok_or_else(|| failure::gone(seen.profile_name()))?;
        Ok(self.news(seen, record))
    }

    /// What a record that has changed since `seen` means for the caller who saw that.
    fn news(&self, seen: &Record, record: Record) -> Seen {
        let now = (self.clock)();
        let obtained_since = record.generation != seen.generation;
        // Obtained after the caller began: served whatever its remaining life.
        if obtained_since && record.access_expires_at.is_some_and(|at| at > now) {
            return Seen::Renewed(Box::new(record));
        }
        let attempt = &record.attempt;
        if attempt.ended_at.is_some() && is_news(seen, attempt.number) && !obtained_since {
            return Seen::Failed(failure::of_attempt(&record, now));
        }
        Seen::Nothing
    }

    /// [`Refresher::renew`] for whoever holds the lock.
    pub(crate) fn renew_under(
        &mut self,
        store: &mut Store,
        lock: &RecordLock,
        seen: &Record,
        trigger: Trigger,
    ) -> Result<Usable> {
        signals::survive_the_file_size_limit();
        trace::step("lock taken");
        failpoint::pass("lock-taken");
        store.look_at_key()?;
        let record = store.reread(seen.id)?.ok_or_else(|| failure::gone(seen.profile_name()))?;
        failpoint::pass("record-reread");
        store.prove_identity(&record)?;
        let record = match pending::absorb(store, lock, record, (self.clock)())? {
            pending::Absorbed::Record(record) => *record,
            pending::Absorbed::OnlyServed(usable) => return Ok(*usable),
        };
        let now = (self.clock)();
        match self.news(seen, record.clone()) {
            Seen::Renewed(record) => return opened(store, *record),
            Seen::Failed(error) => return Err(error),
            Seen::Nothing => {}
        }
        let decision = match trigger {
            Trigger::Explicit => Decision::Stale(StaleReason::Forced),
            Trigger::Refused => policy::unusable(&record, now, StaleReason::Forced),
            Trigger::Stale { min_ttl } | Trigger::Soft { min_ttl } => {
                policy::decide(&record, now, min_ttl)
            }
            Trigger::KeepAlive { after } => policy::keep_alive(&record, now, after),
        };
        match (decision, trigger) {
            (Decision::Stale(_), _) | (Decision::Soft, Trigger::Soft { .. }) => {}
            (Decision::Fresh | Decision::Soft, _) => return opened(store, record),
            (refused, _) => return Err(failure::refusal(&record, refused, now)),
        }
        if !record.can_renew(now) {
            let nothing = Decision::NeedsLogin(LoginReason::NothingToRenewWith);
            return Err(failure::refusal(&record, nothing, now));
        }
        self.attempt(store, lock, &record, None)
    }

    fn service(&self) -> Result<TokenService> {
        TokenService::new(&self.config.http)
    }
}

/// Whether the record holds another principal's tokens by now: the current token, too, is not printed then.
fn is_of_another(store: &Store, seen: &Record) -> bool {
    let current = store.reread(seen.id).ok().flatten();
    current.is_some_and(|record| record.attempt.outcome == Some(OutcomeKind::OtherPrincipal))
}

fn waiting_for_another() -> progress::Waiting {
    progress::waiting("waiting for another concur-cred")
}

/// Whether attempt `number`, now ended, is one that began or ended after `seen` was read.
fn is_news(seen: &Record, number: i64) -> bool {
    let running = seen.attempt.started_at.is_some() && seen.attempt.ended_at.is_none();
    number > seen.attempt.number || (number == seen.attempt.number && running)
}

fn opened(store: &Store, record: Record) -> Result<Usable> {
    match store.unseal(&record, Column::AccessToken)? {
        Some(token) => Ok(Usable { token, record }),
        None => Err(Error::new(
            Kind::Temporary,
            "Another process dropped the token at the same moment",
            "Run it again.",
        )),
    }
}

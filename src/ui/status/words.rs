//! The words of `status`, its check and `doctor` for the state of a profile, and the command that fixes it.

use crate::error::{login_again, refresh_command, set_secret_command};
use crate::model::health::{Fix, Needs, Trouble};
use crate::model::record::Record;
use crate::ui::times::{day, left, moment};

/// A state in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    /// The most important part.
    pub short: String,
    /// The rest, if there is room.
    pub more: String,
}

impl Words {
    fn new(short: &str, more: impl Into<String>) -> Self {
        Self { short: short.to_owned(), more: more.into() }
    }

    /// The full text.
    pub(crate) fn full(&self) -> String {
        format!("{}{}", self.short, self.more)
    }
}

/// A trouble in words.
pub(crate) fn of_trouble(trouble: Trouble, now: i64) -> Words {
    let since =
        |at: Option<i64>| at.map(|at| format!(" since {}", moment(at, now))).unwrap_or_default();
    match trouble {
        Trouble::NoKey => Words::new("store key missing or wrong", ""),
        Trouble::Edited => Words::new("edited or damaged", ": log in again with --base-url"),
        Trouble::NoRefreshToken => Words::new("log in again", ": no refresh token"),
        Trouble::RefreshTokenRefused { code } => {
            Words::new("log in again", format!(": refresh token refused{}", in_brackets(code)))
        }
        Trouble::OtherPrincipal => {
            Words::new("log in again", ": tokens of another company or user")
        }
        Trouble::WrongSecret { is_unknown: false, since: at } => {
            Words::new("wrong client secret", since(at))
        }
        Trouble::WrongSecret { is_unknown: true, since: at } => {
            Words::new("App ID or client secret not known", since(at))
        }
        Trouble::Rejected { code, since: at } => {
            Words::new("refused by Concur", format!("{}{}", since(at), in_brackets(code)))
        }
        Trouble::Expired { at } => {
            Words::new("log in again", format!(": refresh token expired on {}", day(at, now)))
        }
        Trouble::Unreachable { at } => Words::new("service unreachable", since(at)),
        Trouble::Unavailable { at, code } => {
            Words::new("service unavailable", format!("{}{}", since(at), in_brackets(code)))
        }
        Trouble::Expiring { left: seconds, refreshed_at, is_kept_alive, .. } => {
            let more = match refreshed_at {
                Some(_) if is_kept_alive => String::new(),
                Some(at) => format!(", not refreshed since {}", day(at, now)),
                None => ", never refreshed".to_owned(),
            };
            Words::new(&format!("{} left", left(seconds)), more)
        }
    }
}

fn in_brackets(code: Option<i64>) -> String {
    code.map(|code| format!(" (code {code})")).unwrap_or_default()
}

/// A state without trouble in words: until when a profile can be refreshed.
pub(crate) fn of_validity(record: &Record, now: i64) -> Words {
    if record.renews_by_itself() {
        return Words::new("application login", "");
    }
    let assumed = if record.refresh_expiry_assumed { "~" } else { "" };
    match (&record.refresh_token, record.refresh_expires_at) {
        (Some(_), Some(at)) => Words::new(
            &format!("valid until {assumed}{}", day(at, now)),
            format!(" ({})", crate::ui::times::span(at.saturating_sub(now))),
        ),
        (Some(_), None) => Words::new("expiry not known", ""),
        (None, _) => match record.request_token_expires_at {
            Some(at) => Words::new(&format!("valid until {}", moment(at, now)), " (request token)"),
            None => Words::new("", ""),
        },
    }
}

/// The state in one or a few words, for JSON and tables.
pub(crate) fn of_state(trouble: Option<Trouble>, now: i64) -> String {
    trouble.map_or_else(|| "ok".to_owned(), |trouble| of_trouble(trouble, now).full())
}

/// The command of a fix.
pub(crate) fn command(fix: Fix, profile: Option<&str>) -> String {
    match fix {
        Fix::LogIn { by, needs: Needs::BaseUrl } => {
            format!("{} --base-url ORIGIN", login_again(profile, by))
        }
        Fix::LogIn { by, .. } => login_again(profile, by),
        Fix::SetSecret { .. } => set_secret_command(profile),
        Fix::Refresh { .. } => refresh_command(profile),
        Fix::KeepAlive if cfg!(target_os = "linux") => {
            "concur-cred keepalive --install systemd".to_owned()
        }
        Fix::KeepAlive if cfg!(unix) => "concur-cred keepalive --install cron".to_owned(),
        Fix::KeepAlive => "concur-cred keepalive".to_owned(),
        Fix::Examine => "concur-cred doctor".to_owned(),
    }
}

/// What a person needs before running the command; may be empty.
pub(crate) const fn note(fix: Fix) -> &'static str {
    match fix {
        Fix::LogIn { needs: Needs::RequestToken, .. } => "needs a new request token",
        Fix::LogIn { needs: Needs::RefreshToken, .. } => "needs a new refresh token",
        Fix::LogIn { needs: Needs::BaseUrl, .. } => "ORIGIN: your data centre, such as us2",
        Fix::Refresh { once_fixed: true } => "once it is fixed at Concur",
        Fix::SetSecret { is_unknown: true } => "for another application: login --replace",
        Fix::LogIn { needs: Needs::Nothing, .. }
        | Fix::SetSecret { is_unknown: false }
        | Fix::Refresh { once_fixed: false }
        | Fix::KeepAlive
        | Fix::Examine => "",
    }
}

/// The command and what it needs, in one line.
pub(crate) fn remedy(fix: Fix, profile: Option<&str>) -> String {
    match note(fix) {
        "" => command(fix, profile),
        note => format!("{} ({note})", command(fix, profile)),
    }
}

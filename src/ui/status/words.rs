//! What `status` and its check call the state of a profile.

use crate::model::policy::{Decision, LoginReason};

/// The state of a profile whose identity does not open.
pub(crate) const EDITED: &str = "edited or damaged: log in again with --base-url";

/// A decision in words.
pub(crate) const fn words(decision: Decision) -> &'static str {
    match decision {
        Decision::Fresh | Decision::Soft => "good",
        Decision::Stale(_) => "refreshed at the next use",
        Decision::NeedsLogin(LoginReason::Condemned) => "log in again: refresh token refused",
        Decision::NeedsLogin(LoginReason::OtherPrincipal) => {
            "log in again: tokens of another company or user"
        }
        Decision::NeedsLogin(LoginReason::NothingToRenewWith) => "log in again: no refresh token",
        Decision::Rejected { .. } => "refused by Concur; see concur-cred log",
        Decision::Backoff { .. } => "service unavailable; tried again soon",
    }
}

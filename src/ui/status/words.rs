//! What `status` and its check call the state of a profile.

use crate::model::policy::{Decision, Refusal};

/// The state of a profile whose identity does not open.
pub(crate) const EDITED: &str = "edited or damaged: log in again with --base-url";

/// A decision in words.
pub(crate) const fn words(decision: Decision) -> &'static str {
    match decision {
        Decision::Fresh | Decision::Soft => "good",
        Decision::Stale => "refreshed at the next use",
        Decision::Refused(refusal) => refused(refusal),
    }
}

/// Why there is no refresh, in words.
pub(crate) const fn refused(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Condemned => "log in again: refresh token refused",
        Refusal::OtherPrincipal => "log in again: tokens of another company or user",
        Refusal::NothingToRefreshWith => "log in again: no refresh token",
        Refusal::Rejected { .. } => "refused by Concur; see concur-cred log",
        Refusal::Backoff { .. } => "service unavailable; tried again soon",
    }
}

//! How `status` shows the profiles: a table, or a block for each.

use crate::policy::{Decision, LoginReason};

use super::blocks;
use super::screen::Screen;
use super::table::{self, Columns};
use super::view::View;

/// The profiles: a table where it fits, else without the companies, else a block for each.
pub(super) fn shown(screen: Screen, views: &[View]) -> String {
    let room = screen.width.unwrap_or(usize::MAX);
    let layouts = [Columns::Full, Columns::Lean];
    match layouts.into_iter().find(|columns| table::width(views, *columns) <= room) {
        Some(columns) => table::drawn(screen, views, columns),
        None => blocks::drawn(screen, views, room),
    }
}

/// The state of a profile whose identity does not open.
pub(super) const EDITED: &str = "edited or damaged: log in again with --base-url";

/// A decision in words.
pub(super) const fn words(decision: Decision) -> &'static str {
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

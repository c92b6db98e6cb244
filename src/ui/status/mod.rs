//! How `status` shows the profiles: a row for each; with `--long` a table with bars and exact times, or a block for
//! each.

pub(crate) mod blocks;
pub(crate) mod glance;
pub(crate) mod screen;
pub(crate) mod table;
pub(crate) mod view;
pub(crate) mod words;

use self::screen::Screen;
use self::view::View;
use crate::model::health::{Severity, Trouble};
use crate::model::record::Record;
use table::Columns;

/// A profile and its trouble.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Profile<'r> {
    /// The profile.
    pub record: &'r Record,
    /// Its trouble, if any.
    pub trouble: Option<Trouble>,
    /// Whether it is the default profile.
    pub is_default: bool,
}

impl Profile<'_> {
    /// The severity of its trouble.
    pub(crate) fn severity(&self) -> Severity {
        self.trouble.map_or(Severity::Ok, Trouble::severity)
    }
}

/// Sorts by severity, with the default profile before the others that are ok; the order by name is kept.
pub(crate) fn sort(profiles: &mut [Profile<'_>]) {
    profiles.sort_by_key(|profile| {
        let is_healthy_default = profile.trouble.is_none() && profile.is_default;
        (std::cmp::Reverse(profile.severity()), !is_healthy_default)
    });
}

/// With bars and exact times: a table if it fits, else one without the companies, else a block for each.
pub(crate) fn long(screen: Screen, views: &[View]) -> String {
    let room = screen.width.unwrap_or(usize::MAX);
    let layouts = [Columns::Full, Columns::Lean];
    match layouts.into_iter().find(|columns| table::width(views, *columns) <= room) {
        Some(columns) => table::drawn(screen, views, columns),
        None => blocks::drawn(screen, views, room),
    }
}

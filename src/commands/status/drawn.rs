//! How `status` shows the profiles: a table, or a block for each.

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

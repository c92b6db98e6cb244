//! How `status` shows the profiles: a table, or a block for each.

pub(crate) mod blocks;
pub(crate) mod screen;
pub(crate) mod table;
pub(crate) mod view;
pub(crate) mod words;

use self::screen::Screen;
use self::view::View;
use table::Columns;

/// The profiles: a table where it fits, else without the companies, else a block for each.
pub(crate) fn shown(screen: Screen, views: &[View]) -> String {
    let room = screen.width.unwrap_or(usize::MAX);
    let layouts = [Columns::Full, Columns::Lean];
    match layouts.into_iter().find(|columns| table::width(views, *columns) <= room) {
        Some(columns) => table::drawn(screen, views, columns),
        None => blocks::drawn(screen, views, room),
    }
}

//! A line for each profile.

use comfy_table::{ContentArrangement, Table};

use super::screen::Screen;
use super::view::{Life, View};

/// The blanks between two columns.
const GAP: usize = 2;

/// Which columns there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Columns {
    /// All of them.
    Full,
    /// No companies; hosts and times short.
    Lean,
}

impl Columns {
    fn headings(self, views: &[View]) -> Vec<String> {
        let whose = whose(views);
        let headings = match self {
            Self::Full => {
                vec!["PROFILE", &whose, "BASE URL", "ACCESS", "REFRESH TOKEN", "REFRESHED", "STATE"]
            }
            Self::Lean => {
                vec!["PROFILE", "BASE URL", "ACCESS", "REFRESH TOKEN", "REFRESHED", "STATE"]
            }
        };
        headings.into_iter().map(str::to_owned).collect()
    }

    fn cells(self, screen: Screen, view: &View) -> Vec<String> {
        let name = screen.bold(&view.name);
        let access = life(screen, &view.access, "");
        let refresh = life(screen, &view.refresh, &view.refresh.until);
        let state = screen.coloured(&view.state, view.urgency);
        match self {
            Self::Full => vec![
                name,
                view.company.clone(),
                view.host.clone(),
                access,
                refresh,
                view.refreshed_at.clone(),
                state,
            ],
            Self::Lean => vec![
                name,
                view.short_host.clone(),
                access,
                refresh,
                view.refreshed_ago.clone(),
                state,
            ],
        }
    }
}

/// The heading for the principals: all types that occur.
fn whose(views: &[View]) -> String {
    let is_there = |noun: &&str| views.iter().any(|view| view.noun == *noun);
    let nouns: Vec<_> = ["company", "user", "app"].into_iter().filter(is_there).collect();
    if nouns.is_empty() { "COMPANY".to_owned() } else { nouns.join("/").to_uppercase() }
}

fn life(screen: Screen, life: &Life, until: &str) -> String {
    let bar = screen.bar(life).map(|bar| bar + " ").unwrap_or_default();
    let until = if until.is_empty() { String::new() } else { format!(", {until}") };
    format!("{bar}{}{until}", life.left)
}

/// How wide the table is.
pub(crate) fn width(views: &[View], columns: Columns) -> usize {
    // ASCII bars are wider because of their brackets, so this is the required width.
    let plain = Screen::PLAIN;
    let mut widths: Vec<usize> = columns.headings(views).iter().map(String::len).collect();
    for view in views {
        for (width, cell) in widths.iter_mut().zip(columns.cells(plain, view)) {
            *width = (*width).max(cell.chars().count());
        }
    }
    widths.iter().sum::<usize>() + GAP * (widths.len() - 1)
}

/// The table.
pub(crate) fn drawn(screen: Screen, views: &[View], columns: Columns) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.headings(views));
    for view in views {
        table.add_row(columns.cells(screen, view));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt() + "\n"
}

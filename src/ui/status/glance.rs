//! The glance: a row for each profile, what needs a person first, with the command that fixes it below.

use std::fmt::Write as _;

use super::screen::Screen;
use super::view::{Urgency, short_place};
use super::words::{self, Words};
use super::{Profile, Severity};
use crate::model::health::Trouble;
use crate::ui::times::clock_and_zone;

/// How many profiles without trouble are listed without `--all`.
const LISTED: usize = 10;
/// The width of the headline; on a narrower screen, that of the screen.
const HEADLINE: usize = 78;
/// The blanks between two columns.
const GAP: usize = 3;
/// The indentation of a command that does not fit in its column.
const INDENT: usize = 4;

/// A profile, ready to be laid out.
struct Row {
    name: String,
    is_default: bool,
    place: String,
    severity: Severity,
    words: Words,
    command: String,
    note: &'static str,
}

impl Row {
    fn of(profile: &Profile<'_>, now: i64) -> Self {
        let Profile { record, trouble, is_default } = *profile;
        let fix = trouble.map(|trouble| trouble.fix(record));
        Self {
            name: record.profile_name().unwrap_or_default().to_owned(),
            is_default,
            // Unverified in an edited record.
            place: match trouble {
                Some(Trouble::Edited) => "?".to_owned(),
                _ => short_place(record),
            },
            severity: profile.severity(),
            words: trouble.map_or_else(
                || words::of_validity(record, now),
                |trouble| words::of_trouble(trouble, now),
            ),
            command: fix.map(|fix| words::command(fix, record.profile_name())).unwrap_or_default(),
            note: fix.map_or("", words::note),
        }
    }
}

/// The positions of the columns.
struct Columns {
    mark: usize,
    name: usize,
    /// The star's column with its blank.
    star: usize,
    place: usize,
    width: usize,
}

impl Columns {
    /// The position of the third column, and of the command below it.
    fn place_at(&self) -> usize {
        self.mark + 1 + self.name + self.star + GAP
    }
}

/// The profiles in the order of [`super::sort`].
pub(crate) fn drawn(screen: Screen, profiles: &[Profile<'_>], now: i64, is_all: bool) -> String {
    let rows: Vec<Row> = profiles.iter().map(|profile| Row::of(profile, now)).collect();
    let troubled = rows.iter().filter(|row| row.severity != Severity::Ok).count();
    let listed = if is_all { rows.len() } else { rows.len().min(troubled + LISTED) };
    let (shown, hidden) = rows.split_at(listed);
    let widest = |length: &dyn Fn(&Row) -> usize| shown.iter().map(length).max().unwrap_or(0);
    let columns = Columns {
        mark: mark(Severity::Ok, screen.unicode).chars().count(),
        name: widest(&|row| row.name.chars().count()),
        star: if shown.iter().any(|row| row.is_default) { 2 } else { 0 },
        place: widest(&|row| row.place.chars().count()),
        width: screen.width.unwrap_or(usize::MAX),
    };
    let mut text = format!("{}\n\n", headline(&rows, now, columns.width));
    for (at, row) in shown.iter().enumerate() {
        text += &line(screen, row, &columns);
        // A command that fixes several profiles is shown once.
        let is_next_the_same = shown.get(at + 1).is_some_and(|next| next.command == row.command);
        if !row.command.is_empty() && !is_next_the_same {
            text += &command(row, &columns);
        }
    }
    if !hidden.is_empty() {
        let dots = if screen.unicode { "…" } else { "..." };
        let _ = writeln!(text, "  {dots} {} more ok (--all)", hidden.len());
    }
    text
}

/// The headline: how many profiles there are, how many need a person, and the time.
fn headline(rows: &[Row], now: i64, width: usize) -> String {
    let of = |severity| rows.iter().filter(|row| row.severity == severity).count();
    let profiles = match rows.len() {
        1 => "1 profile".to_owned(),
        count => format!("{count} profiles"),
    };
    let state = match (of(Severity::Critical), of(Severity::Warning)) {
        (0, 0) if rows.len() == 1 => "ok".to_owned(),
        (0, 0) => "all ok".to_owned(),
        (0, 1) => "1 warning".to_owned(),
        (0, warnings) => format!("{warnings} warnings"),
        (1, _) => "1 needs you".to_owned(),
        (critical, _) => format!("{critical} need you"),
    };
    let (begin, end) = (format!("{profiles}, {state}"), clock_and_zone(now));
    let room = width.min(HEADLINE).saturating_sub(begin.len()).max(end.len() + 2);
    format!("{begin}{end:>room$}")
}

/// A row: complete if it fits, else the most important part; below the columns if not even that fits.
fn line(screen: Screen, row: &Row, columns: &Columns) -> String {
    let Row { name, place, words, .. } = row;
    let Columns { star, place: place_width, .. } = *columns;
    let begin = columns.place_at() + place_width + GAP;
    let fits = |text: &str| begin + text.chars().count() <= columns.width;
    let ok = if row.severity == Severity::Ok && screen.unicode { "ok   " } else { "" };
    let full = format!("{ok}{}", words.full());
    let text = if fits(&full) { full } else { format!("{ok}{}", words.short) };
    let mark = screen.coloured(mark(row.severity, screen.unicode), Urgency::of(row.severity));
    // Colour codes are invisible, so the name is padded without them.
    let blanks = columns.name - name.chars().count();
    let marked = if row.is_default { " *" } else { "" };
    let name = screen.bold(name);
    let head = format!("{mark} {name}{:blanks$}{marked:star$}{:GAP$}{place:place_width$}", "", "");
    if fits(&text) {
        format!("{}\n", format!("{head}{:GAP$}{text}", "").trim_end())
    } else {
        format!("{}\n{:INDENT$}{text}\n", head.trim_end(), "")
    }
}

/// The mark at the beginning of a row. ASCII marks have the same width.
const fn mark(severity: Severity, is_unicode: bool) -> &'static str {
    match (severity, is_unicode) {
        (Severity::Ok, true) => "✓",
        (Severity::Warning, true) => "!",
        (Severity::Critical, true) => "✗",
        (Severity::Ok, false) => "ok",
        (Severity::Warning, false) => "! ",
        (Severity::Critical, false) => "x ",
    }
}

/// The command, never wrapped, so that it can be copied.
fn command(row: &Row, columns: &Columns) -> String {
    let text = format!("-> {}", row.command);
    let own = columns.place_at();
    let indent = if own + text.len() <= columns.width { own } else { INDENT };
    if row.note.is_empty() {
        return format!("{:indent$}{text}\n", "");
    }
    let note = format!("({})", row.note);
    if indent + text.len() + GAP + note.len() <= columns.width {
        format!("{:indent$}{text}{:GAP$}{note}\n", "", "")
    } else {
        format!("{:indent$}{text}\n{:indent$}   {note}\n", "", "")
    }
}

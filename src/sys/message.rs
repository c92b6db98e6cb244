//! What a person reads on stderr: lines that begin with `error:`, `hint:` or `warning:`, whose labels are
//! coloured on a terminal. Under the name by which git calls it, the program is named in front: git passes
//! the lines on among its own.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};

use crate::sys::{env::Env, progress};

/// How a line begins that says what was done, on a terminal that can show it.
pub(crate) const DONE: &str = "✓ ";
/// How labels look.
const LABELS: [(&str, AnsiColor); 4] = [
    ("error:", AnsiColor::Red),
    ("hint:", AnsiColor::Cyan),
    ("warning:", AnsiColor::Yellow),
    (DONE, AnsiColor::Green),
];
/// The program's name, in front of each line that git passes on.
const PROGRAM: &str = "concur-cred: ";

static IS_CALLED_BY_GIT: AtomicBool = AtomicBool::new(false);
/// What `--color` says; else a terminal and `NO_COLOR` decide, once there is a message.
static IS_COLOURED: OnceLock<bool> = OnceLock::new();

/// From here on the program is named in front of each line.
pub(crate) fn name_the_program() {
    IS_CALLED_BY_GIT.store(true, Ordering::Relaxed);
}

/// Labels are coloured always, or never.
pub(crate) fn colour_labels(always: bool) {
    let _ = IS_COLOURED.set(always);
}

/// Writes lines for a person. What progress shows is wiped first; an error of stderr itself cannot be
/// reported.
pub(crate) fn write(err: &mut dyn Write, lines: &str) {
    let program = if IS_CALLED_BY_GIT.load(Ordering::Relaxed) { PROGRAM } else { "" };
    let text = styled(lines, program, is_coloured());
    let _ = progress::beside(|| err.write_all(text.as_bytes()));
}

fn is_coloured() -> bool {
    IS_COLOURED
        .get()
        .copied()
        .unwrap_or_else(|| io::stderr().is_terminal() && !Env::of_process().is_set("NO_COLOR"))
}

/// Each line with the program in front, its label coloured, and an end.
fn styled(lines: &str, program: &str, is_coloured: bool) -> String {
    let mut text = String::new();
    for line in lines.lines() {
        let label = LABELS.iter().find(|(label, _)| is_coloured && line.starts_with(label));
        text += program;
        match label {
            Some((label, colour)) => {
                let style = Style::new().fg_color(Some((*colour).into())).bold();
                let _ = write!(text, "{style}{label}{style:#}{}", &line[label.len()..]);
            }
            None => text += line,
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_coloured_and_git_passes_on_whose_lines_they_are() {
        let lines = "error: acme: It broke.\nhint: Fix it.";
        assert_eq!(styled(lines, "", false), format!("{lines}\n"));
        assert_eq!(
            styled(lines, PROGRAM, false),
            "concur-cred: error: acme: It broke.\nconcur-cred: hint: Fix it.\n"
        );
        assert_eq!(
            styled("warning: error: x", "", true),
            "\u{1b}[1m\u{1b}[33mwarning:\u{1b}[0m error: x\n"
        );
        assert_eq!(styled("acme: refreshed", "", true), "acme: refreshed\n");
    }
}

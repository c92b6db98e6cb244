//! A small block for each profile, for screens that are too narrow for a table.

use super::screen::Screen;
use super::view::{Life, View};

/// The indentation of a block's lines.
const INDENT: usize = 2;
/// The width of the labels' column, with the blanks after it.
const LABEL: usize = 11;
/// The indentation of a value that is continued in another line, or does not fit beside its label.
const HANGING: usize = 4;

/// An unbreakable piece of a line: its text, and the number of its visible characters.
struct Piece {
    text: String,
    seen: usize,
}

/// The blocks.
pub(crate) fn drawn(screen: Screen, views: &[View], width: usize) -> String {
    let blocks: Vec<String> = views.iter().map(|view| block(screen, view, width)).collect();
    blocks.join("\n")
}

fn block(screen: Screen, view: &View, width: usize) -> String {
    let mut head = vec![Piece { text: screen.bold(&view.name), seen: view.name.chars().count() }];
    // A second blank between the name and its state.
    head.push(Piece { text: String::new(), seen: 0 });
    head.extend(view.state.split(' ').map(|word| Piece {
        text: screen.coloured(word, view.urgency),
        seen: word.chars().count(),
    }));
    let mut text = folded("", INDENT, head, width);
    let company = vec![plain(&view.company)];
    let refreshed = if view.refreshed_ago == view.refreshed_at {
        vec![plain(&view.refreshed_at)]
    } else {
        let mut pieces = vec![plain(&format!("{},", view.refreshed_ago))];
        pieces.push(plain(&view.refreshed_at));
        pieces
    };
    for (label, value) in [
        (view.noun, company),
        ("base URL", vec![plain(&view.host)]),
        ("access", life(screen, &view.access)),
        ("refresh", life(screen, &view.refresh)),
        ("refreshed", refreshed),
    ] {
        let start = format!("{:INDENT$}{label:LABEL$}", "");
        text += &folded(&start, HANGING, value, width);
    }
    text
}

fn plain(text: &str) -> Piece {
    Piece { text: text.to_owned(), seen: text.chars().count() }
}

fn life(screen: Screen, life: &Life) -> Vec<Piece> {
    let bar = screen.bar(life).map(|text| {
        // Colour codes are invisible.
        let uncoloured = Screen { colours: false, ..screen }.bar(life).unwrap_or_default();
        Piece { text, seen: uncoloured.chars().count() }
    });
    let comma = if life.until.is_empty() { "" } else { "," };
    let left = plain(&format!("{}{comma}", life.left));
    let until = (!life.until.is_empty()).then(|| plain(&life.until));
    bar.into_iter().chain([left]).chain(until).collect()
}

/// The pieces after `start`, in as many lines as necessary. Continuation lines begin under the first piece if
/// there is room, else they are indented by `hanging` characters.
fn folded(start: &str, hanging: usize, pieces: Vec<Piece>, width: usize) -> String {
    let begin = start.chars().count();
    let widest = pieces.iter().map(|piece| piece.seen).max().unwrap_or(0);
    let indent = if begin + widest <= width && begin > 0 { begin } else { hanging };
    let mut text = start.to_owned();
    let mut column = begin;
    let mut is_first = true;
    for piece in pieces {
        let blank = usize::from(!is_first);
        if column + blank + piece.seen > width && column > indent {
            text.truncate(text.trim_end().len());
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if blank == 1 {
            text.push(' ');
            column += 1;
        }
        text += &piece.text;
        column += piece.seen;
        is_first = false;
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

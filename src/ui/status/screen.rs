//! The abilities of the reader's screen.

use anstyle::{AnsiColor, Style};

use super::view::{BAR_PARTS, Life, Urgency};
use crate::ui::context::Context;

const DEFAULT_WIDTH: usize = 100;

/// The abilities of the reader's screen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    /// Its width in characters; `None` for a pipe, where lines are never wrapped.
    pub width: Option<usize>,
    /// Whether it shows colours.
    pub colours: bool,
    /// Whether it shows block characters.
    pub unicode: bool,
}

impl Screen {
    /// A file or a pipe.
    pub(crate) const PLAIN: Self = Self { width: None, colours: false, unicode: false };

    /// The screen of stdout.
    pub(crate) fn of(context: &Context<'_>) -> Self {
        let is_terminal = (context.out_is_terminal)();
        Self {
            width: is_terminal.then(|| width(context)),
            colours: context.colours(),
            unicode: is_terminal && context.env.has_utf8_locale(),
        }
    }

    /// The bar of a known lifetime.
    pub(crate) fn bar(self, life: &Life) -> Option<String> {
        let full = life.parts?;
        let (on, off, left, right) =
            if self.unicode { ("█", "░", "", "") } else { ("#", ".", "[", "]") };
        let bar = format!("{left}{}{}{right}", on.repeat(full), off.repeat(BAR_PARTS - full));
        Some(self.coloured(&bar, life.urgency))
    }

    /// The text in the colour of its urgency.
    pub(crate) fn coloured(self, text: &str, urgency: Urgency) -> String {
        let style = match urgency {
            Urgency::None => return text.to_owned(),
            Urgency::Good => AnsiColor::Green.on_default(),
            Urgency::Warning => AnsiColor::Yellow.on_default(),
            Urgency::Critical => AnsiColor::Red.on_default(),
        };
        self.styled(text, style)
    }

    /// The text as a heading.
    pub(crate) fn bold(self, text: &str) -> String {
        self.styled(text, Style::new().bold())
    }

    fn styled(self, text: &str, style: Style) -> String {
        if self.colours { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

fn width(context: &Context<'_>) -> usize {
    let columns = context.env.text("COLUMNS").and_then(|text| text.parse().ok());
    let measured = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    columns.or_else(measured).filter(|width| *width > 0).unwrap_or(DEFAULT_WIDTH)
}

//! Tables in Markdown, so that what is printed can stand in docs/performance.md as it is.

use super::{Outcome, say};

/// Prints a table with these headings.
pub fn print(headings: &[&str], rows: &[Vec<String>]) -> Outcome {
    say(&format!("\n| {} |", headings.join(" | ")))?;
    say(&format!("|{}", "---|".repeat(headings.len())))?;
    for row in rows {
        say(&format!("| {} |", row.join(" | ")))?;
    }
    say("")
}

//! `benches/budget.toml`: what each command may cost. A change that costs more is seen in review, because
//! the file must change with it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::figures::thousands;
use super::{Outcome, say};

const HEAD: &str = "\
# What a stored token's way out may cost: instructions in user space, and system calls, as counted by
# `cargo bench --bench cost -- --check`. Above a budget the check fails; well below it, it says so.
# `growth` is what 100,000 records may cost more than one. After a change that is worth its price, or
# to keep a gain: `cargo bench --bench cost -- --write-budget`.
";
/// Costs that grew no more than this count as equal.
const LEAST_GROWTH: u64 = 1_000;

/// The cost of one command.
pub struct Count {
    /// Its name in the budget.
    pub way: String,
    /// With one record in the store.
    pub instructions: u64,
    /// With 100,000.
    pub instructions_of_many: u64,
    /// The greater of both.
    pub system_calls: u64,
}

impl Count {
    fn figures(&self) -> [(&'static str, u64); 3] {
        let growth = self.instructions_of_many.saturating_sub(self.instructions);
        [
            ("instructions", self.instructions),
            ("growth", growth),
            ("system_calls", self.system_calls),
        ]
    }
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/budget.toml")
}

/// Writes the counts as the new budget; instructions plus 1 %, because compilers differ.
pub fn write(counts: &[Count]) -> Outcome {
    let mut text = HEAD.to_owned();
    for count in counts {
        writeln!(text, "\n[\"{}\"]", count.way)?;
        for (name, figure) in count.figures() {
            let budget = match name {
                "instructions" => figure + figure / 100,
                "growth" => (figure + figure / 100).max(LEAST_GROWTH),
                _ => figure,
            };
            writeln!(text, "{name} = {}", thousands(budget).replace(',', "_"))?;
        }
    }
    Ok(std::fs::write(path(), text)?)
}

/// Compares the counts with the budget. Reports every excess before it fails.
pub fn check(counts: &[Count]) -> Outcome {
    let budget: toml::Table = toml::from_str(&std::fs::read_to_string(path())?)?;
    let mut above = 0;
    for count in counts {
        for (name, figure) in count.figures() {
            let allowed = budget.get(&count.way).and_then(|way| way.get(name));
            let allowed = allowed.and_then(toml::Value::as_integer);
            let allowed = allowed.ok_or(format!("no budget of {name} for {}", count.way))?;
            let allowed = u64::try_from(allowed)?;
            let (have, may) = (thousands(figure), thousands(allowed));
            if figure > allowed {
                above += 1;
                say(&format!("above budget: {}: {name} {have}, at most {may}", count.way))?;
            } else if figure * 100 <= allowed * 97 && (name != "growth" || allowed > LEAST_GROWTH) {
                say(&format!("well below: {}: {name} {have} of {may}: lower it", count.way))?;
            }
        }
    }
    if above > 0 {
        return Err(format!("{above} counts are above benches/budget.toml").into());
    }
    say("All counts are within benches/budget.toml.")
}

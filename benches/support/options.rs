//! The options of a bench.

use super::Outcome;

const ROUNDS: usize = 300;
const QUICK_ROUNDS: usize = 30;
const ROUNDS_VARIABLE: &str = "CONCUR_CRED_BENCH_ROUNDS";

/// The arguments after `cargo bench … --`, and the environment.
pub struct Options {
    /// How often each of a group of programs is run.
    pub rounds: usize,
    /// `--check`: fail when a count is above its budget.
    pub check: bool,
    /// `--write-budget`: what is measured, and 1 % more, becomes the budget.
    pub write_budget: bool,
    /// `--calls`: list system calls.
    pub calls: bool,
}

impl Options {
    /// Reads them.
    pub fn read() -> Outcome<Self> {
        let mut options = Self { rounds: ROUNDS, check: false, write_budget: false, calls: false };
        for arg in std::env::args().skip(1) {
            match arg.as_str() {
                "--quick" => options.rounds = QUICK_ROUNDS,
                "--check" => options.check = true,
                "--calls" => options.calls = true,
                "--write-budget" => options.write_budget = true,
                // What cargo adds by itself.
                "--bench" => {}
                other => return Err(format!("there is no option {other}").into()),
            }
        }
        if let Some(text) = std::env::var_os(ROUNDS_VARIABLE) {
            let number = text.to_str().and_then(|text| text.parse().ok()).filter(|n| *n > 0);
            options.rounds = number.ok_or(format!("{ROUNDS_VARIABLE} is a number above 0"))?;
        }
        Ok(options)
    }

    /// Rounds for what takes a hundred times longer than a hit.
    pub fn slow_rounds(&self) -> usize {
        (self.rounds / 5).max(5)
    }
}

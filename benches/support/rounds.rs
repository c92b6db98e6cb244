//! Runs programs in alternation, one of each per round, so that other load affects all of them.

use super::contender::Contender;
use super::figures::Spread;
use super::{Outcome, table};

/// After so many rounds every binary is copied afresh.
const ROUNDS_A_COPY: usize = 25;

/// Seconds, by contender and round.
pub struct Times(Vec<Vec<f64>>);

/// Runs every contender once a round. Each round begins with another one: a program that follows another one
/// that swept the caches is not always the same.
pub fn run(contenders: &[Contender], rounds: usize) -> Outcome<Times> {
    let mut times = vec![Vec::with_capacity(rounds); contenders.len()];
    for contender in contenders {
        contender.time()?;
    }
    for round in 0..rounds {
        if round % ROUNDS_A_COPY == 0 {
            for contender in contenders {
                contender.copy_afresh()?;
                contender.time()?;
            }
        }
        for place in 0..contenders.len() {
            let which = (place + round) % contenders.len();
            times[which].push(contenders[which].time()?.as_secs_f64());
        }
    }
    Ok(Times(times))
}

impl Times {
    /// Of one contender.
    pub fn of(&self, which: usize) -> Spread {
        Spread::of(self.0[which].iter().copied())
    }

    /// One against another, round by round.
    pub fn ratio(&self, which: usize, against: usize) -> Spread {
        let pairs = self.0[which].iter().zip(&self.0[against]);
        Spread::of(pairs.map(|(one, other)| one / other))
    }

    /// Prints every contender's time, and its ratio to the contenders in `against`.
    pub fn print(&self, contenders: &[Contender], columns: &[Column<'_>]) -> Outcome {
        let mut headings = vec!["program", "wall: median (min to max)"];
        headings.extend(columns.iter().map(|column| column.heading));
        let mut rows = Vec::new();
        for (which, contender) in contenders.iter().enumerate() {
            let mut row = vec![contender.name.clone(), self.of(which).millis()];
            row.extend(columns.iter().map(|column| match column.side {
                _ if column.other == which => "1".to_owned(),
                Side::RowByOther => self.ratio(which, column.other).ratio(),
                Side::OtherByRow => self.ratio(column.other, which).ratio(),
            }));
            rows.push(row);
        }
        table::print(&headings, &rows)
    }
}

/// A column of ratios: median and quartiles of the rounds' ratios.
pub struct Column<'t> {
    /// Its heading.
    pub heading: &'t str,
    /// The contender that every row is compared with.
    pub other: usize,
    /// Which of the two is divided.
    pub side: Side,
}

/// Which of two times is divided by which.
#[derive(Clone, Copy)]
pub enum Side {
    /// The row's by the other's.
    RowByOther,
    /// The other's by the row's.
    OtherByRow,
}

//! Medians and the format of figures.

/// The median and spread of some figures.
pub struct Spread {
    /// The least.
    pub min: f64,
    /// A quarter is below.
    pub lower: f64,
    /// Half is below.
    pub median: f64,
    /// A quarter is above.
    pub upper: f64,
    /// The greatest.
    pub max: f64,
}

impl Spread {
    /// Of at least one figure.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = figures.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len() - 1;
        let at = |quarters: usize| sorted[last * quarters / 4];
        Self { min: at(0), lower: at(1), median: at(2), upper: at(3), max: at(4) }
    }

    /// `1.23 (1.20 to 1.31)`: the median and the quartiles.
    pub fn ratio(&self) -> String {
        format!("{} ({} to {})", ratio(self.median), ratio(self.lower), ratio(self.upper))
    }

    /// `0.71 ms (0.60 to 3.20)`: the median, the least and the greatest, of seconds.
    pub fn millis(&self) -> String {
        let [median, min, max] = [self.median, self.min, self.max].map(|seconds| seconds * 1e3);
        format!("{median:.2} ms ({min:.2} to {max:.2})")
    }
}

/// A ratio; small ones as fractions.
pub fn ratio(value: f64) -> String {
    if value < 0.1 { format!("1/{:.0}", value.recip()) } else { format!("{value:.2}") }
}

/// A number with its thousands apart.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

//! Repeatable random choices, and the options of a test run from its environment.

/// A small, repeatable source of choices (`SplitMix64`).
pub(crate) struct Choices(pub(crate) u64);

impl Choices {
    /// A number from 0 up to but not including `below`.
    pub(crate) fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % below as u64).unwrap()
    }

    /// One of these.
    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.next(all.len())]
    }
}

/// A variable of the test run, or its default.
pub(crate) fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Prints a figure, shown with `--nocapture`.
#[expect(clippy::print_stderr, reason = "for readers of the test's output")]
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}

/// The value below which `percent` of these lie; they need not be sorted.
pub(crate) fn percentile<T: Copy + Ord>(values: &[T], percent: usize) -> T {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted[(sorted.len() - 1) * percent / 100]
}

//! The facts about the machine that a reader needs to judge the figures. No host or user names.

use std::fs::read_to_string;
use std::path::Path;

use super::Outcome;
use super::figures::thousands;
use super::say;

/// Says what was measured, and where.
pub fn describe(binary: &Path) -> Outcome {
    let cores = std::thread::available_parallelism()?;
    let cpu = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let kernel = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let kernel = kernel.split('-').next().unwrap_or_default().trim();
    let load = read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    let size = std::fs::metadata(binary)?.len();
    say(&format!(
        "{cores} cores, {model}, {} {kernel}, load {load} at the start; binary of {} bytes",
        std::env::consts::OS,
        thousands(size),
    ))
}

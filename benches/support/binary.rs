//! The measured binary: the release build that users get, never one of the bench profile.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Outcome;

const VARIABLE: &str = "CONCUR_CRED_BENCH_BINARY";

/// The binary named by `CONCUR_CRED_BENCH_BINARY`, else what `scripts/release-build` builds.
pub fn measured() -> Outcome<PathBuf> {
    if let Some(path) = std::env::var_os(VARIABLE) {
        return std::path::absolute(&path)
            .ok()
            .filter(|path| path.is_file())
            .ok_or_else(|| format!("{VARIABLE} names no file").into());
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/release-build");
    let output = Command::new("bash").arg(script).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err("scripts/release-build failed".into());
    }
    let text = String::from_utf8(output.stdout)?;
    Ok(text.lines().last().ok_or("scripts/release-build named no binary")?.into())
}

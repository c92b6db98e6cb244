//! The places where a scenario may leave data, and the secrets that must not be there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::scene::Scene;

/// The searched places. docs/security.md states their number.
pub(crate) const PLACES: [&str; 11] = [
    "stdout",
    "stderr",
    "trace",
    "log --json",
    "events.db",
    "store.db",
    "other files of state and configuration",
    "home folder",
    "working folder",
    "temporary folder",
    "arguments and environment of programs that were started",
];

impl Scene {
    /// Every leak, by place.
    pub(crate) fn leaks(&mut self) -> BTreeSet<String> {
        for token in self.world.sandbox.issued_tokens() {
            self.secrets.add("access, refresh and id tokens", token);
        }
        let log = self.world.concur(["log", "--json", "-n", "999"]).output();
        self.heard.push(("log --json", log.stdout));
        self.heard.push(("stderr", log.stderr.into_bytes()));
        let mut leaks = std::mem::take(&mut self.found);
        for (place, bytes) in &self.heard {
            assert!(PLACES.contains(place));
            leaks
                .extend(self.secrets.found_in(bytes).iter().map(|what| format!("{place}: {what}")));
        }
        for number in 1..=self.runs {
            leaks.extend(self.leaks_in_record(&self.record(number)));
        }
        let root = self.world.home().parent().unwrap().to_owned();
        for path in files_below(&root) {
            if !self.not_searched.contains(&path) && !path.starts_with(root.join("bin")) {
                leaks.extend(self.leaks_in_file(&path));
            }
        }
        leaks
    }

    /// The input of other programs; the first line is the caller's input to us.
    fn leaks_in_record(&self, record: &Path) -> BTreeSet<String> {
        let text = std::fs::read_to_string(record).unwrap();
        let lines = text.lines().skip(1);
        let found: BTreeSet<String> =
            lines.flat_map(|line| self.secrets.found_in(line.as_bytes())).collect();
        let may_have = |what: &&String| {
            !(self.child_gets_token && what.starts_with("access, refresh and id tokens"))
        };
        let place = PLACES[10];
        found.iter().filter(may_have).map(|what| format!("{place}: {what}")).collect()
    }

    fn leaks_in_file(&self, path: &Path) -> BTreeSet<String> {
        let Ok(bytes) = std::fs::read(path) else { return BTreeSet::new() };
        let is_key =
            ["key", "key.next"].iter().any(|name| path == self.world.config_dir().join(name));
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let place = match name.as_str() {
            _ if name.starts_with("record-") => return BTreeSet::new(),
            "trace" => "trace",
            "events.db" => "events.db",
            "store.db" => "store.db",
            _ if path.starts_with(self.world.state_dir()) => PLACES[6],
            _ if path.starts_with(self.world.config_dir()) => PLACES[6],
            _ if path.starts_with(self.world.home()) => PLACES[7],
            _ if path.starts_with(self.world.work()) => PLACES[8],
            _ => PLACES[9],
        };
        assert!(PLACES.contains(&place));
        let found = self.secrets.found_in(&bytes);
        let found =
            found.iter().filter(|what| !(is_key && what.starts_with("key in the key file")));
        found.map(|what| format!("{place} ({name}): {what}")).collect()
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(files_below(&path));
        } else if path.is_file() {
            found.push(path);
        }
    }
    found
}

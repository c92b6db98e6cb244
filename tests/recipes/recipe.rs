//! A page as a script, with stand-ins for programs that a test must not run.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::docs::pages::{Block, blocks, page};
use crate::harness::{Run, World, program, skipped};

/// Concur's URL in the pages; the sandbox replaces it.
const CONCUR: &str = "https://us2.api.concursolutions.com";

/// One page.
pub(crate) struct Recipe {
    name: String,
    blocks: Vec<Block>,
}

impl Recipe {
    /// The page of this name in `docs/recipes/`, whose blocks to be run are exactly these.
    pub(crate) fn open(name: &str, expected: &[&str]) -> Self {
        let blocks = blocks(&page(&format!("docs/recipes/{name}")));
        let named: Vec<&str> = blocks.iter().filter_map(|block| block.tested.as_deref()).collect();
        assert_eq!(named, expected, "the blocks of {name} that are to be run");
        Self { name: name.to_owned(), blocks }
    }

    /// A block with the sandbox's URL in place of Concur's.
    pub(crate) fn text(&self, block: &str, world: &World) -> String {
        let found = self.blocks.iter().find(|known| known.tested.as_deref() == Some(block));
        let text = &found.unwrap_or_else(|| panic!("{} has {block}", self.name)).text;
        let origin = world.sandbox.origin();
        let mut text = text.replace(CONCUR, origin);
        for name in ["us2", "eu2"] {
            text = text.replace(&format!("--base-url {name}"), &format!("--base-url {origin}"));
            text = text.replace(&format!("--base-url, {name}"), &format!("--base-url, {origin}"));
        }
        text
    }

    /// Runs a block line by line as it would be pasted, or, when it names its interpreter, as a file.
    pub(crate) fn run(&self, block: &str, world: &World) -> Run {
        let text = self.text(block, world);
        if text.starts_with("#!") {
            let file = executable(&world.work().join(format!("{block}.script")), &text);
            return world.run(file, [] as [&str; 0]);
        }
        world.run("bash", ["-e", "-o", "pipefail", "-c", &text])
    }

    /// Writes a block into a file of that name in the current folder.
    pub(crate) fn write(&self, block: &str, world: &World) -> PathBuf {
        world.write(block, self.text(block, world))
    }
}

/// Writes a program.
pub(crate) fn executable(path: &Path, text: &str) -> PathBuf {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    program::script(path, text);
    path.to_owned()
}

/// Puts a program of this name before all others on PATH: bash, with the arguments in `"$@"`.
pub(crate) fn stand_in(world: &World, name: &str, text: &str) {
    executable(&world.bin().join(name), &format!("#!/usr/bin/env bash\nset -eu\n{text}\n"));
}

/// Notes the arguments of every call of a program, then runs it.
pub(crate) fn spy(world: &World, name: &str) {
    let real = found(name).unwrap();
    let text = format!(
        "printf '%s\\n' \"$*\" >>\"$HOME/arguments\"\nexec '{}' \"$@\"",
        real.to_str().unwrap()
    );
    stand_in(world, name, &text);
}

/// The notes of [`spy`], which contain no token.
pub(crate) fn arguments(world: &World) -> String {
    let noted = std::fs::read_to_string(world.home().join("arguments")).unwrap();
    assert!(!noted.contains("eyJ"), "a token in an argument: {noted}");
    noted
}

/// Where a program is.
fn found(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Whether these programs are installed; a test without its program says so and ends.
pub(crate) fn have(programs: &[&str]) -> bool {
    let missing: Vec<&&str> = programs.iter().filter(|name| found(name).is_none()).collect();
    for name in &missing {
        skipped(&format!("there is no {name}"));
    }
    missing.is_empty()
}

/// Where the Python is that has a module; `None`, with a note, when none has.
pub(crate) fn python_with(module: &str) -> Option<PathBuf> {
    let has = |program: &PathBuf| {
        let mut command = Command::new(program);
        command.args(["-c", &format!("import {module}")]).env_remove("PYTHONPATH");
        command.output().is_ok_and(|output| output.status.success())
    };
    let known = [found("python3"), Some(PathBuf::from("/usr/bin/python3"))];
    let python = known.into_iter().flatten().find(has);
    if python.is_none() {
        skipped(&format!("there is no python3 with {module}"));
    }
    python
}

/// YAML as JSON values; `None`, with a note, when there is nothing to read it with.
pub(crate) fn yaml(text: &str, world: &World) -> Option<serde_json::Value> {
    let python = python_with("yaml")?;
    let code = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)";
    Some(world.run(python, ["-c", code]).stdin(text).ok().json())
}

/// How many different tokens the service has served requests for this path with.
pub(crate) fn tokens_used(world: &World, path: &str) -> usize {
    let requests = world.sandbox.requests();
    let served = requests.iter().filter(|request| request.path == path);
    let mut tokens: Vec<&String> = served.map(|request| &request.secrets["access_token"]).collect();
    tokens.sort();
    tokens.dedup();
    tokens.len()
}

//! docs/security.md: its Python opens the published cells, and those of a store made by the program.

use std::collections::BTreeSet;
use std::process::Command;

use super::pages::{blocks, page, path};
use crate::harness::{Output, World, skipped};

/// A Python that has `PyNaCl`: the one on PATH, or the system's.
fn python() -> Option<&'static str> {
    let has = |program: &&str| {
        let output = Command::new(program).args(["-c", "import nacl"]).output();
        output.is_ok_and(|output| output.status.success())
    };
    let python = ["python3", "/usr/bin/python3"].into_iter().find(has);
    if python.is_none() {
        skipped("there is no python3 with nacl (python3-nacl, or PyNaCl of PyPI)");
    }
    python
}

/// The page's block with this name.
fn block(name: &str) -> String {
    let named = |block: &super::pages::Block| {
        block.language == "python" && block.tested.as_deref() == Some(name)
    };
    let mut found = blocks(&page("docs/security.md")).into_iter().filter(named);
    let block = found.next().unwrap_or_else(|| panic!("the page has {name}"));
    assert!(found.next().is_none(), "{name} is there once");
    block.text
}

/// Runs the page's format with another of its blocks; `None` when there is nothing to run it with.
fn run(world: &World, name: &str, args: &[&std::path::Path]) -> Option<Output> {
    let text = block("format") + &block(name);
    let mut run = world.run(python()?, ["-c", &text]).in_folder(path("."));
    for arg in args {
        run = run.arg(arg);
    }
    Some(run.ok().silent())
}

#[test]
fn the_pages_python_opens_every_published_cell_from_its_fields() {
    let vectors: serde_json::Value = serde_json::from_str(&page("docs/sealed-cells.json")).unwrap();
    let count = vectors["cells"].as_array().unwrap().len();
    let Some(output) = run(&World::new(), "cells", &[]) else { return };
    assert_eq!(output.line(), format!("{count} cells open"));
}

#[test]
fn the_pages_python_opens_a_store_that_the_program_made() {
    let world = World::logged_in();
    let credential = "protocol=https\nhost=git.example.org\npath=team/repo.git\nusername=zoë\n\
                   password=pass wörd\n\n";
    let _ = world.concur(["store"]).stdin(credential).ok();
    let folders = [world.config_dir(), world.state_dir()];
    let folders = folders.each_ref().map(std::path::PathBuf::as_path);
    let Some(output) = run(&world, "store", &folders) else { return };
    let token = world.concur(["token"]).ok().line();
    let app = world.sandbox.app().clone();
    let lines: BTreeSet<&str> = output.text().lines().collect();
    for line in [
        format!("default access_token {token}"),
        format!("default request_token {}", app.request_token),
        format!("None access_token {}", "pass wörd"),
        format!("application client_secret {}", app.client_secret),
    ] {
        assert!(lines.contains(line.as_str()), "{line}\n{output:?}");
    }
    for column in ["refresh_token", "id_token"] {
        let start = format!("default {column} ");
        assert!(lines.iter().any(|line| line.starts_with(&start)), "{column}\n{output:?}");
    }
    assert_eq!(lines.len(), 6, "{output:?}");
}

#[test]
fn the_pages_python_opens_a_store_whose_rotation_was_killed_at_any_moment() {
    for moment in ["next-written", "rotation-committed", "key-renamed"] {
        let world = World::logged_in();
        let rotate = world.concur(["key", "rotate"]);
        let failpoint = format!("{moment}=kill");
        assert_eq!(rotate.env("CONCUR_CRED_TEST_FAILPOINT", failpoint).output().code, None);
        let folders = [world.config_dir(), world.state_dir()];
        let folders = folders.each_ref().map(std::path::PathBuf::as_path);
        let Some(output) = run(&world, "store", &folders) else { return };
        let line = format!("default access_token {}\n", world.concur(["token"]).ok().line());
        assert!(output.text().contains(&line), "{moment}: {output:?}");
    }
}

#[test]
fn the_pages_python_opens_a_pending_grant() {
    let world = World::logged_in();
    world.expire("default");
    let failing = "grant-commit=full";
    let get = world.concur(["get"]).env("CONCUR_CRED_TEST_FAILPOINT", failing);
    let token = get.output().code(0).line();
    let folders = [world.config_dir(), world.state_dir()];
    let folders = folders.each_ref().map(std::path::PathBuf::as_path);
    let Some(output) = run(&world, "store", &folders) else { return };
    let pending = output.text().lines().find_map(|line| line.strip_prefix("default spill "));
    let pending: serde_json::Value = serde_json::from_str(pending.unwrap()).unwrap();
    assert_eq!(pending["access_token"], token);
    let named: BTreeSet<&str> = pending.as_object().unwrap().keys().map(String::as_str).collect();
    let text = page("docs/security.md");
    assert_eq!(named.len(), 10, "{named:?}");
    for name in named {
        assert!(text.contains(&format!("`{name}`")), "{name}");
    }
}

/// Another program, written from the page: it replaces a token, and adds a profile of its own.
const WRITER: &str = r#"
import pathlib, sqlite3, sys
config, state = map(pathlib.Path, sys.argv[1:])
key = (config / "key").read_bytes()
db = sqlite3.connect(state / "store.db")
db.row_factory = sqlite3.Row
store_id = db.execute("SELECT store_id FROM meta").fetchone()[0]
r = db.execute("SELECT r.*, a.client_id, a.origin FROM record r JOIN application a ON a.id = application_id").fetchone()
def sealed(record_id, secret):
    place_here = of_record(store_id, record_id, "access_token", r["client_id"], r["protocol"], r["host"],
                           None, r["username"], r["geolocation"], True)
    return seal_cell(key, place_here, secret)
db.execute("UPDATE record SET access_token = ?", [sealed(r["id"], b"of-python")])
new = {**r, "id": 7, "profile": "added", "refresh_token": None, "id_token": None, "request_token": None}
identity = of_identity(store_id, 7, "added", r["application_id"], r["origin"], r["client_id"], r["principal"],
                       r["obtained_by"])
new["identity"] = seal_cell(key, identity, b"")
del new["client_id"], new["origin"]
new["access_token"] = sealed(7, b"of-python-too")
marks = ", ".join("?" for _ in new)
db.execute(f"INSERT INTO record ({', '.join(new)}) VALUES ({marks})", list(new.values()))
db.commit()
"#;

#[test]
fn the_program_opens_cells_sealed_by_the_pages_python() {
    let world = World::logged_in();
    let Some(python) = python() else { return };
    let text = block("format") + WRITER;
    let run = world.run(python, ["-c", &text]).arg(world.config_dir()).arg(world.state_dir());
    drop(run.ok().silent());
    for (profile, token) in [("default", "of-python"), ("added", "of-python-too")] {
        let get = world.concur(["get", "--profile", profile]).ok().silent();
        assert_eq!(get.line(), token);
    }
}

#[test]
fn the_page_names_every_sealed_column() {
    let text = page("docs/security.md");
    for column in ["access_token", "refresh_token", "id_token", "request_token", "unknown_fields"] {
        assert!(page("src/model/record.rs").contains(&format!("=> \"{column}\"")), "{column}");
        assert!(text.contains(&format!("`{column}`")), "{column}");
    }
}

#[test]
fn every_library_comes_from_the_registry_with_its_checksum() {
    let lock: toml::Table = toml::from_str(&page("Cargo.lock")).unwrap();
    let packages = lock["package"].as_array().unwrap();
    assert!(packages.len() > 100, "the lock file was read");
    let text = |package: &toml::Value, field| {
        package.get(field).and_then(toml::Value::as_str).map(str::to_owned)
    };
    let mut ours = Vec::new();
    for package in packages {
        let name = text(package, "name").unwrap();
        match text(package, "source") {
            None => ours.push(name),
            Some(source) => {
                assert_eq!(
                    source, "registry+https://github.com/rust-lang/crates.io-index",
                    "{name}"
                );
                assert_eq!(text(package, "checksum").map(|sum| sum.len()), Some(64), "{name}");
            }
        }
    }
    assert_eq!(ours, ["concur-cred", "concur-sandbox"]);
}

#[test]
fn our_crates_have_no_build_script() {
    for (folder, manifest) in [(".", "Cargo.toml"), ("sandbox", "sandbox/Cargo.toml")] {
        assert!(!path(folder).join("build.rs").exists(), "{folder}");
        let manifest: toml::Table = toml::from_str(&page(manifest)).unwrap();
        assert!(manifest["package"].get("build").is_none(), "{folder}");
        assert!(manifest.get("build-dependencies").is_none(), "{folder}");
    }
}

//! The main job in a minute, without a Concur account: the real binary against the embedded sandbox.
//!
//! `cargo run --example quickstart`
//!
//! Every step prints what it runs and checks what came back; tokens are shown redacted.

#![allow(clippy::disallowed_methods, reason = "a program of its own, with its own surroundings")]

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use concur_sandbox::{Config, Rotation, Sandbox};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// How long the sandbox's access tokens live: long enough for the steps, short enough to watch one
/// run out.
const ACCESS_LIFE_SECS: i64 = 8;
/// The minimum remaining lifetime: a token is printed until its last second.
const MIN_TTL: &str = "1s";

fn main() -> Outcome {
    let binary = build_binary()?;
    let home = tempfile::tempdir()?;
    let sandbox = Sandbox::start(Config {
        access_lifetime_seconds: ACCESS_LIFE_SECS,
        rotation: Rotation::NewRevokeFamily,
        ..Config::default()
    })?;
    let tour = Tour { binary, home: home.path().to_owned(), sandbox };
    tour.say(&format!(
        "A Concur token service listens on {} (the sandbox).",
        tour.sandbox.origin()
    ))?;
    tour.log_in()?;
    let token = tour.serve_and_refresh()?;
    tour.exchange()?;
    tour.show_status()?;
    let counters = tour.sandbox.counters();
    check(
        counters.token_requests_of("refresh_token") == 1,
        "exactly one refresh was asked for in all of this",
    )?;
    check(tour.sandbox.violations().is_empty(), "and Concur's protocol was kept")?;
    check(tour.sandbox.is_live_access_token(&token), "and the last token is valid")?;
    tour.say("Done. Everything above was the real program; only Concur was played.")
}

struct Tour {
    binary: PathBuf,
    home: PathBuf,
    sandbox: Sandbox,
}

impl Tour {
    fn log_in(&self) -> Outcome {
        self.say("1. init writes a blank credentials.json, which you fill in:")?;
        self.run(&["init"])?;
        std::fs::write(self.home.join("credentials.json"), self.sandbox.credentials_json())?;
        self.say("2. login obtains the tokens and keeps them sealed:")?;
        self.run(&["login", "--base-url", self.sandbox.origin()]).map(drop)
    }

    /// Returns the last token.
    fn serve_and_refresh(&self) -> Outcome<String> {
        let got_at = Instant::now();
        self.say("3. get prints a valid token:")?;
        let first = self.token(&["get"])?;
        check(self.sandbox.is_live_access_token(&first), "Concur takes it")?;
        self.say("4. get again, answered from the store:")?;
        let second = self.token(&["get"])?;
        check(first == second, "the same token, without a request")?;
        self.say(&format!("5. the token lives {ACCESS_LIFE_SECS} s here; waiting for its end …"))?;
        let life = Duration::from_secs(ACCESS_LIFE_SECS.unsigned_abs());
        std::thread::sleep(life.saturating_sub(got_at.elapsed()));
        let third = self.token(&["get"])?;
        check(third != first, "a new token")?;
        check(self.sandbox.is_live_access_token(&third), "Concur takes it")?;
        Ok(third)
    }

    fn exchange(&self) -> Outcome {
        self.say("6. export writes the tutorial's file, which its script finds valid:")?;
        self.run(&["export"])?;
        let text = std::fs::read(self.home.join("refreshTokenObjectFile.json"))?;
        let file: serde_json::Value = serde_json::from_slice(&text)?;
        let expires =
            file["refresh_expires_in"].as_u64().ok_or("refresh_expires_in is a number")?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        check(expires > now, "new Date(refresh_expires_in * 1000) > new Date()")
    }

    fn show_status(&self) -> Outcome {
        self.say("7. status shows how long the tokens are valid:")?;
        self.run(&["status"])?;
        let output = self.run(&["status", "--check"])?;
        check(output.stdout.starts_with(b"CONCUR OK"), "and monitoring has nothing to report")
    }

    /// Runs the program in the tour's own home and prints what it says, tokens redacted.
    fn run(&self, args: &[&str]) -> Outcome<Output> {
        let output = Command::new(&self.binary)
            .args(args)
            .current_dir(&self.home)
            .env("CONCUR_CRED_HOME", self.home.join("concur-cred"))
            .env("CONCUR_CRED_MIN_TTL", MIN_TTL)
            .env_remove("CONCUR_CRED_PROFILE")
            .output()?;
        let mut out = io::stdout().lock();
        writeln!(out, "   $ concur-cred {}", args.join(" "))?;
        for stream in [&output.stderr, &output.stdout] {
            for line in String::from_utf8_lossy(stream).lines() {
                writeln!(out, "   {}", redacted(line))?;
            }
        }
        if output.status.success() {
            Ok(output)
        } else {
            Err(format!("concur-cred {} ended with {}", args.join(" "), output.status).into())
        }
    }

    fn token(&self, args: &[&str]) -> Outcome<String> {
        let output = self.run(args)?;
        check(output.stderr.is_empty(), "stderr is silent")?;
        Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
    }

    #[expect(clippy::unused_self, reason = "it is the tour that speaks")]
    fn say(&self, text: &str) -> Outcome {
        writeln!(io::stdout().lock(), "\n{text}")?;
        Ok(())
    }
}

/// A JWT shows its first characters and its length, nothing more.
fn redacted(line: &str) -> String {
    if line.starts_with("eyJ") {
        format!("{}… ({} characters)", &line[..8], line.len())
    } else {
        line.to_owned()
    }
}

fn check(holds: bool, claim: &str) -> Outcome {
    if holds {
        writeln!(io::stdout().lock(), "   ok: {claim}")?;
        Ok(())
    } else {
        Err(format!("this does not hold: {claim}").into())
    }
}

/// `cargo run --example` builds the example alone: the program itself is built here, in the same profile and with the
/// libraries as `cargo test --workspace` has them, so that neither builds them again.
fn build_binary() -> Outcome<PathBuf> {
    let example = std::env::current_exe()?;
    let folder = example.parent().and_then(Path::parent).ok_or("no target folder")?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--workspace", "--bins", "--example", "quickstart"]);
    build.args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]);
    // What `cargo run` sets for the example would make a library build anew that looks at it: ring.
    for (name, _) in std::env::vars_os() {
        let is_of_a_package = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        });
        if is_of_a_package {
            build.env_remove(name);
        }
    }
    if folder.file_name().is_some_and(|name| name == "release") {
        build.arg("--release");
    }
    if !build.status()?.success() {
        return Err("the program could not be built".into());
    }
    Ok(folder.join("concur-cred").with_extension(std::env::consts::EXE_EXTENSION))
}

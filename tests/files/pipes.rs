//! No command waits for ever for a file that it is given: a pipe without a writer, a pipe of another
//! user, a device. A shell's process substitution `<(…)` is read.

use std::path::{Path, PathBuf};
use std::process::Command;

use concur_sandbox::{Config, Tls};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::support::timed;
use super::users::{ANNA, BERT, Users};
use crate::harness::{BINARY, Run, World, skipped};

/// A file argument: its name, the command, and the variable or option.
type Place = (&'static str, &'static [&'static str], By);

#[derive(Clone, Copy)]
enum By {
    Option(&'static str),
    Variable(&'static str),
    Argument,
}

const PLACES: [Place; 10] = [
    ("configuration", &["get"], By::Option("--config")),
    ("configuration by variable", &["token"], By::Variable("CONCUR_CRED_CONFIG")),
    ("configuration shown", &["config", "show"], By::Option("--config")),
    ("roots", &["refresh"], By::Variable("CONCUR_CRED_CA_BUNDLE")),
    ("certificate", &["refresh"], By::Variable("CONCUR_CRED_CLIENT_CERT")),
    ("credentials", &["login", "--base-url", "us2"], By::Option("--credentials")),
    ("token file", &["import"], By::Argument),
    ("application of a token file", &["import"], By::Option("--credentials")),
    ("body", &["api", "/x"], By::Option("--input")),
    ("answer", &["api", "/profile/identity/v4.1/Users"], By::Option("--output")),
];

fn given(run: Run, by: By, path: &Path) -> Run {
    match by {
        By::Option(option) => run.arg(option).arg(path),
        By::Variable(name) => run.env(name, path),
        By::Argument => run.arg(path),
    }
}

fn pipe(path: &Path) -> PathBuf {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    path.to_owned()
}

#[test]
fn a_pipe_without_a_writer_times_out() {
    let world = World::logged_in();
    world.concur(["export"]).ok();
    world.expire("default");
    let path = pipe(&world.work().join("pipe"));
    for (what, args, by) in PLACES {
        let run = given(timed(&world, args), by, &path).env("CONCUR_CRED_TEST_HASTE", "50");
        let output = run.output();
        let codes = [Some(1), Some(2), Some(6)];
        assert!(codes.contains(&output.code), "{what}: not waited for without end\n{output:?}");
        assert!(output.stderr.contains("pipe"), "{what}\n{output:?}");
    }
    let key_file = timed(&world, &["login", "--base-url", world.sandbox.origin()])
        .env("CONCUR_CRED_HOME", world.home().join("other"))
        .env("CONCUR_CRED_KEY_FILE", &path)
        .env("CONCUR_CRED_TEST_HASTE", "50");
    world.write("credentials.json", world.sandbox.credentials_json());
    key_file.output().code(6).says("pipe");
    assert_eq!(world.token_requests(), 1, "the first login alone");
    // No process still holds the record's lock.
    world.concur(["get"]).ok().silent();
}

#[test]
fn the_default_configuration_file_must_not_be_a_pipe() {
    let world = World::logged_in();
    pipe(&world.config_dir().join("config.toml"));
    // One that was waited for would be said to have no writer.
    timed(&world, &["get"]).output().code(6).says("is a pipe");
}

#[test]
fn a_pipe_link_or_file_of_another_user_is_always_refused_at_once() {
    let Some(users) = Users::logged_in() else { return };
    users.concur_as(ANNA, &["export"]).ok();
    let own = |name: &str, text: &str| {
        let path = users.world.home().join(name);
        let write = format!("umask 077; cat >'{}' <<'END'\n{text}END\n", path.display());
        users.sh_as(ANNA, &write).code(0);
        path
    };
    let file = own("own.toml", "min_ttl = 60\n");
    let shared = users.shared.display();
    let home = users.world.home();
    let plant = format!(
        "cd '{shared}' && mkfifo -m 666 pipe && ln -s '{0}' link && ln -s '{1}' folder && \
         ln -s pipe piped && mkdir -m 755 mine && ln -s '{0}' mine/link",
        file.display(),
        home.display()
    );
    users.sh_as(BERT, &plant).code(0);
    let places = ["pipe", "link", "piped", "mine/link", "folder/own.toml"];
    for (what, args, by) in PLACES {
        if what == "answer" {
            continue;
        }
        users.world.expire("default");
        for name in places {
            let output = given(users.concur_as(ANNA, args), by, &users.shared.join(name)).output();
            assert!([Some(2), Some(6)].contains(&output.code), "{what} {name}\n{output:?}");
            assert!(output.stderr.contains("another user"), "{what} {name}\n{output:?}");
        }
    }
    let login = users.login().env("CONCUR_CRED_HOME", home.join("new"));
    let login = login.env("CONCUR_CRED_KEY_FILE", users.shared.join("link"));
    login.output().code(6).says("another user");
    // A link of one's own is followed, in such a folder too; and so is one of root's.
    users.sh_as(ANNA, &format!("ln -s '{}' '{shared}/own'", file.display())).code(0);
    users.concur_as(ANNA, &["get", "--config"]).arg(users.shared.join("own")).ok();
    std::os::unix::fs::symlink(&home, users.shared.join("of-root")).unwrap();
    let by_root = users.shared.join("of-root/own.toml");
    users.concur_as(ANNA, &["get", "--config"]).arg(by_root).ok();
}

/// A script of bash's, which knows `<(…)`.
fn bash(world: &World, script: &str) -> Option<Run> {
    if Command::new("bash").arg("--version").output().is_err() {
        skipped("there is no bash");
        return None;
    }
    Some(world.run("timeout", ["-k", "1", "60", "bash", "-c", script, BINARY]))
}

#[test]
fn every_command_reads_process_substitution() {
    let tls = Some(Tls { wants_client: true, ..Tls::default() });
    let world = World::with(Config { tls, ..Config::default() });
    world.write("ca.pem", world.sandbox.ca_pem().unwrap());
    world.write("client.pem", world.sandbox.client_pem().unwrap());
    world.write("named.json", world.sandbox.credentials_json());
    world.write("named.toml", "ca_bundle = \"/dev/null\"\nmin_ttl = 61\n");
    let origin = world.sandbox.origin();
    let login = format!("\"$0\" login --base-url {origin} --credentials <(cat named.json)");
    let pems = "CONCUR_CRED_CA_BUNDLE=<(cat ca.pem) CONCUR_CRED_CLIENT_CERT=<(cat client.pem) ";
    let Some(run) = bash(&world, &format!("{pems}{login}")) else { return };
    run.ok();
    let script = |script: &str| bash(&world, script).unwrap();
    script("\"$0\" get --config <(cat named.toml)").ok().silent();
    script("cat named.toml | \"$0\" get --format token --config /dev/stdin").ok().silent();
    script("\"$0\" export saved.json").ok();
    let import = format!(
        "\"$0\" import --replace --base-url {origin} --credentials <(cat named.json) <(cat saved.json)"
    );
    script(&import).ok();
    script(&format!("cat saved.json | {}", import.replace("<(cat saved.json)", "/dev/stdin"))).ok();
    script(&format!("{pems}\"$0\" refresh")).ok();
}

#[test]
fn endless_and_oversized_files_are_refused() {
    let world = World::logged_in();
    world.concur(["export"]).ok();
    world.expire("default");
    let huge = world.write("huge", "");
    std::fs::File::options().write(true).open(&huge).unwrap().set_len(10 << 30).unwrap();
    for (what, args, by) in PLACES {
        // The last two are of any size by nature.
        if ["body", "answer"].contains(&what) {
            continue;
        }
        for file in [Path::new("/dev/zero"), &huge] {
            let output = given(timed(&world, args), by, file).output();
            assert!([Some(2), Some(6)].contains(&output.code), "{what}\n{output:?}");
        }
    }
}

//! The systemd units: verified by systemd's own checker, and their commands run as it would run them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::recipe::{Recipe, executable, have, stand_in};
use crate::harness::{BINARY, Output, Run, World, mode, set_mode};

const BLOCKS: [&str; 6] = [
    "key",
    "concur-login.service",
    "concur-report.service",
    "concur-report.timer",
    "concur-report",
    "another key",
];

/// A machine's paths, without blanks: systemd splits lines at blanks.
struct Machine {
    folder: tempfile::TempDir,
    recipe: Recipe,
    world: World,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("concur-systemd-").tempdir().unwrap();
        for name in ["units", "credentials", "state", "root"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let machine =
            Self { folder, recipe: Recipe::open("systemd.md", &BLOCKS), world: World::new() };
        let script = machine.text("concur-report");
        executable(&machine.path("concur-report"), &script);
        let credentials = machine.path("root/credentials.json");
        std::fs::write(&credentials, machine.world.sandbox.credentials_json()).unwrap();
        set_mode(&credentials, 0o600);
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A block with this machine's paths.
    fn text(&self, block: &str) -> String {
        let place = |name: &str| self.path(name).to_str().unwrap().to_owned();
        self.recipe
            .text(block, &self.world)
            .replace("/usr/local/bin/concur-cred", BINARY)
            .replace("/usr/local/bin/concur-report", &place("concur-report"))
            .replace("/etc/credstore.encrypted", &place("credstore"))
            .replace("/etc/concur", &place("root"))
    }

    /// Runs `ExecStart` of a service with what systemd gives it.
    fn start(&self, unit: &str) -> Output {
        let unit = Unit::parse(&self.text(unit));
        let state = self.path("state").join(unit.one("StateDirectory"));
        std::fs::create_dir_all(&state).unwrap();
        set_mode(&state, u32::from_str_radix(unit.one("StateDirectoryMode"), 8).unwrap());
        let credentials = self.path("credentials");
        for key in ["LoadCredential", "LoadCredentialEncrypted"] {
            for credential in unit.all(key) {
                let (name, source) = credential.split_once(':').unwrap();
                let file = credentials.join(name);
                let _ = std::fs::remove_file(&file);
                std::fs::copy(source, &file).unwrap();
                // An ACL for the service's user shows as a group bit.
                set_mode(&file, 0o440);
            }
        }
        let expand = |text: &str| {
            text.replace("%S", self.path("state").to_str().unwrap())
                .replace("%d", credentials.to_str().unwrap())
        };
        let command = expand(unit.one("ExecStart"));
        let mut words = command.split_whitespace();
        let mut run = self.world.run(words.next().unwrap(), words).in_folder("/");
        let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin";
        run = run.env("PATH", path).env("HOME", "/nonexistent").without_env("TZ");
        run = run.env("CREDENTIALS_DIRECTORY", &credentials);
        for setting in unit.all("Environment").iter().flat_map(|line| line.split_whitespace()) {
            let (name, value) = setting.split_once('=').unwrap();
            run = run.env(name, expand(value));
        }
        let output = run.output();
        for entry in std::fs::read_dir(&credentials).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
        output
    }
}

/// The settings of a unit file.
struct Unit(BTreeMap<String, Vec<String>>);

impl Unit {
    fn parse(text: &str) -> Self {
        let mut settings: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('[')) {
            let (key, value) = line.split_once('=').unwrap();
            settings.entry(key.to_owned()).or_default().push(value.to_owned());
        }
        Self(settings)
    }

    fn all(&self, key: &str) -> &[String] {
        self.0.get(key).map_or(&[], Vec::as_slice)
    }

    fn one(&self, key: &str) -> &str {
        let [value] = self.all(key) else { panic!("one {key}") };
        value
    }
}

/// Makes the key with the page's commands; a stand-in for systemd's encryption stores plain text.
fn make_key(machine: &Machine) {
    stand_in(&machine.world, "useradd", "[ \"${!#}\" = concur ]");
    let checks =
        "[ \"$1 $2 $3\" = 'encrypt --name=concur-cred-key -' ]\ncat >\"$4\"\nchmod 600 \"$4\"";
    stand_in(&machine.world, "systemd-creds", checks);
    drop(machine.world.run("bash", ["-c", &machine.text("key")]).ok().silent());
    assert_eq!(std::fs::read(machine.path("credstore/concur-cred-key")).unwrap().len(), 32);
    assert_eq!(mode(&machine.path("credstore")), 0o700);
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    let machine = Machine::new();
    if !have(&["systemd-analyze"]) {
        return;
    }
    let units = &BLOCKS[1..4];
    for unit in units {
        std::fs::write(machine.path("units").join(unit), machine.text(unit)).unwrap();
    }
    let files = units.iter().map(|unit| machine.path("units").join(unit));
    let run = machine.world.run("systemd-analyze", ["verify", "--man=no"]);
    let output = files.fold(run, Run::arg).ok();
    // It also looks at the machine's own units; its messages must not name ours.
    assert!(!output.stderr.contains("concur-"), "{output:?}");
}

#[test]
fn the_services_log_in_and_report_with_the_key_from_the_credential() {
    let machine = Machine::new();
    make_key(&machine);
    let output = machine.start("concur-login.service").code(0);
    assert!(!output.stderr.contains("chmod"), "{output:?}");
    let home = machine.path("state/concur");
    assert!(home.join("store.db").exists(), "the store is in the state folder");
    assert!(!home.join("key").exists(), "no key beside the store");

    std::fs::remove_file(machine.path("root/credentials.json")).unwrap();
    drop(machine.start("concur-report.service").code(0).silent());
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(home.join("reports.json")).unwrap()).unwrap();
    assert_eq!(report["Items"].as_array().unwrap().len(), 40);
    assert_no_secret_in(&home, &machine.world);
}

/// Stand-ins for systemd's programs: nothing is encrypted, and the service runs as the current user.
const SYSTEMD_RUN: &str = r#"
export CREDENTIALS_DIRECTORY=$HOME/given
mkdir -m 700 "$CREDENTIALS_DIRECTORY"
while [ "${1#-}" != "$1" ]; do
    case $1 in
        --wait | --pipe | --uid=concur) ;;
        -E) export "$2" && shift ;;
        -p)
            given=${2#LoadCredential*=}
            cp "${given#*:}" "$CREDENTIALS_DIRECTORY/${given%%:*}"
            chmod 440 "$CREDENTIALS_DIRECTORY/${given%%:*}"
            shift
            ;;
        *) exit 9 ;;
    esac
    shift
done
"$@"
rm -rf "$CREDENTIALS_DIRECTORY"
"#;

#[test]
fn the_documented_commands_rotate_the_key() {
    let machine = Machine::new();
    make_key(&machine);
    drop(machine.start("concur-login.service").code(0));
    let key = || std::fs::read(machine.path("credstore/concur-cred-key")).unwrap();
    let old = key();
    let systemd_creds = "case $1 in
            encrypt) [ \"$2 $3\" = '--name=concur-cred-key -' ] && cat >\"$4\" ;;
            decrypt) cp \"$2\" \"$3\" ;;
            *) exit 9 ;;
        esac";
    stand_in(&machine.world, "systemd-creds", systemd_creds);
    stand_in(&machine.world, "systemd-run", SYSTEMD_RUN);
    let state = machine.path("state/concur");
    let script = machine.text("another key").replace("/var/lib/concur", state.to_str().unwrap());
    let output = machine.world.run("bash", ["-c", &script]).ok();
    assert!(output.stderr.contains("sealed with the new key"), "{output:?}");
    assert!(!output.stderr.contains("chmod"), "systemd's own bits are as they are: {output:?}");
    assert!(key() != old && !machine.path("root/old-key").exists());
    drop(machine.start("concur-report.service").code(0).silent());
}

#[test]
fn without_the_credential_the_store_cannot_be_opened() {
    let machine = Machine::new();
    make_key(&machine);
    drop(machine.start("concur-login.service").code(0));
    std::fs::write(machine.path("credstore/concur-cred-key"), [7; 32]).unwrap();
    drop(machine.start("concur-report.service").code(6).says("key"));
}

/// Asserts that the client secret is nowhere in plain text.
fn assert_no_secret_in(folder: &Path, world: &World) {
    let secret = world.sandbox.app().client_secret.clone();
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        if file.is_file() {
            let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
            assert!(!text.contains(&secret), "{}", file.display());
        }
    }
}

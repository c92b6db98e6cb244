//! Two users of one machine, when the tests run as root.

use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::support::is_root;
use crate::harness::{Output, Run, World, program, set_mode, skipped};

/// The user whose world it is.
pub(crate) const ANNA: u32 = 61_001;
/// Another one.
pub(crate) const BERT: u32 = 61_002;

/// A world of the user Anna. Bert can enter its outer folders, so that only the program's modes keep him out.
pub(crate) struct Users {
    pub(crate) world: World,
    /// A folder like `/tmp`.
    pub(crate) shared: PathBuf,
    program: PathBuf,
}

impl Users {
    /// `None`, with a message, if the machine has only one user.
    pub(crate) fn new() -> Option<Self> {
        if !is_root() {
            skipped("only root can be two users");
            return None;
        }
        if !Command::new("setpriv").arg("--version").output().is_ok_and(|o| o.status.success()) {
            skipped("there is no setpriv (util-linux)");
            return None;
        }
        let world = World::new();
        let root = world.home().parent().unwrap().to_owned();
        set_mode(&root, 0o755);
        // The build's folder may be closed to others.
        let program = root.join("concur-cred");
        program::copy(&program);
        set_mode(&program, 0o755);
        let shared = root.join("shared");
        std::fs::create_dir(&shared).unwrap();
        set_mode(&shared, 0o1777);
        world.write("credentials.json", world.sandbox.credentials_json());
        for path in [world.home(), world.work(), world.work().join("credentials.json")] {
            chown(&path, Some(ANNA), Some(ANNA)).unwrap();
        }
        for folder in [world.home(), world.work()] {
            set_mode(&folder, 0o755);
        }
        Some(Self { world, shared, program })
    }

    /// The same, and Anna is logged in.
    pub(crate) fn logged_in() -> Option<Self> {
        let users = Self::new()?;
        users.login().ok();
        Some(users)
    }

    /// Any program as this user, without further groups.
    pub(crate) fn run_as(&self, uid: u32, program: &Path, args: &[&str]) -> Run {
        let id = uid.to_string();
        let run = self.world.run("setpriv", ["--reuid", &id, "--regid", &id, "--clear-groups"]);
        args.iter().fold(run.arg("timeout").arg("60").arg(program), Run::arg)
    }

    /// The program as this user, with Anna's HOME.
    pub(crate) fn concur_as(&self, uid: u32, args: &[&str]) -> Run {
        self.run_as(uid, &self.program, args)
    }

    /// A shell's script as this user.
    pub(crate) fn sh_as(&self, uid: u32, script: &str) -> Output {
        self.run_as(uid, Path::new("sh"), &["-c", script]).output()
    }

    /// Anna's login.
    pub(crate) fn login(&self) -> Run {
        let origin = self.world.sandbox.origin().to_owned();
        self.concur_as(ANNA, &["login", "--base-url", &origin])
    }
}

//! A service and a timer of the user's systemd (systemd.service(5), systemd.timer(5), systemd.exec(5)).

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::{HOUR, Job, MARK};
use crate::error::{Error, Kind, Result};
use crate::sys::child;
use crate::sys::env::Env;
use crate::sys::files::{self, Replace, shell_word};

/// The timer's name.
pub(crate) const TIMER: &str = "concur-cred-keepalive.timer";
const SERVICE: &str = "concur-cred-keepalive.service";

/// What the job may do: it reads everything, and speaks to resolvers, proxies and Concur. None of these
/// needs a privilege, so that the user's own systemd can grant them all. The Debian package's unit in
/// `packaging/systemd/` has the same lines.
const HARDENING: &str = "\
UMask=0077
NoNewPrivileges=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
";

/// The service's file.
pub(crate) fn service(job: &Job) -> Result<String> {
    job.refuse_unwritable()?;
    if job.program.contains(['"', '\'', '\\']) {
        return Err(Error::new(
            Kind::Unusable,
            "systemd cannot run a program whose path contains a quote or a backslash",
            "Move the program to another folder, or use: concur-cred keepalive --install cron",
        ));
    }
    let mut text = format!(
        "{}[Unit]\nDescription=Keep SAP Concur refresh tokens alive\n\
         Documentation=man:concur-cred-keepalive(1)\n\n[Service]\nType=oneshot\n",
        head()
    );
    // The program's path is no variable's place; a dollar in it is one.
    let _ = write!(text, "ExecStart={}", quoted(&job.program));
    for argument in &job.arguments {
        let _ = write!(text, " {}", quoted(&argument.replace('$', "$$")));
    }
    text.push('\n');
    for (name, value) in &job.variables {
        let _ = writeln!(text, "Environment={}", quoted(&format!("{name}={value}")));
    }
    text += HARDENING;
    if let Some(folder) = &job.writes_only_to {
        // It may not be there yet: then there is nothing to keep alive.
        let folder = quoted(&format!("-{folder}"));
        let _ = writeln!(text, "ProtectSystem=strict\nReadWritePaths={folder}");
    }
    Ok(text)
}

/// The timer's file.
pub(crate) fn timer(job: &Job) -> String {
    let Job { minute, jitter_secs, .. } = job;
    format!(
        "{}[Unit]\nDescription=Keep SAP Concur refresh tokens alive, daily\n\
         Documentation=man:concur-cred-keepalive(1)\n\n[Timer]\n\
         OnCalendar=*-*-* {HOUR:02}:{minute:02}:00\nRandomizedDelaySec={jitter_secs}s\n\
         Persistent=true\n\n[Install]\nWantedBy=timers.target\n",
        head()
    )
}

fn head() -> String {
    format!("{}; taken away by: {MARK} --uninstall systemd\n", begin())
}

/// How a file of ours begins.
fn begin() -> String {
    format!("# Written by {MARK} --install systemd")
}

/// A word of a unit file (systemd.syntax(7)).
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%"))
}

/// Where the two files stand.
#[derive(Debug)]
pub(crate) struct Units {
    folder: PathBuf,
}

impl Units {
    /// In the user's folder for units.
    pub(crate) fn of(env: &Env) -> Result<Self> {
        let config = env.path("XDG_CONFIG_HOME");
        env.check_folder(if config.is_some() { "XDG_CONFIG_HOME" } else { "HOME" })?;
        let config = config.or_else(|| env.path("HOME").map(|home| home.join(".config")));
        config.map(|config| Self { folder: config.join("systemd/user") }).ok_or_else(|| {
            Error::new(
                Kind::Unusable,
                "There is no home folder to keep systemd's units in",
                "Set HOME or XDG_CONFIG_HOME.",
            )
        })
    }

    /// The service's file.
    pub(crate) fn service(&self) -> PathBuf {
        self.folder.join(SERVICE)
    }

    /// The timer's file.
    pub(crate) fn timer(&self) -> PathBuf {
        self.folder.join(TIMER)
    }

    /// Whether one of them is there.
    pub(crate) fn are_there(&self) -> bool {
        self.service().exists() || self.timer().exists()
    }

    /// Refuses files in their place that were not written here, and a folder in which everybody could put
    /// others.
    pub(crate) fn check(&self) -> Result<()> {
        files::refuse_writable_by_all(&self.folder)?;
        for path in [self.service(), self.timer()] {
            if !is_ours_or_absent(&path)? {
                return Err(Error::new(
                    Kind::Unusable,
                    format!(
                        "{} was not written by concur-cred; nothing was changed",
                        path.display()
                    ),
                    format!("Look at it, and move it away: mv {0} {0}.mine", shell_word(&path)),
                ));
            }
        }
        Ok(())
    }

    /// Writes both, each whole or not at all.
    pub(crate) fn write(&self, service: &str, timer: &str) -> Result<()> {
        files::make_folders(&self.folder)?;
        for (path, text) in [(self.service(), service), (self.timer(), timer)] {
            let replace = if path.exists() { Replace::Yes } else { Replace::No };
            files::write_whole(&path, text.as_bytes(), replace)
                .map_err(|error| files::cannot("write", &path, &error))?;
        }
        Ok(())
    }

    /// Removes both.
    pub(crate) fn remove(&self) -> Result<()> {
        for path in [self.timer(), self.service()] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(files::cannot("remove", &path, &error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// A link, as `systemctl mask` makes one, is not ours either.
fn is_ours_or_absent(path: &Path) -> Result<bool> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(files::cannot("read", path, &error)),
        Ok(meta) if !meta.is_file() => Ok(false),
        Ok(_) => {
            let begin = begin();
            let mut text = Vec::new();
            let file = fs::File::open(path);
            file.and_then(|file| file.take(begin.len() as u64).read_to_end(&mut text))
                .map_err(|error| files::cannot("read", path, &error))?;
            Ok(text == begin.as_bytes())
        }
    }
}

/// Asks the user's systemd; the error is what it said, and whether it is worth another try.
pub(crate) fn systemctl(arguments: &[&str]) -> Result<(), (Kind, String)> {
    let arguments: Vec<&str> = [&["--user"], arguments].concat();
    match super::run("systemctl", &arguments, b"") {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err((Kind::Other, super::said(&output))),
        Err(error) => {
            let is_slow = error.kind() == io::ErrorKind::TimedOut;
            let kind = if is_slow { Kind::Temporary } else { Kind::Other };
            Err((kind, format!("systemctl: {}", child::unended(&error))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_unit_are_quoted() {
        assert_eq!(quoted("/usr/bin/concur-cred"), "\"/usr/bin/concur-cred\"");
        assert_eq!(quoted(r#"/a b/50%/"c"\d"#), r#""/a b/50%%/\"c\"\\d""#);
    }
}

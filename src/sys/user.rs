//! The user of this process, for messages alone.

use std::path::PathBuf;

/// As the machine knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    /// The name, else the number.
    pub name: String,
    /// The home folder in the password file, whatever `HOME` is.
    pub home: Option<PathBuf>,
}

/// By the password file: another name service would be a module that a static build cannot load.
#[cfg(unix)]
pub(crate) fn current(_env: &crate::sys::env::Env) -> User {
    let users = std::fs::read("/etc/passwd").unwrap_or_default();
    in_password_file(&String::from_utf8_lossy(&users), rustix::process::geteuid().as_raw())
}

/// By the session's environment.
#[cfg(not(unix))]
pub(crate) fn current(env: &crate::sys::env::Env) -> User {
    User {
        name: env.text("USERNAME").unwrap_or_else(|| "unknown".to_owned()),
        home: env.path("USERPROFILE"),
    }
}

/// passwd(5): name, password, uid, gid, comment, home, shell.
#[cfg(unix)]
fn in_password_file(users: &str, uid: u32) -> User {
    let number = uid.to_string();
    let entries = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let entry = entries.into_iter().find(|entry| entry.get(2) == Some(&number.as_str()));
    let field =
        |at: usize| entry.as_ref().and_then(|entry| entry.get(at)).filter(|text| !text.is_empty());
    User {
        name: field(0).map_or_else(|| format!("number {number}"), ToString::to_string),
        home: field(5).map(PathBuf::from),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_user_without_an_entry_is_a_number() {
        let users =
            "root:x:0:0:root:/root:/bin/sh\nbroken\nerika:x:1000:1000::/home/erika:/bin/sh\n";
        let erika = User { name: "erika".to_owned(), home: Some("/home/erika".into()) };
        assert_eq!(in_password_file(users, 1000), erika);
        let unknown = User { name: "number 100".to_owned(), home: None };
        assert_eq!(in_password_file(users, 100), unknown);
    }
}

//! The paths of all files.

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::model::record::RecordId;
use crate::sys::env::Env;

/// SQLite's journal of a database.
pub(crate) fn journal_of(database: &Path) -> PathBuf {
    beside(database, "-journal")
}

/// The files that SQLite opens beside a database.
pub(crate) fn companions_of(database: &Path) -> [PathBuf; 3] {
    ["-journal", "-wal", "-shm"].map(|ending| beside(database, ending))
}

fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The folders of this installation.
///
/// Key and configuration are in the configuration folder, the database in the state folder, so that one backup
/// need not contain both. On platforms with one folder for both (macOS), and with `CONCUR_CRED_HOME`, they
/// share one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    config_dir: PathBuf,
    state_dir: PathBuf,
}

impl Paths {
    /// From the environment; `None` with neither `CONCUR_CRED_HOME` nor a home folder.
    ///
    /// Without `HOME` the user's entry in the password database is not read: it may come from a name-service
    /// module, and loading one crashes a static build.
    pub fn from_env(env: &Env) -> Option<Self> {
        Self::find(env).ok().flatten()
    }

    /// The same; an error if a variable names a relative folder: keys and tokens would be stored in the current
    /// folder. Only the deciding variable is checked.
    pub fn find(env: &Env) -> Result<Option<Self>> {
        if let Some(home) = env.path("CONCUR_CRED_HOME") {
            env.check_folder("CONCUR_CRED_HOME")?;
            return Ok(Some(Self::under(&home)));
        }
        if cfg!(unix) {
            if !env.check_folder("HOME")? {
                return Ok(None);
            }
            for name in ["XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
                env.check_folder(name)?;
            }
        }
        Ok(directories::ProjectDirs::from("", "", "concur-cred").map(|dirs| {
            let state_dir = dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir());
            Self { config_dir: dirs.config_dir().to_owned(), state_dir: state_dir.to_owned() }
        }))
    }

    /// Everything under one folder.
    pub fn under(home: &Path) -> Self {
        Self { config_dir: home.to_owned(), state_dir: home.to_owned() }
    }

    /// The token database of a user with this home folder where no variable says otherwise.
    pub fn usual_store(home: &Path) -> PathBuf {
        let folder = if cfg!(target_os = "macos") {
            "Library/Application Support/concur-cred"
        } else if cfg!(windows) {
            "AppData/Local/concur-cred/data"
        } else {
            ".local/state/concur-cred"
        };
        home.join(folder).join("store.db")
    }

    /// The folder of key and configuration.
    pub fn config_dir(&self) -> &Path {
        &self.config_dir
    }

    /// The folder of the databases, locks and reserves.
    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// The configuration file.
    pub fn config_file(&self) -> PathBuf {
        self.config_dir.join("config.toml")
    }

    /// The default key file: 32 bytes.
    pub fn key_file(&self) -> PathBuf {
        self.config_dir.join("key")
    }

    /// The next key of a rotation, until it replaces the key file.
    pub fn next_key_file(&self) -> PathBuf {
        self.config_dir.join("key.next")
    }

    /// The token database.
    pub fn store(&self) -> PathBuf {
        self.state_dir.join("store.db")
    }

    /// The cache: what a hit needs of the database. The file name is of its first version and stays.
    pub fn cache(&self) -> PathBuf {
        self.state_dir.join("ticket")
    }

    /// The audit log.
    pub fn events(&self) -> PathBuf {
        self.state_dir.join("events.db")
    }

    /// The folder of lock files.
    pub fn locks_dir(&self) -> PathBuf {
        self.state_dir.join("locks")
    }

    /// The lock file of a record; never deleted, or two holders could lock two files.
    pub fn lock(&self, id: RecordId) -> PathBuf {
        self.locks_dir().join(format!("{id}.lock"))
    }

    /// The file with the holder of a record's lock.
    pub fn lock_holder(&self, id: RecordId) -> PathBuf {
        self.locks_dir().join(format!("{id}.holder"))
    }

    /// The lock file for changes of the key; never deleted either.
    pub fn key_lock(&self) -> PathBuf {
        self.locks_dir().join("key.lock")
    }

    /// The file with its holder.
    pub fn key_lock_holder(&self) -> PathBuf {
        self.locks_dir().join("key.holder")
    }

    /// The folder of reserve files.
    pub fn reserves_dir(&self) -> PathBuf {
        self.state_dir.join("reserve")
    }

    /// The reserve file of a record.
    pub fn reserve(&self, id: RecordId) -> PathBuf {
        self.reserves_dir().join(id.to_string())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn without_a_home_there_are_no_folders_and_no_other_source_is_asked() {
        assert_eq!(Paths::from_env(&Env::fixed([])), None);
        assert_eq!(Paths::from_env(&Env::fixed([("HOME", "")])), None);
        let named = Paths::from_env(&Env::fixed([("CONCUR_CRED_HOME", "/a")]));
        assert_eq!(named, Some(Paths::under(Path::new("/a"))));
    }
}

//! A user's home with a store in it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;

use super::Outcome;
use super::contender::Contender;
use super::service::Service;

/// The profile that is asked for.
pub const PROFILE: &str = "default";

/// A home in which a login was made.
pub struct Home {
    folder: TempDir,
    binary: PathBuf,
    variables: Vec<(&'static str, OsString)>,
    request: String,
    /// The access token that every answer must hold.
    pub token: String,
}

impl Home {
    /// Logs in at the service.
    pub fn logged_in(binary: &Path, service: &Service) -> Outcome<Self> {
        let folder = folder()?;
        let credentials = folder.path().join("credentials.json");
        std::fs::write(&credentials, service.sandbox.credentials_json())?;
        let mut home = Self {
            folder,
            binary: binary.to_owned(),
            variables: service.variables.clone(),
            request: service.git_request(),
            token: String::new(),
        };
        let origin = service.sandbox.origin();
        let login = ["--quiet", "login", "--profile", PROFILE, "--base-url", origin];
        home.ours("login", &login).answer()?;
        std::fs::remove_file(credentials)?;
        home.ours("token", &["token"]).answer()?.trim_end().clone_into(&mut home.token);
        Ok(home)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Our program in this home.
    pub fn ours(&self, name: &str, args: &[&str]) -> Contender {
        Contender::new(name, &self.binary, self.path())
            .args(args.iter().copied())
            .variables(&self.variables)
            .expects(&self.token)
    }

    /// A bare token: nothing on stdin.
    pub fn bare(&self, name: &str) -> Contender {
        self.ours(name, &["get"])
    }

    /// An answer to git.
    pub fn git(&self, name: &str) -> Contender {
        self.ours(name, &["get"]).stdin(&self.request)
    }

    /// The token database.
    pub fn database(&self) -> Outcome<Connection> {
        Ok(Connection::open(self.state().join("store.db"))?)
    }

    fn state(&self) -> PathBuf {
        self.path().join(if cfg!(target_os = "macos") {
            "Library/Application Support/concur-cred"
        } else {
            ".local/state/concur-cred"
        })
    }

    /// Adds what git stored for other hosts until there are so many records in all. Each is a copy of
    /// the profile's row, as large as that.
    pub fn fill_up_to(&self, records: u32) -> Outcome {
        let database = self.database()?;
        let mut statement = database.prepare("SELECT name FROM pragma_table_info('record')")?;
        let names = statement.query_map([], |row| row.get::<_, String>(0))?;
        let columns: Vec<String> = names.collect::<Result<_, _>>()?;
        let values = columns.iter().map(|column| match column.as_str() {
            "id" => "n",
            "host" => "CAST('host' || n || '.example' AS BLOB)",
            "profile" | "application_id" => "NULL",
            other => other,
        });
        let sql = format!(
            "WITH RECURSIVE counter (n) AS \
             (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < {}) \
             INSERT INTO record ({}) SELECT {} FROM counter, record WHERE profile = '{PROFILE}'",
            records - 1,
            columns.join(", "),
            values.collect::<Vec<_>>().join(", "),
        );
        database.execute(&sql, [])?;
        let count: u32 = database.query_row("SELECT count(*) FROM record", [], |row| row.get(0))?;
        if count != records {
            return Err("the store was not filled".into());
        }
        // The first request after a commit writes the cache.
        self.bare("after the commit").answer().map(drop)
    }

    /// Puts a folder at the cache's path, so that every request uses the database.
    pub fn refuse_caches(&self) -> Outcome {
        let cache = self.state().join("ticket");
        std::fs::remove_file(&cache)?;
        Ok(std::fs::create_dir(cache)?)
    }

    /// Removes the folder.
    pub fn accept_caches(&self) -> Outcome {
        std::fs::remove_dir(self.state().join("ticket"))?;
        self.bare("with a cache again").answer().map(drop)
    }

    /// Makes the stored access token one that was obtained two hours ago.
    pub fn expire(&self) -> Outcome {
        self.database()?.execute(
            "UPDATE record SET obtained_at = obtained_at - 7200, \
             access_expires_at = access_expires_at - 7200 WHERE profile = ?1",
            [PROFILE],
        )?;
        Ok(())
    }
}

/// A folder as deep as a user's home usually is: each level is a system call when SQLite resolves the
/// database's name. Its name has always the same length.
fn folder() -> Outcome<TempDir> {
    let parent = if cfg!(unix) { PathBuf::from("/tmp") } else { std::env::temp_dir() };
    Ok(tempfile::Builder::new().prefix("concur-bench-").tempdir_in(parent)?)
}

//! What the browser opens: the one-time link, or, where the owner of a socket is unknown, a file that only our
//! user can read and that redirects to it. Other users can read arguments in the list of processes.

use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

use url::Url;

use crate::sys::env::Env;
use crate::sys::files::{AtomicFile, Replace};

/// What is opened. Dropping it removes the file.
#[derive(Debug)]
pub(crate) struct Handover {
    target: String,
    file: Option<PathBuf>,
}

impl Handover {
    /// The link itself, which is valid only for our own user.
    pub(crate) fn of_link(link: &str) -> Self {
        Self { target: link.to_owned(), file: None }
    }

    /// A file, mode 0600, that redirects to `link`; the link itself where the browser could not read a file.
    /// `name` is a part of the file's name.
    pub(crate) fn by_file(link: &str, name: &str, env: &Env) -> Self {
        let written = folder(env).and_then(|folder| {
            let file = folder.join(format!("concur-cred-login-{name}.html"));
            let target = Url::from_file_path(&file).ok()?;
            write(&folder, &file, link).ok()?;
            Some(Self { target: target.into(), file: Some(file) })
        });
        written.unwrap_or_else(|| Self::of_link(link))
    }

    /// A URL.
    pub(crate) fn target(&self) -> &str {
        &self.target
    }
}

impl Drop for Handover {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            // A file that is left points to a used or expired link.
            let _ = std::fs::remove_file(file);
        }
    }
}

/// A folder in which the browser can read our file.
fn folder(env: &Env) -> Option<PathBuf> {
    let home = env.path("HOME").filter(|home| is_readable(home) && home.is_dir())?;
    // A Windows browser cannot read our files.
    (!env.is_set("WSL_DISTRO_NAME")).then_some(home)
}

/// Browsers that are confined, as snap's are, read neither `/tmp` nor what is hidden.
fn is_readable(folder: &Path) -> bool {
    let is_hidden = |part: Component<'_>| matches!(part, Component::Normal(name) if name.as_encoded_bytes().starts_with(b"."));
    folder.is_absolute() && !folder.starts_with("/tmp") && !folder.components().any(is_hidden)
}

/// `link` has only characters of base64url, slashes, dots and a colon: nothing needs escaping.
fn write(folder: &Path, file: &Path, link: &str) -> io::Result<()> {
    let page = format!(
        "<!doctype html><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\">\
         <meta http-equiv=\"refresh\" content=\"0;url={link}\"><title>concur-cred</title>\
         <a href=\"{link}\">Log in</a>\n"
    );
    let mut new = AtomicFile::beside(folder)?;
    new.as_file_mut().write_all(page.as_bytes())?;
    new.commit(file, Replace::Yes)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_stands_only_where_a_browser_reads_it() {
        assert!(is_readable(Path::new("/home/erika")));
        assert!(is_readable(Path::new("/Users/erika.m")));
        for folder in
            ["", "erika", "/tmp", "/tmp/erika", "/home/erika/.cache", "/srv/.hidden/erika"]
        {
            assert!(!is_readable(Path::new(folder)), "{folder}");
        }
    }
}
